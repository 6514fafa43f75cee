"""Which API keys of the operator's own choice could be guessed."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.api_keys.weak_keys import weakness


@pytest.mark.parametrize(
    "key",
    [
        "x", "secret", "fourteen chars", "aaaaaaaaaaaaaaaaaaaa", "abababababababababab", "password12345678",
        "Password!Password!", "changemechangeme", "0123456789abcdef", "abcdefghijklmnop", "aabbccddeeffgghh",
        "ponmlkjihgfedcba", "qwertyqwerty12345", "change-me change-me", "prismd-api-key-test", "admin admin admin 1",
        "7f3k7f3k7f3k7f3k7f3k", " " * 20,
    ],
)  # fmt: skip
def test_what_could_be_guessed_is_not_taken(key: str) -> None:
    assert weakness(key)


@pytest.mark.parametrize(
    "key", ["a key of a test", "correct horse battery", "2b9d1c7e-3f0a-4c55", "kühler Schlüssel 9"]
)
def test_what_could_not_is(key: str) -> None:
    assert not weakness(key)


@given(st.integers(16, 64))
@example(16)
def test_a_random_key_is_good_enough(length: int) -> None:
    assert not weakness(secrets.token_urlsafe(length))


def test_a_long_text_takes_no_time() -> None:
    assert not weakness("ab7 x!q" * 5 + "9k" * 2_000_000)
