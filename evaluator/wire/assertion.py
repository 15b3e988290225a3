"""What the evaluator signs in the place of a secret to get a token (RFC 7523): who asks, whom, and until when that holds.

The claims are those that Prometheus' library writes, and configured ones take their place. The library that signs is an
extra, and is loaded when something is signed.
"""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import uuid4

from evaluator.core.http import JwtGrant, OAuth2

GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE = 600  # seconds that an assertion holds: ten minutes, as Prometheus has it


class UnfitKeyError(ValueError):
    """A key that cannot sign; the message holds nothing of it."""


def assertion(settings: OAuth2, grant: JwtGrant, now: float) -> str:
    """The signed text. now: seconds since 1970. Raises UnfitKeyError, and OSError for a key whose file cannot be read."""
    import jwt  # takes long, and hardly anybody needs it

    key = grant.key.reveal()
    headers = {"kid": grant.key_id} if grant.key_id else None
    try:
        return jwt.encode(_claims(settings, grant, int(now)), key, grant.algorithm, headers)
    except (ValueError, TypeError, jwt.PyJWTError):  # whose texts may quote the key
        origin = "" if grant.key.path is None else f" (from {grant.key.path})"
        raise UnfitKeyError(f"the key to sign with{origin} is no RSA key in PEM without a passphrase") from None


def _claims(settings: OAuth2, grant: JwtGrant, now: int) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "iss": grant.issuer or settings.client_id,
        "sub": settings.client_id,
        "jti": str(uuid4()),
        "aud": grant.audience or settings.token_url,
        "iat": now,
        "exp": now + LIFE,
    }
    if settings.scopes:
        claims["scope"] = " ".join(settings.scopes)
    return claims | {name: json.loads(value) for name, value in grant.claims}
