"""Looking back: what a datasource knows about a selector, a metric, an expression over a span of time.

For checks and backtests, which run in a plain thread and ask rarely; built on prometheus-api-client, a synchronous
library. It asks with the datasource's own credentials, TLS and proxy, and every reply passes the same verdict as an
evaluation's, so a login page is no answer here either. Nothing is tried twice: somebody is waiting, and can ask again.

The library is imported with this module, so the module is imported only where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import requests
from prometheus_api_client.prometheus_connect import PrometheusConnect

from evaluator.core.evaluation.answers import Failure, FailureKind, Histogram
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.settings import Datasource, DatasourceKind
from evaluator.prometheus.decoding import WrongShapeError, number, read_refusal, wrong_shape
from evaluator.prometheus.exchange import query_url
from evaluator.prometheus.reply import Reply
from evaluator.prometheus.session import HistorySession
from evaluator.prometheus.verdict import error_of, refusal_of, stranger_of
from evaluator.prometheus.wording import without_secrets
from evaluator.wire.credentials import UnfitSecretError
from evaluator.wire.errors import explain

_MOST_STEPS = 10_000  # Prometheus refuses more than 11,000 points for a series in one request
_RECENT = timedelta(hours=1)


class NoAnswerError(Exception):
    """The datasource gave no usable answer; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@frozen
class Series:
    """One series over a span. points: (Unix seconds, value) in order of time; histograms likewise, for native ones."""

    labels: Labels
    points: tuple[tuple[float, float], ...] = ()
    histograms: tuple[tuple[float, Histogram], ...] = ()


@frozen
class Metadata:
    """What targets say about a metric. type: `counter`, `gauge`, …"""

    type: str
    help: str = ""
    unit: str = ""


class _RangeSeries(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]] = []
    histograms: list[tuple[float, Histogram]] = []


class History:
    """Asks one datasource about the past. For one thread at a time. Every question may raise NoAnswerError."""

    def __init__(self, datasource: Datasource, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Nothing is asked yet. Raises OSError when a certificate file or the proxy's secret cannot be read."""
        self._datasource = datasource
        self._now = now
        self._session = HistorySession(datasource)
        self._session.hooks["response"].append(self._judge)
        self._server = PrometheusConnect(
            url=self._session.base,
            session=self._session,
            method="POST",
        )
        self._session.mount_own(self._session.base)  # in place of the library's adapter, which retries with real pauses
        self._extra = {"nocache": "1"} if datasource.kind is DatasourceKind.VICTORIAMETRICS else {}

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def refused(self, expr: str) -> str | None:
        """Why the server does not accept `expr`, in its own words; None when it evaluates it."""
        try:
            with self._asking():
                self._server.custom_query(expr, {"time": _seconds(self._now()), **self._extra})
        except NoAnswerError as error:
            if error.failure.kind is FailureKind.BAD_QUERY:
                return error.failure.message
            raise
        return None

    def matches(self, selector: str) -> bool:
        """Whether any series fitted `selector` within the last hour."""
        end = self._now()
        with self._asking():
            return bool(self._server.get_series(end - _RECENT, end, {"match[]": selector, "limit": "1", **self._extra}))

    def metadata(self, metric: str) -> tuple[Metadata, ...]:
        """What targets say about `metric`, each different statement once; empty when nobody says anything."""
        with self._asking():
            said = self._server.get_metric_metadata(metric)
            return tuple(msgspec.convert([one for one in said if one["metric_name"] == metric], list[Metadata]))

    def query_range(self, expr: str, start: datetime, end: datetime, step: timedelta) -> list[Series]:
        """The values of `expr` at start, start + step, … up to and including end; as many requests as the server's limit asks.

        Series come in the order of their labels.
        """
        merged: dict[Labels, list[_RangeSeries]] = {}
        for first, last in _spans(start, end, step):
            for part in self._one_range(expr, first, last, step):
                merged.setdefault(Labels(part.metric), []).append(part)
        return [_joined(labels, parts) for labels, parts in sorted(merged.items(), key=lambda item: item[0])]

    def _one_range(self, expr: str, start: datetime, end: datetime, step: timedelta) -> list[_RangeSeries]:
        # The library rounds to whole seconds; what is named in `params` takes the place of its own.
        exact = {"start": _seconds(start), "end": _seconds(end), **self._extra}
        with self._asking():
            found = self._server.custom_query_range(expr, start, end, f"{step.total_seconds():.3f}", exact)
            series = msgspec.convert(found, list[_RangeSeries])
            for part in series:
                for _, text in part.values:
                    number(text)
            return series

    def _judge(self, response: requests.Response, **_: object) -> None:
        if self._session.get_redirect_target(response) is not None:
            return
        reply = Reply(response.status_code, response.headers, response.content, response.elapsed.total_seconds())
        failure = refusal_of(reply, self._now()) if reply.status != 200 else stranger_of(reply)
        if failure is None and (refusal := read_refusal(reply.body)) is not None:
            failure = error_of(refusal, reply)
        if failure is not None:
            raise NoAnswerError(failure)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Makes one kind of error of all that can go wrong, without secrets."""
        try:
            yield
        except NoAnswerError as error:
            failure = error.failure
        except requests.JSONDecodeError:
            failure = Failure(FailureKind.NOT_PROMETHEUS, "the server answered 200 with broken JSON")
        except requests.RequestException as error:
            failure = Failure(FailureKind.TRANSIENT, _explained(error))
        except (OSError, UnfitSecretError) as error:
            failure = Failure(FailureKind.CREDENTIALS, f"the credentials cannot be used: {explain(error)}")
        except (msgspec.ValidationError, WrongShapeError, LookupError, TypeError, AttributeError) as error:
            failure = Failure(
                FailureKind.NOT_PROMETHEUS, f"the server answered 200 with JSON of another shape: {_shape(error)}"
            )
        else:
            return
        raise NoAnswerError(without_secrets(failure, self._datasource, query_url(self._datasource.url).password)) from None


def _spans(start: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
    while start <= end:
        last = min(end, start + (_MOST_STEPS - 1) * step)
        yield start, last
        start += _MOST_STEPS * step


def _joined(labels: Labels, parts: list[_RangeSeries]) -> Series:
    return Series(
        labels,
        points=tuple((at, number(text)) for part in parts for at, text in part.values),
        histograms=tuple(point for part in parts for point in part.histograms),
    )


def _seconds(at: datetime) -> str:
    return f"{at.timestamp():.3f}"


def _shape(error: Exception) -> str:
    if isinstance(error, WrongShapeError):
        return str(error)
    return str(wrong_shape(error)) if isinstance(error, msgspec.ValidationError) else "it has no result"


def _explained(error: requests.RequestException) -> str:
    """The sentence that the other client would have said for the same misfortune."""
    kinds: tuple[tuple[Any, type[httpx.TransportError]], ...] = (
        (requests.ConnectTimeout, httpx.ConnectTimeout),
        (requests.Timeout, httpx.ReadTimeout),
        (requests.exceptions.ProxyError, httpx.ProxyError),
        (requests.ConnectionError, httpx.ConnectError),
        (requests.RequestException, httpx.TransportError),
    )
    same = next(kind for theirs, kind in kinds if isinstance(error, theirs))("")
    same.__cause__ = error
    return explain(same)
