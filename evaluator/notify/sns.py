"""Amazon's notification service: one Publish, signed; before it, where a role is named, one request for the role's session.

Messages of a `.fifo` topic are told apart by the notification, and ordered within the group. (Alertmanager tells them apart by
the group alone, and Amazon drops whatever it tells of a group within five minutes of the last time.)
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from urllib.parse import urlencode
from xml.etree import ElementTree

from evaluator.core.http import Secret
from evaluator.core.receivers.general import Sigv4, SnsSettings
from evaluator.notify.aws import NoCredentialsError, credentials_of, region_of
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.fitting import ALERT, in_bytes
from evaluator.notify.neutral import one_line
from evaluator.notify.scrub import secrets_of
from evaluator.notify.sheet import Sheet
from evaluator.notify.sigv4 import Credentials, signature_headers

MOST_BYTES_OF_SMS = 1600
MOST_BYTES = 256 * 1024
MOST_OF_A_SUBJECT = 100
TYPE = "application/x-www-form-urlencoded; charset=utf-8"

Form = dict[str, str]
Conversation = Generator[Request, Answer, Accepted | Refused]


def tell(sheet: Sheet, settings: SnsSettings) -> Conversation:
    """Raises OSError when a file of credentials cannot be read."""
    try:
        credentials, region = credentials_of(settings.sigv4), region_of(settings)
    except NoCredentialsError as error:
        return Refused(str(error))
    if settings.sigv4.role_arn:
        answer = yield _signed(
            sheet, settings, credentials, (region, "sts"), _session_url(settings.sigv4, region), _role(settings)
        )
        refused = refusal(answer)
        if refused is not None:
            return refused
        session = _session(answer)
        if session is None:
            return Refused("answered for a role's session with something else")
        credentials = session
    url = settings.api_url or f"https://sns.{region}.amazonaws.com/"
    answer = yield _signed(sheet, settings, credentials, (region, "sns"), url, _publish(sheet, settings))
    name = _found(answer, "MessageId")
    return refusal(answer) or Accepted((("message", name),) if name else ())


def _signed(
    sheet: Sheet, settings: SnsSettings, credentials: Credentials, scope: tuple[str, str], url: str, form: Mapping[str, str]
) -> Request:
    """A request with the form, signed at the sheet's `now`."""
    body = urlencode(form).encode()
    headers = signature_headers(credentials, ("POST", url, body), {"Content-Type": TYPE}, scope, sheet.now)
    own = (credentials.secret_key, credentials.token)
    secrets = (*filter(None, own), *secrets_of(Secret(url), settings.http))  # the signature stands where others have theirs
    http = replace(settings.http, authorization=None, basic_auth=None, oauth2=None)
    return Request(Secret(url), body, http, headers=(("Content-Type", TYPE), *headers), secrets=secrets)


def _publish(sheet: Sheet, settings: SnsSettings) -> Form:
    kind, target = _target(sheet, settings)
    subject = one_line(sheet.text("subject", settings.subject), MOST_OF_A_SUBJECT)
    attributes = {name: sheet.text(f"attribute {name}", text) for name, text in settings.attributes}
    message = sheet.body("message", settings.message)
    if sheet.plain or not message.strip():
        message = sheet.plainly()
    kept = sheet.fitted(message, in_bytes(MOST_BYTES_OF_SMS if kind == "PhoneNumber" else MOST_BYTES))
    if kept != message.replace(ALERT, ""):
        attributes["truncated"] = "true"
    form = {"Action": "Publish", "Version": "2010-03-31", kind: target, "Message": kept}
    if subject and kind != "PhoneNumber":
        form["Subject"] = subject
    if target.endswith(".fifo"):
        form |= {"MessageDeduplicationId": sheet.notification.id, "MessageGroupId": sheet.notification.key}
    for number, (name, value) in enumerate(((name, value) for name, value in attributes.items() if value), 1):
        entry = f"MessageAttributes.entry.{number}"
        form |= {f"{entry}.Name": name, f"{entry}.Value.DataType": "String", f"{entry}.Value.StringValue": value}
    return form


def _target(sheet: Sheet, settings: SnsSettings) -> tuple[str, str]:
    """Whom to tell: a topic, an application, or a telephone."""
    for kind, text in (("TopicArn", settings.topic_arn), ("PhoneNumber", settings.phone_number)):
        if text:
            return kind, sheet.text(kind, text)
    return "TargetArn", sheet.text("TargetArn", settings.target_arn)


def _session_url(sigv4: Sigv4, region: str) -> str:
    return f"https://sts{'-fips' if sigv4.use_fips_sts_endpoint else ''}.{region}.amazonaws.com/"


def _role(settings: SnsSettings) -> Form:
    form = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": settings.sigv4.role_arn, "RoleSessionName": "evaluator"}
    return form | ({"ExternalId": settings.sigv4.external_id} if settings.sigv4.external_id else {})


def _session(answer: Answer) -> Credentials | None:
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    parts = [_found(answer, name) for name in names]
    return Credentials(*parts) if all(parts) else None


def _found(answer: Answer, name: str) -> str:
    """The text of the first element called `name`, whatever its namespace; empty when there is none."""
    try:
        root = ElementTree.fromstring(answer.body)
    except ElementTree.ParseError:
        return ""
    return next((one.text or "" for one in root.iter() if one.tag.rpartition("}")[2] == name), "")
