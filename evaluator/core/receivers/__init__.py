"""Receivers and the integrations behind them: whom to tell, and how.

One value for each kind of integration, a file for each family. Defaults are Alertmanager's; every text that it
renders as a template is one here too. What falls back on the global block has been filled in.

Families: `paging` calls people, `phones` reach their pockets; `chat`, with `slack`, `mattermost` and `rocketchat`, fills rooms,
`tickets` make work; `general` is nobody's product, `apprise` whatever that library reaches, `http` any service that a
configuration describes. `tree` is what a field holds that takes any YAML.
"""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.core.labels import NO_LABELS, Labels
from evaluator.core.notifying.rates import RateLimit
from evaluator.core.receivers.apprise import AppriseSettings
from evaluator.core.receivers.chat import (
    DiscordSettings,
    MsTeamsSettings,
    MsTeamsV2Settings,
    TelegramSettings,
    WebexSettings,
    WechatSettings,
)
from evaluator.core.receivers.general import (
    ConsoleSettings,
    EmailSettings,
    EventHookSettings,
    SnsSettings,
    WebhookSettings,
)
from evaluator.core.receivers.http import HttpServiceSettings
from evaluator.core.receivers.mattermost import MattermostSettings
from evaluator.core.receivers.paging import (
    IncidentioSettings,
    OpsgenieSettings,
    PagerdutySettings,
    PushoverSettings,
    VictoropsSettings,
)
from evaluator.core.receivers.phones import NtfySettings, TwilioSettings
from evaluator.core.receivers.rocketchat import RocketchatSettings
from evaluator.core.receivers.slack import SlackSettings
from evaluator.core.receivers.tickets import JiraSettings

IntegrationSettings = (
    ConsoleSettings
    | WebhookSettings
    | EventHookSettings
    | EmailSettings
    | PagerdutySettings
    | OpsgenieSettings
    | WechatSettings
    | SlackSettings
    | VictoropsSettings
    | PushoverSettings
    | SnsSettings
    | TelegramSettings
    | DiscordSettings
    | WebexSettings
    | MsTeamsSettings
    | MsTeamsV2Settings
    | JiraSettings
    | IncidentioSettings
    | RocketchatSettings
    | MattermostSettings
    | NtfySettings
    | TwilioSettings
    | HttpServiceSettings
    | AppriseSettings
)


@frozen
class Destination:
    """Where an integration's messages arrive, in digests that say nothing of it.

    service: of what a service counts by. place: of what decides besides who reads it; empty when that is not the same for all
    messages.
    """

    service: str
    place: str


@frozen
class Integration:
    """One way of a receiver to tell people. index: its number among the receiver's integrations of the same kind.

    rate_limit: how often, None for as often as there is something to tell. way: of a person's contacts, what it is called
    there, `sms`. destination: None for one that it shares with nobody.
    """

    kind: str
    index: int
    send_resolved: bool
    settings: IntegrationSettings
    rate_limit: RateLimit | None = None
    way: str = ""
    destination: Destination | None = None

    @property
    def name(self) -> str:
        """`webhook[0]`, as in Alertmanager's logs and notification log; of a contact, the way."""
        return self.way or f"{self.kind}[{self.index}]"


@frozen
class Receiver:
    """A name that routes refer to, and its integrations; without any it swallows notifications.

    labels: what the API's `receiver_matchers` look at; `name` is always among those of a receiver from a file.
    fallback: the receiver that is told when one of these integrations refuses for good, or has accepted nothing for
    `fallback_after`; empty for nobody.
    """

    name: str
    integrations: tuple[Integration, ...] = ()
    labels: Labels = NO_LABELS
    fallback: str = ""
    fallback_after: timedelta = timedelta(minutes=5)
