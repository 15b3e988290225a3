"""Which proxy a request goes through.

Rules are those of Go's httpproxy package, which Prometheus uses. `no_proxy` lists, separated by commas: `*`, addresses,
CIDR ranges, and domains; `example.com` includes its subdomains, `.example.com` and `*.example.com` are the subdomains alone;
addresses and domains may carry a port. Loopback goes direct, except where a `proxy_url` stands without `no_proxy`.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping

import httpx

from evaluator.core.frozen import frozen
from evaluator.core.settings import HttpSettings
from evaluator.wire.credentials import fit

_DEFAULT_PORTS = {"http": 80, "https": 443}


@frozen
class ProxyChoice:
    """URLs of the proxies for http and for https, None: direct; and whom to reach without."""

    http: str | None
    https: str | None
    no_proxy: str = ""
    loopback_direct: bool = True

    def proxy_for(self, scheme: str, host: str, port: int | None) -> str | None:
        """The proxy's URL for a request to `host`, None for a direct connection. port: None is the scheme's own."""
        if self.loopback_direct and _is_loopback(host):
            return None
        if bypasses(self.no_proxy, host, port or _DEFAULT_PORTS.get(scheme, 0)):
            return None
        return self.https if scheme == "https" else self.http


def proxy_choice(settings: HttpSettings, environ: Mapping[str, str] = os.environ) -> ProxyChoice | None:
    """The choice that `settings` ask for, None when they ask for no proxy. Raises OSError for an unreadable secret."""
    if settings.proxy_from_environment:
        http, https, no_proxy = (environ.get(name) or environ.get(name.lower()) for name in _VARIABLES)
        return ProxyChoice(_as_url(http), _as_url(https), no_proxy or "") if http or https else None
    if settings.proxy_url is None:
        return None
    url = settings.proxy_url.reveal()
    return ProxyChoice(url, url, settings.no_proxy, loopback_direct=bool(settings.no_proxy))


def proxy_with_headers(settings: HttpSettings, url: str, scheme: str) -> httpx.Proxy:
    """The proxy at `url` for requests of `scheme`, with the headers that it is sent when a connection through it is asked for.

    A request that is not encrypted asks for none: the proxy reads it, and so would the server if the headers stood there.
    Raises UnfitSecretError.
    """
    named = settings.proxy_connect_headers if scheme == "https" else ()
    return httpx.Proxy(url, headers=[(name, fit(secret, name)) for name, secret in named])


_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def bypasses(no_proxy: str, host: str, port: int) -> bool:
    """Whether one of the entries of `no_proxy` names `host`."""
    entries = (entry.strip().lower() for entry in no_proxy.split(","))
    return any(_names(entry, host.lower().rstrip("."), port) for entry in entries if entry)


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(entry, host)
    entry, wanted = _split_port(entry)
    if wanted is not None and wanted != port:
        return False
    if _address(host) is not None:
        return _address(host) == _address(entry)
    if entry.startswith(("*.", ".")):
        return host.endswith(entry.removeprefix("*"))
    return host == entry or host.endswith("." + entry)


def _split_port(entry: str) -> tuple[str, int | None]:
    if _address(entry) is None and ":" in entry:
        name, _, port = entry.rpartition(":")
        if port.isdecimal():
            return name, int(port)
    return entry, None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _in_network(entry: str, host: str) -> bool:
    address = _address(host)
    try:
        return address is not None and address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _as_url(proxy: str | None) -> str | None:
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy or None
