"""Looking back, against scripted servers."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from evaluator.core.evaluation.answers import FailureKind, Histogram
from evaluator.core.labels import Labels
from evaluator.core.settings import Authorization, DatasourceKind, HttpSettings, Secret
from evaluator.prometheus.history import History, Metadata, NoAnswerError, Series
from tests.prometheus.asking import AT, source
from tests.prometheus.scripted import EMPTY, HANG_UP, HTML, JSON, SILENCE, Say, Scripted

MINUTE = timedelta(minutes=1)


def success(content: object) -> Say:
    """A success with that as its data."""
    return Say(json.dumps({"status": "success", "data": content}).encode(), headers=(JSON,))


def test_a_proxy_is_told_who_asks() -> None:
    """When it is to connect to a server behind it."""
    with Scripted(Say(status=407)) as proxy:
        headers = (("X-Team", Secret("a")), ("X-Team", Secret("b")))
        http = HttpSettings(proxy_url=Secret(proxy.url), proxy_connect_headers=headers)
        with (
            History(source("https://prometheus.example.org", http=http), now=lambda: AT) as history,
            pytest.raises(NoAnswerError, match="the proxy refused to connect"),
        ):
            history.refused("up")
        (connecting,) = proxy.heard
    assert (connecting.method, connecting.headers["x-team"]) == ("CONNECT", "a, b")


def matrix(*series: object) -> Say:
    """A range of series."""
    return success({"resultType": "matrix", "result": list(series)})


def test_what_is_asked() -> None:
    """Questions travel in the body of a POST, with the credentials of the datasource."""
    http = HttpSettings(authorization=Authorization("FlyV1", Secret("fm2_abc")), headers=(("X-Scope", Secret("a")),))
    with Scripted(Say(EMPTY), success([]), success({}), matrix()) as server:
        datasource = source(f"{server.url}/base/?extra=1", kind=DatasourceKind.VICTORIAMETRICS, http=http)
        with History(datasource, now=lambda: AT) as history:
            assert history.refused("x" * 20_000) is None
            assert not history.matches('up{a="b"}')
            assert history.metadata("up") == ()
            assert history.query_range("up", AT - MINUTE, AT, timedelta(milliseconds=1500)) == []
        query, series, metadata, span = server.heard
    assert (query.method, query.target) == ("POST", "/base/api/v1/query?extra=1")
    assert query.form == {"query": "x" * 20_000, "time": "1772366400.250", "nocache": "1"}
    assert series.target.startswith("/base/api/v1/series?")
    assert metadata.target.startswith("/base/api/v1/metadata?")
    assert span.form == {"query": "up", "start": "1772366340.250", "end": "1772366400.250", "step": "1.500", "nocache": "1"}
    for heard in server.heard:
        assert (heard.headers["authorization"], heard.headers["x-scope"]) == ("FlyV1 fm2_abc", "a")


def test_a_refusal_is_in_the_servers_words() -> None:
    say = Say(b'{"status":"error","errorType":"bad_data","error":"1:3: parse error"}', 400)
    with Scripted(say) as server, History(source(server.url)) as history:
        assert history.refused("up{") == "the server refused the query (400 bad_data): 1:3: parse error"


@pytest.mark.parametrize(
    ("say", "kind"),
    [
        (Say(b"<title>Login</title>", 200, (HTML,)), FailureKind.NOT_PROMETHEUS),
        (Say(b'{"status":"success"', 200), FailureKind.NOT_PROMETHEUS),
        (Say(b'{"status":"success","data":7}', 200), FailureKind.NOT_PROMETHEUS),
        (Say(b'{"status":"error","errorType":"timeout","error":"slow"}', 503), FailureKind.TRANSIENT),
        (Say(b"", 401, ()), FailureKind.CREDENTIALS),
        (Say(b"", 429, (("Retry-After", "9"),)), FailureKind.OVERLOAD),
        (HANG_UP, FailureKind.TRANSIENT),
    ],
)
def test_no_answer_is_told_from_no(say: Say, kind: FailureKind) -> None:
    """Asked once, judged like an evaluation."""
    with Scripted(say) as server, History(source(server.url)) as history:
        with pytest.raises(NoAnswerError) as caught:
            history.refused("up")
        assert len(server.heard) == 1
    assert caught.value.failure.kind is kind
    assert str(caught.value) == caught.value.failure.message


def test_nobody_listens() -> None:
    with Scripted() as server:
        gone = source(server.url)
    with History(gone) as history, pytest.raises(NoAnswerError, match=r"^cannot connect: Connection refused$"):
        history.matches("up")


def test_secrets_that_the_server_quotes_are_not_repeated() -> None:
    http = HttpSettings(authorization=Authorization("Bearer", Secret("s3cr3t-t0ken")))
    with (
        Scripted(Say(b"bad token s3cr3t-t0ken", 401, ())) as server,
        History(source(server.url, http=http)) as history,
        pytest.raises(NoAnswerError) as caught,
    ):
        history.matches("up")
    assert "s3cr3t-t0ken" not in repr(caught.value.failure)


def test_existence_and_metadata() -> None:
    said = {"up": [{"type": "gauge", "help": "Alive.", "unit": ""}, {"type": "counter", "help": "", "unit": ""}], "upper": []}
    with Scripted(success([{"__name__": "up"}]), success(said)) as server, History(source(server.url)) as history:
        assert history.matches("up")
        assert history.metadata("up") == (Metadata("gauge", "Alive."), Metadata("counter"))


def test_a_span_beyond_the_servers_limit_is_asked_in_parts() -> None:
    """Parts do not overlap, and a series that is in several of them is one series."""
    first = {"metric": {"a": "2"}, "values": [[60, "1"], [120, "+Inf"]]}
    bare = {"metric": {"a": "1"}, "histograms": [[60, {"count": "1", "sum": "2"}]]}
    second = {"metric": {"a": "2"}, "values": [[600_060, "3"]]}
    with Scripted(matrix(first, bare), matrix(second)) as server, History(source(server.url)) as history:
        found = history.query_range("up", AT - 10_000 * MINUTE, AT, MINUTE)
        spans = [(float(heard.form["start"]), float(heard.form["end"])) for heard in server.heard]
    end = AT.timestamp()
    assert spans == [(end - 600_000, end - 60), (end, end)]
    assert found == [
        Series(Labels({"a": "1"}), histograms=((60.0, Histogram("1", "2")),)),
        Series(Labels({"a": "2"}), points=((60.0, 1.0), (120.0, float("inf")), (600_060.0, 3.0))),
    ]


@pytest.mark.parametrize(
    "result", [None, {}, [{}], [{"metric": {}, "values": [[1, 2]]}], [{"metric": {}, "values": [[1, "x"]]}]]
)
def test_a_span_of_another_shape(result: object) -> None:
    with (
        Scripted(success({"resultType": "matrix", "result": result})) as server,
        History(source(server.url)) as history,
        pytest.raises(NoAnswerError, match="another shape"),
    ):
        history.query_range("up", AT - MINUTE, AT, MINUTE)


@pytest.mark.slow
def test_the_service_starts_without_the_library() -> None:
    """Neither it nor what it may pull in is imported before somebody looks back, and no data frames even then."""
    script = (
        "import sys, evaluator.prometheus\n"
        "assert not {'requests', 'prometheus_api_client', 'pandas', 'numpy'} & set(sys.modules)\n"
        "import evaluator.prometheus.history\n"
        "assert not {'pandas', 'numpy', 'matplotlib'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.realtime
def test_silence_ends() -> None:
    with (
        Scripted(SILENCE) as server,
        History(source(server.url, timeout=timedelta(milliseconds=50))) as history,
        pytest.raises(NoAnswerError, match="no answer within the time allowed"),
    ):
        history.matches("up")
