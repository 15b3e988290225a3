"""Who may change anything: only forms of these very pages.

The evaluator knows no users, so a browser that can reach it can silence alerts. That makes every web page that the same person
visits a suspect: it might send a form here. Browsers say where a request comes from, in `Sec-Fetch-Site` or `Origin`, and no
page can forge either; a form that says nothing is refused too. Programs use the API.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from evaluator.core.view import View

REFUSAL = "This form was not sent by the evaluator's own pages, so nothing was changed. Open the page and try again."


def same_origin(view: View, request: Request) -> bool:
    """Whether a request was made by a page of this evaluator, as it is reached here or by its `external_url`."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    own = {request.headers.get("host", ""), urlsplit(view.settings.external_url).netloc}
    return origin.scheme in ("http", "https") and origin.netloc in own - {""}
