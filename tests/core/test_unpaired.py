"""Halves of surrogate pairs are refused as what they are, however they were read, and never taken for another text."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.json.split import split_members
from prismd.core.json.text import NotJsonError, decode
from prismd.core.json.unpaired import has_unpaired, with_unpaired
from prismd.core.values.errors import text_problem
from prismd.core.wording.quoting import quoted

HALVES = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)
#: Texts in which two halves never meet and make a pair.
TEXTS = st.lists(st.tuples(HALVES, st.sampled_from(["a", "\0", "\U000f0000", "é", "\\"])), min_size=1, max_size=4).map(
    lambda parts: "".join(half + other for half, other in parts)
)


@given(text=TEXTS)
def test_a_half_is_told_from_a_nul_also_where_something_stood_in_for_it(text: str) -> None:
    members = split_members(b'{"a": %s}' % json.dumps(text).encode())
    read = decode(bytes(members["a"]))
    assert with_unpaired(read) == text
    for one in (read, text):
        assert has_unpaired(one)
        problem = text_problem(one, 100)
        assert problem is not None
        assert "half of a surrogate pair" in problem
        assert quoted(one) == quoted(text)


@given(text=st.text().filter(lambda text: not has_unpaired(text)))
def test_any_other_text_is_shown_as_it_is(text: str) -> None:
    assert with_unpaired(text) == text
    assert (text_problem(text, 10_000) is None) is ("\0" not in text)


def test_a_nul_is_called_a_nul() -> None:
    problem = text_problem("a\0b", 10)
    assert problem is not None
    assert "a NUL character" in problem
    assert "surrogate" not in problem


@pytest.mark.parametrize("nothing", [b"", b" ", b"\n\t "])
def test_nothing_is_called_empty(nothing: bytes) -> None:
    for read in (decode, split_members):
        with pytest.raises(NotJsonError, match="it is empty"):
            read(nothing)
    assert bytes(split_members(b'{"a": 1}')["a"]) == b"1"
    assert isinstance(split_members(b'{"a": 1}')["a"], msgspec.Raw)
