"""What is said of rows: every flag of every row, whatever shortcut writes it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prismd.core.imports.plan import RowResult
from prismd.core.imports.results import outcome_of, results_json
from prismd.core.records.rows import Problem

INDEXES = st.integers(0, 10**6)
MADE_OR_MATCHED = st.builds(
    lambda index, match, **more: RowResult(index, "id", existing=match > 0, updated=match > 1, **more),
    INDEXES,
    st.integers(0, 2),
    duplicate_of=st.none() | INDEXES,
    parent_index=st.none() | INDEXES,
)
FAILED = st.builds(
    lambda index, message, parent: RowResult(index, problems=[Problem("invalid_value", message)], parent_index=parent),
    INDEXES,
    st.text(max_size=5),
    st.none() | INDEXES,
)


def expected(verdict: RowResult) -> dict[str, Any]:
    said: dict[str, Any] = {
        "input_index": verdict.index,
        "id": verdict.id,
        "created": not verdict.problems and not verdict.existing,
        "existing": verdict.existing,
        "updated": verdict.updated,
    }
    if verdict.parent_index is not None:
        said["parent_input_index"] = verdict.parent_index
    if verdict.duplicate_of is not None:
        said["duplicate_of"] = verdict.duplicate_of
    if verdict.problems:
        message = verdict.problems[0].message
        said["error"] = {"code": "invalid_value", "message": message}
        said["errors"] = [{"code": "invalid_value", "message": message, "property": None}]
    return said


@given(st.lists(MADE_OR_MATCHED | FAILED, max_size=5))
def test_every_row_is_told_with_every_flag(verdicts: list[RowResult]) -> None:
    told = json.loads(b"[" + results_json(verdicts) + b"]")
    assert told == [expected(verdict) for verdict in verdicts]
    for one, verdict in zip(told, verdicts, strict=True):
        assert (outcome_of(one) == "failed") == verdict.failed
        assert (outcome_of(one) == "updated") == verdict.updated
