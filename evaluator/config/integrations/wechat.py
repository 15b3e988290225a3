"""WeChat Work: `wechat_configs`."""

from __future__ import annotations

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build, with_slash
from evaluator.config.scalars import AbsoluteUrl, Hidden, Text
from evaluator.core.receivers.chat import WechatSettings


class WechatModel(HttpIntegrationModel):
    """An item of `wechat_configs`."""

    TITLE = "wechat_configs"

    api_secret: Hidden | None = None
    api_secret_file: Text | None = None
    corp_id: Text = ""
    api_url: AbsoluteUrl | None = None
    agent_id: Text = ""
    to_user: Text = ""
    to_party: Text = ""
    to_tag: Text = ""
    message: Text = ""
    message_type: Text = ""


def settings(model: WechatModel, source: Source) -> WechatSettings:
    """The settings of one WeChat application."""
    defaults = source.defaults.model
    missing = "no global Wechat Api Secret set either inline or in a file"
    corp_id = model.corp_id or defaults.wechat_api_corp_id
    if not corp_id:
        source.wrong("corp_id", "no global Wechat CorpID set", "add corp_id, or wechat_api_corp_id under global")
    if model.message_type not in ("", "text", "markdown"):
        message = f'weChat message type "{model.message_type}" does not match valid options'
        source.wrong("message_type", message, "write text or markdown")
    return build(
        WechatSettings,
        model,
        api_url=with_slash(model.api_url or defaults.wechat_api_url),
        api_secret=source.secret(model, "api_secret", "wechat_api_secret", missing),
        corp_id=corp_id,
        http=source.http(model),
        message_type=model.message_type or "text",
    )
