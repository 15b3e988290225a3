"""Go's text/template, as a lexer, a parser and an evaluator that turns the tree into closures.

Rule files and Alertmanager templates are written in this language, and what they print ends in label values, that is in
the identity of alerts; so its quirks are reproduced, including the ones that look like mistakes: operands of different
kinds do not compare, numbers print as Go prints them, an unknown verb prints `%!d(float64=1)` instead of failing.
"""
