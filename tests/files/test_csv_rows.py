from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.values.blanks import is_blank
from prismd.files.csv_rows import CsvRows, read_header
from prismd.files.failed_cells import escaped, unescaped
from prismd.files.rows import FileProblemError, FileRow


def read(data: bytes | str, delimiter: str | None = None, **settings: Any) -> list[FileRow]:
    raw = data.encode() if isinstance(data, str) else data
    source = replace(read_header(iter([raw]), "utf-8", delimiter), **settings)
    return list(source.rows(iter([raw])))


def values(row: FileRow) -> Any:
    assert row.wire is not None
    return json.loads(row.wire)["default"]


# A byte order mark at the beginning of a line is no part of its first cell.
cells = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), max_size=8) | st.text(
    "'\"\r\n,;\t=-", max_size=4
)
tables = st.lists(st.lists(cells, min_size=3, max_size=3), max_size=6)


@given(tables, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_a_csv_writer_writes_is_read_back(
    table: list[list[str]],
    delimiter: str,
    end: str,
    mark: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    text = io.StringIO(newline="")
    # The writer leaves a carriage return unquoted where it is no part of its own line end.
    quoting: Any = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([["a", "b", "c"], *table])
    rows = read((b"\xef\xbb\xbf" if mark else b"") + text.getvalue().encode())
    assert [(row.number, list(row.original)) for row in rows] == list(enumerate(table, start=1))
    for row, original in zip(rows, table, strict=True):
        expected = {slug: cell for slug, cell in zip("abc", original, strict=True) if not is_blank(cell)}
        if expected:
            assert values(row) == expected
        else:
            assert (row.wire, row.left_out) == (None, "is empty")


@given(st.text('a,"\r\n', max_size=30), st.data())
@example('"\n\n"a\n', None)
@example('"a,a"\n', None)
def test_rows_are_the_same_wherever_the_file_is_cut(text: str, data: st.DataObject | None) -> None:
    raw = ("a,b\n" + text).encode()
    whole = list(CsvRows(("a", "b")).rows(iter([raw])))
    place = data.draw(st.integers(0, len(raw))) if data else 5
    assert list(CsvRows(("a", "b")).rows(iter([raw[:place], raw[place:]]))) == whole
    assert list(CsvRows(("a", "b")).rows(raw[i : i + 1] for i in range(len(raw)))) == whole


def test_leading_zeros_and_spaces_inside_cells_stay() -> None:
    [row] = read("zip,name\n00501, Ann \n")
    assert values(row) == {"zip": "00501", "name": " Ann "}


def test_blank_cells_are_left_out_and_a_token_clears() -> None:
    rows = read("a,b,c\n1,,  \n#N/A,2,3\n")
    assert values(rows[0]) == {"a": "1"}
    rows = read("a,b,c\n1,,  \n#N/A,2,3\n", clear_token="#N/A")
    assert [values(row) for row in rows] == [{"a": "1"}, {"a": None, "b": "2", "c": "3"}]


def test_empty_rows_are_skipped_but_counted() -> None:
    rows = read("a,b\n\n1,2\n,\n  ,\u200b\n3,4\n" + ",\n" * 1000)
    assert [(row.number, row.line) for row in rows if row.wire] == [(2, 3), (5, 6)]
    assert [row.number for row in rows if row.left_out == "is empty"] == [3, 4, *range(6, 1006)]


def test_rows_may_be_short_and_blank_cells_may_follow() -> None:
    rows = read("a,b\n1\n1,2,,\n")
    assert [values(row) for row in rows] == [{"a": "1"}, {"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("line", "sign"), [('"1,2,3"', '","'), ("1;2;3", '";"'), ("1|2|3", '"|"'), ("1\t2\t3", "a tab")]
)
def test_a_line_that_is_one_cell_with_all_values_fails_instead_of_becoming_the_first(line: str, sign: str) -> None:
    rows = read(f"a,b,c\nx,y,z\n{line}\nu,v\n")
    assert [row.problem is None for row in rows] == [True, False, True]
    assert rows[1].problem is not None
    assert rows[1].problem.message.startswith(f"expected 3 cells, found one that holds {sign} as often as the header")
    # Cut as it may be meant, and failing again as long as nobody has emptied the last cell.
    assert rows[1].original == ("1", "2", "3", line.strip('"'))


@pytest.mark.parametrize("line", ["x", '"Doe, Jane"', "x;y", '"1,2,3,4"', '"1,2,3",,'])
def test_a_short_row_whose_cell_does_not_look_like_a_whole_row_is_taken(line: str) -> None:
    (row,) = read(f"a,b,c\n{line}\n")
    assert row.problem is None


def test_a_row_with_too_many_cells_fails_alone_with_all_its_cells() -> None:
    rows = read("a,b\n1,2\nx,y,z\n3,4\n")
    assert [row.problem is None for row in rows] == [True, False, True]
    assert rows[1].problem is not None
    assert rows[1].problem.message.startswith("expected 2 cells, found 3")
    assert rows[1].original == ("x", "y", "z")


def test_quoted_newlines_belong_to_their_cell() -> None:
    rows = read('a,b\n"x\r\ny",1\nz,2\n')
    assert values(rows[0]) == {"a": "x\r\ny", "b": "1"}
    assert [row.line for row in rows] == [2, 4]


def test_a_quote_that_is_never_closed_spares_the_rows_after_it() -> None:
    rows = read('a,b\n1,2\n"x,3\n4,5\n6,7\n')
    assert [row.number for row in rows] == [1, 2, 3, 4]
    assert [row.wire is not None for row in rows] == [True, False, True, True]
    assert rows[1].problem is not None
    assert "opened in line 3 is never closed" in rows[1].problem.message


def test_text_after_a_closing_quote_fails_its_row_and_what_may_belong_to_it() -> None:
    rows = read('a,b\n"He said "hi"\nbye",x\n4,5\n')
    assert [row.wire is not None for row in rows] == [False, False, True]
    assert values(rows[2]) == {"a": "4", "b": "5"}


def test_a_quote_that_swallows_megabytes_spares_the_rows_after_it() -> None:
    line = "x" * 99_999 + ",y\n"
    rows = read('a,b\n"open,1\n' + line * 100)
    assert len(rows) == 101
    assert [row.number for row in rows if row.problem] == [1]


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [("a,b;c,d", ","), ("a;b;c", ";"), ("a\tb,c\td", "\t"), ("a|b", "|"), ('"a,b,c";d', ";"), ("email", ",")],
)
def test_the_delimiter_is_found_in_the_header(header: str, delimiter: str) -> None:
    assert read_header(iter([header.encode()]), "utf-8", None).delimiter == delimiter


def test_a_given_delimiter_is_taken() -> None:
    [row] = read("a,x:b\n1,2:3\n", ":")
    assert values(row) == {"a,x": "1,2", "b": "3"}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("a,b, a\n", 'two columns are named "a"'),
        ("a,b,A\n", 'columns 1 and 3 are named "a" and "A"'),
        ("a,b,\ufeffa\u200b\n", 'two columns are named "a"'),
        ("'a','b'\n", "stand in apostrophes"),
        ('a,"b\n', "header cannot be read"),
    ],
)
def test_a_bad_header_is_refused(data: str, sentence: str) -> None:
    with pytest.raises(FileProblemError, match=sentence):
        read_header(iter([data.encode()]), "utf-8", None)


def test_no_more_is_read_than_the_header_needs() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"a,b\n"
        yield b"1,2\n"
        raise AssertionError

    assert read_header(chunks(), "utf-8", None).columns == ("a", "b")


def test_cells_of_multiple_values_are_split_and_ignored_columns_dropped() -> None:
    rows = read("tags,x,n\na; b;;c,1,2\n;,1,3\n", multiple=frozenset({"tags"}), ignored=frozenset({"x"}))
    assert [values(row) for row in rows] == [{"tags": ["a", "b", "c"], "n": "2"}, {"n": "3"}]
    assert rows[0].original == ("a; b;;c", "1", "2")


@given(st.text() | st.text("'=-\t\r\n", max_size=5))
def test_escaping_a_formula_can_be_undone(cell: str) -> None:
    assert unescaped(escaped(cell)) == cell
    assert not escaped(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("cell", ["=1+1", "+49 30 1", "-5", "@x", "\tx", "\rx", "'=1", "''-"])
def test_formulas_get_an_apostrophe(cell: str) -> None:
    assert escaped(cell) == "'" + cell


def test_a_file_of_failed_rows_is_read_as_its_original() -> None:
    rows = read("row,line,code,reason,phone,'=n\n7,8,invalid_value,'-x,'+49 30,5\n")
    assert values(rows[0]) == {"phone": "+49 30", "=n": "5"}
    assert rows[0].original == ("+49 30", "5")


def test_a_file_of_failed_json_rows_is_read_as_json() -> None:
    rows = read('row,line,code,reason,original\n7,8,invalid_value,x,"{""a"": 1}"\n8,9,invalid_row,x,{\n')
    assert rows[0].wire == b'{"default":{"a": 1}}'
    assert rows[1].problem is not None
