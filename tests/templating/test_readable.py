"""The packaged messages for somebody who was asleep: what they say, in which order, and that labels cannot shout in them."""

from dataclasses import replace

import pytest

from evaluator.core.labels import Labels
from evaluator.core.records import Annotations
from evaluator.templating import NotificationTexts, notification_data
from evaluator.templating.examples import EXTERNAL_URL, example, example_data

FIRST = """\
FIRING Requests fail on web-1:8080
  instance=web-1:8080, job=checkout
  critical, since 2026-03-14 02:57 UTC (12m 0s), value 137m, of web
  13.7% of the requests to web-1:8080 fail.
  dashboard: https://grafana.example.org/d/web?var-job=checkout
  runbook: https://runbooks.example.org/HighErrorRate
  graph: https://prometheus.example.org/graph?g0.expr=errors+%3E+0.05&g0.tab=1

FIRING Requests fail on web-2:8080
"""
HOSTILE = "<!channel> @everyone *x* [a](javascript:b) <script> `c`"


def said(name: str, *, resolved: bool = False) -> str:
    return NotificationTexts(strict=True).render(f'{{{{ template "readable.{name}" . }}}}', example_data()[resolved])


def test_titles() -> None:
    assert said("title") == "[FIRING 2, resolved 1] HighErrorRate on checkout (critical)"
    assert said("title", resolved=True) == "[RESOLVED] HighErrorRate on checkout web-3:8080 (critical)"


def test_what_where_how_bad_since_when_how_much_whose_and_where_to_look() -> None:
    assert said("text").startswith(FIRST)
    assert said("text", resolved=True).splitlines()[2] == "  critical, over after 1h 29m 0s, of web"


def test_links_are_links_where_the_service_has_them() -> None:
    assert "<https://runbooks.example.org/HighErrorRate|runbook>\n" in said("mrkdwn")
    assert "[runbook](https://runbooks.example.org/HighErrorRate)\n" in said("markdown")


@pytest.mark.parametrize("name", ["title", "text", "mrkdwn", "markdown"])
def test_more_than_ten_are_counted_and_nothing_is_needed(name: str) -> None:
    """Alerts that somebody posted have a name and no more."""
    bare = replace(
        example().alerts[0], labels=Labels({"alertname": "A"}), annotations=Annotations(expanded=()), generator_url=""
    )
    told = replace(example(), alerts=(bare,) * 12, group_labels=Labels({}))
    data = notification_data(told, [{}] * 12, EXTERNAL_URL)
    text = NotificationTexts(strict=True).render(f'{{{{ template "readable.{name}" . }}}}', data)
    assert "None" not in text
    assert text.count("A") >= 1
    assert "and 2 more" in text or name == "title"


@pytest.mark.parametrize(
    ("name", "forbidden"), [("mrkdwn", ["<!", "<script"]), ("markdown", ["@everyone", "](javascript", " *x*", " `c`"])]
)
def test_labels_cannot_shout(name: str, forbidden: list[str]) -> None:
    alert = replace(
        example().alerts[0], labels=Labels({"alertname": HOSTILE, "x": HOSTILE, "team": HOSTILE, "severity": HOSTILE})
    )
    data = notification_data(replace(example(), alerts=(alert,)), [{"summary": HOSTILE, "description": HOSTILE}], EXTERNAL_URL)
    text = NotificationTexts().render(f'{{{{ template "readable.{name}" . }}}}', data)
    assert [each for each in forbidden if each in text] == []
