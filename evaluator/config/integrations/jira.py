"""Jira: `jira_configs`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, PlainValidator

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.nodes import kind_of
from evaluator.config.scalars import AbsoluteUrl, AnyTree, Span, Text, WrongError, flag, text
from evaluator.core.receivers.tickets import JiraSettings, JiraText

_TYPES = ("auto", "cloud", "datacenter")
_KEYS = {"template", "enable_update"}


def _jira_text(value: object) -> JiraText:
    """A text, or a mapping of the text and whether later notifications write it anew."""
    if isinstance(value, str):
        return JiraText(value)
    if not isinstance(value, dict):
        raise WrongError(f"expected a text or a mapping, found {kind_of(value)}")
    if unknown := [name for name in value if name not in _KEYS]:
        raise WrongError(f'unknown key "{unknown[0]}"', "write {template: TEXT, enable_update: true}")
    update = value.get("enable_update")
    return JiraText(text(value.get("template")), True if update is None else flag(update))


WrittenText = Annotated[JiraText, PlainValidator(_jira_text)]


class JiraModel(HttpIntegrationModel):
    """An item of `jira_configs`."""

    TITLE = "jira_configs"

    api_url: AbsoluteUrl | None = None
    api_type: Text = "auto"
    project: Text = ""
    issue_type: Text = ""
    summary: WrittenText | None = None
    description: WrittenText | None = None
    labels: list[Text] = Field(default_factory=list)
    priority: Text = ""
    reopen_transition: Text = ""
    resolve_transition: Text = ""
    wont_fix_resolution: Text = ""
    reopen_duration: Span = timedelta(0)
    fields_: dict[str, AnyTree] = Field(default_factory=dict, alias="fields")


def settings(model: JiraModel, source: Source) -> JiraSettings:
    """The settings of one project."""
    _check(model, source)
    return build(
        JiraSettings,
        model,
        api_url=model.api_url or source.defaults.model.jira_api_url or "",
        http=source.http(model),
        fields=tuple(model.fields_.items()),
    )


def _check(model: JiraModel, source: Source) -> None:
    for name in ("project", "issue_type"):
        if not getattr(model, name):
            source.wrong(name, f"missing {name} in jira_config", f"add {name}")
    if model.api_type not in _TYPES:
        source.wrong("api_type", "unknown api_type on jira_config, must be auto, cloud or datacenter")
    if model.api_url is None and source.defaults.model.jira_api_url is None:
        source.wrong("api_url", "no global Jira Cloud URL set", "add api_url, or jira_api_url under global")
