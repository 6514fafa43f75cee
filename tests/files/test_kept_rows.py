"""Rows that are kept for a second pass come back as they were, or not at all."""

from __future__ import annotations

from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from prismd.files.kept_rows import KeptRows
from prismd.files.rows import FileRow, RowProblem

_ROWS = st.builds(
    FileRow,
    st.integers(1, 10**12),
    st.integers(1, 10**12),
    st.lists(st.text(max_size=5), max_size=3).map(tuple),
    st.none() | st.binary(max_size=9),
    st.none() | st.builds(RowProblem, st.text(max_size=3), st.text(max_size=3)),
    st.none() | st.text(max_size=3),
)


@given(st.lists(_ROWS, max_size=30), st.integers(1, 40))
def test_rows_come_back_as_often_as_they_are_read(rows: list[FileRow], times: int) -> None:
    with closing(KeptRows()) as kept:
        for row in rows * times:
            kept.keep(row)
        assert kept.all_kept()
        assert list(kept.rows()) == rows * times
        assert list(kept.rows()) == rows * times
        assert all(type(row.problem) in (RowProblem, type(None)) for row in kept.rows())


def test_rows_of_more_bytes_than_may_be_kept_are_not() -> None:
    with closing(KeptRows(10_000)) as kept:
        for number in range(1, 600):
            kept.keep(FileRow(number, number, ("x" * 50,), b"{}"))
        assert not kept.all_kept()
        kept.keep(FileRow(600, 600, (), b"{}"))
        assert not kept.all_kept()
        assert list(kept.rows()) == []


def test_a_text_that_no_file_can_hold_makes_the_rows_be_made_again() -> None:
    with closing(KeptRows()) as kept:
        kept.keep(FileRow(1, 1, ("\ud800",), None, RowProblem("invalid_row", "half of a pair")))
        assert not kept.all_kept()
