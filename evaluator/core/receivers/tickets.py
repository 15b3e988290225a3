"""Jira: an issue for each group of alerts."""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP, HttpSettings
from evaluator.core.receivers.tree import Tree


@frozen
class JiraText:
    """A text of an issue. enable_update: whether later notifications write it anew."""

    template: str
    enable_update: bool = True


@frozen
class JiraSettings:
    """Jira. api_type: `auto`, `cloud` or `datacenter`. labels, priority and all names are templates.

    reopen_duration: how long ago an issue may have been resolved to be reopened; zero is for ever.
    """

    api_url: str
    project: str
    issue_type: str
    http: HttpSettings = DEFAULT_HTTP
    api_type: str = "auto"
    summary: JiraText = JiraText('{{ template "jira.default.summary" . }}')
    description: JiraText = JiraText('{{ template "jira.default.description" . }}')
    labels: tuple[str, ...] = ()
    priority: str = '{{ template "jira.default.priority" . }}'
    reopen_transition: str = ""
    resolve_transition: str = ""
    wont_fix_resolution: str = ""
    reopen_duration: timedelta = timedelta(0)
    fields: tuple[tuple[str, Tree], ...] = ()
