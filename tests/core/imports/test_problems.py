"""Problems of an import are grouped by cause: every row counts once in each group, and memory has a bound."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.imports.failed_rows import FailedRow
from prismd.core.imports.problems import ProblemGroups, form_of, value_of

CODES = ("invalid_option", "invalid_value", "not_found", "missing_key", "invalid_row")
SLUGS = ("stage", "since", None)
VALUES = st.none() | st.integers(0, 99) | st.sampled_from(["UK", "uk", "31.12.2024", "01.02.1999", "x" * 300, ""])


def failed(index: int, row: Any, *problems: tuple[str, str | None]) -> FailedRow:
    errors = [{"code": code, "message": f"{code} of {slug}", "property": slug} for code, slug in problems]
    return FailedRow(index, errors, b"", row)


@pytest.mark.parametrize(
    ("code", "value", "form"),
    [
        ("invalid_option", "UK", "UK"),
        ("invalid_option", 7, "7"),
        ("not_found", {"name": "Acme"}, '{"name":"Acme"}'),
        ("invalid_value", "31.12.2024", "99.99.9999"),
        ("invalid_value", "5 Mai 24", "9 a 99"),
        ("invalid_value", "Ünïcode-1", "a-9"),
        ("invalid_value", 12.5, "a number"),
        ("invalid_value", True, "true or false"),
        ("invalid_value", ["a"], "an array"),
        ("invalid_value", {"a": 1}, "an object"),
        ("invalid_value", "9" * 61, "a long text"),
        ("missing_key", "anything", None),
        ("invalid_value", None, None),
    ],
)
def test_the_form_of_a_value(code: str, value: Any, form: str | None) -> None:
    assert form_of(code, value) == form


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ({"default": {"a": 1}}, 1),
        ({"extended": {"a": 2}}, 2),
        ({"list": {"a": 3}}, 3),
        ({"list": {"018f": {"a": 4}}}, 4),
        ({"default": {"b": 1}}, None),
        ({"default": None, "list": 5}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_value_of_a_problem_is_found_in_its_row(row: Any, value: Any) -> None:
    assert value_of(row, "a") == value
    assert value_of(row, None) is None


@given(
    st.lists(st.tuples(st.lists(st.tuples(st.sampled_from(CODES), st.sampled_from(SLUGS)), min_size=1), VALUES)),
    st.integers(1, 6),
)
def test_every_row_counts_once_in_each_of_its_groups(
    rows: list[tuple[list[tuple[str, str | None]], Any]], groups_max: int
) -> None:
    groups = ProblemGroups(groups_max)
    causes: Counter[tuple[str, str | None]] = Counter()
    for index, (problems, value) in enumerate(rows):
        groups.add(failed(index, {"default": {"stage": value, "since": value}}, *problems))
        causes.update(set(problems))
    found = groups.ordered()
    counted: Counter[tuple[str, str | None]] = Counter()
    for group in found:
        counted[group.code, group.slug] += group.count
    assert counted == causes
    assert groups.failed == len(rows)
    assert [group.count for group in found] == sorted((group.count for group in found), reverse=True)
    assert len([group for group in found if not group.is_rest]) <= groups_max
    assert all(len(group.rows) <= 10 and len(group.examples) <= 5 for group in found)


def test_a_million_rows_take_the_memory_of_their_groups() -> None:
    groups = ProblemGroups(100)
    for index in range(20_000):
        groups.add(failed(index, {"default": {"stage": f"value {index}"}}, ("invalid_option", "stage")))
    found = groups.ordered()
    assert len(found) == 101
    rest = found[0]
    assert (rest.is_rest, rest.form, rest.count) == (True, None, 19_900)
    assert sum(group.count for group in found) == groups.failed == 20_000
