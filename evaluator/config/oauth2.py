"""`oauth2` of `http_config`: a token is fetched from another server, by a secret or by an assertion that is signed here."""

from __future__ import annotations

from importlib.util import find_spec
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field, PlainValidator

from evaluator.config.json_values import json_members
from evaluator.config.nodes import Table, find
from evaluator.config.proxies import ProxyModel, proxy_settings
from evaluator.config.reading import Reading
from evaluator.config.scalars import HIDDEN, AbsoluteUrl, AnyTree, Hidden, Text, one_of
from evaluator.config.tls import NO_VAULT, TlsModel, tls_settings
from evaluator.core.http import JwtGrant, OAuth2, ProxySettings, Secret

SECRET_GRANT: Final = "client_credentials"
JWT_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ALGORITHMS: Final = ("RS256", "RS384", "RS512")


class OAuth2Model(ProxyModel):
    """OAuth 2."""

    TITLE = "oauth2"
    FOREIGN = MappingProxyType({"client_secret_ref": NO_VAULT, "client_certificate_key_ref": NO_VAULT})

    client_id: Text = ""
    client_secret: Hidden | None = None
    client_secret_file: Text | None = None
    grant_type: Annotated[str, PlainValidator(one_of(SECRET_GRANT, JWT_GRANT))] = SECRET_GRANT
    client_certificate_key_id: Text = ""
    client_certificate_key: Hidden | None = None
    client_certificate_key_file: Text | None = None
    signature_algorithm: Annotated[str, PlainValidator(one_of(*ALGORITHMS))] = ALGORITHMS[0]
    iss: Text = ""
    audience: Text = ""
    claims: dict[str, AnyTree] = Field(default_factory=dict)
    scopes: list[Text] = Field(default_factory=list)
    token_url: AbsoluteUrl | None = None
    endpoint_params: dict[str, Text] = Field(default_factory=dict)
    tls_config: TlsModel = TlsModel()


def oauth2_settings(model: OAuth2Model, above: Table, reading: Reading) -> OAuth2:
    """What the block says. above: the `http_config` in which it stands."""
    node = find(above, "oauth2")
    assert isinstance(node, Table)
    _check(model, node, reading)
    proxy = proxy_settings(model, node, reading)
    return OAuth2(
        client_id=model.client_id,
        token_url=model.token_url or "",
        client_secret=reading.secret(model, "client_secret", node),
        jwt=_grant(model, node, reading),
        scopes=tuple(model.scopes),
        endpoint_params=tuple(model.endpoint_params.items()),
        tls=tls_settings(model.tls_config, node, "tls_config", reading),
        proxy=None if proxy == ProxySettings() else proxy,
    )


def _check(model: OAuth2Model, node: Table, reading: Reading) -> None:
    if not model.client_id:
        reading.problems.error(node.at("client_id"), "oauth2 client_id must be configured", "add client_id")
    if model.token_url is None:
        reading.problems.error(node.at("token_url"), "oauth2 token_url must be configured", "add token_url")


def _grant(model: OAuth2Model, node: Table, reading: Reading) -> JwtGrant | None:
    key = reading.secret(model, "client_certificate_key", node)
    if model.grant_type != JWT_GRANT:
        return None
    _check_grant(model, key, node, reading)
    return JwtGrant(
        key=key or Secret(),
        key_id=model.client_certificate_key_id,
        algorithm=model.signature_algorithm,
        issuer=model.iss,
        audience=model.audience,
        claims=json_members(node.child("claims")),
    )


def _check_grant(model: OAuth2Model, key: Secret | None, node: Table, reading: Reading) -> None:
    if find_spec("jwt") is None:
        message = "the grant type jwt-bearer needs the library PyJWT, which is not installed here"
        reading.problems.error(node.at("grant_type"), message, "run: pip install 'promql-evaluator[jwt]'")
    if key is None:
        message = "the grant type jwt-bearer needs a key to sign with"
        reading.problems.error(node.at("grant_type"), message, "add client_certificate_key_file")
    elif key.path is None and "-----BEGIN " not in key.text and key.text != HIDDEN:
        message = "client_certificate_key is not PEM, so there will be no token"
        remedy = "write all of the text, or name its file as client_certificate_key_file"
        reading.problems.warn(node.at("client_certificate_key"), message, remedy)
