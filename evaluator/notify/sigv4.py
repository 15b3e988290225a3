"""Amazon's signature, version 4: headers that prove who asks, and when."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

from evaluator.core.frozen import frozen
from evaluator.core.records import Pairs

_ALGORITHM = "AWS4-HMAC-SHA256"


@frozen
class Credentials:
    """Who asks. token: of a session, empty for none."""

    access_key: str
    secret_key: str
    token: str = ""


def signature_headers(
    credentials: Credentials,
    request: tuple[str, str, bytes],
    headers: Mapping[str, str],
    scope: tuple[str, str],
    now: datetime,
) -> Pairs:
    """The headers that sign a request. request: method, URL and body. headers: others to sign. scope: region and service."""
    method, url, body = request
    split = urlsplit(url)
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    token = {"X-Amz-Security-Token": credentials.token} if credentials.token else {}
    added = {"X-Amz-Date": stamp, **token}
    signed = {name.lower(): " ".join(value.split()) for name, value in {"Host": split.netloc, **headers, **added}.items()}
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    canonical = "\n".join([method, split.path or "/", _query(split.query), lines, names, hashlib.sha256(body).hexdigest()])
    place = "/".join([stamp[:8], *scope, "aws4_request"])
    words = "\n".join([_ALGORITHM, stamp, place, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(_key(credentials.secret_key, place), words.encode(), hashlib.sha256).hexdigest()
    proof = f"{_ALGORITHM} Credential={credentials.access_key}/{place}, SignedHeaders={names}, Signature={signature}"
    return (*added.items(), ("Authorization", proof))


def _query(query: str) -> str:
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parse_qsl(query, True))
    return "&".join(f"{name}={value}" for name, value in pairs)


def _key(secret: str, place: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in place.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
