"""Amazon's own client beside ours: the same form, and the same signature for the same request."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl

import pytest

from evaluator.core.receivers.general import SnsSettings
from evaluator.notify import sns
from evaluator.notify.sheet import Sheet
from evaluator.notify.sigv4 import Credentials, signature_headers
from tests.notify.cases.sns import SIGNED
from tests.notify.scenes import AT, alert, rendered

auth = pytest.importorskip("botocore.auth", reason="botocore is not installed")
session = pytest.importorskip("botocore.session")
awsrequest = pytest.importorskip("botocore.awsrequest")
theirs = pytest.importorskip("botocore.credentials")

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alerts"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Amazon's client signs at the instant at which ours does."""
    monkeypatch.setattr(auth, "get_current_datetime", lambda: AT.astimezone(UTC).replace(tzinfo=None))
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("token", ["", "IQoJb3JpZ2luX2VjE/+="])
@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", "https://sns.eu-west-1.amazonaws.com/", b"Action=Publish&Message=%C3%A9+%7E&Version=2010-03-31"),
        ("POST", "https://sns.example.org:8443/path", b"a=b"),
        ("GET", "https://sts.us-east-1.amazonaws.com/?Version=2011-06-15&Action=GetCallerIdentity&a=%20b~c", b""),
        ("POST", "http://localhost:4566", b""),
    ],
)
def test_signatures_are_those_of_amazons_client(method: str, url: str, body: bytes, token: str) -> None:
    request = awsrequest.AWSRequest(method, url, headers={"Content-Type": FORM}, data=body)
    auth.SigV4Auth(theirs.Credentials("AKIDEXAMPLE", SECRET, token or None), "sns", "eu-west-1").add_auth(request)
    ours = dict(
        signature_headers(
            Credentials("AKIDEXAMPLE", SECRET, token), (method, url, body), {"Content-Type": FORM}, ("eu-west-1", "sns"), AT
        )
    )
    assert ours == {name: value for name, value in request.headers.items() if name != "Content-Type"}


def published(**asked: Any) -> dict[str, str]:
    """The form that Amazon's client sends to publish this."""
    forms: list[dict[str, str]] = []

    def keep(request: Any, **_: Any) -> Any:
        forms.append(dict(parse_qsl(request.body if isinstance(request.body, str) else request.body.decode())))
        return awsrequest.AWSResponse(request.url, 200, {}, _Body())

    keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": SECRET}
    client = session.get_session().create_client("sns", region_name="eu-west-1", **keys)
    client.meta.events.register("before-send.sns.Publish", keep)
    client.publish(**asked)
    return forms[0]


class _Body:
    """An answer as a stream."""

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"]


TEXT = {"StringValue": "web", "DataType": "String"}


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"topic_arn": TOPIC, "subject": "s"}, {"TopicArn": TOPIC, "Subject": "s"}),
        ({"phone_number": "+4915112345678", "subject": "s"}, {"PhoneNumber": "+4915112345678"}),
        ({"target_arn": TOPIC + ":e"}, {"TargetArn": TOPIC + ":e"}),
        (
            {"topic_arn": TOPIC, "attributes": (("team", "web"), ("empty", ""), ("b", "web"))},
            {"TopicArn": TOPIC, "MessageAttributes": {"team": TEXT, "b": TEXT}},
        ),
        (
            {"topic_arn": TOPIC + ".fifo"},
            {"TopicArn": TOPIC + ".fifo", "MessageDeduplicationId": "0f3c", "MessageGroupId": rendered().key},
        ),
    ],
)
def test_forms_are_those_of_amazons_client(settings: dict[str, Any], asked: dict[str, Any]) -> None:
    usual = SnsSettings(SIGNED, subject="", message="é <m> & +~\n")
    request = next(sns.tell(Sheet(rendered(alert("a:9090")), lambda text: text), replace(usual, **settings)))
    assert dict(parse_qsl(request.body.decode())) == published(Message="é <m> & +~\n", **asked)
