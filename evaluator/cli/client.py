"""Talks to a running evaluator, for the commands that ask one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import httpx
import typer

from evaluator import __version__
from evaluator.cli.output import fail

AGENT = f"evaluator-cli/{__version__}"
DEFAULT_URL = "http://127.0.0.1:9093"
INSIST = "or insist with --confirm"

Url = Annotated[str, typer.Option(help="The evaluator to talk to.", envvar="EVALUATOR_URL")]
Token = Annotated[str | None, typer.Option(help="Sent as a bearer token.", envvar="EVALUATOR_TOKEN")]


def get(url: str, path: str, token: str | None = None) -> Any:
    """The data at `path` of the API; whatever goes wrong is one line on standard error and exit 1."""
    found = ask(url, path, token)
    if not isinstance(found, dict) or "data" not in found:
        stranger(url)
    return found["data"]


def ask(url: str, path: str, token: str | None = None) -> Any:
    """The JSON at `path`; whatever goes wrong is one line on standard error and exit 1."""
    answer = _found(url, path, token)
    try:
        return answer.json()
    except ValueError:
        stranger(url)


def fetch(url: str, path: str, token: str | None = None) -> str:
    """The text at `path`; whatever goes wrong is one line on standard error and exit 1."""
    return _found(url, path, token).text


def send(url: str, method: str, path: str, token: str | None = None, body: Any = None) -> tuple[int, Any]:
    """The code of an answer and its JSON, whatever it says; that nobody answers is one line on standard error and exit 1."""
    headers = _headers(token)
    try:
        with httpx.Client(headers=headers, timeout=30, trust_env="NO_PROXY" in os.environ) as client:
            answer = client.request(method, url.rstrip("/") + path, json=body)
        return answer.status_code, answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fail(f"no evaluator answers at {url} ({error}); name one with --url or EVALUATOR_URL")
    except ValueError:
        stranger(url)


def done(url: str, method: str, path: str, token: str | None = None, body: Any = None) -> dict[str, Any]:
    """What an evaluator says of what it has done; that it refuses is one line on standard error and exit 1."""
    code, said = send(url, method, path, token, body)
    if code == httpx.codes.OK and isinstance(said, dict):
        return said
    insist = f"; {INSIST}" if isinstance(said, dict) and said.get("errorType") == "confirm" else ""
    fail(refusal(said) + insist)


def refusal(said: Any) -> str:
    """Why an evaluator did not do what it was asked for."""
    return str(said.get("error", said) if isinstance(said, dict) else said)


def delete_all(url: str, path: str, ids: Iterable[str], token: str | None = None) -> None:
    """Delete what is below `path` by these ids; after all of them, what went wrong is one line on standard error and exit 1."""
    wrong = []
    for name in ids:
        code, said = send(url, "DELETE", f"{path}/{quote(name, safe='')}", token)
        if code != httpx.codes.OK:
            wrong.append(refusal(said))
    if wrong:
        fail("; ".join(wrong))


def _found(url: str, path: str, token: str | None) -> httpx.Response:
    """What is at `path`, which must be well."""
    try:
        answer = httpx.get(url.rstrip("/") + path, headers=_headers(token), timeout=30, trust_env="NO_PROXY" in os.environ)
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        fail(_said(error.response) or f"{url} answered {error.response.status_code}: {error.response.text.strip()[:200]}")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fail(f"no evaluator answers at {url} ({error}); name one with --url or EVALUATOR_URL")
    return answer


def _headers(token: str | None) -> dict[str, str]:
    """Who asks: timelines of incidents say by which way somebody acted."""
    return {"User-Agent": AGENT, **({"Authorization": f"Bearer {token}"} if token else {})}


def _said(answer: httpx.Response) -> str:
    """What the evaluator itself says is wrong with the request; empty when it says nothing of the kind."""
    try:
        found = answer.json()
    except ValueError:
        return ""
    return str(found.get("error", "")) if isinstance(found, dict) else ""


def stranger(url: str) -> NoReturn:
    """Whoever answers at `url` is not an evaluator."""
    fail(f"{url} is no evaluator: it did not answer as one; name one with --url or EVALUATOR_URL")
