"""Functions on texts: letters, hosts and ports, links."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from evaluator.templating.go.builtins import query_escape
from evaluator.templating.go.lexer import is_word

_IPV6_ZONE: Final = re.compile(r"%.+$", re.DOTALL)


def title(text: str) -> str:
    """The first letter of every word in upper case, the rest as it is: `3RD-party cpu` becomes `3RD-Party Cpu`."""
    return "".join(_capital(char) if start else char for char, start in zip(text, _starts(text), strict=True))


def _starts(text: str) -> Iterator[bool]:
    """For every character whether a word begins there: after anything but a letter, a digit or an underscore.

    Beyond ASCII only blanks separate words.
    """
    start = True
    for char in text:
        yield start
        start = not is_word(char) and (char.isascii() or char.isspace())


def _capital(char: str) -> str:
    return char.title() if len(char.title()) == 1 else char


def upper(text: str) -> str:
    """Upper case, letter by letter as Go does it: `ß` stays, since it has no single capital."""
    return text.upper() if text.isascii() else "".join(map(_upper, text))


def _upper(char: str) -> str:
    return char.upper() if len(char.upper()) == 1 else _capital(char)


def lower(text: str) -> str:
    """Lower case, letter by letter as Go does it: `İ` becomes `i` without a dot above it."""
    return text.lower() if text.isascii() else "".join(char.lower()[0] for char in text)


def split_host_port(text: str) -> tuple[str, str] | None:
    """Host and port as Go's net.SplitHostPort finds them; None where it refuses."""
    last = text.rfind(":")
    if last < 0:
        return None
    if not text.startswith("["):
        host, rest = text[:last], text
        return None if ":" in host or "[" in rest or "]" in rest else (host, text[last + 1 :])
    end = text.find("]")
    if end < 0 or end + 1 != last or "[" in text[1:] or "]" in text[end + 1 :]:
        return None
    return text[1:end], text[last + 1 :]


def strip_port(text: str) -> str:
    """The host of `host:port`; anything else unchanged."""
    found = split_host_port(text)
    return found[0] if found else text


def strip_domain(text: str) -> str:
    """The first part of a host name, its port kept; addresses unchanged."""
    found = split_host_port(text)
    host, port = found or (text, "")
    if _is_address(host):
        return text
    short = host.split(".", 1)[0]
    bracketed = f"[{short}]" if ":" in short else short
    return f"{bracketed}:{port}" if port else short


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not _IPV6_ZONE.search(host)


def graph_link(expr: str) -> str:
    """The path of Prometheus' graph of an expression."""
    return f"/graph?g0.expr={query_escape(expr)}&g0.tab=0"


def table_link(expr: str) -> str:
    """The path of Prometheus' table of an expression."""
    return f"/graph?g0.expr={query_escape(expr)}&g0.tab=1"
