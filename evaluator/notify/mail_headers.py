"""Headers of mails on the wire.

Written here rather than by the standard library's `EmailMessage`, which folds some non-ASCII addresses into lines that are
no headers any more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.charset import QP, Charset
from email.header import Header
from email.utils import formataddr, getaddresses
from typing import Final

from evaluator.notify.neutral import cut, one_line

MOST_OF_A_HEADER: Final = 900
_MOST_OF_A_PERSON: Final = 60

OF_ADDRESSES: Final = frozenset({"To", "Cc", "Bcc", "From", "Sender", "Reply-To"})
ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@([A-Za-z0-9.-]+|\[[A-Fa-f0-9.:IPv]+\])")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,76}")
_UTF8 = Charset("utf-8")
_UTF8.header_encoding = QP


def written(headers: Mapping[str, str]) -> bytes:
    """The headers, each ending with CRLF; what is no header is left out."""
    lines = (_line(name, value) for name, value in headers.items() if _NAME.fullmatch(name))
    return "".join(f"{line}\r\n" for line in lines if line).encode("ascii")


def header_text(text: str, most: int = MOST_OF_A_HEADER) -> str:
    """The text in one harmless line of at most `most` characters."""
    return one_line(" ".join(text[: 2 * most].split()), most)


def _line(name: str, value: str) -> str:
    people = _people(value) if name in OF_ADDRESSES else ""
    if people:
        return f"{name}: {people}"
    plain = header_text(value)
    if not plain:
        return ""
    if plain.isascii():
        return f"{name}: {plain}"
    encoded = Header(plain, _UTF8, 76, name).encode(linesep="\r\n")
    return f"{name}: {encoded}"


def _people(value: str) -> str:
    """Addresses with names, one a line; empty when there is none."""
    found = [(header_text(name), address) for name, address in addresses(value) if ADDRESS.fullmatch(address)]
    return ",\r\n ".join(formataddr((cut(name, _MOST_OF_A_PERSON), address), _UTF8) for name, address in found)


def addresses(text: str) -> list[tuple[str, str]]:
    """Names and addresses in the text; what stands for an address may be none."""
    return [(name, address) for name, address in getaddresses([header_text(text, len(text))]) if address]
