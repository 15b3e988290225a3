"""The OpenAPI documents of the APIs, as YAML and as JSON. They are written by hand; tests hold them to what is served."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from ruamel.yaml import YAML
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ALERTMANAGER = "v2/openapi.yaml"
NATIVE = "openapi.yaml"


def routes() -> list[Route]:
    """Where the documents are; Alertmanager's own is at `swagger.json`, so that is where its JSON is."""

    async def alertmanager(request: Request) -> Response:
        """The OpenAPI document of this API."""
        return _yaml(ALERTMANAGER, {"Cache-Control": "no-store"})

    async def alertmanager_json(request: Request) -> Response:
        """The OpenAPI document of this API, as JSON, where Alertmanager has its own."""
        return _json(ALERTMANAGER, {"Cache-Control": "no-store"})

    async def native(request: Request) -> Response:
        """The OpenAPI document of this API."""
        return _yaml(NATIVE)

    async def native_json(request: Request) -> Response:
        """The OpenAPI document of this API, as JSON."""
        return _json(NATIVE)

    return [
        Route("/api/v2/openapi.yaml", alertmanager),
        Route("/api/v2/swagger.json", alertmanager_json),
        Route("/api/evaluator/v1/openapi.yaml", native),
        Route("/api/evaluator/v1/openapi.json", native_json),
    ]


@cache
def text(name: str) -> str:
    """A document as it is written."""
    return files("evaluator.api").joinpath(name).read_text(encoding="utf-8")


@cache
def document(name: str) -> dict[str, Any]:
    """A document as values. It is not to be changed."""
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(text(name))
    return loaded


def _yaml(name: str, headers: dict[str, str] | None = None) -> Response:
    return Response(text(name), headers=headers, media_type="application/yaml")


def _json(name: str, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(document(name)), headers=headers, media_type="application/json")
