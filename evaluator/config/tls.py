"""`tls_config`: TLS of a client. Certificates and keys are files, or PEM texts in the configuration itself."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Final

from pydantic import PlainValidator

from evaluator.config.models import Model
from evaluator.config.nodes import Table, find
from evaluator.config.reading import Reading
from evaluator.config.scalars import HIDDEN, Flag, Hidden, Text, WrongError, text
from evaluator.core.http import DEFAULT_TLS, Secret, TlsSettings

NO_VAULT: Final = "no secret store is known to the evaluator: use the form that ends in _file"
VERSIONS: Final = ("TLS10", "TLS11", "TLS12", "TLS13")


def _version(value: object) -> str:
    word = text(value)
    if word and word not in VERSIONS:
        raise WrongError(f"unknown TLS version: {word}", f"write one of {', '.join(VERSIONS)}")
    return word


TlsVersion = Annotated[str, PlainValidator(_version)]


class TlsModel(Model):
    """TLS of a client."""

    TITLE = "tls_config"
    FOREIGN = MappingProxyType({"ca_ref": NO_VAULT, "cert_ref": NO_VAULT, "key_ref": NO_VAULT})

    ca: Text = ""
    cert: Text = ""
    key: Hidden | None = None
    ca_file: Text | None = None
    cert_file: Text | None = None
    key_file: Text | None = None
    server_name: Text = ""
    insecure_skip_verify: Flag = False
    min_version: TlsVersion = ""
    max_version: TlsVersion = ""


def tls_settings(model: TlsModel, above: Table, key: str, reading: Reading) -> TlsSettings:
    """The settings that the `tls_config` at `key` of the mapping `above` stands for."""
    node = find(above, key)
    if node is above or not isinstance(node, Table):
        return DEFAULT_TLS
    _check(model, node, reading)
    return TlsSettings(
        ca_file=reading.file(model.ca_file),
        cert_file=reading.file(model.cert_file),
        key_file=reading.file(model.key_file),
        server_name=model.server_name,
        insecure_skip_verify=model.insecure_skip_verify,
        ca=model.ca,
        cert=model.cert,
        key=model.key,
        min_version=model.min_version,
        max_version=model.max_version,
    )


def _check(model: TlsModel, node: Table, reading: Reading) -> None:
    problems = reading.problems
    for name in ("ca", "cert", "key"):
        given = getattr(model, name)
        text = given.text if isinstance(given, Secret) else given or ""
        if text and "-----BEGIN " not in text and text != HIDDEN:
            message = f"{name} is not PEM, so no connection will come about"
            problems.warn(node.at(name), message, f"write all of the text, or name its file as {name}_file")
        if given and getattr(model, f"{name}_file"):
            message = f"at most one of {name} & {name}_file must be configured"
            problems.error(node.key(f"{name}_file"), message, "remove one")
    if bool(model.cert or model.cert_file) != bool(model.key or model.key_file):
        names = "cert_file and key_file" if model.cert_file or model.key_file else "cert and key"
        problems.error(node.position, f"{names} must be given together")
    if model.min_version and model.max_version and model.min_version > model.max_version:
        problems.error(node.at("max_version"), "max_version must be greater than or equal to min_version")
