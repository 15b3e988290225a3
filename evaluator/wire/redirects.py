"""Where a redirect leads to, and what goes along.

Only redirects that keep the method and the body are followed: for a POST that is 307 and 308. Go's client, and with it
Prometheus and Alertmanager, turns a POST that is answered by 302 into a GET, and then takes the login page behind it for
a success. Here the 302 itself is the answer.
"""

from __future__ import annotations

from collections.abc import Container

import httpx

MAX_REDIRECTS = 10

_FOR_EVERYTHING = frozenset({307, 308})
_FOR_READING = frozenset({301, 302, 303, 307, 308})


def following(request: httpx.Request, response: httpx.Response, private: Container[str]) -> httpx.Request | None:
    """The request to go on with, None when `response` is the answer.

    private: names, in lower case, of headers that stay with the origin that they were meant for; so does Authorization.
    Raises httpx.RemoteProtocolError when the redirect leads nowhere.
    """
    kept = _FOR_READING if request.method in ("GET", "HEAD") else _FOR_EVERYTHING
    if response.status_code not in kept or "location" not in response.headers:
        return None
    url = _target(request.url, response.headers["location"])
    dropped = {"host"} if same_origin(request.url, url) else {"host", "authorization"}
    headers = [
        (name, value)
        for name, value in request.headers.raw
        if (lower := name.decode().lower()) not in dropped and (len(dropped) == 1 or lower not in private)
    ]
    return httpx.Request(
        request.method, url, headers=[(b"Host", url.netloc), *headers], stream=request.stream, extensions=request.extensions
    )


def same_origin(before: httpx.URL, after: httpx.URL) -> bool:
    """Whether what is meant for one is meant for the other; going over to TLS on the same host is no other origin."""
    if (before.scheme, before.host, before.port) == (after.scheme, after.host, after.port):
        return True
    return (before.scheme, after.scheme, before.host) == ("http", "https", after.host) and before.port == after.port is None


def _target(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return url.join(location).copy_with(fragment=None)
    except httpx.InvalidURL:
        raise httpx.RemoteProtocolError("it redirects to what is no URL") from None
