"""Receivers that are not asked over HTTP: each performs its attempt itself, and shows beforehand what it would say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TextIO

from evaluator.core.frozen import frozen
from evaluator.core.receivers.apprise import AppriseSettings
from evaluator.core.receivers.general import ConsoleSettings, EmailSettings
from evaluator.notify import apprise, console, mail, smtp
from evaluator.notify.exchange import Accepted, Refused
from evaluator.notify.sheet import Sheet


@frozen
class Surroundings:
    """What an attempt is made in. stdout: where the console prints. seconds: for the attempt.

    patient: every refusal is worth another try, as it is to Alertmanager.
    """

    stdout: TextIO
    seconds: float
    patient: bool = False


@frozen
class Direct:
    """A receiver that performs its own attempts. tell: one attempt; may raise OSError for a file that cannot be read.

    preview: what people see of it beforehand, secrets hidden.
    """

    tell: Callable[[Sheet, Any, Surroundings], Awaitable[Accepted | Refused]]
    preview: Callable[[Sheet, Any], str]


WithoutHttp = ConsoleSettings | EmailSettings | AppriseSettings
"""Settings that have no `http`: those of the receivers below, as a type checker needs to know them."""


async def _print(sheet: Sheet, settings: ConsoleSettings, around: Surroundings) -> Accepted | Refused:
    return console.write(sheet.notification, around.stdout)


def _printed(sheet: Sheet, settings: ConsoleSettings) -> str:
    return console.block(sheet.notification).plain


async def _post(sheet: Sheet, settings: EmailSettings, around: Surroundings) -> Accepted | Refused:
    built = mail.build(sheet, settings)
    return built if isinstance(built, Refused) else await smtp.send(built, settings, around.seconds, patient=around.patient)


def _letter(sheet: Sheet, settings: EmailSettings) -> str:
    built = mail.build(sheet, settings)
    return built.error if isinstance(built, Refused) else smtp.preview(built, settings)


async def _pass_on(sheet: Sheet, settings: AppriseSettings, around: Surroundings) -> Accepted | Refused:
    return await apprise.send(sheet, settings, around.seconds)


DIRECT_RECEIVERS: Mapping[type, Direct] = {
    ConsoleSettings: Direct(_print, _printed),
    EmailSettings: Direct(_post, _letter),
    AppriseSettings: Direct(_pass_on, apprise.preview),
}
