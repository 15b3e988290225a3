"""Whatever stands in the blocks about people, reading ends with settings or with problems, at any instant."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.config import Severity, load
from evaluator.config.models import Model
from evaluator.config.oncall.calendars import CalendarModel
from evaluator.config.oncall.components import ComponentModel
from evaluator.config.oncall.escalations import EscalationModel, LevelModel
from evaluator.config.oncall.people import AwayModel, PersonModel
from evaluator.config.oncall.profiles import ProfileStepModel
from evaluator.config.oncall.schedules import LayerModel, OverrideModel, ScheduleModel
from tests.config.test_any_yaml import dumped
from tests.effort import examples

NAMES = ("ana", "bo", "x")
WORDS = st.sampled_from(
    [
        *NAMES,
        *(
            "5m",
            "0s",
            "1",
            "-1",
            "",
            "page",
            "sms",
            "slack_dm",
            "email",
            "a@example.org",
            "U01ANA",
            "+1555",
            "true",
            "critical",
        ),
        *("person:ana", "schedule:x", "schedule:", "component:owner", "slack:#x", "receiver:a", "receiver:b", "x:y", ":"),
        *(
            "1 week",
            "2 days",
            "1 month",
            "Mon 09:00",
            "22:00",
            "Mon-Fri 09:00-18:00",
            "22:00-08:00",
            "24:00-24:00",
            "fail",
            "next",
        ),
        *(
            "2026-01-05",
            "2026-03-29",
            "2026-03-02T09:00",
            "9999-12-31",
            "0001-01-01",
            "Europe/Madrid",
            "Mars",
            "always",
            "ladder",
        ),
    ]
)
VALUES = st.recursive(
    WORDS | st.none(), lambda below: st.lists(below, max_size=3) | st.dictionaries(WORDS, below, max_size=2), max_leaves=4
)


def mappings(model: type[Model], **fields: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Mappings with keys of a model, and mostly what fits."""
    return st.fixed_dictionaries({}, optional={name: fields.get(name, WORDS) | VALUES for name in sorted(model.names())})


def lists(items: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(items, max_size=3)


def named(entries: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.dictionaries(st.sampled_from(NAMES), entries, max_size=3) | VALUES


LAYER = mappings(LayerModel, rotation=lists(WORDS), active=lists(WORDS))
LEVEL = mappings(LevelModel, notify=lists(WORDS))
BLOCKS: dict[str, st.SearchStrategy[object]] = {
    "people": named(mappings(PersonModel, away=lists(mappings(AwayModel)))),
    "calendars": named(mappings(CalendarModel, open=lists(WORDS))),
    "schedules": named(
        mappings(ScheduleModel, layers=lists(LAYER), overrides=lists(mappings(OverrideModel)), fallback=lists(WORDS))
    ),
    "profiles": named(lists(mappings(ProfileStepModel, via=lists(WORDS)))),
    "components": named(mappings(ComponentModel)),
    "escalations": named(mappings(EscalationModel, levels=lists(LEVEL))),
    "severities": lists(WORDS),
    "global": st.sampled_from([{}, {"slack_app_token": "x"}, {"slack_api_url": "https://hooks.slack.com/services/x"}]),
}
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=examples(40))
@given(st.fixed_dictionaries({}, optional=BLOCKS), WORDS, INSTANTS)
def test_any_people(blocks: dict[str, object], escalation: str, now: datetime) -> None:
    """Settings are there exactly when no problem is an error, and every problem is a line of its own with a place."""
    route = {"receiver": "a", "escalation": escalation, "routes": [{"matchers": ["a=b"], "dry_run": "true"}]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evaluator.yml"
        path.write_text(dumped({**blocks, "route": route, "receivers": [{"name": "a"}]}))
        found = load(path, environ={}, now=now)
    assert (found.settings is None) == any(problem.severity is Severity.ERROR for problem in found.problems)
    assert all(problem.position.line > 0 and "\n" not in str(problem) for problem in found.problems)
