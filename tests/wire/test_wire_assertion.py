"""Tokens for an assertion that a key signs, from a server that verifies the signature."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from evaluator.core.http import HttpSettings, JwtGrant, OAuth2, Secret
from evaluator.wire.assertion import GRANT
from evaluator.wire.client import build_async_client
from evaluator.wire.errors import explain
from evaluator.wire.oauth2 import NoTokenError, Purse
from tests.local_server import LocalServer, Received, Reply

jwt = pytest.importorskip("jwt")
JSON = {"Content-Type": "application/json"}
NOW = 1_800_000_000


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


class Issuer(LocalServer):
    """Issues tokens for assertions that `key` has signed, for this server, and that still hold."""

    def __init__(self, key: rsa.RSAPrivateKey, **checks: Any) -> None:
        super().__init__()
        self._key, self._checks = key.public_key(), checks
        self.claims: list[Mapping[str, Any]] = []
        self.headers: list[Mapping[str, Any]] = []
        self.forms: list[Mapping[str, list[str]]] = []

    async def reply(self, request: Received) -> Reply:
        """A token, unless the assertion is not good."""
        form = parse_qs(request.body.decode())
        self.forms.append(form)
        (text,) = form["assertion"]
        checks = {"algorithms": ["RS256"], "audience": f"{self.url}/token", **self._checks}
        try:
            self.claims.append(jwt.decode(text, self._key, **checks))
        except jwt.PyJWTError:
            return Reply(400, JSON, b'{"error": "invalid_grant"}')
        self.headers.append(jwt.get_unverified_header(text))
        return Reply(headers=JSON, body=b'{"access_token": "t1", "token_type": "Bearer", "expires_in": 3600}')


async def asked(issuer: Issuer, grant: JwtGrant, **more: Any) -> Received:
    """What a door gets whose visitor has a token by `grant`. Raises NoTokenError."""
    oauth2 = OAuth2("an id", f"{issuer.url}/token", jwt=grant, **more)
    async with LocalServer() as door, build_async_client(HttpSettings(oauth2=oauth2)) as client:
        await client.post(door.url, content=b"body")
        return door.requests[0]


async def test_a_key_signs_in_the_place_of_a_secret(key: rsa.RSAPrivateKey) -> None:
    """The claims are those of Prometheus' library, and neither a header nor the form says a secret."""
    async with Issuer(key) as issuer:
        request = await asked(issuer, JwtGrant(Secret(pem(key))), endpoint_params=(("tenant", "a b"),))
        audience = f"{issuer.url}/token"
    assert request.headers["authorization"] == "Bearer t1"
    assert "authorization" not in issuer.requests[0].headers
    (form,), (claims,), (header,) = issuer.forms, issuer.claims, issuer.headers
    assert {name: value for name, value in form.items() if name != "assertion"} == {"grant_type": [GRANT], "tenant": ["a b"]}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("an id", "an id", audience)
    assert claims["exp"] - claims["iat"] == 600
    assert set(claims) == {"iss", "sub", "aud", "iat", "exp", "jti"}
    assert header == {"alg": "RS256", "typ": "JWT"}


async def test_what_the_settings_say_is_claimed(key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    """Scopes are a claim, claims of the settings win, and a key in a file is read when it is needed."""
    grant = JwtGrant(
        Secret(path=tmp_path / "key.pem"), "k1", "RS384", "issuer", "them", (("sub", '"other"'), ("n", "3"), ("all", "[true]"))
    )
    async with Issuer(key, algorithms=["RS384"], audience="them", issuer="issuer") as issuer:
        with pytest.raises(OSError, match=r"key\.pem"):
            await asked(issuer, grant)
        (tmp_path / "key.pem").write_text(pem(key))
        await asked(issuer, grant, scopes=("a", "b"))
    (claims,) = issuer.claims
    assert (claims["sub"], claims["n"], claims["all"], claims["scope"]) == ("other", 3, [True], "a b")
    assert issuer.headers == [{"alg": "RS384", "kid": "k1", "typ": "JWT"}]


async def test_a_signature_that_is_not_theirs(key: rsa.RSAPrivateKey) -> None:
    """The server's refusal is told in its own word, and nothing is sent to the door."""
    async with Issuer(key) as issuer:
        with pytest.raises(NoTokenError) as caught:
            await asked(issuer, JwtGrant(Secret(pem(rsa.generate_private_key(65537, 2048)))))
    assert explain(caught.value) == "no OAuth 2 token from 127.0.0.1: it answered 400 invalid_grant"
    assert caught.value.refused
    assert len(issuer.requests) == 1


@pytest.mark.parametrize("text", ["", "swordfish", "-----BEGIN PRIVATE KEY-----\nswordfish\n-----END PRIVATE KEY-----"])
async def test_a_key_that_cannot_sign(text: str) -> None:
    """Said without a word of the key, and before anybody is asked."""
    grant = JwtGrant(Secret(text))
    with pytest.raises(NoTokenError) as caught:
        next(Purse(OAuth2("an id", "http://id.example.org", jwt=grant)).fetch())
    unfit = "the key to sign with is no RSA key in PEM without a passphrase"
    assert explain(caught.value) == f"no OAuth 2 token from id.example.org: {unfit}"


async def test_a_key_of_another_kind() -> None:
    grant = JwtGrant(Secret(pem(ec.generate_private_key(ec.SECP256R1()))))
    with pytest.raises(NoTokenError, match="no RSA key"):
        next(Purse(OAuth2("an id", "http://id.example.org", jwt=grant)).fetch())


def test_each_assertion_is_new(key: rsa.RSAPrivateKey) -> None:
    """A server may take each one once."""
    purse = Purse(OAuth2("an id", "http://id.example.org", jwt=JwtGrant(Secret(pem(key)))), time.monotonic, lambda: NOW)
    said = [parse_qs(next(purse.fetch()).content.decode())["assertion"][0] for _ in range(2)]
    first, second = (jwt.decode(text, options={"verify_signature": False}) for text in said)
    assert first["iat"] == second["iat"] == NOW
    assert first["jti"] != second["jti"]
