"""TLS of clients: the system's authorities or a file's, a client certificate, and a name to expect.

A renewed client certificate or authority is used from the next handshake on, without a restart: short-lived certificates
would otherwise stop the pages in the night when the first one expires. An authority that was dropped from its file stays
trusted until the client is built anew.
"""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi

from evaluator.core.settings import TlsSettings


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
        self.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.insecure_skip_verify:
            self.check_hostname = False
            self.verify_mode = ssl.CERT_NONE
        self._trusts_nobody = settings.ca_file is None and not settings.insecure_skip_verify
        self._seen = self._ages()
        self._load_files()

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
            self._load_files()
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

    def _load_files(self) -> None:
        if self._settings.ca_file is not None and not self._settings.insecure_skip_verify:
            self.load_verify_locations(self._settings.ca_file)
        if self._settings.cert_file is not None:
            self.load_cert_chain(self._settings.cert_file, self._settings.key_file)

    def _ages(self) -> tuple[float, ...]:
        return tuple(path.stat().st_mtime for path in self._files())

    def _files(self) -> list[Path]:
        settings = self._settings
        return [path for path in (settings.ca_file, settings.cert_file, settings.key_file) if path is not None]
