"""How people answer from where they are: by a link, a button, a short message, a mail.

One module for each way. Each finds out who is speaking, and whether that is so, before it reads what is said; then all of them
come to the same thing, an `Acted`, which `desk` passes on. `words` is the language of what is written, `commands` what comes
of it, `routes` where the doors are.
"""
