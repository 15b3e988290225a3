"""What every receiver says when nothing is written: the very messages, within each service's limit, and harmless.

The golden ones stand in `golden/bodies`, as the service is told them; mails as their two parts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from evaluator.config.bodies import BODIES, with_bodies
from evaluator.core.events import Delivered
from evaluator.core.http import HttpSettings
from evaluator.core.incidents.records import IncidentState
from evaluator.core.labels import Labels
from evaluator.core.receivers import IntegrationSettings
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.records import Annotations, Chase, NotifiedAlert
from evaluator.notify import mail
from evaluator.notify.fitting import ALERT
from evaluator.notify.rendered import render
from evaluator.notify.sheet import Sheet
from tests.local_server import Received
from tests.notify.contract import BROKEN, EXTERNAL_URL, PACKAGED, Case, all_cases, deliver, texts_of, unescaped
from tests.notify.scenes import alert, curved, row

GOLDEN = Path(__file__).parent / "golden" / "bodies"


def _by_default(kind: str, made: Callable[[str, HttpSettings], IntegrationSettings]) -> Callable[..., IntegrationSettings]:
    return lambda url, http: with_bodies(kind, made(url, http), frozenset(), frozenset())


def _usual() -> dict[str, Case]:
    """One case for each kind: the one that is called like it, or else the first."""
    found: dict[str, Case] = {}
    for case in sorted(all_cases(), key=lambda case: case.name != ""):
        if case.kind in BODIES:
            found.setdefault(case.kind, replace(case, settings=_by_default(case.kind, case.settings), name=case.kind))
    return found


CASES = _usual()
MAIL = EmailSettings("ops@example.org", "me@example.org", ("mail.example.org", 587))
each = pytest.mark.parametrize("case", CASES.values(), ids=str)


def scene() -> tuple[NotifiedAlert, ...]:
    """One that is new and for which somebody is chased, one that was told before, one that is over."""
    texts = (
        ("summary", "Requests to a:9090 are slow"),
        ("description", "Half of them take longer than a second."),
        ("runbook_url", "https://run.book/latency"),
        ("dashboard_url", "https://grafana.example.org/d/web"),
    )
    fresh = curved(alert("a:9090", severity="critical"))
    said = replace(fresh.annotations, expanded=texts, at_firing=0.62)
    fresh = replace(fresh, annotations=said, chase=Chase(12, IncidentState.TRIGGERED))
    return fresh, replace(curved(alert("b:9090", severity="critical")), known=True), curved(alert("c:9090", resolved=True))


def many(count: int) -> list[NotifiedAlert]:
    """Alerts that each have much to say."""
    texts = tuple((name, f"{name} " + "word " * 60) for name in ("summary", "description"))
    wordy = Annotations(expanded=(*texts, ("runbook_url", "https://run.book/" + "x" * 200)))
    return [replace(alert(f"host-{number}:9090", zone="z" * 150), annotations=wordy) for number in range(count)]


def labelled(instance: str, labels: Mapping[str, str]) -> NotifiedAlert:
    """With more labels."""
    plain = alert(instance)
    return replace(plain, labels=Labels({**plain.labels, **labels}))


def told(case: Case, *alerts: NotifiedAlert) -> list[Received]:
    event, requests = deliver(case, case.taken, *alerts)
    assert isinstance(event, Delivered)
    assert not [note for kind, note in event.receipt if kind == "template_error"]
    return requests


def shown(request: Received) -> str:
    """Pictures left out, whose bytes depend on the version of a library."""
    if "json" in request.headers.get("content-type", ""):
        text = json.dumps(json.loads(request.body), ensure_ascii=False, indent=1) + "\n"
        return re.sub(r"base64,[\w+/=]+", "base64,…", text)
    pairs = parse_qsl(request.body.decode())
    return "".join(f"{name}: {value}\n" for name, value in pairs if name not in ("token", "user"))


def mail_of(*alerts: NotifiedAlert, settings: EmailSettings = MAIL) -> tuple[Sheet, list[str]]:
    """What it was made from, and its texts and pages."""
    record = row(*alerts, integration="ops/email[0]")
    annotations = PACKAGED.annotations(record.notification)
    sheet = Sheet(
        render(record, annotations, EXTERNAL_URL),
        PACKAGED.renderer(record.notification, annotations),
        render_html=PACKAGED.html_renderer(record.notification, annotations),
    )
    built = mail.build(sheet, settings)
    assert isinstance(built, mail.Mail)
    parts = message_from_bytes(built.message, policy=default).walk()
    return sheet, [part.get_content().replace("\r\n", "\n") for part in parts if part.get_content_maintype() == "text"]


def by_default(settings: EmailSettings = MAIL) -> EmailSettings:
    found = with_bodies("email", settings, frozenset(), frozenset())
    assert isinstance(found, EmailSettings)
    return found


def test_every_kind_with_a_body_is_held_to_this() -> None:
    assert {*CASES, "email"} == set(BODIES)


@each
def test_the_message_is_the_golden_one(case: Case) -> None:
    *_, request = [one for one in told(case, *scene()) if one.body]
    assert shown(request) == (GOLDEN / f"{case.kind}.txt").read_text()


def test_the_mail_is_the_golden_one() -> None:
    _, (text, page) = mail_of(*scene(), settings=by_default())
    assert text == (GOLDEN / "email.txt").read_text()
    assert page == (GOLDEN / "email.html").read_text()


@each
def test_the_end_is_told(case: Case) -> None:
    said = unescaped(case.says(told(case, curved(alert("a:9090", resolved=True, why="rule removed")))))
    if case.kind not in ("opsgenie", "jira"):  # which close what there is, and have nothing to read
        assert "RESOLVED" in said
        assert "Latency is high on a:9090" in said
        assert "rule removed" in said


# -- limits -----------------------------------------------------------------------------------------------------------


@each
def test_what_is_too_long_is_cut_between_alerts_and_the_rest_is_counted(case: Case) -> None:
    """Each alert that is told of is told of in full: its last line is there, and no sign of the cut is sent."""
    said = unescaped(case.says(told(case, *many(40))))
    assert ALERT not in said
    count = len(set(re.findall(r"instance=host-\d+:9090", said)))
    assert count >= 1
    assert f"and {40 - count} more" in said
    assert said.count("https://run.book/") >= count or case.kind == "pushover"
    assert "HighLatency" in said


@each
def test_a_group_as_large_as_any_with_as_many_labels_as_any_is_told(case: Case) -> None:
    """No template is stopped for its work."""
    labels = {f"label_{number}": "v" * 30 for number in range(40)}
    alerts = [replace(curved(labelled(f"host-{number}:9090", labels)), known=number >= 10) for number in range(30)]
    assert "label_1=" in unescaped(case.says(told(case, *alerts))) or case.kind == "sns"


@each
def test_one_alert_that_is_too_long_is_cut_and_not_dropped(case: Case) -> None:
    texts = tuple((name, "word " * 2000) for name in ("summary", "description"))
    labels = {f"label{number}": "v" * 500 for number in range(200)}
    huge = replace(labelled("a:9090", labels), annotations=Annotations(expanded=texts))
    requests = told(case, huge, alert("b:9090"))
    said = unescaped(case.says(requests))
    assert "word word" in said
    assert "HighLatency" in said
    for request in requests:
        assert case.most_bytes is None or len(request.body) <= case.most_bytes


# -- strangers --------------------------------------------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script> @everyone @channel <!channel> <@U123> [x](javascript:b) *y* `z`\r\nBcc: a@b.c\x1b[2J\u202e\x1e"
)


FORBIDDEN = {
    "slack": ("<!channel>", "<@U123>", "<script>"),
    "telegram": ("<script>",),
    **dict.fromkeys(("webex", "msteams", "msteamsv2"), ("[x](javascript", " *y* ", " `z`")),
    **dict.fromkeys(("discord", "mattermost", "rocketchat"), ("[x](javascript", " *y* ", " `z`", "@everyone", "@channel")),
}
"""What would act, or be markup, in the body of a kind; the others' bodies are nothing but text."""


ALTERNATIVE = "the value of "
"""How the alternative text of a picture begins, in which there is no markup."""


def hostile(number: int) -> NotifiedAlert:
    """Each label has a value of its own, so that the title has none of them."""
    said = f"{number} {HOSTILE}"
    texts = tuple((name, said) for name in ("summary", "description", "runbook_url", "owner"))
    return replace(alert("a:9090", evil=said, severity=said), annotations=Annotations(expanded=texts), why=said)


@each
def test_hostile_labels_are_text(case: Case) -> None:
    requests = told(case, curved(hostile(1)), replace(hostile(2), known=True))
    text = "\n".join(line for request in requests for line in texts_of(request).split("\n") if not line.startswith(ALTERNATIVE))
    assert [what for what in (*case.never, *FORBIDDEN.get(case.kind, ()), ALERT, "\u202e") if what in text] == []


def test_hostile_labels_are_text_in_the_mail() -> None:
    sheet, (text, page) = mail_of(curved(hostile(1)), replace(hostile(2), known=True), settings=by_default())
    assert sheet.failed == ()
    assert [what for what in ("\x1b", "\u202e", ALERT) if what in text + page] == []
    assert [what for what in ("<script", 'href="javascript') if what in page] == []


# -- templates that fail ----------------------------------------------------------------------------------------------


@each
def test_a_body_that_fails_becomes_the_plain_notification(case: Case) -> None:
    (body,) = BODIES[case.kind]
    settings: Any = case.settings("http://a", HttpSettings())
    broken = replace(settings.description, template=BROKEN) if case.kind == "jira" else BROKEN
    event, requests = deliver(case, case.taken, alert("host-0:9090"), alert("host-1:9090"), replaced={body.key: broken})
    assert isinstance(event, Delivered)
    assert [note for kind, note in event.receipt if kind == "template_error" and note.startswith(body.key)]
    said = unescaped(case.says(requests))
    for part in ("template", "HighLatency", "FIRING"):
        assert part in said
    assert said.count("host-0") >= 1
