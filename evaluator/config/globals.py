"""The `global` block: what receivers fall back on."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from evaluator.config.http import HttpModel
from evaluator.config.models import Model, read
from evaluator.config.nodes import Table
from evaluator.config.reading import Reading
from evaluator.config.scalars import HIDDEN, AbsoluteUrl, Flag, Hidden, HiddenUrl, Smarthost, Span, Text
from evaluator.config.tls import TlsModel
from evaluator.core.http import Secret
from evaluator.core.receivers.phones import NtfySettings, TwilioSettings

SLACK_APP_URL = "https://slack.com/api/chat.postMessage"


class GlobalModel(Model):
    """`global`."""

    TITLE = "global"

    resolve_timeout: Span = timedelta(minutes=5)
    http_config: HttpModel = Field(default_factory=HttpModel)

    smtp_from: Text = ""
    smtp_smarthost: Smarthost | None = None
    smtp_hello: Text = "localhost"
    smtp_auth_username: Text = ""
    smtp_auth_password: Hidden | None = None
    smtp_auth_password_file: Text | None = None
    smtp_auth_secret: Hidden | None = None
    smtp_auth_secret_file: Text | None = None
    smtp_auth_identity: Text = ""
    smtp_require_tls: Flag = True
    smtp_tls_config: TlsModel = Field(default_factory=TlsModel)
    smtp_force_implicit_tls: Flag | None = None

    slack_api_url: HiddenUrl | None = None
    slack_api_url_file: Text | None = None
    slack_app_token: Hidden | None = None
    slack_app_token_file: Text | None = None
    slack_app_url: AbsoluteUrl = SLACK_APP_URL

    pagerduty_url: AbsoluteUrl = "https://events.pagerduty.com/v2/enqueue"
    opsgenie_api_url: AbsoluteUrl = "https://api.opsgenie.com/"
    opsgenie_api_key: Hidden | None = None
    opsgenie_api_key_file: Text | None = None
    wechat_api_url: AbsoluteUrl = "https://qyapi.weixin.qq.com/cgi-bin/"
    wechat_api_secret: Hidden | None = None
    wechat_api_secret_file: Text | None = None
    wechat_api_corp_id: Text = ""
    victorops_api_url: AbsoluteUrl = "https://alert.victorops.com/integrations/generic/20131114/alert/"
    victorops_api_key: Hidden | None = None
    victorops_api_key_file: Text | None = None
    telegram_api_url: AbsoluteUrl = "https://api.telegram.org"
    telegram_bot_token: Hidden | None = None
    telegram_bot_token_file: Text | None = None
    webex_api_url: AbsoluteUrl = "https://webexapis.com/v1/messages"
    rocketchat_api_url: AbsoluteUrl = "https://open.rocket.chat/"
    rocketchat_token: Hidden | None = None
    rocketchat_token_file: Text | None = None
    rocketchat_token_id: Hidden | None = None
    rocketchat_token_id_file: Text | None = None
    jira_api_url: AbsoluteUrl | None = None
    ntfy_url: AbsoluteUrl = NtfySettings("").url
    ntfy_token: Hidden | None = None
    ntfy_token_file: Text | None = None
    twilio_account_sid: Text = ""
    twilio_api_key_sid: Text = ""
    twilio_auth_token: Hidden | None = None
    twilio_auth_token_file: Text | None = None
    twilio_from: Text = ""
    twilio_messaging_service_sid: Text = ""
    twilio_api_url: AbsoluteUrl = TwilioSettings("", ()).api_url
    mattermost_webhook_url: HiddenUrl | None = None
    mattermost_webhook_url_file: Text | None = None


def read_globals(top: Table, reading: Reading) -> tuple[GlobalModel, Table]:
    """The block and where it stands; the defaults when it is absent or wrong."""
    node = top.child("global")
    if node is None:
        return GlobalModel(), Table({}, {}, top.position)
    model = read(GlobalModel, node, reading.problems) or GlobalModel()
    table = node if isinstance(node, Table) else Table({}, {}, node.position)
    _check_twins(model, table, reading)
    _check_slack(model, table, reading)
    return model, table


def _check_twins(model: GlobalModel, table: Table, reading: Reading) -> None:
    for name in GlobalModel.model_fields:
        if f"{name}_file" in GlobalModel.model_fields:
            reading.secret(model, name, table)


def _check_slack(model: GlobalModel, table: Table, reading: Reading) -> None:
    """A token and a URL exclude each other, but for the URL that a token is used with."""
    token = model.slack_app_token or model.slack_app_token_file
    url = model.slack_api_url or model.slack_api_url_file
    if token and url and model.slack_api_url not in (Secret(model.slack_app_url), Secret(HIDDEN)):
        message = "at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be configured"
        reading.problems.error(
            table.key("slack_api_url" if model.slack_api_url else "slack_api_url_file"), message, "remove one"
        )
