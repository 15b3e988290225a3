"""What is believed of a token, and what is not."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.http import Secret
from evaluator.core.replies import LinkSettings
from evaluator.replies import keys as keys_module
from evaluator.replies.keys import LENGTH, Key, KeyFileError, Keyring, keyring, own_key
from evaluator.replies.tokens import LIFE, LONGEST, Purpose, Token, seal, unseal

NOW = datetime(2026, 3, 1, 3, 12, tzinfo=UTC)
KEYS = Keyring.of([b"one"])
TOKEN = Token(Purpose.ACK, 12, 3, "ana", NOW, NOW + LIFE, "0123456789abcdef")


@given(
    st.builds(
        Token,
        st.sampled_from(Purpose),
        st.integers(1, 2**32 - 1),
        st.integers(1, 2**32 - 1),
        st.text(min_size=1, max_size=60),
        st.just(NOW),
        st.just(NOW + LIFE),
        st.binary(min_size=8, max_size=8).map(bytes.hex),
    )
)
def test_what_was_sealed_is_read_again(token: Token) -> None:
    text = seal(token, KEYS)
    assert len(text) <= LONGEST
    assert unseal(text, KEYS, NOW) == token


def test_a_token_fits_into_a_short_message() -> None:
    assert len(seal(TOKEN, KEYS)) == 87


def test_every_other_text_is_refused() -> None:
    """Any letter changed, left out, added, or only written otherwise."""
    text = seal(TOKEN, KEYS)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = [text[:at] + letter + text[at + 1 :] for at in range(len(text)) for letter in alphabet if letter != text[at]]
    others = [*changed, *(text[:at] + text[at + 1 :] for at in range(len(text))), text + "A", text + "=", f" {text}", text[1:]]
    assert [other for other in others if other != text and unseal(other, KEYS, NOW) is not None] == []


@pytest.mark.parametrize("text", ["", "a", "=", "ä" * 40, "\0", "A" * LONGEST, "A" * 100_000, "%2e%2e", "null"])
def test_what_is_no_token_is_refused(text: str) -> None:
    assert unseal(text, KEYS, NOW) is None


def test_each_part_is_signed() -> None:
    """No other purpose, incident, climb, person or time can be had with a signature for these."""
    signature = seal(TOKEN, KEYS)[-43:]
    others = [
        replace(TOKEN, purpose=Purpose.ESCALATE),
        replace(TOKEN, incident=13),
        replace(TOKEN, epoch=4),
        replace(TOKEN, person="bob"),
        replace(TOKEN, issued=NOW + timedelta(seconds=1)),
        replace(TOKEN, expires=NOW + timedelta(days=30)),
        replace(TOKEN, page="0123456789abcdee"),
    ]
    assert [one for one in others if unseal(seal(one, KEYS)[:-43] + signature, KEYS, NOW) is not None] == []


@pytest.mark.parametrize(
    ("after", "believed"),
    [
        (timedelta(0), True),
        (LIFE - timedelta(seconds=1), True),
        (LIFE, False),
        (timedelta(days=400), False),
        (-timedelta(minutes=1), True),
        (-timedelta(minutes=2), False),
    ],
)
def test_a_token_lives_for_a_day(after: timedelta, believed: bool) -> None:
    """And not before it was made, but for clocks that differ a little."""
    assert (unseal(seal(TOKEN, KEYS), KEYS, NOW + after) is not None) is believed


def test_two_keys_live_while_one_is_replaced() -> None:
    """The new one signs, both are believed; without the old one its tokens are worth nothing."""
    old, both, new = Keyring.of([b"old"]), Keyring.of([b"new", b"old"]), Keyring.of([b"new"])
    before, after = seal(TOKEN, old), seal(TOKEN, both)
    assert unseal(before, both, NOW) == unseal(after, both, NOW) == TOKEN
    assert unseal(after, new, NOW) == TOKEN
    assert unseal(before, new, NOW) is None


def test_a_key_that_is_not_known_by_name_signs_nothing() -> None:
    """Whoever names the spare key needs it as well."""
    forged = seal(TOKEN, Keyring.of([b"guess"]))
    assert unseal(forged, KEYS, NOW) is None
    assert unseal(seal(TOKEN, Keyring((KEYS.spare,), KEYS.spare)), KEYS, NOW) is None


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many bytes were signed each time."""
    lengths: list[int] = []
    real = keys_module.digest

    def digest(secret: bytes, text: bytes, name: str) -> bytes:
        lengths.append(len(text))
        return real(secret, text, name)

    monkeypatch.setattr(keys_module, "digest", digest)
    return lengths


def test_a_refusal_costs_the_same_whatever_is_wrong(signed: list[int]) -> None:
    """One signature is made and compared for each token, good or bad."""
    good = seal(TOKEN, KEYS)
    bad = [good[:-1] + "A", seal(TOKEN, Keyring.of([b"other"])), good[:50], "", "x" * 5000, "no token"]
    bad.append(seal(replace(TOKEN, expires=NOW), KEYS))
    signed.clear()
    for text in (good, *bad):
        unseal(text, KEYS, NOW)
    assert len(signed) == len(bad) + 1


def test_a_person_with_an_endless_name_gets_no_link() -> None:
    with pytest.raises(ValueError, match="too long for a link"):
        seal(replace(TOKEN, person="a" * 500), KEYS)


# -- keys -------------------------------------------------------------------------------------------------------------


def test_the_evaluators_own_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/evaluator.db"
    key = own_key(url)
    assert len(key) == LENGTH
    assert own_key(url) == key
    (file,) = tmp_path.iterdir()
    assert file.name == "evaluator.db-links.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_database_a_key_lives_as_long_as_the_process() -> None:
    assert own_key("sqlite://") != own_key("sqlite://")
    assert own_key("sqlite:///:memory:") != own_key("sqlite:///:memory:")


def test_a_key_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"cannot keep the key of links in .*: No such file or directory; make it readable"):
        own_key(f"sqlite:///{tmp_path}/nowhere/evaluator.db")
    (tmp_path / "evaluator.db-links.key").write_bytes(b"short")
    with pytest.raises(KeyFileError, match="is not the key of links"):
        own_key(f"sqlite:///{tmp_path}/evaluator.db")


def test_a_configured_secret_takes_the_place_of_the_own_key(tmp_path: Path) -> None:
    """And one in a file is read anew each time."""
    (tmp_path / "key").write_text("read from a file\n")
    own = keyring(LinkSettings(), b"own")
    configured = keyring(LinkSettings(Secret("0123456789abcdef"), Secret(path=tmp_path / "key")), b"own")
    assert own.keys == (Key.of(b"own"),)
    assert configured.keys == (Key.of(b"0123456789abcdef"), Key.of(b"read from a file"))
    (tmp_path / "key").write_text("\n")
    with pytest.raises(KeyFileError, match="fewer than 16 characters"):
        keyring(LinkSettings(Secret(path=tmp_path / "key")), b"own")


def test_keys_do_not_show() -> None:
    assert "secret" not in repr(KEYS)
