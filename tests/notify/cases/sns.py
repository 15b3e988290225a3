"""Amazon's notification service: one signed form, or two where a role is taken on."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.general import Sigv4, SnsSettings
from tests.local_server import Reply
from tests.notify.contract import Case

SIGNED = Sigv4("eu-west-1", "AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
PUBLISHED = Reply(
    headers={"Content-Type": "text/xml"},
    body=b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
    b"<MessageId>567910cd</MessageId></PublishResult></PublishResponse>",
)


def settings(url: str, http: HttpSettings) -> SnsSettings:
    return SnsSettings(SIGNED, http, api_url=url, topic_arn="arn:aws:sns:eu-west-1:123456789012:alerts")


CASES = (
    Case(
        "sns",
        settings,
        taken=(PUBLISHED,),
        receipt=(("message", "567910cd"),),
        templates=("subject", "message"),
        most_bytes=1_000_000,
    ),
)
