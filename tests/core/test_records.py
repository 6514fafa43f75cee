"""What writing values does to a record."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.records.merging import ArrayChange, ArrayOperation, merged

VALUES = st.none() | st.text(max_size=2) | st.lists(st.sampled_from("abc"), max_size=2)
STORED = st.dictionaries(st.sampled_from("xyz"), VALUES.filter(lambda value: value not in (None, [])))


@given(STORED, st.dictionaries(st.sampled_from("xyz"), VALUES))
def test_merging_writes_clears_and_leaves_the_rest(stored: dict[str, Any], values: dict[str, Any]) -> None:
    result = merged(stored, values)
    for slug in "xyz":
        wanted = values.get(slug, stored.get(slug)) if slug in values else stored.get(slug)
        assert result.get(slug) == (None if wanted == [] else wanted)
    assert None not in result.values()
    assert merged(result, values) is result


@given(STORED, st.dictionaries(st.sampled_from("xyz"), VALUES))
def test_filling_never_replaces_a_value(stored: dict[str, Any], values: dict[str, Any]) -> None:
    result = merged(stored, values, fill=True)
    for slug in "xyz":
        before, sent = stored.get(slug), values.get(slug)
        filled = before in (None, "") and sent not in (None, "", [])
        assert result.get(slug) == (sent if filled else before)


@pytest.mark.parametrize(
    ("operation", "values", "expected"),
    [
        (ArrayOperation.APPEND, ["c", "c", "a"], ["a", "b", "c"]),
        (ArrayOperation.REMOVE, ["a", "z"], ["b"]),
        (ArrayOperation.REMOVE, ["a", "b"], None),
        (ArrayOperation.APPEND, [], ["a", "b"]),
    ],
)
def test_an_array_is_changed_without_being_replaced(
    operation: ArrayOperation, values: list[str], expected: Any
) -> None:
    assert merged({"x": ["a", "b"]}, {"x": ArrayChange(operation, values)}).get("x") == expected


def test_what_changes_nothing_is_the_same_object() -> None:
    stored = {"x": "a", "n": 42}
    assert merged(stored, {"x": "a", "n": 42, "gone": None}) is stored
