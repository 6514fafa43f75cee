"""How deeply JSON may be nested: the same on every Python."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.json.depth import DEPTH_MAX, is_too_deep
from prismd.core.json.text import NotJsonError, decode

VALUES = st.recursive(
    st.one_of(st.integers(), st.text("[{ab", max_size=9)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("[{ab", max_size=3), inner, max_size=3)
    ),
    max_leaves=30,
)


def depth_of(value: Any) -> int:
    """The reference: recursive, as the definition is."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(depth_of, inside), default=0)


@given(value=VALUES, further=st.integers(DEPTH_MAX - 5, DEPTH_MAX + 5), objects=st.booleans())
def test_a_value_is_too_deep_where_its_depth_says_so(value: Any, further: int, *, objects: bool) -> None:
    for _ in range(further):
        value = {"a": value} if objects else [value]
    assert is_too_deep(json.dumps(value).encode(), value) == (depth_of(value) > DEPTH_MAX)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_deeper_than_that_is_refused_in_words(opening: str) -> None:
    def nested(depth: int) -> bytes:
        return (opening * depth + "1" + ("]" if opening == "[" else "}") * depth).encode()

    assert depth_of(decode(nested(DEPTH_MAX))) == DEPTH_MAX
    for depth in (DEPTH_MAX + 1, 900, 1_500, 6_000, 100_000):
        with pytest.raises(NotJsonError, match="nested too deeply"):
            decode(nested(depth))


def test_brackets_in_texts_are_no_depth() -> None:
    text = json.dumps({"a": "[{" * 1_000, "b": [[]] * 500}).encode()
    assert decode(text) == json.loads(text)
