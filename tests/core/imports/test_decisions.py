"""A decision changes one property of the rows of its group, wherever the value stands, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from prismd.core.imports.decisions import DecisionBody, decided, is_about
from prismd.core.imports.failed_rows import FailedRow

LIST = "018f0000-0000-7000-8000-00000000aaaa"


def failed(row: Any, code: str = "invalid_option", slug: str | None = "a") -> FailedRow:
    return FailedRow(0, [{"code": code, "message": "", "property": slug}], b"", row)


@pytest.mark.parametrize(
    ("row", "mapped", "left_out"),
    [
        ({"default": {"a": 1, "b": 2}}, {"default": {"a": "x", "b": 2}}, {"default": {"b": 2}}),
        (
            {"extended": {"a": 1}, "default": None},
            {"extended": {"a": "x"}, "default": None},
            {"extended": {}, "default": None},
        ),
        ({"list": {"a": 1}}, {"list": {"a": "x"}}, {"list": {}}),
        ({"list": {LIST: {"a": 1, "b": 2}}}, {"list": {LIST: {"a": "x", "b": 2}}}, {"list": {LIST: {"b": 2}}}),
        ({"default": {"b": {"a": 1}}}, {"default": {"b": {"a": 1}}}, {"default": {"b": {"a": 1}}}),
        ({"a": 1, "default": {}}, {"a": 1, "default": {}}, {"a": 1, "default": {}}),
    ],
)
def test_the_value_changes_where_it_stands(row: Any, mapped: Any, left_out: Any) -> None:
    assert decided(DecisionBody(property="a", do="map", value="x"), row) == mapped
    assert decided(DecisionBody(property="a", do="leave_out"), row) == left_out
    assert decided(DecisionBody(property="a", do="make_option"), row) == row


def test_a_decision_is_about_the_rows_of_its_group() -> None:
    about = DecisionBody(property="a", do="leave_out", pattern="UK", code="invalid_option")
    assert is_about(about, failed({"default": {"a": "UK"}}))
    assert not is_about(about, failed({"default": {"a": "uk"}}))
    assert not is_about(about, failed({"default": {"a": "UK"}}, code="invalid_value"))
    assert not is_about(about, failed({"default": {"a": "UK", "b": 1}}, slug="b"))
    assert not is_about(about, failed({"default": {}}))
    assert not is_about(about, failed(None))
    assert is_about(DecisionBody(property="a", do="leave_out"), failed({"default": {"a": 5}}, code="anything"))
