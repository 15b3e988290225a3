"""The pages for people: server-rendered, usable without JavaScript, live with it.

Each page is a module that makes values from the machine (`wall`, `silences`, `rules`…) and a template that shows them; `pages`
lists them all. What every page has is `rendering`; who may change anything is `guard`'s affair.
"""
