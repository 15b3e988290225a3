"""What Alertmanager makes of a refusal, for `compatibility: alertmanager`.

It tries again after 5xx, after further statuses of some services, and when the network failed; it takes no notice of
Retry-After. What a service says with a status of success is each receiver's own affair, there as here; but who says in it that
it is told too much says what others say by 429, which it takes for a refusal for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from evaluator.core.receivers import IntegrationSettings
from evaluator.core.receivers.chat import TelegramSettings, WechatSettings
from evaluator.core.receivers.paging import IncidentioSettings, OpsgenieSettings, PagerdutySettings
from evaluator.core.receivers.tickets import JiraSettings
from evaluator.notify.exchange import Refused

_TOO_MANY = frozenset({429})
_ANY = frozenset(range(300, 600))
_OF_OLD_PAGERDUTY = frozenset({403})

# Statuses beyond 5xx after which it tries again.
_TRIED_AGAIN: Mapping[type, frozenset[int]] = {
    IncidentioSettings: _TOO_MANY,
    JiraSettings: _TOO_MANY,
    OpsgenieSettings: _TOO_MANY,
    PagerdutySettings: _TOO_MANY,
    TelegramSettings: _ANY,
    WechatSettings: _ANY,
}


def as_alertmanager(refused: Refused, settings: IntegrationSettings, status: int) -> Refused:
    """The refusal as Alertmanager takes it. status: of the answer that it was read from."""
    if 200 <= status < 300:
        return replace(refused, permanent=refused.permanent or refused.limited, retry_after=None)
    return replace(refused, permanent=status < 500 and status not in _tried_again(settings), retry_after=None)


def _tried_again(settings: IntegrationSettings) -> frozenset[int]:
    if isinstance(settings, PagerdutySettings) and settings.service_key is not None:
        return _OF_OLD_PAGERDUTY
    return _TRIED_AGAIN.get(type(settings), frozenset())
