"""CSV as people and programs write it, beyond the standard: read as it is meant, or refused, and never shifted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.files.csv_rows import JSON_ARRAYS, CsvRows, read_header
from prismd.files.rows import FileProblemError, FileRow
from tests.bounded_work import bounded_work

INVISIBLE = "\ufeff\u200b\u2060\u00a0 \t"


def source_of(text: str, delimiter: str | None = None) -> CsvRows:
    return read_header(iter([text.encode()]), "utf-8", delimiter)


def read(text: str, delimiter: str | None = None, **settings: Any) -> list[FileRow]:
    return list(replace(source_of(text, delimiter), **settings).rows(iter([text.encode()])))


def values(text: str, delimiter: str | None = None, **settings: Any) -> list[Any]:
    return [row.wire and json.loads(row.wire)["default"] for row in read(text, delimiter, **settings)]


def problems(text: str) -> list[str]:
    return [row.problem.message if row.problem else "" for row in read(text)]


plain_cells = st.text('ab",;\n\\ \u200b', min_size=1, max_size=6).filter(lambda cell: cell.strip(INVISIBLE + "\n"))
blanks = st.text(" \t\u00a0\u200b\ufeff", max_size=3)


@given(st.lists(st.tuples(blanks, plain_cells, blanks), min_size=3, max_size=3), st.sampled_from([",", ";", "|"]))
@example([("", "a@b.c", ""), (" ", "Doe, Jane", ""), ("", "x", "")], ",")
@example([("", "Doe, Jane", " "), ("\t", "a\nb", "\t"), (" ", 'x "y"', " ")], ",")
def test_blanks_around_quoted_cells_never_shift_one(row: list[tuple[str, str, str]], delimiter: str) -> None:
    line = delimiter.join(f'{before}"{cell.replace(chr(34), chr(34) * 2)}"{after}' for before, cell, after in row)
    [found] = values(f"x{delimiter}y{delimiter}z\n{line}\n")
    assert found == {slug: cell for slug, (_, cell, _) in zip("xyz", row, strict=True)}


def test_a_blank_before_a_quote_stays_outside_of_the_cell() -> None:
    assert values('email,name\na@b.c, "Doe, Jane"\n') == [{"email": "a@b.c", "name": "Doe, Jane"}]


@pytest.mark.parametrize(
    "line",
    [
        'a@b.c, x "Doe, Jane"',
        '5" pipe,x',
        'a@b.c,"Doe, Jane',
        '"x,1,2\ny",4',
        'a@b.c,"say \\"hi, you\\"",x',
        '"a \\", b",c',
        '"Doe" Jane,x,y',
        'a@b.c,Ms. "Doe, Jane"',
    ],
)
def test_a_row_whose_cells_are_uncertain_is_refused(line: str) -> None:
    rows = read(f"email,name,title\n{line}\nok@b.c,Ok,Ms\n")
    assert [row.wire is None for row in rows] == [True] * (len(rows) - 1) + [False], rows
    assert all(row.problem and row.problem.code == "invalid_row" for row in rows[:-1])


def test_a_row_that_failed_for_its_quotes_fails_again_until_it_is_mended() -> None:
    for line in ('a@b.c,"Doe, Jane', 'a@b.c,Ms. "Doe, Jane"', '"a \\", b",'):
        [row] = read(f"email,name,title\n{line}\n")
        assert line in row.original
        assert len(row.original) > 3


def test_a_quote_inside_a_cell_is_part_of_it_where_no_cell_is_missing() -> None:
    text = 'a,b,c\n5" pipe,x,y\n5" pipe,3" pipe,z\nThe "Rock" J,"Q ""R""",\n'
    assert values(text) == [
        {"a": '5" pipe', "b": "x", "c": "y"},
        {"a": '5" pipe', "b": '3" pipe', "c": "z"},
        {"a": 'The "Rock" J', "b": 'Q "R"'},
    ]


def test_lines_that_a_quote_swallowed_are_each_refused_and_none_becomes_a_record() -> None:
    rows = read('a,b,c\n"x,1,2\ny,3,4\nz",5\nok,6,7\n')
    assert [(row.line, row.wire is None) for row in rows] == [(2, True), (3, True), (4, True), (5, False)]


def test_quotes_that_are_all_closed_in_their_line_fail_that_row_alone() -> None:
    rows = read('a,b,c\n1,"Doe, J" Smith,2\nx,y\n1,""Doe"",2\nz\n')
    assert [row.wire is None for row in rows] == [True, False, True, False]


def test_a_backslash_before_a_quote_is_named() -> None:
    assert "a backslash stands before a quote" in problems('a,b\n"say \\"hi\\"",x\n')[0]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;", '"sep=;";'])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_line_that_names_the_delimiter_is_obeyed(line: str, end: str, mark: str) -> None:
    text = f"{mark}{line}{end}a,x;b{end}1,5;2{end}"
    [row] = read(text)
    assert row.wire
    assert json.loads(row.wire)["default"] == {"a,x": "1,5", "b": "2"}
    assert row.line == 3


def test_a_tab_can_be_named_and_a_given_delimiter_is_stronger() -> None:
    assert values("sep=\t\na\tb,c\n1\t2\n") == [{"a": "1", "b,c": "2"}]
    assert values("sep=;\na|b\n1|2\n", "|") == [{"a": "1", "b": "2"}]


def test_columns_without_name_and_values_are_left_out() -> None:
    source = source_of("a,,b,\n1,,2,\n3,\u200b,4, \n")
    assert source.unnamed == (2, 4)
    assert values("a,,b,\n1,,2,\n3,\u200b,4, \n") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_a_column_without_name_that_holds_values_is_refused_and_named() -> None:
    text = ",a,b\n,1,2\n7,3,4\n"
    with pytest.raises(
        FileProblemError, match=r'column 1 has no name and holds values \(line 3: "7"\).*--ignore-unknown'
    ):
        read(text)
    assert values(text, ignored=frozenset([""])) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_a_delimiter_at_the_end_of_every_line_breaks_nothing_after_a_broken_quote() -> None:
    rows = read('a,b,\n1,2,\n"x,3,\n4,5,\n6,7\n')
    assert [row.wire is None for row in rows] == [False, True, False, False]


@pytest.mark.parametrize(
    "again", ["a,b", "\ufeffa,b", '\ufeff"a","b"', " A ,B\u200b", '"a", "b"', "a,b,,", "\ufeff\ufeffa,b"]
)
def test_a_repeated_header_is_left_out(again: str) -> None:
    rows = read(f"a,b\n1,2\n{again}\n3,4\n")
    assert [row.left_out for row in rows] == [None, "repeats the header", None]
    assert [row.number for row in rows] == [1, 2, 3]


def test_a_mark_where_files_were_joined_is_no_part_of_a_cell() -> None:
    assert values("a,b\n1,2\n\ufeff3,4\n") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_joined_files_may_name_their_delimiter_again() -> None:
    rows = read("sep=;\na;b\n1;2\nsep=;\na;b\n3;4\n")
    assert [row.left_out for row in rows] == [None, "names the delimiter", "repeats the header", None]


@pytest.mark.parametrize("other", ["b,a", "a,c,b", "\ufeffa,c", "a;b", "B,A"])
def test_another_header_among_the_rows_is_refused(other: str) -> None:
    with pytest.raises(FileProblemError, match=r"line 3: two files seem to be joined here.*one by one"):
        read(f"a,b\n1,2\n{other}\n3,4\n")


def test_files_joined_without_a_line_end_are_refused() -> None:
    with pytest.raises(FileProblemError, match="line 2: two files seem to be joined here without a line end"):
        read("a,b\n1,2\ufeffa,b\n3,4\n")


@pytest.mark.parametrize("row", ["a,x", "x,b", "a,a", "1,a\ufeffx"])
def test_values_that_are_like_names_are_values(row: str) -> None:
    assert len(values(f"a,b\n{row}\n")) == 1
    assert read(f"a,b\n{row}\n")[0].wire


def test_names_are_what_is_seen_of_them() -> None:
    source = source_of("\ufeff\u00a0e\u200bmail\u2060, full\u00a0name\t\n")
    assert source.columns == ("email", "full name")


def test_cells_of_several_values_may_be_json_arrays() -> None:
    text = 'tags,n\n"[""a;b"", """", ""c""]",1\nd,2\n[],3\n[x],4\n'
    rows = read(text, multiple=frozenset(["tags"]), separator=JSON_ARRAYS)
    assert [row.wire and json.loads(row.wire)["default"] for row in rows] == [
        {"tags": ["a;b", "c"], "n": "1"},
        {"tags": ["d"], "n": "2"},
        {"n": "3"},
        None,
    ]
    assert rows[3].problem
    assert rows[3].problem.message == 'tags: expected a JSON array of values, found "[x]"'


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n" + '"x\n' * 200_000,
        "a,b\n" + 'x,"\n' * 200_000,
        "a,b\n" + '"' * 400_001,
        "a,b\n" + '"x",' * 100_000,
        "a,b\n" + ' "' * 200_000,
        "a,b,c\n" + 'x,"y\n"\n' * 100_000,
    ],
)
def test_broken_quotes_are_read_in_linear_time(text: str) -> None:
    with bounded_work():
        read(text)
