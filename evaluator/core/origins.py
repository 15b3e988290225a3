"""Who sent a request: one of our own pages, a page of somebody else, or a program.

The evaluator knows no users, so a browser that can reach it can silence alerts. That makes every web page that the same person
visits a suspect: it might send a form here. Browsers say where a request comes from, in `Sec-Fetch-Site` or, over plain HTTP,
in `Origin`; no page can forge either. Programs say neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from urllib.parse import urlsplit


class Sender(Enum):
    """By whom a request was made, as far as its headers tell."""

    OWN_PAGE = "own page"
    OTHER_PAGE = "other page"
    UNSAID = "unsaid"


def sender(headers: Mapping[str, str], external_url: str) -> Sender:
    """Who sent a request with these headers, whose names are in small letters or found in any case.

    A page is our own when it came from where the request goes (`host`), or from the evaluator's `external_url`. A site of the
    same domain is another one: who may put pages there need not be who may silence alerts. `none` is a person's own doing.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return {"same-origin": Sender.OWN_PAGE, "none": Sender.UNSAID}.get(site, Sender.OTHER_PAGE)
    if "origin" not in headers:
        return Sender.UNSAID
    scheme, netloc = _place(headers["origin"])
    own = {headers.get("host", ""), _place(external_url)[1]} - {""}
    return Sender.OWN_PAGE if scheme in ("http", "https") and netloc in own else Sender.OTHER_PAGE


def _place(url: str) -> tuple[str, str]:
    """Scheme, and host with port; nothing where a text is no URL, as the `null` of pages that have no origin."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc
