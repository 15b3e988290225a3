"""Which requests go through a proxy."""

from __future__ import annotations

import pytest

from evaluator.core.settings import HttpSettings, Secret
from evaluator.wire.proxy import ProxyChoice, bypasses, proxy_choice


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "direct"),
    [
        ("", "example.org", 80, False),
        ("*", "example.org", 80, True),
        ("example.org", "example.org", 80, True),
        ("example.org", "EXAMPLE.org.", 80, True),
        ("example.org", "a.b.example.org", 80, True),
        ("example.org", "badexample.org", 80, False),
        (".example.org", "a.example.org", 80, True),
        (".example.org", "example.org", 80, False),
        ("*.example.org", "a.example.org", 80, True),
        ("*.example.org", "example.org", 80, False),
        ("a.org, example.org ,", "example.org", 80, True),
        ("example.org:8080", "example.org", 8080, True),
        ("example.org:8080", "example.org", 80, False),
        ("10.0.0.0/8", "10.1.2.3", 80, True),
        ("10.0.0.0/8", "11.1.2.3", 80, False),
        ("10.0.0.0/8", "example.org", 80, False),
        ("10.1.2.3", "10.1.2.3", 80, True),
        ("10.1.2.3:90", "10.1.2.3", 80, False),
        ("2.3", "10.1.2.3", 80, False),
        ("fd00::/8", "fd00::1", 80, True),
        ("fd00:0::1", "fd00::1", 80, True),
        ("[fd00::1]:80", "fd00::1", 80, True),
        ("not/a/network", "10.1.2.3", 80, False),
    ],
)
def test_no_proxy_names_whom_to_reach_directly(no_proxy: str, host: str, port: int, direct: bool) -> None:
    assert bypasses(no_proxy, host, port) is direct


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_loopback_goes_direct_unless_a_proxy_stands_alone(host: str) -> None:
    alone = proxy_choice(HttpSettings(proxy_url=Secret("http://proxy")))
    excepting = proxy_choice(HttpSettings(proxy_url=Secret("http://proxy"), no_proxy="example.org"))
    assert alone is not None
    assert excepting is not None
    assert alone.proxy_for("http", host, None) == "http://proxy"
    assert excepting.proxy_for("http", host, None) is None


def test_the_environment_is_read_only_when_asked() -> None:
    environ = {"HTTP_PROXY": "proxy:3128", "https_proxy": "http://secure:3128", "NO_PROXY": "example.org"}
    choice = proxy_choice(HttpSettings(proxy_from_environment=True), environ)
    assert choice == ProxyChoice("http://proxy:3128", "http://secure:3128", "example.org")
    assert proxy_choice(HttpSettings(), environ) is None
    assert proxy_choice(HttpSettings(proxy_from_environment=True), {}) is None


def test_each_scheme_has_its_proxy() -> None:
    choice = ProxyChoice("http://plain", "http://secure", "example.org:443")
    assert choice.proxy_for("http", "example.org", None) == "http://plain"
    assert choice.proxy_for("https", "example.org", None) is None
    assert choice.proxy_for("https", "example.com", None) == "http://secure"
