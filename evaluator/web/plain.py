"""Texts of others, made safe to look at.

Labels, annotations and errors come from anywhere. The templates escape what HTML would obey; what remains are letters that
deceive the eye or are none at all (direction marks that turn `gpj.exe` around, zero-width spaces, control characters) and
texts that are far too long. The former are shown as what they are, the latter are cut and say by how much.
"""

from __future__ import annotations

MOST = 200
LONGEST_LINK = 2000
_HARMLESS = "\n\t"


def shown(text: str, most: int = MOST) -> str:
    """`text` with nothing hidden in it, at most so many characters of it."""
    rest = len(text) - most
    visible = _visible(text[:most] if rest > 0 else text)
    return f"{visible}… ({rest:,} more characters)" if rest > 0 else visible


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in _HARMLESS else f"⟨U+{ord(sign):04X}⟩" for sign in text)


def leads_somewhere(text: str) -> bool:
    """Whether a text is a link, such as that to a runbook: a web address and nothing else."""
    web = text.startswith(("http://", "https://")) and len(text) <= LONGEST_LINK
    return web and text.isprintable() and not any(sign.isspace() for sign in text)
