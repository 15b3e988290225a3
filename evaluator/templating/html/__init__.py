"""Go's html/template: which escaping a value needs follows from where in the page it stands.

A template is read once as what it is, a page with holes. `escaping` walks its texts with a small machine that knows the
languages of a page (`markup`, `script`, `style`) and puts before every hole the functions that make any value harmless there
(`escapers`). A template whose branches leave the page in different places is refused. What comes out is what Go prints, byte
for byte, down to `#ZgotmplZ` for a URL that would run a script.
"""
