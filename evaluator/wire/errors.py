"""What went wrong on the wire, in one sentence that a person can act on and that holds no secret.

httpx's own texts are often empty (a time-out) or general ("All connection attempts failed"), and some texts of the layers
below quote headers or URLs. So a sentence is made from the kind of the error, and from what the operating system said.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator

import httpx

from evaluator.wire.credentials import UnfitSecretError
from evaluator.wire.oauth2 import NoTokenError

_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (httpx.ConnectTimeout, "no connection within the time allowed"),
    (httpx.PoolTimeout, "no free connection within the time allowed"),
    (httpx.TimeoutException, "no answer within the time allowed"),
    (TimeoutError, "no answer within the time allowed"),
    (httpx.ProxyError, "the proxy refused to connect"),
    (httpx.ConnectError, "cannot connect"),
    (httpx.RemoteProtocolError, "the connection ended or broke HTTP's rules in the middle of an answer"),
    (httpx.LocalProtocolError, "the request is not valid HTTP; look at the configured headers"),
    (httpx.UnsupportedProtocol, "the URL must start with http:// or https://"),
    (httpx.InvalidURL, "the URL is not valid"),
    (httpx.TooManyRedirects, "too many redirects"),
    (httpx.DecodingError, "the answer's compression is broken"),
    (httpx.TransportError, "the connection broke"),
)


def explain(error: Exception) -> str:
    """One sentence for an error of building a client or of sending with it, without URL, header values or secrets."""
    if isinstance(error, NoTokenError):
        cause = error.__cause__
        return f"{error}: {explain(cause)}" if isinstance(cause, Exception) else str(error)
    kind = next((text for kind, text in _KINDS if isinstance(error, kind)), "")
    if not kind:
        return _own_words(error)
    reason = next(filter(None, map(_reason, _causes(error))), "")
    return f"{kind}: {reason}" if reason else kind


def _own_words(error: Exception) -> str:
    """For errors that are raised here, by TLS or by the operating system; of all others only the class is named."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _reason(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, UnfitSecretError):
        return str(error)
    return type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors behind `error`, the nearest first; where several attempts failed, the last attempt's."""
    seen = 0
    following: BaseException | None = error
    while following is not None and seen < 10:
        yield following
        group = following.exceptions if isinstance(following, BaseExceptionGroup) else ()
        following = group[-1] if group else following.__cause__ or following.__context__
        seen += 1


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted, {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed, {(error.reason or 'no reason given').replace('_', ' ').lower()}"
    if isinstance(error, OSError) and error.strerror and not isinstance(error, TimeoutError):
        # asyncio's own text is "Connect call failed ('10.0.0.1', 80)"; name resolution counts its errors below zero.
        return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return ""
