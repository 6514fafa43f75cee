"""Failed rows as a table: what nobody changes stays as it was sent, whatever it is."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.imports.failed_rows import (
    OTHER_COLUMN,
    FailedRow,
    FailedTable,
    RowToken,
    column_of_problem,
    read_row_token,
    repaired,
)
from prismd.core.json.text import encode
from prismd.files.failed_cells import escaped, unescaped

JOB = "018f0000-0000-7000-8000-00000000aaaa"

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    ["=1", "'=1", "00123", "5", '["a"]', "a\r\nb", '"', ",", "true", "null", "-5", "\ufeffx"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "a"]), inner, max_size=2),
    max_leaves=5,
)
#: Rows fail for names, too: some that other columns have, that differ by case, or that programs change.
STRANGE = ["Name", "row_token", "problems", "other", "size problem", "", " x", "'q'", "a\nb", "\ufeffy", "=1", "A, b"]
SLUGS = st.sampled_from(["name", "email", "size", "no_such", *STRANGE])
VALUES = st.dictionaries(SLUGS, JSON, max_size=4)
ROWS = st.fixed_dictionaries({"default": VALUES}, optional={"list": JSON, "extended": JSON}) | JSON
PROBLEM = st.fixed_dictionaries({"code": st.just("c"), "message": TEXTS, "property": st.none() | SLUGS})
PROBLEMS = st.lists(PROBLEM, min_size=1, max_size=3)


def failed(index: int, row: Any, problems: list[dict[str, Any]]) -> FailedRow:
    return FailedRow(index, problems, encode(row), row)


@given(st.lists(st.tuples(ROWS, PROBLEMS), min_size=1, max_size=5))
def test_a_table_that_nobody_changes_stands_for_the_rows_as_they_were_sent(
    rows: list[tuple[Any, list[dict[str, Any]]]],
) -> None:
    found = [failed(index, row, problems) for index, (row, problems) in enumerate(rows)]
    table = FailedTable(JOB)
    for one in found:
        table.learn(one)
    text = io.StringIO(newline="")
    csv.writer(text).writerows([list(map(escaped, cells)) for cells in (table.header, *map(table.cells, found))])
    header, *lines = csv.reader(io.StringIO(text.getvalue(), newline=""))
    assert len({name.casefold() for name in header}) == len(header)
    for one, cells in zip(found, lines, strict=True):
        named = dict(zip(map(unescaped, header), map(unescaped, cells), strict=True))
        assert read_row_token(named.pop("row_token")) == RowToken(JOB, one.index)
        named.pop("problems")
        named.pop(OTHER_COLUMN, None)
        values = {name: cell for name, cell in named.items() if column_of_problem(name) is None}
        if isinstance(one.row, dict) and isinstance(one.row.get("default", {}), dict):
            assert repaired(one.row, values, []) == {**one.row, "default": one.row.get("default", {})}


def test_problems_stand_beside_their_cells() -> None:
    table = FailedTable(JOB)
    wrong = failed(
        3,
        {"default": {"name": "Ada", "size": 5}},
        [{"code": "c", "message": "no size", "property": "size"}, {"code": "c", "message": "no key", "property": None}],
    )
    table.learn(wrong)
    assert table.header == ["row_token", "problems", "name", "size", "size problem"]
    assert table.cells(wrong) == [f"{JOB}.3", "no size; no key", "Ada", "5", "no size"]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ({"a": "5"}, {"a": 5, "b": ["x"]}),
        ({"a": "6"}, {"a": "6", "b": ["x"]}),
        ({"a": " "}, {"b": ["x"]}),
        ({}, {"a": 5, "b": ["x"]}),
        ({"b": '["x"]'}, {"a": 5, "b": ["x"]}),
        ({"b": '["y","z"]'}, {"a": 5, "b": ["y", "z"]}),
        ({"b": "[y"}, {"a": 5, "b": "[y"}),
        ({"c": '["y"]'}, {"a": 5, "b": ["x"], "c": '["y"]'}),
    ],
)
def test_a_changed_cell_takes_the_place_of_its_value(cells: dict[str, str], values: dict[str, Any]) -> None:
    row = {"default": {"a": 5, "b": ["x"]}, "list": {"l": {}}}
    assert repaired(row, cells, ["b"]) == {"default": values, "list": {"l": {}}}


@pytest.mark.parametrize("text", ["", "x", JOB, f"{JOB}.", f"{JOB}.-1", f"{JOB}.1.2", f"{JOB}.1234567890"])
def test_what_is_no_token_is_none(text: str) -> None:
    assert read_row_token(text) is None
