"""What the Authorization header says."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx
import pytest

from evaluator.core.http import BasicAuth, HttpSettings, Secret
from evaluator.wire.credentials import Credentials, with_scheme


@pytest.mark.parametrize(
    ("scheme", "held", "sent"),
    [
        ("Bearer", "abc", "Bearer abc"),
        ("FlyV1", "FlyV1 fm2_abc", "FlyV1 fm2_abc"),
        ("Bearer", "FlyV1 fm2_abc,fm2_def", "FlyV1 fm2_abc,fm2_def"),
        ("bearer", "Bearer abc", "Bearer abc"),
        ("Token", "two words", "Token two words"),
    ],
)
def test_a_scheme_in_front_of_the_credentials_is_not_written_twice(scheme: str, held: str, sent: str) -> None:
    assert with_scheme(scheme, held) == sent


def test_a_user_whose_name_stands_in_a_file(tmp_path: Path) -> None:
    """It is read for each request, as the password is."""
    credentials = Credentials(HttpSettings(basic_auth=BasicAuth("", Secret("p"), tmp_path / "name")))
    for name in ("ana", "bo"):
        (tmp_path / "name").write_text(f"{name}\n")
        request = next(credentials.auth_flow(httpx.Request("GET", "http://a")))
        assert base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")) == f"{name}:p".encode()


def test_a_request_keeps_an_authorization_of_its_own() -> None:
    """One for everybody does not take the place of a provider's key."""
    credentials = Credentials(HttpSettings(basic_auth=BasicAuth("u", Secret("p")), headers=(("X-A", Secret("b")),)))
    request = next(credentials.auth_flow(httpx.Request("POST", "http://a", headers={"Authorization": "GenieKey k"})))
    assert (request.headers["Authorization"], request.headers["X-A"]) == ("GenieKey k", "b")
