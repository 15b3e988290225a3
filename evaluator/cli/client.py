"""Talks to a running evaluator, for the commands that ask one."""

from __future__ import annotations

import os
from typing import Annotated, Any, NoReturn

import httpx
import typer

from evaluator.cli.output import fail

DEFAULT_URL = "http://127.0.0.1:9093"

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
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx.get(url.rstrip("/") + path, headers=headers, timeout=30, trust_env="NO_PROXY" in os.environ)
        answer.raise_for_status()
        return answer.json()
    except httpx.HTTPStatusError as error:
        fail(_said(error.response) or f"{url} answered {error.response.status_code}: {error.response.text.strip()[:200]}")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fail(f"no evaluator answers at {url} ({error}); name one with --url or EVALUATOR_URL")
    except ValueError:
        stranger(url)


def send(url: str, method: str, path: str, token: str | None = None, body: Any = None) -> tuple[int, Any]:
    """The code of an answer and its JSON, whatever it says; that nobody answers is one line on standard error and exit 1."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with httpx.Client(headers=headers, timeout=30, trust_env="NO_PROXY" in os.environ) as client:
            answer = client.request(method, url.rstrip("/") + path, json=body)
        return answer.status_code, answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fail(f"no evaluator answers at {url} ({error}); name one with --url or EVALUATOR_URL")
    except ValueError:
        stranger(url)


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
