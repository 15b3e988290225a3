"""Mattermost: `mattermost_configs`."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.models import Model
from evaluator.config.scalars import Flag, HiddenUrl, Text
from evaluator.core.receivers.mattermost import (
    MattermostAttachment,
    MattermostField,
    MattermostPriority,
    MattermostSettings,
)


class FieldModel(Model):
    """An item of `fields`."""

    TITLE = "a Mattermost field"

    title: Text = ""
    value: Text = ""
    short: Flag | None = None


class LookModel(Model):
    """What a message and an attachment both have."""

    fallback: Text = ""
    color: Text = ""
    pretext: Text = ""
    text: Text = ""
    author_name: Text = ""
    author_link: Text = ""
    author_icon: Text = ""
    title: Text = ""
    title_link: Text = ""
    fields_: list[FieldModel] = Field(default_factory=list, alias="fields")
    thumb_url: Text = ""
    footer: Text = ""
    footer_icon: Text = ""
    image_url: Text = ""


class AttachmentModel(LookModel):
    """An item of `attachments`."""

    TITLE = "a Mattermost attachment"


class PropsModel(Model):
    """`props`."""

    TITLE = "props"

    card: Text = ""


class PriorityModel(Model):
    """`priority`."""

    TITLE = "priority"

    priority: Text = ""
    requested_ack: Flag = False
    persistent_notifications: Flag = False


class MattermostModel(LookModel, HttpIntegrationModel):
    """An item of `mattermost_configs`."""

    TITLE = "mattermost_configs"

    webhook_url: HiddenUrl | None = None
    webhook_url_file: Text | None = None
    channel: Text = ""
    username: Text = ""
    icon_url: Text = ""
    icon_emoji: Text = ""
    attachments: list[AttachmentModel] = Field(default_factory=list)
    type: Text = ""
    props: PropsModel = PropsModel()
    priority: PriorityModel | None = None


def settings(model: MattermostModel, source: Source) -> MattermostSettings:
    """The settings of one channel."""
    missing = "missing webhook_url or webhook_url_file on mattermost_config"
    return build(
        MattermostSettings,
        model,
        webhook_url=source.secret(model, "webhook_url", "mattermost_webhook_url", missing),
        http=source.http(model),
        fields=_fields(model.fields_, source, "fields"),
        attachments=tuple(_attachment(item, number, source) for number, item in enumerate(model.attachments)),
        card=model.props.card,
        priority=None if model.priority is None else build(MattermostPriority, model.priority),
    )


def _attachment(model: AttachmentModel, number: int, source: Source) -> MattermostAttachment:
    return build(MattermostAttachment, model, fields=_fields(model.fields_, source, "attachments", number, "fields"))


def _fields(models: Sequence[FieldModel], source: Source, *path: str | int) -> tuple[MattermostField, ...]:
    for number, field in enumerate(models):
        for name in ("title", "value"):
            if not getattr(field, name):
                message = f"missing {name} in Mattermost field configuration"
                source.reading.problems.error(source.node.at(*path, number), message, f"add {name}")
    return tuple(build(MattermostField, field, title=field.title, value=field.value) for field in models)
