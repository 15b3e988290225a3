"""What an endpoint of API v2 is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from evaluator.api.view import View

Endpoint = Callable[[View, Request], Awaitable[Response]]
"""Raises RefusedError, UnavailableError."""
