"""What a configuration says of how people answer from where they are: links in messages, and the doors of other services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from evaluator.core.frozen import frozen
from evaluator.core.http import Secret

LOGIN_HEADER = "X-Forwarded-Email"
_LABEL = "evaluator:label:"
SHORTEST_SECRET = 16
"""Characters of a secret for links: whoever guesses it acknowledges in anybody's name."""


@frozen
class LinkSettings:
    """Links that let one person do one thing. secret: what they are signed with; None: a key that the evaluator makes itself.

    former: a secret whose links still count while it is replaced. base_url: what links begin with; empty for the
    `external_url`. require_login: only whoever a proxy has logged in may follow one; login_header: where it says who that is.
    """

    secret: Secret | None = None
    former: Secret | None = None
    base_url: str = ""
    require_login: bool = False
    login_header: str = LOGIN_HEADER


@frozen
class SlackReplies:
    """A Slack app's buttons and slash commands. team: id of the one workspace that may send them; empty for any."""

    signing_secret: Secret
    team: str = ""


@frozen
class PagerdutyReplies:
    """PagerDuty's webhooks. former: a secret that still counts. users: keys of people by PagerDuty's ids of users."""

    secret: Secret
    former: Secret | None = None
    users: Mapping[str, str] = field(default_factory=dict)


@frozen
class TwilioReplies:
    """Short messages that come in by Twilio. url: as Twilio was told it; empty: made from where links begin."""

    auth_token: Secret
    url: str = ""


@frozen
class TelegramReplies:
    """Buttons of a Telegram bot. secret_token: what Telegram was told to send with each update."""

    secret_token: Secret


@frozen
class MailReplies:
    """Answers by mail that a provider posts. address: where they are sent to. secret: what the provider knows.

    authserv_id: of the mail server whose word on who sent a mail is taken (RFC 8601).
    """

    address: str
    secret: Secret
    authserv_id: str


@frozen
class Replies:
    """Which doors are open; None is closed."""

    slack: SlackReplies | None = None
    pagerduty: PagerdutyReplies | None = None
    twilio: TwilioReplies | None = None
    telegram: TelegramReplies | None = None
    mail: MailReplies | None = None


DEFAULT_LINKS = LinkSettings()
NO_REPLIES = Replies()


class ReplyButton(StrEnum):
    """A button of a message to people. In Slack its `action_id`, beside the page's id as `value`; in Telegram, `callback`."""

    ACK = "evaluator:ack"
    SNOOZE = "evaluator:snooze"
    ESCALATE = "evaluator:escalate"
    USEFUL = f"{_LABEL}useful"
    FALSE_POSITIVE = f"{_LABEL}false_positive"
    NOT_ACTIONABLE = f"{_LABEL}not_actionable"
    DUPLICATE = f"{_LABEL}duplicate"
    POOR_DETAILS = f"{_LABEL}poor_details"

    @property
    def label(self) -> str:
        """What it says of an incident that is over, one of `incidents.actions.NOISE`; empty for a button that says nothing."""
        return self.value.removeprefix(_LABEL) if self.value.startswith(_LABEL) else ""

    def callback(self, page: str) -> str:
        """What the button of a page sends in Telegram, which takes 64 bytes."""
        return f"{self}:{page}"
