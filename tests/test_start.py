"""A start loads what it needs: whoever waits for it waits at night."""

from __future__ import annotations

import subprocess
import sys

import pytest

RARELY_WANTED = {
    *("icalendar", "recurring_ical_events"),  # schedules that are kept in calendars
    *("evaluator.config.integrations.jira", "evaluator.config.integrations.slack"),  # kinds that no configuration has named yet
    *("evaluator.web.wall", "evaluator.replies.slack"),  # pages, and answers of people: when the first of them comes
    *("rich", "pygments", "httpx._main"),  # colours
    *("evaluator.cli.silence", "evaluator.cli.templates", "evaluator.drill.playing"),  # other commands
}
OF_THE_SERVICE = {"sqlite3", "pydantic", "uvicorn", "apscheduler", "evaluator.core.engine", "evaluator.config.loading"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "spared"),
    [("evaluator.cli.run", RARELY_WANTED), ("evaluator.cli.silence", OF_THE_SERVICE), ("evaluator.cli.alerts", OF_THE_SERVICE)],
)
def test_what_is_not_needed_is_not_loaded(module: str, spared: set[str]) -> None:
    """The service is spared what few configurations have, and commands that ask a service are spared the service."""
    program = (
        f"import sys; from evaluator.__main__ import spare; spare(); import evaluator.cli.app, {module}; "
        "print(*(name for name, module in sys.modules.items() if module))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert module in loaded
    assert spared & set(loaded) == set()
