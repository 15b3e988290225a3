"""The small pages behind links, as values: what they say and which buttons they have. `link_pages` makes HTML of them."""

from __future__ import annotations

from dataclasses import replace

from evaluator.core.frozen import frozen
from evaluator.core.incidents.actions import NOISE, in_words
from evaluator.core.incidents.incident import next_level
from evaluator.core.incidents.records import IncidentRecord, IncidentState
from evaluator.core.neutral import one_line
from evaluator.replies.tokens import Purpose
from evaluator.replies.visits import SPANS, Visit
from evaluator.replies.wording import Reader, level_name, title

MOST_LABELS = 12
_MOST_OF_A_LABEL = 120


@frozen
class Button:
    """name, value: what it sends; without a name it sends nothing of its own."""

    label: str
    name: str = ""
    value: str = ""


@frozen
class Leaf:
    """A page. says: sentences. facts: names and values. fields: what every button sends. person: whose name is on it."""

    heading: str
    says: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    buttons: tuple[Button, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    person: str = ""


NOT_FOUND = Leaf("This link does not lead anywhere", ("It may be too old, or not whole. Look at the newest message.",))
TOO_MANY = Leaf("Too many visits", ("Wait a minute, and try again.",))
LOG_IN = Leaf("Who are you?", ("These links ask for a login, and nobody has said who you are.",))


def unavailable(why: str, verdict: str = "nothing was changed") -> Leaf:
    """Nothing could be kept."""
    return Leaf(verdict.capitalize(), (f"{why}.", "Try again, or call somebody."))


def leaf_of(visit: Visit, *said: str) -> Leaf:
    """How things stand, and what can be pressed. said: comes first."""
    leaf = Leaf(title(visit.record), (*said, *_standing(visit)), _facts(visit), person=visit.person.name)
    if not visit.offered:
        return leaf
    return replace(leaf, buttons=_buttons(visit), fields=(("level", str(visit.record.level)),))


def asked_again(visit: Visit, confirmation: str, chosen: tuple[tuple[str, str], ...]) -> Leaf:
    """Whether it was a person. confirmation: what shows that this page was seen. chosen: what was sent with the first press."""
    said = "The message was sent only seconds ago, and programs that look through mails press buttons too. Was that you?"
    leaf = leaf_of(visit, said)
    kept = tuple((name, value) for name, value in chosen if name in ("for", "level", "label"))
    return replace(leaf, buttons=(Button("Yes, that was me"),), fields=(*kept, ("confirm", confirmation)))


def _buttons(visit: Visit) -> tuple[Button, ...]:
    match visit.token.purpose:
        case Purpose.ACK:
            return (Button("I am still on it" if visit.confirmable else "Acknowledge"),)
        case Purpose.SNOOZE:
            return tuple(Button(f"Put off for {text}", "for", text) for text in SPANS)
        case Purpose.ESCALATE:
            above = next_level(visit.record)
            return (Button(f"Tell {above.name or 'the next level'} now"),) if above is not None else ()
        case Purpose.LABEL:
            return tuple(Button(in_words(label).capitalize(), "label", label) for label in NOISE)
        case Purpose.VIEW:
            return ()


def _standing(visit: Visit) -> tuple[str, ...]:
    record, reader = visit.record, Reader.of(visit.person.key, visit.settings)
    if record.resolved_at is not None:
        over = f"It is over since {reader.clock(record.resolved_at, visit.now)}."
        return (over, *_worth(record)) if visit.labelling else (f"{over} Nothing is left to do here.",)
    if visit.stale:
        return ("It has begun again since this link was sent. Look at the newest message.",)
    match record.state:
        case IncidentState.ACKED:
            return _acked(visit, reader)
        case IncidentState.SNOOZED if record.snoozed_until is not None:
            put_off = f"It is put off until {reader.clock(record.snoozed_until, visit.now)}"
            return _on_the_word_of_a_link(visit, put_off) if record.by_link else (f"{put_off}.",)
        case _ if visit.done:
            return (f"You have acknowledged; {len(record.ackers)} of {record.policy.ack.by} people have.",)
    return (f"Nobody has acknowledged it. Told last: {level_name(record)}.",)


def _worth(record: IncidentRecord) -> tuple[str, ...]:
    """Asked, and answered by whom it may be: the last word counts."""
    said = (f"It is labelled: {in_words(record.noise)}.",) if record.noise else ()
    return (*said, "Was it worth waking somebody?")


def _acked(visit: Visit, reader: Reader) -> tuple[str, ...]:
    record = visit.record
    until = f" until {reader.clock(record.acked_until, visit.now)}" if record.acked_until is not None else ""
    if record.owner != visit.person.key:
        return (f"{reader.name(record.owner)} is on it{until}.",)
    if not record.by_link:
        return (f"It is yours{until}.",)
    return _on_the_word_of_a_link(visit, f"It is yours{until}")


def _on_the_word_of_a_link(visit: Visit, said: str) -> tuple[str, ...]:
    more = "Press the button" if visit.confirmable else "Come back here in a minute, or say so in any other way"
    return (f"{said}, on the word of a link alone.", f"{more}, and it counts for as long as usual.")


def _facts(visit: Visit) -> tuple[tuple[str, str], ...]:
    record, reader = visit.record, Reader.of(visit.person.key, visit.settings)
    facts = [
        ("incident", str(record.number)),
        ("state", str(record.state)),
        ("severity", record.severity or "none"),
        ("since", reader.clock(record.opened_at, visit.now)),
    ]
    if record.component:
        facts.append(("component", one_line(record.component, _MOST_OF_A_LABEL)))
    if record.holds:
        facts.append(("held by", ", ".join(record.holds)))
    labels = list(record.labels.items())[:MOST_LABELS]
    return (*facts, *((one_line(name, _MOST_OF_A_LABEL), one_line(value, _MOST_OF_A_LABEL)) for name, value in labels))
