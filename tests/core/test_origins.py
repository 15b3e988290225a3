"""Who sent a request."""

from __future__ import annotations

import pytest

from evaluator.core.origins import Sender, sender

EXTERNAL = "https://alerts.example.org/evaluator"
OWN, OTHER, UNSAID = Sender.OWN_PAGE, Sender.OTHER_PAGE, Sender.UNSAID


@pytest.mark.parametrize(
    ("headers", "by"),
    [
        ({}, UNSAID),
        ({"host": "10.0.0.1:9093"}, UNSAID),
        ({"sec-fetch-site": "same-origin"}, OWN),
        ({"sec-fetch-site": "none"}, UNSAID),
        ({"sec-fetch-site": "same-site"}, OTHER),
        ({"sec-fetch-site": "cross-site", "origin": "https://alerts.example.org"}, OTHER),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, OWN),
        ({"origin": "http://10.0.0.1:9093", "host": "10.0.0.1:9093"}, OWN),
        ({"origin": "https://alerts.example.org", "host": "10.0.0.1:9093"}, OWN),
        ({"origin": "https://evil.example", "host": "10.0.0.1:9093"}, OTHER),
        ({"origin": "https://alerts.example.org:8443", "host": "10.0.0.1:9093"}, OTHER),
        ({"origin": "null"}, OTHER),
        ({"origin": ""}, OTHER),
        ({"origin": "file://10.0.0.1", "host": "10.0.0.1"}, OTHER),
        ({"origin": "http://[", "host": "a"}, OTHER),
    ],
)
def test_who_sent_it(headers: dict[str, str], by: Sender) -> None:
    """Browsers cannot be made to lie in `Sec-Fetch-Site`, so it counts above `Origin`; programs send neither."""
    assert sender(headers, EXTERNAL) is by


def test_without_an_external_url_no_page_without_a_host_is_ours() -> None:
    """A URL that names no host makes nothing our own."""
    assert sender({"origin": "http://"}, "") is OTHER
