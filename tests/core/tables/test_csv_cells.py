"""Rows written in any dialect come back as they were, wherever the text is cut."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.tables.dialects.csv_cells import cell_rows
from prismd.core.tables.dialects.dialect import Dialect
from prismd.core.tables.lines import LongLineError, lines_of

DIALECTS = [
    Dialect(delimiter, quote, escape)
    for delimiter in (",", ";", "\t", "|", ":", " ", "^", "~", "||", ", ")
    for quote, escape in (('"', None), ("'", None), ('"', "\\"), (None, None), (None, "\\"), ("'", "\\"))
]


def written(cell: str, dialect: Dialect) -> str:
    if dialect.quote is None:
        signs = ["\\", "\n", "\r", *dialect.delimiter] if dialect.escape else []
        return "".join(f"\\{char}" if char in signs else char for char in cell)
    q = dialect.quote
    if dialect.escape:
        cell = cell.replace("\\", "\\\\").replace(q, f"\\{q}")
        return f"{q}{cell}{q}"
    return f"{q}{cell.replace(q, q + q)}{q}"


def pieces(text: str, cuts: list[int]) -> Iterator[str]:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    for begin, end in itertools.pairwise(places):
        yield text[begin:end]


@given(
    st.sampled_from(DIALECTS),
    st.lists(st.lists(st.text("ab\"'\\,;|\n\r é0", max_size=5), min_size=3, max_size=3), min_size=1, max_size=5),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.integers(0, 200), max_size=4),
)
@example(Dialect(",", '"', "\\"), [['say "hi"', "C:\\", "\\\\"]], "\n", [3])
@example(Dialect("||"), [["a|b", "", "|"]], "\r\n", [])
@example(Dialect(",", None, "\\"), [["Doe, Jane", "\\", "a,"]], "\n", [])
def test_rows_written_in_a_dialect_come_back(
    dialect: Dialect, rows: list[list[str]], end: str, cuts: list[int]
) -> None:
    if dialect.quote is None:
        unsafe = "\n\r" + ("" if dialect.escape else dialect.delimiter)
        rows = [["".join("x" if char in unsafe else char for char in cell) for cell in row] for row in rows]
        rows = [[cell or "x" for cell in row] for row in rows]
    text = "".join(dialect.delimiter.join(written(cell, dialect) for cell in row) + end for row in rows)
    found = list(cell_rows(lines_of(pieces(text, cuts), 10_000), dialect, range(3, 4)))
    assert [row.cells for row in found if row.cells] == rows
    assert not any(row.broken for row in found)


@given(st.sampled_from(DIALECTS), st.text("ab\"'\\,;|\n\r :~^", max_size=60))
def test_any_text_is_cut_the_same_wherever_it_comes_in_pieces(dialect: Dialect, text: str) -> None:
    whole = list(cell_rows(lines_of(iter([text]), 10_000), dialect))
    assert list(cell_rows(lines_of(iter(text), 10_000), dialect)) == whole


def test_a_sign_that_protects_nothing_breaks_its_row_alone() -> None:
    rows = list(cell_rows(iter(["a,b\n", "1,2\\\n", "3,4\n"]), Dialect(",", None, "\\")))
    assert [bool(row.broken) for row in rows] == [False, True, False]


def test_a_text_with_apostrophes_for_quotes_keeps_those_in_words() -> None:
    [row] = cell_rows(iter(["'Doe, Jane',O'Brien,'it''s'\n"]), Dialect(",", "'"))
    assert row.cells == ["Doe, Jane", "O'Brien", "it's"]


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(LongLineError, match="line 2 has more than 10 characters"):
        list(lines_of(iter(["a\n", "b" * 6, "b" * 6]), 10))
