"""What people write, read: `ack 12`, `12a`, `snooze 12 2h`, `note 12 the disk is full`.

The same language in short messages, mails and slash commands. The number is that of the incident. It stands in every message
about it, is never given to another one, and so needs no code of its own that could come to mean something else by the time of
the answer. Somebody who was told of one open incident alone may leave it out. The short forms are a digit and a letter, for
a telephone in the dark: `12a` acknowledges, `12s` puts off, `12e` escalates, `aa` acknowledges everything.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum

from evaluator.core.durations import parse_duration
from evaluator.core.frozen import frozen

DEFAULT_SNOOZE = timedelta(hours=1)
LONGEST = 2000


class Word(StrEnum):
    """What is asked for. LIST: which incidents are open."""

    ACK = "ack"
    UNACK = "unack"
    SNOOZE = "snooze"
    ESCALATE = "escalate"
    NOTE = "note"
    SILENCE = "silence"
    WHO = "who"
    LIST = "list"
    HELP = "help"


@frozen
class Said:
    """incident: None where none is named. every: all that the speaker was told of. text: the rest, as it was written."""

    word: Word
    incident: int | None = None
    duration: timedelta | None = None
    text: str = ""
    every: bool = False


_VERBS = {
    **{str(word): word for word in Word},
    **dict.fromkeys(("a", "acknowledge", "acked", "ok"), Word.ACK),
    **dict.fromkeys(("release", "unacknowledge"), Word.UNACK),
    **dict.fromkeys(("s", "z", "later"), Word.SNOOZE),
    **dict.fromkeys(("e", "esc"), Word.ESCALATE),
    **dict.fromkeys(("?", "commands"), Word.HELP),
    "incidents": Word.LIST,
    "oncall": Word.WHO,
    "mute": Word.SILENCE,
}
_SHORT = {"a": Word.ACK, "s": Word.SNOOZE, "e": Word.ESCALATE}
_NUMBER_FIRST = re.compile(r"#?(\d{1,9})\s*([a-z]+)\b(.*)", re.DOTALL)
_LETTER_FIRST = re.compile(r"([ase])(\d{1,9})\b(.*)", re.DOTALL)
_VERB = re.compile(r"/?([a-z]+|\?)(?=\W|$)(.*)", re.DOTALL)
_NUMBER = re.compile(r"#?(\d{1,9})(?![\w.])(.*)", re.DOTALL)
_ALL = re.compile(r"(?:all|everything)\b(.*)", re.DOTALL)
_TIMED = (Word.SNOOZE, Word.SILENCE, Word.ACK)


def read_words(text: str) -> Said | None:
    """What somebody wants; None when that cannot be told."""
    spoken = text[:LONGEST].strip()
    lower = spoken.lower()
    if lower in ("aa", "ack all", "a all"):
        return Said(Word.ACK, every=True)
    for pattern in (_NUMBER_FIRST, _LETTER_FIRST):
        match = pattern.match(lower)
        if match is not None:
            number, verb = match.group(1, 2) if pattern is _NUMBER_FIRST else match.group(2, 1)
            word = _VERBS.get(verb)
            return None if word is None else _rest(word, int(number), spoken[match.start(3) :])
    match = _VERB.match(lower)
    word = _VERBS.get(match[1]) if match is not None else None
    if match is None or word is None:
        return None
    rest = spoken[match.start(2) :].strip()
    named = _NUMBER.match(rest)
    return _rest(word, int(named[1]), named[2]) if named is not None else _rest(word, None, rest)


def _rest(word: Word, number: int | None, text: str) -> Said | None:
    """What follows the word: a duration where one makes sense, and a text."""
    said = text.strip(" \t\r\n.!,:")
    duration = None
    if word in _TIMED:
        first, _, more = said.removeprefix("for ").partition(" ")
        duration = _duration(first)
        said = more.strip() if duration is not None else said
    if word is Word.SNOOZE and duration is None:
        return Said(word, number, DEFAULT_SNOOZE) if not said else None
    return Said(word, number, duration, said)


def _duration(text: str) -> timedelta | None:
    """A duration that begins with a digit and has a unit; None for any other word."""
    if not text[:1].isdecimal():
        return None
    try:
        return parse_duration(text.lower()) or None
    except ValueError:
        return None
