"""What the log says of what people do: who mutes what, from when to when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from evaluator.core.effects import Save
from evaluator.core.labels import Matcher
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.recurrence.cron_texts import parse_cron
from evaluator.service.logs import Scribe, log_effects

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETS = ((Matcher("team", "db"), Matcher("env", "test")), (Matcher("a", "b"),))
SILENCE = Silence(SETS, NOW, NOW + timedelta(hours=1), "ana", "new disks", id="one", updated_at=NOW)
WINDOW = Window("w", SETS[1:], parse_cron("@daily"), timedelta(hours=8), "UTC", "ana", "backups", id="two", updated_at=NOW)


def test_silences_and_windows_that_people_set_and_end() -> None:
    effects = [
        Save(SILENCE),
        Save(replace(SILENCE, ends_at=NOW)),
        Save(WINDOW),
        Save(replace(WINDOW, until=NOW)),
    ]
    with capture_logs() as said:
        log_effects(effects)
    of_silence = {"id": "one", "matchers": '{team="db",env="test"} or {a="b"}', "set_by": "ana", "comment": "new disks"}
    of_window = {"id": "two", "matchers": '{a="b"}', "set_by": "ana", "comment": "backups"}
    times = {"starts": "2026-03-01T12:00:00.000+00:00", "ends": "2026-03-01T13:00:00.000+00:00"}
    assert said == [
        {"event": "silence set", "log_level": "info", **of_silence, **times},
        {"event": "silence ended", "log_level": "info", **of_silence},
        {"event": "window set", "log_level": "info", **of_window, "schedule": "@daily", "lasts": "8h"},
        {"event": "window ended", "log_level": "info", **of_window},
    ]


async def test_the_log_waits_for_a_moment_and_keeps_the_order() -> None:
    """Whoever is to be notified comes first; who ends the evaluator writes what waits."""
    scribe = Scribe()
    with capture_logs() as said:
        scribe.kept([Save(SILENCE)])
        scribe.kept([Save(WINDOW)])
        assert said == []
        scribe.write()
        assert [line["event"] for line in said] == ["silence set", "window set"]
        scribe.write()
        assert len(said) == 2
