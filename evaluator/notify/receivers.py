"""Which file serves which kind of integration: a new receiver over HTTP is one file and one line here.

A file tells its provider in a conversation: it gives a request, is sent the answer, and goes on until it returns what came
of it. Most need one request (`asks_once`); some look a ticket up before they touch it. Nothing in it waits or connects, so
a whole conversation is a plain test. When a request gets no answer at all, the conversation is closed: the attempt has
failed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

from evaluator.core.receivers.chat import (
    DiscordSettings,
    MsTeamsSettings,
    MsTeamsV2Settings,
    TelegramSettings,
    WebexSettings,
    WechatSettings,
)
from evaluator.core.receivers.general import EventHookSettings, SnsSettings
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
from evaluator.core.receivers.tickets import JiraSettings
from evaluator.core.settings import SlackSettings, WebhookSettings
from evaluator.notify import (
    discord,
    event_hook,
    http,
    incidentio,
    jira,
    mattermost,
    msteams,
    msteamsv2,
    ntfy,
    opsgenie,
    pagerduty,
    pagerduty_v1,
    pushover,
    rocketchat,
    slack,
    sns,
    telegram,
    twilio,
    victorops,
    webex,
    webhook,
    wechat,
)
from evaluator.notify.exchange import Accepted, Answer, Refused, Request
from evaluator.notify.sheet import Sheet

Conversation = Generator[Request, Answer, Accepted | Refused]

Tell = Callable[[Sheet, Any], Conversation]
"""Takes the integration's own settings. Raises OSError when a file that the settings name cannot be read."""


def asks_once(build: Callable[[Sheet, Any], Request | Refused], read: Callable[[Answer], Accepted | Refused]) -> Tell:
    """The conversation of one request."""

    def tell(sheet: Sheet, settings: Any) -> Conversation:
        request = build(sheet, settings)
        return request if isinstance(request, Refused) else read((yield request))

    return tell


def _pagerduty(sheet: Sheet, settings: PagerdutySettings) -> Conversation:
    version = pagerduty if settings.service_key is None else pagerduty_v1
    acts = [*([pagerduty.RESOLVE] if pagerduty.calls_anew(sheet) else []), pagerduty.action(sheet)]
    outcome: Accepted | Refused = Accepted(())
    for act in acts:
        request = version.build(sheet, settings, act)
        outcome = request if isinstance(request, Refused) else version.read((yield request))
        if isinstance(outcome, Refused):
            break
    return outcome


HTTP_RECEIVERS: Mapping[type, Tell] = {
    NtfySettings: ntfy.tell,
    TwilioSettings: twilio.tell,
    DiscordSettings: discord.tell,
    TelegramSettings: telegram.tell,
    MsTeamsV2Settings: asks_once(msteamsv2.build, msteamsv2.read),
    MsTeamsSettings: asks_once(msteams.build, msteams.read),
    WebexSettings: webex.tell,
    MattermostSettings: asks_once(mattermost.build, mattermost.read),
    RocketchatSettings: rocketchat.tell,
    WechatSettings: wechat.tell,
    SnsSettings: sns.tell,
    JiraSettings: jira.tell,
    PagerdutySettings: _pagerduty,
    HttpServiceSettings: http.tell,
    OpsgenieSettings: opsgenie.tell,
    VictoropsSettings: asks_once(victorops.build, victorops.read),
    PushoverSettings: asks_once(pushover.build, pushover.read),
    IncidentioSettings: asks_once(incidentio.build, incidentio.read),
    SlackSettings: slack.tell,
    WebhookSettings: asks_once(webhook.build, webhook.read),
    EventHookSettings: event_hook.tell,
}

ASSUMED: Mapping[type, bytes] = {JiraSettings: b'{"issues":[]}'}
"""What a preview takes the first answer to be, where what people get to read stands in the second request."""
