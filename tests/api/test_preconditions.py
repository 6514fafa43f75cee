"""The list of entity tags in ``If-Match``, read as HTTP defines it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.api.records.preconditions import entity_tags
from tests.bounded_work import bounded_work

TAGS = st.from_regex(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"', fullmatch=True)
GAPS = st.from_regex(r"[ \t]*,[ \t,]*", fullmatch=True)
ENDS = st.from_regex(r"[ \t,]*", fullmatch=True)


@given(
    tags=st.lists(TAGS, min_size=1, max_size=4), gaps=st.lists(GAPS, min_size=3, max_size=3), ends=st.tuples(ENDS, ENDS)
)
def test_every_list_is_read(tags: list[str], gaps: list[str], ends: tuple[str, str]) -> None:
    text = tags[0] + "".join(gap + tag for gap, tag in zip(gaps, tags[1:], strict=False))
    assert entity_tags(ends[0] + text + ends[1]) == set(tags)


@pytest.mark.parametrize(
    "text", ["", ",", "3", '"3', '3"', '"1" "2"', '"1""2"', '"1", 2', '*, "1"', "W/3", 'w/"3"', '"a b"']
)
def test_what_is_no_list_is_none(text: str) -> None:
    assert entity_tags(text) == frozenset()


@pytest.mark.parametrize("text", ['"1"' + "," * 200_000 + "x", '"' * 200_001, ' "1",' * 50_000 + "x", 'W/"' * 100_000])
def test_a_long_text_takes_no_long_time(text: str) -> None:
    with bounded_work():
        entity_tags(text)
