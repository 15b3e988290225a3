"""A service that is described: one that takes a text, and one that names what it made and is told of changes by that name."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.http import HttpCall, HttpServiceSettings
from evaluator.core.receivers.tree import Branch
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

TOKEN = "t0k3n-in-path"
SUMMARY = '{{ template "__subject" . }} {{ .CommonAnnotations.summary }}'


def settings(url: str, http: HttpSettings) -> HttpServiceSettings:
    return HttpServiceSettings(
        HttpCall(Secret(f"{url}/{TOKEN}/{{{{ .Status }}}}"), body=SUMMARY, headers=(("X-Title", SUMMARY),)), http
    )


def with_receipt(url: str, http: HttpSettings) -> HttpServiceSettings:
    texts = Branch((("said", SUMMARY), ("of", "%{id}")))
    return HttpServiceSettings(
        HttpCall(Secret(f"{url}/{TOKEN}"), json=texts),
        http,
        update=HttpCall(Secret(f"{url}/{TOKEN}/%{{id}}"), "PATCH", json=texts),
        resolve=HttpCall(Secret(f"{url}/{TOKEN}/%{{id}}/close"), json=texts),
        success_json=(("result.ok", "true"),),
        retry_status=frozenset({420}),
        receipt=(("id", "result.items.0.id"),),
    )


TAKEN = Reply(body=b'{"result":{"ok":true,"items":[{"id":7}]}}')
CASES = (
    Case("http", settings, secrets=(TOKEN,), outcomes={"made": Outcome((Reply(201),))}),
    Case(
        "http",
        with_receipt,
        taken=(TAKEN,),
        receipt=(("id", "7"),),
        secrets=(TOKEN,),
        meant={420: False},
        outcomes={
            "no": Outcome(
                (Reply(body=b'{"result":{"ok":false}}'),), error="answered with false at result.ok, not true", permanent=True
            ),
            "420": Outcome((Reply(420),), error="answered 420"),
        },
        name="http with a receipt",
    ),
    Case(
        "http",
        with_receipt,
        taken=(TAKEN,),
        receipt=(("id", "7"),),
        secrets=(TOKEN,),
        known=(("id", "a/b"),),
        meant={420: False},
        name="http with updates",
    ),
)
