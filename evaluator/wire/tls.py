"""TLS of clients: the system's authorities or others, a client certificate, a name to expect, and versions.

A renewed client certificate or authority is used from the next handshake on, without a restart: short-lived certificates
would otherwise stop the pages in the night when the first one expires. An authority that was dropped from its file stays
trusted until the client is built anew.

No version below 1.2 is spoken unless the settings ask for one. OpenSSL alone would still refuse those, so its level of security
is lowered with them.
"""

from __future__ import annotations

import ssl
import tempfile
import warnings
from pathlib import Path

import certifi

from evaluator.core.settings import TlsSettings

_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
_OLD = ("TLS10", "TLS11")


def tls_context(settings: TlsSettings) -> ssl.SSLContext:
    """A context for clients. Raises OSError (ssl.SSLError is one) when a file cannot be read or used."""
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    context.read(settings)
    return context


class _Context(ssl.SSLContext):
    """A context that looks at its files before every handshake."""

    _settings: TlsSettings
    _seen: tuple[float, ...]
    _trusts_nobody = False

    def read(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._speak(settings)
        if settings.insecure_skip_verify:
            self.check_hostname = False
            self.verify_mode = ssl.CERT_NONE
        self._trusts_nobody = not (settings.ca_file or settings.ca or settings.insecure_skip_verify)
        self._seen = self._ages()
        self._load()

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Begin a handshake, with what the files hold now, expecting the configured name."""
        if self._trusts_nobody:
            self._trust_the_system()
        if (ages := self._ages()) != self._seen:
            self._load()
            self._seen = ages
        expected = self._settings.server_name or server_hostname
        return super().wrap_bio(incoming, outgoing, server_side, expected, session)

    def _trust_the_system(self) -> None:
        """Read some hundred authorities; put off until needed, because many clients only ever speak plain HTTP."""
        paths = ssl.get_default_verify_paths()
        if not (paths.cafile or paths.capath):
            self.load_verify_locations(certifi.where())
        else:
            self.load_default_certs()
        self._trusts_nobody = False

    def _speak(self, settings: TlsSettings) -> None:
        """Versions: those that are asked for, else from 1.2 on, or the highest one alone where that is lower."""
        least = settings.min_version or min(settings.max_version or "TLS12", "TLS12")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # whoever asks for an old version has been told
            self.minimum_version = _VERSIONS[least]
            if settings.max_version:
                self.maximum_version = _VERSIONS[settings.max_version]
        if least in _OLD:
            self.set_ciphers("DEFAULT:@SECLEVEL=0")

    def _load(self) -> None:
        settings = self._settings
        if (settings.ca_file or settings.ca) and not settings.insecure_skip_verify:
            self.load_verify_locations(settings.ca_file, cadata=settings.ca or None)
        if settings.cert_file or settings.cert:
            self._show_certificate(settings)

    def _show_certificate(self, settings: TlsSettings) -> None:
        """OpenSSL takes certificates from files alone: what stands in the settings goes through one that nobody else reads."""
        if settings.cert_file is not None and settings.key is None:
            self.load_cert_chain(settings.cert_file, settings.key_file)
            return
        with tempfile.TemporaryDirectory(prefix="evaluator-tls-") as folder:
            certificate = settings.cert_file or _written(Path(folder) / "cert", settings.cert)
            key = settings.key_file or _written(Path(folder) / "key", settings.key.reveal() if settings.key else "")
            self.load_cert_chain(certificate, key)

    def _ages(self) -> tuple[float, ...]:
        return tuple(path.stat().st_mtime for path in self._files())

    def _files(self) -> list[Path]:
        settings = self._settings
        return [path for path in (settings.ca_file, settings.cert_file, settings.key_file) if path is not None]


def _written(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path
