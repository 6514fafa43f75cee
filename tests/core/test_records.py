"""What writing values does to a record."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.json.text import SentTexts
from prismd.core.records.merging import (
    ArrayChange,
    ArrayOperation,
    array_change_problem,
    merged,
    overwritten,
    rewritten,
)

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
@example({"x": "", "y": "a"}, {"x": "b", "y": ""})
@example({}, {"x": ""})
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


def test_what_is_appended_to_nothing_is_all_there_is() -> None:
    assert merged({}, {"x": ArrayChange(ArrayOperation.APPEND, ["a", "a"])}) == {"x": ["a"]}
    assert merged({}, {"x": ArrayChange(ArrayOperation.REMOVE, ["a"])}) == {}


@given(STORED, st.dictionaries(st.sampled_from("xyz"), st.text(max_size=2)))
def test_plain_values_are_written_over_others_as_any_are(stored: dict[str, Any], values: dict[str, Any]) -> None:
    assert overwritten(stored, values) == merged(stored, values)
    assert (overwritten(stored, values) is stored) == (merged(stored, values) is stored)


def test_an_object_as_it_was_sent_is_written_over_others() -> None:
    stored = {"x": "a"}
    assert overwritten(stored, SentTexts(b'{"x":"b","y":"c"}')) == {"x": "b", "y": "c"}
    assert overwritten(stored, SentTexts(b'{"x":"a"}')) is stored


def test_what_is_rewritten_is_what_differs() -> None:
    before, after = {"same": 1, "other": "a", "gone": "b"}, {"same": 1, "other": "c", "new": "d"}
    found = rewritten("id", (3, 5), before, after, "(0,1)")
    assert (found.id, found.version_before, found.version, found.location) == ("id", 3, 5, "(0,1)")
    assert found.before == {"other": "a", "gone": "b", "new": None}
    assert found.after == {"other": "c", "gone": None, "new": "d"}
    assert found.properties is after


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"_op": "append", "values": ["a"]}, None),
        ({"_op": "remove", "values": []}, None),
        ({"_op": "add", "values": []}, '`_op` must be "append" or "remove", not the text "add"'),
        ({"_op": "appendd", "values": []}, 'not the text "appendd"; did you mean "append"?'),
        ({"_op": 5, "values": []}, '`_op` must be "append" or "remove", not the number 5'),
        ({"_op": None}, "not null"),
        ({"_op": "append"}, "`values` is missing beside `_op`"),
        ({"_op": "append", "values": "a"}, '`values` must be an array, not the text "a"'),
        ({"_op": "append", "values": [], "value": 1}, 'has `values` and nothing else, not "value"'),
    ],
)
def test_a_change_of_an_array_is_right_or_says_what_is_wrong(value: dict[str, Any], problem: str | None) -> None:
    said = array_change_problem(value)
    assert said is None if problem is None else problem in (said or "")
