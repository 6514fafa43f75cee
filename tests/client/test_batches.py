from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from prismd.files.rows import ROW_BYTES_MAX, FileRow, RowProblem
from prismd.importer.batches import batches
from prismd.importer.imports import Job, poll_wait_s
from prismd.importer.sentences import pattern_of

PROBLEM = RowProblem("invalid_row", "no")


def row(number: int, length: int) -> FileRow:
    wire = b'{"default":{"a":"' + b"x" * length + b'"}}'
    return FileRow(number, number, (), None, PROBLEM) if length == 7 else FileRow(number, number, (), wire)


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 10), st.integers(1, 300))
def test_every_row_is_in_one_batch_in_order_and_under_the_limits(lengths: list[int], rows: int, size: int) -> None:
    given_rows = [row(number, length) for number, length in enumerate(lengths, start=1)]
    found = list(batches(given_rows, rows, size))
    assert [item for batch in found for item in batch.rows] == given_rows
    assert [batch.number for batch in found] == list(range(1, len(found) + 1))
    for batch in found:
        assert 1 <= len(batch.rows) <= rows
        assert sum(len(wire) + 1 for wire in batch.sent) <= size or len(batch.sent) == 1
        body = json.loads(batch.body({"dedupe_by": "a"}))
        assert len(body["objects"]) == len(batch.sent)
        assert body["options"] == {"dedupe_by": "a"}
    assert list(batches(given_rows, rows, size)) == found


def test_a_row_that_no_server_takes_fails_by_itself() -> None:
    long = FileRow(1, 1, (), b"x" * (ROW_BYTES_MAX + 1))
    [batch] = batches([long, row(2, 1)])
    problem = batch.rows[0].problem
    assert problem is not None
    assert problem.message == f"the row has {ROW_BYTES_MAX + 1} bytes as JSON; the most is {ROW_BYTES_MAX}"
    assert len(batch.sent) == 1


@given(st.integers(0, 1000), st.integers(1, 1000), st.floats(0, 1e6), st.floats(0.1, 5))
def test_polls_are_neither_frantic_nor_late(processed: int, total: int, elapsed: float, last: float) -> None:
    job = Job("processing", total, processed=min(processed, total))
    wait = poll_wait_s(job, elapsed, last)
    assert 0.1 <= wait <= 5
    if processed and elapsed:
        left = elapsed * (total - min(processed, total)) / min(processed, total)
        assert wait <= max(0.1, left / 2)


def test_messages_that_differ_in_values_alone_have_one_pattern() -> None:
    assert pattern_of('age: expected a number, found "x\\"1"') == pattern_of('age: expected a number, found ""')
    assert pattern_of("row 17 of 1,200") == "row # of #"
    assert pattern_of("no record 01939a4e-0000-7000-8000-0123456789ab") == "no record …"
    assert pattern_of("utf8: bad") == "utf8: bad"
