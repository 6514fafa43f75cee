"""Rows: whatever JSON they are, they end as values or as reasons, and never as an exception."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.json.text import encode
from prismd.core.properties.native import native_schema
from prismd.core.records.merging import ArrayChange, ArrayOperation
from prismd.core.records.rows import RefusedRow, Row, RowLimits, RowParser
from prismd.core.values.property_values import ValueLimits

LIMITS = RowLimits(ValueLimits(text_chars_max=1_000, list_values_max=10), row_bytes_max=300_000, row_errors_max=3)
SCHEMA = native_schema("contact")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
SLUGS = st.sampled_from([*SCHEMA.properties, "nope", "Email", "\u0000"])


def parsed(row: Any) -> Row | RefusedRow:
    return RowParser(SCHEMA, LIMITS).parse(json.dumps(row).encode())


def codes(row: Any) -> list[str]:
    result = parsed(row)
    assert isinstance(result, RefusedRow), result
    return [problem.code for problem in result.problems]


@given(JSON | st.fixed_dictionaries({"default": st.dictionaries(SLUGS, JSON, max_size=4)}))
def test_any_json_is_a_row_or_a_refusal_that_can_be_told(row: Any) -> None:
    result = parsed(row)
    if isinstance(result, RefusedRow):
        assert result.problems
        assert all(
            problem.message and encode([problem.code, problem.message, problem.slug]) for problem in result.problems
        )
    else:
        assert result.values.keys() <= SCHEMA.properties.keys()


@given(st.binary(max_size=30))
def test_any_bytes_are_a_row_or_a_refusal(raw: bytes) -> None:
    assert isinstance(RowParser(SCHEMA, LIMITS).parse(raw), Row | RefusedRow)


@given(st.dictionaries(SLUGS, st.none() | JSON, max_size=5))
def test_values_read_together_are_values_read_one_by_one(values: dict[str, Any]) -> None:
    together = parsed({"default": values})
    apart = [parsed({"default": {slug: value}}) for slug, value in values.items()]
    if isinstance(together, Row):
        merged = {slug: value for one in apart if isinstance(one, Row) for slug, value in one.values.items()}
        assert together.values == merged
        assert together.plain == all(
            value is not None and value != [] and not isinstance(value, ArrayChange) for value in merged.values()
        )
    else:
        expected = [problem.code for one in apart if isinstance(one, RefusedRow) for problem in one.problems]
        assert [problem.code for problem in together.problems][: LIMITS.row_errors_max] == expected[
            : LIMITS.row_errors_max
        ]


@pytest.mark.parametrize("row", [{}, {"default": {}}, {"list": {}}, {"default": None, "list": None}, {"extended": {}}])
def test_a_row_without_values_is_an_empty_record(row: Any) -> None:
    assert parsed(row) == Row({}, plain=True)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([], "expected an object"),
        ("x", "expected an object"),
        (None, "expected an object"),
        ({"email": "a@x.org"}, 'put property values inside "default"'),
        ({"defualt": {}}, 'did you mean "default"'),
        ({"default": []}, "default must be an object"),
        ({"id": "1", "default": {}}, 'id must be the id of a record, not the text "1"'),
        ({"list": {"stage": "x"}}, "which is no id of a list"),
        ({"default": {"email": "a"}, "extended": {"email": "b"}}, "keep one of them"),
    ],
)
def test_a_row_of_another_shape_says_what_to_do(row: Any, words: str) -> None:
    result = parsed(row)
    assert isinstance(result, RefusedRow)
    assert result.problems[0].code == "invalid_row"
    assert words in result.problems[0].message


def test_extended_values_are_values() -> None:
    assert parsed({"default": {"email": "a"}, "extended": {"city": "Rome"}}) == Row(
        {"email": "a", "city": "Rome"}, plain=True
    )


def test_a_null_clears_unless_only_the_server_writes_the_property() -> None:
    assert parsed({"default": {"city": None}}) == Row({"city": None})
    assert codes({"default": {"created_at": None}}) == ["read_only_property"]
    assert codes({"default": {"created_at": "2024-01-01"}}) == ["read_only_property"]


def test_an_unknown_slug_names_the_nearest_known_one() -> None:
    result = parsed({"default": {"e_mail": "a@x.org"}})
    assert isinstance(result, RefusedRow)
    assert result.problems[0].code == "invalid_property"
    assert 'did you mean "email"' in result.problems[0].message


def test_every_problem_is_listed_up_to_a_number_and_the_rest_are_counted() -> None:
    result = parsed({"default": {f"unknown{number}": 1 for number in range(10_000)}})
    assert isinstance(result, RefusedRow)
    assert [problem.code for problem in result.problems] == ["invalid_property"] * 3 + ["invalid_row"]
    assert "9997 further problems" in result.problems[-1].message


def test_a_row_that_is_too_large_is_refused_unread() -> None:
    assert codes({"default": {"city": "x" * LIMITS.row_bytes_max}}) == ["invalid_row"]


def test_an_array_can_be_appended_to_and_removed_from() -> None:
    vp = next(option for option in SCHEMA.properties["department"].options)
    row = parsed({"default": {"department": {"_op": "append", "values": [vp.slug]}}})
    assert row == Row({"department": ArrayChange(ArrayOperation.APPEND, [vp.id])})


@pytest.mark.parametrize(
    "change",
    [
        {"_op": "append"},
        {"_op": "replace", "values": []},
        {"_op": "append", "values": "x"},
        {"_op": "append", "values": [], "more": 1},
        {"_op": None, "values": []},
    ],
)
def test_an_array_change_of_another_shape_is_refused(change: Any) -> None:
    assert codes({"default": {"department": change}}) == ["invalid_value"]
    assert codes({"default": {"city": change}}) == ["invalid_value"]
    assert codes({"default": {"created_at": change}}) == ["read_only_property"]
