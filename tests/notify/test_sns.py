"""Amazon's notification service: signatures, credentials, targets and sizes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from evaluator.core.http import Secret
from evaluator.core.receivers.general import Sigv4, SnsSettings
from evaluator.notify import sns
from evaluator.notify.aws import NoCredentialsError, credentials_of, region_of
from evaluator.notify.exchange import Accepted, Answer, Refused, Request
from evaluator.notify.sheet import Sheet
from evaluator.notify.sigv4 import Credentials, signature_headers
from tests.notify.cases.sns import PUBLISHED, SIGNED
from tests.notify.scenes import AT, alert, rendered

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alerts"
SETTINGS = SnsSettings(SIGNED, topic_arn=TOPIC, subject="s", message="m")


def sheet(**more: object) -> Sheet:
    return Sheet(replace(rendered(alert("a:9090")), **more), lambda text: text)  # type: ignore[arg-type]


def form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode()))


def test_a_signature_is_the_one_of_amazons_documentation() -> None:
    """The example `ListUsers` of the IAM service."""
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    headers = dict(
        signature_headers(
            credentials,
            ("GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", b""),
            {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
            ("us-east-1", "iam"),
            datetime(2015, 8, 30, 12, 36, tzinfo=UTC),
        )
    )
    assert headers["X-Amz-Date"] == "20150830T123600Z"
    assert headers["Authorization"].endswith("Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")


def test_a_topic_is_published_to() -> None:
    request = next(sns.tell(sheet(), SETTINGS))
    assert form(request) == {
        "Action": "Publish",
        "Version": "2010-03-31",
        "TopicArn": TOPIC,
        "Subject": "s",
        "Message": "m",
    }
    assert request.url.reveal() == "https://sns.eu-west-1.amazonaws.com/"
    assert dict(request.headers)["X-Amz-Date"] == AT.strftime("%Y%m%dT%H%M%SZ")
    assert "wJalrXUtnFEMI" not in str(request)


def test_messages_of_a_fifo_topic_have_names_of_their_own() -> None:
    """So what follows within five minutes is not dropped."""
    settings = replace(SETTINGS, topic_arn=TOPIC + ".fifo")
    one, other = (form(next(sns.tell(sheet(id=name), settings))) for name in ("a", "b"))
    assert one["MessageDeduplicationId"] != other["MessageDeduplicationId"]
    assert one["MessageGroupId"] == other["MessageGroupId"] == rendered().key


def test_a_long_message_is_cut_by_bytes_and_says_so() -> None:
    settings = replace(SETTINGS, topic_arn="", phone_number="+4915112345678", message="é" * 2000)
    sent = form(next(sns.tell(sheet(), settings)))
    assert len(sent["Message"].encode()) <= 1600
    assert "Subject" not in sent
    assert (sent["MessageAttributes.entry.1.Name"], sent["MessageAttributes.entry.1.Value.StringValue"]) == (
        "truncated",
        "true",
    )


def test_a_role_is_taken_on_first() -> None:
    role = replace(SIGNED, role_arn="arn:aws:iam::1:role/alerts", external_id="x")
    told = sns.tell(sheet(), replace(SETTINGS, sigv4=role))
    first = next(told)
    assert first.url.reveal() == "https://sts.eu-west-1.amazonaws.com/"
    assert (form(first)["RoleArn"], form(first)["ExternalId"]) == ("arn:aws:iam::1:role/alerts", "x")
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    session = "".join(f"<{name}>of-the-role</{name}>" for name in names)
    second = told.send(Answer(200, {}, f"<r xmlns='urn:x'><Credentials>{session}</Credentials></r>".encode(), AT))
    assert dict(second.headers)["X-Amz-Security-Token"] == "of-the-role"
    with pytest.raises(StopIteration) as ended:
        told.send(Answer(200, {}, PUBLISHED.body, AT))
    assert ended.value.value == Accepted((("message", "567910cd"),))


@pytest.mark.parametrize("body", [b"", b"<r/>", b"nonsense"])
def test_a_session_that_is_none_is_tried_again(body: bytes) -> None:
    told = sns.tell(sheet(), replace(SETTINGS, sigv4=replace(SIGNED, role_arn="arn:aws:iam::1:role/alerts")))
    next(told)
    with pytest.raises(StopIteration) as ended:
        told.send(Answer(200, {}, body, AT))
    assert isinstance(ended.value.value, Refused)
    assert not ended.value.value.permanent


def test_where_credentials_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration, then the environment, then the file; a named profile comes from the file."""
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    shared = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
    with pytest.raises(NoCredentialsError, match="write access_key and secret_key"):
        credentials_of(Sigv4())
    shared.write_text(
        "[default]\naws_access_key_id=F\naws_secret_access_key=%S\n[ops]\naws_access_key_id=O\naws_secret_access_key=P\n"
    )
    assert credentials_of(Sigv4()) == Credentials("F", "%S")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "E")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "e")
    assert credentials_of(Sigv4()) == Credentials("E", "e")
    assert credentials_of(Sigv4(profile="ops")) == Credentials("O", "P")
    assert credentials_of(Sigv4(access_key="C", secret_key=Secret("c"))) == Credentials("C", "c")
    assert region_of(SnsSettings(topic_arn=TOPIC)) == "eu-west-1"
    with pytest.raises(NoCredentialsError, match="no region"):
        region_of(SnsSettings(phone_number="+1"))
    refused = sns.tell(sheet(), SnsSettings(phone_number="+1"))
    with pytest.raises(StopIteration):
        next(refused)
