"""Jira: a search, and then an issue that is created, or updated and moved on."""

from __future__ import annotations

from evaluator.core.http import HttpSettings
from evaluator.core.receivers.tickets import JiraSettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

NOTHING = Reply(body=b'{"issues":[],"isLast":true}')
CREATED = Reply(201, body=b'{"id":"10000","key":"OPS-24","self":"https://jira.example.org/rest/api/2/issue/10000"}')
UPDATED = Reply(204)
MOVED = Reply(204)
TRANSITIONS = Reply(body=b'{"transitions":[{"id":"11","name":"Start"},{"id":"21","name":"reopen"},{"id":"31","name":"Done"}]}')
ISSUE = (("issue", "OPS-7"),)


def issue(category: str) -> bytes:
    return b'{"id":"9","key":"OPS-7","fields":{"status":{"name":"x","statusCategory":{"key":"%s"}}}}' % category.encode()


def found(category: str) -> Reply:
    return Reply(body=b'{"issues":[%s]}' % issue(category))


def settings(url: str, http: HttpSettings) -> JiraSettings:
    return JiraSettings(f"{url}/rest/api/2/", "OPS", "Bug", http)


def documents(url: str, http: HttpSettings) -> JiraSettings:
    return JiraSettings(f"{url}/rest/api/3", "OPS", "Bug", http, api_type="cloud")


def reopening(url: str, http: HttpSettings) -> JiraSettings:
    return JiraSettings(f"{url}/rest/api/2", "OPS", "Bug", http, reopen_transition="Reopen", resolve_transition="Done")


CASES = (
    Case(
        "jira",
        settings,
        taken=(NOTHING, CREATED),
        receipt=(("issue", "OPS-24"),),
        alertmanager_retries=(429,),
        never=("\x1b", "[x](javascript:alert(1))`_* &lt; </a><b>\x00"),
        outcomes={
            "an issue without a name": Outcome((NOTHING, Reply(201))),
            "a search that says nothing": Outcome(
                (Reply(body=b"{}"),), error="answered without a list of issues", permanent=True
            ),
            "a priority that it does not know": Outcome(
                (NOTHING, Reply(400, body=b'{"errors":{"priority":"Specify a valid priority"}}')),
                error='answered 400 Bad Request: {"errors":{"priority"',
                permanent=True,
            ),
        },
    ),
    Case(
        "jira",
        documents,
        taken=(found("new"), UPDATED),
        receipt=ISSUE,
        templates=("priority",),
        alertmanager_retries=(429,),
        name="jira in the cloud, updated",
    ),
    Case(
        "jira",
        settings,
        taken=(found("indeterminate"), UPDATED),
        receipt=ISSUE,
        templates=("priority",),
        alertmanager_retries=(429,),
        name="jira, updated",
    ),
    Case(
        "jira",
        settings,
        taken=(NOTHING, Reply(body=issue("new")), UPDATED),
        receipt=ISSUE,
        known=ISSUE,
        alertmanager_retries=(429,),
        stumbles=(0, 2),
        outcomes={
            "an issue that is gone": Outcome((NOTHING, Reply(404), CREATED), (("issue", "OPS-24"),)),
            "an issue that is done": Outcome((NOTHING, Reply(body=issue("done")), CREATED), (("issue", "OPS-24"),)),
        },
        name="jira, of which the search does not know yet",
    ),
    Case(
        "jira",
        reopening,
        taken=(found("done"), UPDATED, TRANSITIONS, MOVED),
        receipt=ISSUE,
        alertmanager_retries=(429,),
        stumbles=(0, 1, 3),
        outcomes={
            "no such transition": Outcome(
                (found("done"), UPDATED, Reply(body=b'{"transitions":[{"id":"1","name":"Close"}]}')),
                error="OPS-7 has no transition Reopen where it stands, but Close",
                permanent=True,
            ),
            "no list of transitions": Outcome(
                (found("done"), UPDATED, Reply(body=b"[]")),
                error="OPS-7 has no transition Reopen where it stands, but none: []",
                permanent=True,
            ),
        },
        name="jira, reopened",
    ),
)
