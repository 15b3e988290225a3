"""`oauth2` with an assertion: what comes out of its keys, and what is missing here."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.config import load, oauth2
from evaluator.core.http import JwtGrant, Secret

TEXT = """
datasources:
  - name: main
    url: http://prometheus
    oauth2:
      client_id: a
      token_url: https://id.example.org
      grant_type: urn:ietf:params:oauth:grant-type:jwt-bearer
      client_certificate_key_file: key.pem
"""


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """What signs is there; reading does not need it."""
    monkeypatch.setattr(oauth2, "find_spec", lambda name: object())


def write(tmp_path: Path, more: str = "") -> Path:
    path = tmp_path / "evaluator.yml"
    path.write_text(TEXT + more)
    return path


def grant(tmp_path: Path, more: str = "") -> JwtGrant | None:
    settings = load(write(tmp_path, more), environ={}).settings
    assert settings is not None
    assert settings.datasources[0].http.oauth2 is not None
    return settings.datasources[0].http.oauth2.jwt


def test_what_is_not_said(tmp_path: Path) -> None:
    assert grant(tmp_path) == JwtGrant(Secret(path=tmp_path / "key.pem"))


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    """As Prometheus' configuration has it."""
    more = "      client_certificate_key_id: k1\n      signature_algorithm: RS512\n      iss: b\n      audience: c\n"
    assert grant(tmp_path, more) == JwtGrant(Secret(path=tmp_path / "key.pem"), "k1", "RS512", "b", "c")


def test_claims_are_json(tmp_path: Path) -> None:
    """A number without quotes is one, as in Prometheus; what JSON does not know stays a text."""
    claims = "      claims: {n: 3, f: 1.5, t: '3', yes: yes, flag: true, no: ~, list: [a, 0x10], map: {b: c}, inf: Infinity}\n"
    made = grant(tmp_path, claims)
    assert made is not None
    assert dict(made.claims) == {
        "n": "3",
        "f": "1.5",
        "t": '"3"',
        "yes": '"yes"',
        "flag": "true",
        "no": "null",
        "list": '["a", "0x10"]',
        "map": '{"b": "c"}',
        "inf": '"Infinity"',
    }


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "8:19: the grant type jwt-bearer needs a key to sign with; add client_certificate_key_file"),
        (
            "client_certificate_key: swordfish",
            "9:31: warning: client_certificate_key is not PEM, so there will be no token; "
            "write all of the text, or name its file as client_certificate_key_file",
        ),
    ],
)
def test_keys_that_cannot_sign(tmp_path: Path, key: str, said: str) -> None:
    path = tmp_path / "evaluator.yml"
    path.write_text(TEXT.replace("client_certificate_key_file: key.pem", key))
    assert [str(problem).removeprefix(f"{path}:") for problem in load(path, environ={}).problems] == [said]


def test_without_the_library_the_place_and_the_remedy_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oauth2, "find_spec", lambda name: None)
    path = write(tmp_path)
    assert [str(problem).removeprefix(f"{path}:") for problem in load(path, environ={}).problems] == [
        "8:19: the grant type jwt-bearer needs the library PyJWT, which is not installed here; "
        "run: pip install 'promql-evaluator[jwt]'"
    ]
