"""A real VictoriaMetrics, for as long as a test asks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from evaluator.core.quoting import quote
from tests.conformance.story import Series
from tests.real_servers import kept_free, serving

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The URL of a VictoriaMetrics that takes what is written to it."""
    with kept_free() as address:
        command = ["victoria-metrics", f"-storageDataPath={folder}/storage", f"-httpListenAddr={address}", "-loggerLevel=ERROR"]
        with serving(command, f"http://{address}/health", folder):
            yield f"http://{address}"


def load(url: str, story: Iterable[Series]) -> None:
    """Write the series, in the text format of exporters, and see to it that queries find them."""
    body = "".join(line for series in story for line in _lines(series))
    httpx.post(f"{url}/api/v1/import/prometheus", content=body.encode()).raise_for_status()
    httpx.get(f"{url}/internal/force_flush").raise_for_status()


def _lines(series: Series) -> Iterator[str]:
    labels = dict(series.labels)
    name = labels.pop("__name__")
    inside = ",".join(f"{key}={quote(value)}" for key, value in labels.items())
    for at, value in series.samples:
        if value == value:  # what is not a number is no sample there
            yield f"{name}{{{inside}}} {value!r} {(at - _EPOCH) // timedelta(milliseconds=1)}\n"
