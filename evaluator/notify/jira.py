"""Jira: an issue for each group of alerts, which follows the group and is moved on when the group is over.

The issue is found by a label, `ALERT{…}` around the group's key, as Alertmanager's are, so issues of an Alertmanager are taken
over. The search may be behind what was just written. So where it finds nothing, the issue of the last notification is asked
for by its name, and there is one issue for a group also when two notifications follow each other closely.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from evaluator.core.frozen import frozen
from evaluator.core.http import Secret
from evaluator.core.receivers.tickets import JiraSettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal, said
from evaluator.notify.go import json_line
from evaluator.notify.jira_issue import Draft, created, draft, updated
from evaluator.notify.json_answers import member, members
from evaluator.notify.neutral import one_line
from evaluator.notify.sheet import Sheet

_ACCEPTED = ("Accept", "application/json")
_HEADERS = (("Content-Type", "application/json"), _ACCEPTED)
_CLOUDS = (".atlassian.net", "api.atlassian.com")
_SAFE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}-\d{1,18}")
_ISSUE = "issue"


@frozen
class _Issue:
    """done: its status is of the category of that name."""

    key: str
    done: bool


def tell(sheet: Sheet, settings: JiraSettings) -> Generator[Request, Answer, Accepted | Refused]:
    """Create the group's issue, or update it and move it on. The end of a group that has no issue needs none."""
    ours = draft(sheet, settings)
    if isinstance(ours, Refused):
        return ours
    firing = bool(sheet.notification.firing)
    issue = yield from _found(sheet, settings, ours, firing)
    if isinstance(issue, Refused):
        return issue
    if issue is None:
        return _read_created((yield _request(settings, "/issue", created(ours)))) if firing else Accepted()
    refused = refusal((yield _request(settings, f"/issue/{issue.key}", updated(ours, settings), "PUT")))
    if refused is not None:
        return refused
    transition = ours.reopen if firing else ours.resolve
    if issue.done != firing or not transition:
        return Accepted(((_ISSUE, issue.key),))
    return (yield from _moved(settings, issue, transition))


def _read_created(answer: Answer) -> Accepted | Refused:
    key = members(answer).get("key")
    return refusal(answer) or Accepted(((_ISSUE, key),) if isinstance(key, str) and _SAFE_NAME.fullmatch(key) else ())


# -- which issue ------------------------------------------------------------------------------------------------------


def _found(
    sheet: Sheet, settings: JiraSettings, ours: Draft, firing: bool
) -> Generator[Request, Answer, _Issue | Refused | None]:
    """The group's issue: one that is not done rather than one that is."""
    answer = yield _search(settings, query(ours, settings, firing))
    refused = refusal(answer)
    if refused is not None:
        return refused
    listed = members(answer).get("issues")
    if not isinstance(listed, list):
        return Refused(f"answered without a list of issues{said(answer)}", permanent=answer.whole)
    issues = [issue for issue in map(_issue, listed) if issue is not None]
    known = sheet.known.get(_ISSUE, "")
    if issues or not _SAFE_NAME.fullmatch(known):
        return min(issues, key=lambda issue: issue.done, default=None)
    return (yield from _asked_for(settings, known))


def _asked_for(settings: JiraSettings, key: str) -> Generator[Request, Answer, _Issue | Refused | None]:
    """The issue of that name; none when it is gone, or done: then it is the search that has a say."""
    answer = yield _request(settings, f"/issue/{key}?fields=status", None, "GET")
    refused = refusal(answer)
    if refused is not None:
        return None if answer.status == 404 else refused
    issue = _issue(members(answer))
    return issue if issue is not None and not issue.done else None


def query(ours: Draft, settings: JiraSettings, firing: bool) -> str:
    """What to search for, in Jira's query language. What `!=` is asked of a field that is empty is never true there."""
    terms = []
    if settings.wont_fix_resolution:
        terms.append(f"(resolution is EMPTY OR resolution != {_quoted(ours.wont_fix)})")
    if not firing or not settings.reopen_transition:
        terms.append("statusCategory != Done")
    elif settings.reopen_duration:
        minutes = settings.reopen_duration // timedelta(minutes=1)
        terms.append(f"(resolutiondate is EMPTY OR resolutiondate >= -{minutes}m)")
    terms += [f"project={_quoted(ours.project)}", f"labels={_quoted(ours.identity)}"]
    return " and ".join(terms) + " order by status ASC,resolutiondate DESC"


def _quoted(text: str) -> str:
    return '"' + one_line(text, 1000).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _search(settings: JiraSettings, jql: str) -> Request:
    """Jira Cloud has done away with the way in which its data centres are searched."""
    asked: dict[str, Any] = {"jql": jql, "maxResults": 2, "fields": ["status"]}
    if not _in_the_cloud(settings):
        return _request(settings, "/search", {**asked, "expand": []})
    url = re.sub(r"/rest/api/[^/]*$", "", settings.api_url.rstrip("/"))
    return Request(Secret(f"{url}/rest/api/3/search/jql"), json_line(asked), settings.http, headers=_HEADERS)


def _in_the_cloud(settings: JiraSettings) -> bool:
    host = urlsplit(settings.api_url).hostname or ""
    return settings.api_type == "cloud" or (settings.api_type == "auto" and host.endswith(_CLOUDS))


def _issue(value: Any) -> _Issue | None:
    """An issue of an answer; None when it is none, or has a name that cannot stand in a URL."""
    if not isinstance(value, dict) or not _SAFE_NAME.fullmatch(str(value.get("key"))):
        return None
    category = member(member(member(value, "fields"), "status"), "statusCategory")
    return _Issue(value["key"], category.get("key") == "done")


# -- where it is moved ------------------------------------------------------------------------------------------------


def _moved(settings: JiraSettings, issue: _Issue, name: str) -> Generator[Request, Answer, Accepted | Refused]:
    """Move the issue on by the transition of that name."""
    path = f"/issue/{issue.key}/transitions"
    answer = yield _request(settings, path, None, "GET")
    refused = refusal(answer)
    if refused is not None:
        return refused
    offered = _transitions(answer)
    ident = next((ident for called, ident in offered if called.casefold() == name.casefold()), None)
    if ident is None:
        names = one_line(", ".join(called for called, _ in offered), 200) or "none"
        error = (
            f"{issue.key} has no transition {one_line(name, 100)} where it stands, but {names}{'' if offered else said(answer)}"
        )
        return Refused(error, permanent=answer.whole)
    return refusal((yield _request(settings, path, {"transition": {"id": ident}}))) or Accepted(((_ISSUE, issue.key),))


def _transitions(answer: Answer) -> list[tuple[str, str]]:
    """Names and ids."""
    listed = members(answer).get("transitions")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [(str(one.get("name")), str(one.get("id"))) for one in found]


def _request(settings: JiraSettings, path: str, body: Any, method: str = "POST") -> Request:
    url = Secret(settings.api_url.rstrip("/") + path)
    if body is None:
        return Request(url, b"", settings.http, method, (_ACCEPTED,))
    return Request(url, json_line(body), settings.http, method, _HEADERS)
