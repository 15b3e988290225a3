"""What the Authorization header says."""

from __future__ import annotations

import pytest

from evaluator.wire.credentials import with_scheme


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
