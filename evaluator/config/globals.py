"""The `global` block: what receivers fall back on.

Keys that belong to a kind of receiver which is not acted on yet are accepted without a word; the receivers that would use
them say so.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import Field

from evaluator.config.http import HttpModel
from evaluator.config.models import Model, read
from evaluator.config.nodes import Table
from evaluator.config.reading import Reading
from evaluator.config.scalars import Hidden, HiddenUrl, Span, Text


class GlobalModel(Model):
    """`global`."""

    TITLE = "global"

    resolve_timeout: Span = timedelta(minutes=5)
    http_config: HttpModel = Field(default_factory=HttpModel)

    slack_api_url: HiddenUrl | None = None
    slack_api_url_file: Text | None = None
    slack_app_token: Hidden | None = None
    slack_app_token_file: Text | None = None
    slack_app_url: HiddenUrl | None = None

    smtp_from: Any = None
    smtp_smarthost: Any = None
    smtp_hello: Any = None
    smtp_auth_username: Any = None
    smtp_auth_password: Any = None
    smtp_auth_password_file: Any = None
    smtp_auth_secret: Any = None
    smtp_auth_secret_file: Any = None
    smtp_auth_identity: Any = None
    smtp_require_tls: Any = None
    smtp_tls_config: Any = None
    smtp_force_implicit_tls: Any = None
    pagerduty_url: Any = None
    opsgenie_api_url: Any = None
    opsgenie_api_key: Any = None
    opsgenie_api_key_file: Any = None
    wechat_api_url: Any = None
    wechat_api_secret: Any = None
    wechat_api_secret_file: Any = None
    wechat_api_corp_id: Any = None
    victorops_api_url: Any = None
    victorops_api_key: Any = None
    victorops_api_key_file: Any = None
    telegram_api_url: Any = None
    telegram_bot_token: Any = None
    telegram_bot_token_file: Any = None
    webex_api_url: Any = None
    rocketchat_api_url: Any = None
    rocketchat_token: Any = None
    rocketchat_token_file: Any = None
    rocketchat_token_id: Any = None
    rocketchat_token_id_file: Any = None
    jira_api_url: Any = None
    mattermost_webhook_url: Any = None
    mattermost_webhook_url_file: Any = None


def read_globals(top: Table, reading: Reading) -> tuple[GlobalModel, Table]:
    """The block and where it stands; the defaults when it is absent or wrong."""
    node = top.child("global")
    if node is None:
        return GlobalModel(), Table({}, {}, top.position)
    model = read(GlobalModel, node, reading.problems)
    table = node if isinstance(node, Table) else Table({}, {}, node.position)
    _check_twins(table, reading)
    return model or GlobalModel(), table


def _check_twins(table: Table, reading: Reading) -> None:
    for name in table.values:
        if table.child(f"{name}_file") is not None and table.child(name) is not None:
            message = f"at most one of {name} & {name}_file must be configured"
            reading.problems.error(table.key(f"{name}_file"), message, "remove one")
