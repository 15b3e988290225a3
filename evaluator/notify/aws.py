"""Who asks Amazon: credentials as Amazon's own tools find them.

What the configuration says counts; what it leaves out comes from the environment (AWS_ACCESS_KEY_ID and its kin), and then from
the file of shared credentials, in which a profile can be named. Files are read anew each time, so rotated keys are picked up.
"""

from __future__ import annotations

import configparser
import os
import re
from pathlib import Path

from evaluator.core.receivers.general import Sigv4, SnsSettings
from evaluator.notify.sigv4 import Credentials

_REGION_OF_ARN = re.compile(r"arn:[^:]*:sns:([^:]+):")


class NoCredentialsError(Exception):
    """Nobody says who asks, or where; the text says what to configure."""


def credentials_of(sigv4: Sigv4) -> Credentials:
    """The credentials to sign with. Raises NoCredentialsError, OSError."""
    if sigv4.access_key and sigv4.secret_key is not None:
        return Credentials(sigv4.access_key, sigv4.secret_key.reveal())
    environ = os.environ
    if not sigv4.profile and environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        token = environ.get("AWS_SESSION_TOKEN", "")
        return Credentials(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], token)
    return _shared(sigv4.profile or environ.get("AWS_PROFILE", "default"))


def region_of(settings: SnsSettings) -> str:
    """The region to ask. Raises NoCredentialsError."""
    arn = _REGION_OF_ARN.match(settings.topic_arn or settings.target_arn)
    named = settings.sigv4.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    region = named or (arn[1] if arn else "")
    if not region:
        raise NoCredentialsError("no region: write one under sigv4, or set AWS_REGION")
    return region


def _shared(profile: str) -> Credentials:
    path = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or Path.home() / ".aws" / "credentials")
    found = configparser.ConfigParser(interpolation=None)
    if path.is_file():
        try:
            found.read_string(path.read_text())
        except (configparser.Error, UnicodeDecodeError):
            raise NoCredentialsError(f"{path} cannot be read as a file of credentials") from None
    if not found.has_option(profile, "aws_access_key_id") or not found.has_option(profile, "aws_secret_access_key"):
        text = f"no credentials of Amazon: write access_key and secret_key under sigv4, or give {path} a profile {profile!r}"
        raise NoCredentialsError(text)
    token = found.get(profile, "aws_session_token", fallback="")
    return Credentials(found.get(profile, "aws_access_key_id"), found.get(profile, "aws_secret_access_key"), token)
