"""The packaged messages for somebody who was asleep: what they say, in which order, and that labels cannot shout in them."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.evaluation.curves import Curve, Threshold
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Notification, NotifiedAlert
from evaluator.templating import NotificationTexts, notification_data
from evaluator.templating.curve import WIDTH, blocks
from evaluator.templating.examples import EXTERNAL_URL, example
from tests.effort import examples

CHATS = ("text", "mrkdwn", "markdown", "teams")
PAGES = ("telegram.html", "html")
ALL = ("title", "short", "brief", "message", "webex", *CHATS, *PAGES)
ALERT = "\x1e"
STRICT, LAX = NotificationTexts(strict=True), NotificationTexts()
HOSTILE = "<!channel> @everyone *x* [a](javascript:b) <script> `c`\n\x1b[2Jd\u202ee"


def said(name: str, told: Notification, texts: NotificationTexts = STRICT, external_url: str = EXTERNAL_URL) -> str:
    data = notification_data(told, [dict(alert.annotations.expanded or ()) for alert in told.alerts], external_url)
    render = texts.render_html if name in PAGES else texts.render
    return render(f'{{{{ template "readable.{name}" . }}}}', data).replace(ALERT, "")


def curved(alert: NotifiedAlert, known: bool = False) -> NotifiedAlert:
    """Drawn over the hour to its end, from 0 up to 0.6."""
    end = (alert.ends_at or example().at).timestamp()
    points = tuple((end - 60 * (60 - step), step / 100) for step in range(61))
    curve = Curve(Threshold(">", 0.05), points, end - 3600, end, 60)
    return replace(alert, curve=curve, annotations=replace(alert.annotations, at_firing=0.0871), known=known)


def everything() -> Notification:
    """One alert is new, one was told before, one is over, and all have curves."""
    new, old, over = example().alerts
    return replace(example(), alerts=(curved(new), curved(old, known=True), curved(over)))


TEXT = """\
NEW Requests fail on web-1:8080
  instance=web-1:8080, job=checkout
  critical, since 2026-03-14 02:57 UTC (12m 0s), value 0.137 > 0.05 (0.0871 at firing), of web
  ▁▁▂▂▂▂▃▃▃▃▃▄▄▄▄▄▅▅▅▅▆▆▆▆▆▇▇▇▇███ 0 to 0.6, from 02:09 to 03:09 UTC
  13.7% of the requests to web-1:8080 fail.
  runbook: https://runbooks.example.org/HighErrorRate
  dashboard: https://grafana.example.org/d/web?var-job=checkout
  alert: https://alerts.example.org/alerts/94011b6380652249
  silence: https://alerts.example.org/silences/new?alert=94011b6380652249
  graph: https://prometheus.example.org/graph?g0.expr=errors+%3E+0.05&g0.tab=1

RESOLVED Requests fail on web-3:8080
  instance=web-3:8080, job=checkout
  critical, over after 1h 29m 0s, value 0.6, fires > 0.05 (0.0871 at firing), of web
"""
STILL = """
Still firing: 1
  Requests fail on web-2:8080, since 2026-03-14 03:02 UTC (7m 0s), value 0.094 > 0.05 (0.0871 at firing), alert: \
https://alerts.example.org/alerts/3fb25f41bfe78c80"""


def test_news_in_full_what_is_over_and_then_what_was_told_before() -> None:
    text = said("text", everything())
    assert text.startswith(TEXT)
    assert text.endswith(STILL)


def test_without_curves_there_is_the_value() -> None:
    lines = said("text", example()).splitlines()
    assert lines[2] == "  critical, since 2026-03-14 02:57 UTC (12m 0s), value 0.137, of web"
    assert said("text", example(resolved=True)).splitlines()[2] == "  critical, over after 1h 29m 0s, last value 0.021, of web"


def test_a_repeat_tells_all_of_what_fires_again() -> None:
    told = replace(example(), alerts=tuple(replace(alert, known=True) for alert in example().alerts[:2]))
    for name in CHATS:
        assert "Still firing" not in said(name, told)
        assert said(name, told).count("runbook") == 2 * said(name, replace(told, alerts=told.alerts[:1])).count("runbook")


def test_titles() -> None:
    assert said("title", example()) == "[FIRING 2, resolved 1] HighErrorRate on checkout (critical)"
    assert said("title", everything()) == "[FIRING 2, 1 new, resolved 1] HighErrorRate on checkout (critical)"
    assert said("title", example(resolved=True)) == "[RESOLVED] HighErrorRate on checkout web-3:8080 (critical)"


def test_a_short_message_fits_on_a_telephone() -> None:
    assert said("short", everything()) == (
        "[FIRING 2, 1 new, resolved 1] HighErrorRate on checkout (critical)\n"
        "Requests fail on web-1:8080, 0.137 > 0.05, since 02:57 UTC\n"
        "Over: Requests fail on web-3:8080\n"
        "https://alerts.example.org"
    )


def test_links_are_links_where_the_service_has_them() -> None:
    assert "<https://runbooks.example.org/HighErrorRate|runbook> · <https://grafana" in said("mrkdwn", example())
    assert "[runbook](https://runbooks.example.org/HighErrorRate) · [dashboard]" in said("markdown", example())
    assert '<a href="https://runbooks.example.org/HighErrorRate">runbook</a>' in said("telegram.html", example())
    assert 'href="https://runbooks.example.org/HighErrorRate"' in said("html", example())


def test_a_mail_keeps_its_width_where_pictures_are_not_shown() -> None:
    """The curve in letters, which then stands there, would otherwise widen the card beyond a telephone."""
    page = said("html", replace(everything(), alerts=tuple(map(curved, example().alerts))))
    assert "table-layout:fixed" in page
    assert page.count("font-size:10px") == page.count("<img") > 0


def test_a_graph_is_linked_in_telegram_while_few_alerts_are_told_of() -> None:
    """Links count where a message is cut, so that many of them would cost alerts."""
    few, alert = said("telegram.html", example()), example().alerts[0]
    assert ' · <a href="https://prometheus.example.org/graph?' in few
    many = tuple(replace(alert, labels=Labels({**alert.labels, "instance": str(number)})) for number in range(5))
    assert "graph</a>" not in said("telegram.html", replace(example(), alerts=many))


def test_lines_are_paragraphs_in_teams() -> None:
    assert said("teams", example()).replace("\n\n", "\n") == said("markdown", example())


def test_the_page_shows_pictures_of_the_mail() -> None:
    page = said("html", everything())
    assert page.count('<img src="cid:') == 2
    assert 'src="cid:94011b6380652249@curve"' in page
    assert "<img" not in said("html", example())
    go = LAX.render_html(
        '{{ range .Alerts }}<img src="{{ .Curve.Picture }}">{{ end }}',
        notification_data(everything(), [{}] * 3, EXTERNAL_URL),
    )
    assert go.startswith('<img src="cid:94011b6380652249@curve">')


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("known", [False, True])
def test_more_than_there_is_room_for_are_counted_and_nothing_is_needed(name: str, known: bool) -> None:
    """Alerts that somebody posted have a name and no more."""
    bare = replace(
        example().alerts[0],
        labels=Labels({"alertname": "A"}),
        annotations=Annotations(expanded=()),
        generator_url="",
        known=known,
    )
    told = replace(example(), alerts=(bare,) * 25, group_labels=Labels({}))
    text = said(name, told, external_url="")
    assert "None" not in text
    assert "nil" not in text
    assert "A" in text
    assert "://" not in text
    more = {"title": "FIRING 25", "short": "and 22 more", "html": "and 5 more"}.get(name, "and 15 more")
    assert more in text


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [
        ("mrkdwn", ["<!", "<script"]),
        ("markdown", ["@everyone", "](javascript", " *x*", " `c`"]),
        ("teams", ["](javascript", " *x*", " `c`", " <script"]),
        ("telegram.html", ["<script", "<!channel"]),
        ("html", ["<script", "<!channel", 'href="javascript']),
        ("text", []),
        ("brief", []),
        ("message", []),
        ("webex", ["@everyone", "](javascript", " *x*", " `c`"]),
        ("title", []),
        ("short", []),
    ],
)
def test_labels_can_neither_shout_nor_steer_nor_forge_lines(name: str, forbidden: list[str]) -> None:
    labels = Labels({"alertname": HOSTILE, "x": HOSTILE, "team": HOSTILE, "severity": HOSTILE, HOSTILE: "y"})
    texts = (
        ("summary", HOSTILE),
        ("description", HOSTILE),
        ("runbook_url", f"https://{HOSTILE}"),
        ("dashboard", "javascript:x"),
    )
    alert = replace(example().alerts[0], labels=labels, annotations=Annotations(expanded=texts), generator_url="javascript:x")
    told = replace(example(), alerts=(alert, replace(alert, ends_at=example().at, why=HOSTILE)))
    text = re.sub(r"\]\([^ )]*\)", "]()", said(name, told, LAX))  # where links lead is nothing that a service acts on
    assert [each for each in [*forbidden, "\x1b", "\u202e", "\n\\x1b"] if each in text] == []


@pytest.mark.parametrize("name", ALL)
def test_a_megabyte_in_a_label_is_cut(name: str) -> None:
    labels = Labels({"alertname": "A" * 1_000_000, "x": "y" * 1_000_000})
    texts = (("summary", "s" * 1_000_000), ("description", "d" * 1_000_000))
    alert = replace(example().alerts[0], labels=labels, annotations=Annotations(expanded=texts))
    assert len(said(name, replace(example(), alerts=(alert,)), LAX)) < 20_000


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308, 12345678.9, -2e-9])
@pytest.mark.parametrize("name", ALL)
def test_any_value_has_a_text(name: str, value: float) -> None:
    """Also one of a curve whose highest and lowest values are too far apart for a number."""
    alert = replace(example().alerts[0], annotations=replace(example().alerts[0].annotations, value=value, at_firing=value))
    curve = Curve(Threshold(">", value), ((0.0, -1.7e308), (60.0, 1.7e308)), 0.0, 60.0, 60.0)
    told = replace(example(), alerts=(replace(alert, curve=curve), replace(alert, curve=curve, ends_at=example().at)))
    assert said(name, told)


def test_the_owner_stands_in_a_label_or_in_an_annotation() -> None:
    alert = example().alerts[0]
    labels = alert.labels.without("team")
    texts = (*(alert.annotations.expanded or ()), ("owner", "payments"))
    told = replace(example(), alerts=(replace(alert, labels=labels, annotations=replace(alert.annotations, expanded=texts)),))
    assert "of payments" in said("text", told)


def test_why_it_is_over_is_said() -> None:
    over = replace(example(resolved=True).alerts[0], why="rule removed")
    told = replace(example(resolved=True), alerts=(over,))
    for name in (*CHATS, *PAGES):
        assert "rule removed" in said(name, told)


# -- curves of letters ------------------------------------------------------------------------------------------------

values = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(values, min_size=2, max_size=80), st.floats(0, 1e10), st.sampled_from([0.0, 1.0, 60.0]))
@settings(max_examples=examples(60))
def test_a_curve_of_letters_has_its_width_its_lowest_and_its_highest(numbers: list[float], begin: float, step: float) -> None:
    points = tuple((begin + step * place, number) for place, number in enumerate(numbers))
    drawn = blocks(Curve(None, points, begin, begin + step * (len(points) - 1), step))
    assert len(drawn) == WIDTH
    assert set(drawn) <= set("▁▂▃▄▅▆▇█·")
    assert set(drawn) != {"·"}


def test_a_peak_between_two_columns_shows_and_a_hole_is_a_hole() -> None:
    peak = tuple((float(at), 9.0 if at == 333 else 1.0) for at in range(1000))
    assert blocks(Curve(None, peak, 0, 999, 1)).count("█") == 1
    half = tuple((float(at), float(at)) for at in range(500))
    assert blocks(Curve(None, half, 0, 999, 1)).endswith("█" + "·" * 16)
