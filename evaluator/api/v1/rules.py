"""Rules and alerts in Prometheus' API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from evaluator.api.v1.choice import Choice, Page, token_of
from evaluator.api.v1.envelope import listed
from evaluator.api.v1.writing import Writing
from evaluator.api.view import View
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.timestamps import rfc3339

Endpoint = Callable[[Request], Awaitable[Response]]


def listings(view: View) -> tuple[Endpoint, Endpoint]:
    """The endpoints that list rules and alerts; what they have written they share."""
    writing = Writing(view)

    async def rules(request: Request) -> Response:
        """Groups and rules; `type`, `rule_name[]`, `rule_group[]`, `file[]`, `match[]`, `exclude_alerts` choose among them.

        `group_limit` and `group_next_token` ask for a page of the groups.
        """
        choice, page = Choice.of(request.query_params), Page.of(request.query_params)
        if not choice.bare:
            await writing.write()
        pieces, token = _page(view, writing, choice, page)
        return listed("groups", pieces, {"groupNextToken": token} if token else None)

    async def alerts(request: Request) -> Response:
        """Pending and firing alerts of all rules."""
        await writing.write()
        groups = view.machine.groups.values()
        return listed("alerts", [one.json(view.texts) for group in groups for one in writing.alerts(group)])

    return rules, alerts


def _page(view: View, writing: Writing, choice: Choice, page: Page) -> tuple[list[bytes], str]:
    """The groups of a page of those that are asked for, and the token of the next page; empty when there is none."""
    pieces: list[bytes] = []
    shown = 0
    groups = sorted(view.machine.groups.values(), key=lambda one: (one.group.file, one.group.name))
    for group in page.begin(groups):
        found = choice.rules(group) if choice.has(group) else []
        if not found:
            continue
        if 0 < page.most <= shown:
            return pieces, token_of(group)
        shown += 1
        pieces.append(_head(group))
        for rule in found:
            pieces.extend(writing.rule(group, rule, choice.bare))
        pieces[-1] = pieces[-1][:-1]
        pieces.append(b"]},")
    return pieces, ""


def _head(group: GroupEvaluation) -> bytes:
    """The group, up to the bracket that opens its rules."""
    took = (group.finished_at - group.started_at).total_seconds() if group.finished_at and group.started_at else 0.0
    shown = {
        "name": group.group.name,
        "file": group.group.file,
        "interval": group.group.interval.total_seconds(),
        "limit": group.group.limit,
        "evaluationTime": max(0.0, took),
        "lastEvaluation": rfc3339(group.started_at),
    }
    return msgspec.json.encode(shown)[:-1] + b',"rules":['
