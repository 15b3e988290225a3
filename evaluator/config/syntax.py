"""The YAML parser's complaints in our words.

The parser speaks of tokens. Each sentence here names what somebody usually did to get there, and what to do.
"""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError

_QUOTE = "put the text in quotes"

_SENTENCES: tuple[tuple[str, str, str], ...] = (
    (r"tab character", "a tab is used for indentation", "indent with spaces"),
    (r"mapping values are not allowed", 'a ": " is not expected here', f"{_QUOTE}, or check the indentation of this line"),
    (r"sequence entries are not allowed", 'a "- " is not expected here', "check the indentation of this line"),
    (r"cannot start any token", "a text may not start with this character", _QUOTE),
    (r"quoted scalar.*unexpected end of stream", "a quoted text is never closed", "close the quotes"),
    (r"quoted scalar.*document separator", "a quoted text is never closed", "close the quotes"),
    (r"unknown escape", "unknown escape in a double-quoted text", r"write \\ for a backslash, or use single quotes"),
    (r"hex|invalid Unicode character escape|expected escape sequence", "a wrong escape in a double-quoted text", ""),
    (r"flow mapping", 'a "{" is not closed, or a "," is missing', 'close it with "}"; put a text with braces in quotes'),
    (r"flow sequence", 'a "[" is not closed, or a "," is missing', 'close it with "]"; put a text with brackets in quotes'),
    (r"could not find expected ':'", 'a key without ":"', 'write "key: value", or check the indentation of this line'),
    (r"block (mapping|collection|sequence)", "this line does not fit those above it", "check its indentation and its quotes"),
    (r"document start", "this line does not fit those above it", "check its indentation"),
    (r"incompatible YAML document", "this version of YAML is not known", 'remove the "%YAML" line'),
    (r"undefined tag handle", "a tag of an unknown kind", "write the value without a tag"),
    (
        r"block scalar",
        "a block text starts with a wrong indicator or indentation",
        "write | or > and indent the lines below it",
    ),
    (r"anchor|alias", "a name is missing after & or *", _QUOTE),
    (r"unexpected ':'", 'a ":" is not expected here', _QUOTE),
)
_TABLE = tuple((re.compile(pattern, re.DOTALL), message, remedy) for pattern, message, remedy in _SENTENCES)
_OPENED = re.compile(r"quoted scalar.*(unexpected end of stream|document separator)|while parsing a flow", re.DOTALL)


def in_our_words(error: MarkedYAMLError, text: str) -> tuple[int, int, str, str]:
    """Line, column (both from 1), message and remedy for a complaint of the parser about `text`.

    What is never closed is reported where it was opened: where the parser gave up is the end of the file, or worse.
    """
    complaint = f"{error.context or ''}: {error.problem or ''}"
    opened = _OPENED.search(complaint) is not None and error.context_mark is not None
    mark = error.context_mark if opened else error.problem_mark or error.context_mark
    if mark is None:
        return 1, 1, *_sentence(complaint)
    rest = "".join(text.split("\n")[mark.line : mark.line + 1])[mark.column :]
    if rest.startswith("\t"):
        complaint = "tab character"
    return mark.line + 1, mark.column + 1, *_sentence(complaint)


def _sentence(complaint: str) -> tuple[str, str]:
    for pattern, message, remedy in _TABLE:
        if pattern.search(complaint):
            return message, remedy
    return "is not YAML from here on", "check the indentation and the quotes of this line and the one above"
