"""The service, stopped and started again half a minute later, beside a real Prometheus."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conformance import ruler
from tests.conformance.remote_write import push
from tests.conformance.story import Series
from tests.service.scene import living, write_config, write_rules
from tests.service.servers import Webhook, until

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed, so there is nobody to ask"),
]

GAP = timedelta(seconds=30)
TENTH = timedelta(milliseconds=100)


def present(name: str, start: datetime, first: int, last: int) -> Series:
    """A series with a sample in each tenth of the seconds from `first` to `last`."""
    samples = tuple((start + number * TENTH, 1.0) for number in range(first * 10, last * 10))
    return Series((("__name__", name), ("job", "a")), samples)


async def test_what_happened_while_nobody_was_there_is_known_and_told(tmp_path: Path) -> None:
    """What began and ended, what began, and what went on; the first life is half a minute behind the clock."""
    with ruler.running(tmp_path, tmp_path / "none.yml") as url:
        start = datetime.now(UTC) - GAP
        push(url, [present("steady", start, -2, 60), present("brief", start, 8, 14), present("fresh", start, 20, 60)])
        async with Webhook() as webhook:
            write_config(tmp_path, url, webhook.url)
            write_rules(tmp_path, "Steady: steady", "Brief: brief", "Fresh: fresh, for: 4s")
            async with living(tmp_path, clock=lambda: datetime.now(UTC) - GAP):
                await until(lambda: webhook.heard("Steady"))
            async with living(tmp_path) as evaluator:
                await until(lambda: webhook.heard("Brief") and webhook.heard("Fresh"))
                began = datetime.fromisoformat((await evaluator.clocks())["Fresh"][1])
        assert (webhook.heard("Steady"), webhook.heard("Brief"), webhook.heard("Fresh")) == (
            ["firing"],
            ["resolved"],
            ["firing"],
        )
        assert timedelta(0) <= began - (start + timedelta(seconds=20)) <= timedelta(milliseconds=200)
