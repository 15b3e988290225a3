"""Labels of routes: they come with every notification, filled in for what it tells."""

from __future__ import annotations

import json
from dataclasses import replace

from evaluator.core.http import Secret
from evaluator.core.labels import Labels
from evaluator.core.receivers.general import WebhookSettings
from evaluator.core.records import OutboxRecord
from evaluator.notify.texts import Prepared, prepare
from tests.core.playbook import NOTHING, Playbook, group, route, rule, series, settings
from tests.notify.contract import BROKEN, PACKAGED, Case, deliverer
from tests.notify.scenes import alert, row

WRITTEN = Labels({"tier": "1", "said": "{{ .Status }} of {{ .GroupLabels.team }}"})


def labelled(labels: Labels = WRITTEN) -> OutboxRecord:
    record = row(alert("a:9090"), integration="ops/webhook[0]")
    return replace(record, notification=replace(record.notification, route_labels=labels))


def prepared(labels: Labels = WRITTEN) -> Prepared:
    return prepare(labelled(labels), PACKAGED, "")


def test_webhooks_have_them_filled_in() -> None:
    hook = WebhookSettings(Secret("https://hooks.example.org"))
    shown = deliverer(Case("webhook", lambda url, http: hook), hook, "").preview(labelled())
    body = json.loads(shown.partition("\n\n")[2])
    assert body["routeLabels"] == {"said": "firing of web", "tier": "1"}


def test_templates_have_them_filled_in() -> None:
    """By either of Alertmanager's names, and by the one of Jinja2."""
    for text in ("{{ .RouteLabels.said }}", "{{ routeLabels.said }}", "{% if true %}{{ route_labels.said }}{% endif %}"):
        assert prepared().render(text) == "firing of web"


def test_one_that_fails_is_told_as_it_is_written() -> None:
    """And the receipt says so; all else of the message is whole."""
    found = prepared(Labels({"bad": BROKEN, "good": "{{ .Status }}"}))
    assert found.notification.route_labels == Labels({"bad": BROKEN, "good": "firing"})
    ((name, note),) = found.notes
    assert (name, note.startswith("label bad of the route: ")) == ("template_error", True)


def test_the_machine_tells_them_as_they_are_written_with_everything() -> None:
    """Also with what is told at the end, and after a reload that changes them."""
    first = settings(group(rule("A")), root=replace(route(wait="0s", interval="1m", repeat="1h"), labels=WRITTEN))
    later = replace(first, route=replace(first.route, labels=Labels({"tier": "2"})))
    play = Playbook(first).at("0s", "A", series("A")).at("30m", "A", NOTHING).reload("10m", later).run("40m")
    assert [row.notification.route_labels for _, row in play.accepted] == [WRITTEN, Labels({"tier": "2"})]
