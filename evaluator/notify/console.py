"""Notifications printed to standard output: one block each, with colour where a terminal shows it.

NO_COLOR and TERM=dumb are respected, a pipe gets plain text, and no text is taken for markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from evaluator.notify.exchange import Accepted, Refused
from evaluator.notify.plain import Tone, lines
from evaluator.notify.rendered import RenderedNotification

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {
    Tone.FIRING: "bold red",
    Tone.RESOLVED: "bold green",
    Tone.STRONG: "bold",
    Tone.QUIET: "dim",
    Tone.NORMAL: "",
}


def block(notification: RenderedNotification) -> Text:
    """The notification as styled text of several lines, an empty one at the end."""
    from rich.text import Text  # loaded by the first who prints: most services tell nobody this way

    text = Text()
    for line in lines(notification):
        for piece in line:
            text.append(piece.text, _STYLES[piece.tone])
        text.append("\n")
    return text


def write(notification: RenderedNotification, file: TextIO) -> Accepted | Refused:
    """Print to `file`; a refusal, worth another try, when it cannot be written."""
    from rich.console import Console

    console = Console(file=file, highlight=False, soft_wrap=True)
    encoding = getattr(file, "encoding", None) or "utf-8"
    try:
        with console.capture() as capture:
            console.print(block(notification))
        file.write(capture.get().encode(encoding, "backslashreplace").decode(encoding))
        file.flush()
    except (OSError, ValueError) as error:
        return Refused(f"cannot print: {getattr(error, 'strerror', None) or 'the output is closed'}")
    return Accepted()
