"""Tables of which nobody can be sure: each is asked about, by the right name, and answers settle it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.tables.layout.rows import rows_of
from prismd.core.tables.profile import TableProfile, profile_of
from prismd.core.tables.samples import Sample
from prismd.core.tables.watching import SignWatch


def profile(text: str, **answers: str) -> TableProfile:
    return profile_of([Sample(0, text.encode(), ends=True)], answers)


def cells(text: str, found: TableProfile) -> list[list[object]]:
    assert found.dialect
    rows = rows_of(iter([text]), found.dialect, found.frame)
    return [list(row.cells) for row in rows if not row.problem and not row.left_out]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        # The header has a name less than the rows have cells.
        ('"a","b"\n"1",5,6.5\n"2",7,8.5\n', {"header"}),
        ("name,price\nA,1,5\nB,2,5\nC,3,5\n", {"header"}),
        # Words of headers stand in texts, too.
        ("City of London Police,London\nState Bank of India,Mumbai\nPhone House,Madrid\n", {"header"}),
        ("Phone\nTablet\nLaptop\n", {"header"}),
        ("John,Smith,unknown age\nJane,Doe,41\nJim,Beam,52\n", {"header"}),
        ("Acme,pending,pending\nGlobex,5.5,2024-01-01\nInitech,6.5,2024-02-01\n", {"header"}),
        ("name,2024-01-01,2024-02-01\nA,5,6\nB,7,8\n", {"header"}),
        ("name,weight,price\n,kg,EUR\nA,5,6.5\nB,7,8.5\n", {"header"}),
        ("1,2,3\n4.5,5.5,6.5\n7.5,8.5,9.5\n", {"header"}),
        # A row with one cell may be a note.
        ("Acme,,,\nB,1,2.5,3\nC,4,5.5,6\n", {"skip_rows"}),
        ("name,city,age,tall\nA,B,1,2\nC,D,3,4\nNotes Inc,,,\n", {"footer"}),
        ("name,city,age,tall\nA,B,1,2\nC,D,3,4\nAcme\n", {"footer"}),
        # A quote that is never closed may belong to the text, or have lost its end.
        ('name,note,number\nA,"hello,5\nB,x,6\nC,y,7\n', {"quote"}),
        ('number,name\n1,"Rock" J\n2,"Doe"\n', {"quote"}),
        ("name,number\n'A',1\n'B',2\n", {"quote"}),
        ('name,note\n"A","say \\"x\\"\\n end"\n"B","y"\n', {"quote"}),
        # Two signs explain the lines.
        ("a,b;c,d\n1,2;3,4\n5,6;7,8\n", {"delimiter"}),
        ("Name      Age City\nJohn      25  Rome\nJane      30  Bonn\n", {"delimiter"}),
        ("name\nDoe, John\nSmith, Anna\n", {"delimiter"}),
        # No cell tells the order of dates, or the sign before decimals.
        ("name,date\nA,05/05/2024\nB,06/06/2024\n", {"date_format:date"}),
        ("name,date\nA,2024-05-31\nB,05/06/2024\n", {"date_format:date"}),
        ("name,date\nA,31 May 2024\nB,5/6/2024\n", {"date_format:date"}),
        ("name,date\nA,24-05-31\nB,23-06-12\n", {"date_format:date", "century:date"}),
        ("name,number\nA,5\nB,1.234\n", {"decimal:number"}),
        ('name,amount\nA,"1,234"\nB,"5,678"\n', {"decimal:amount"}),
    ],
)
def test_what_may_be_otherwise_is_asked(text: str, asked: set[str]) -> None:
    assert asked <= {question.key for question in profile(text).questions}


def test_names_that_stand_one_column_too_far_left_can_be_shifted() -> None:
    text = '"a","b"\n"x",5,6.5\n"y",7,8.5\n'
    assert [column.name for column in profile(text, header="shifted").columns] == ["", "a", "b"]
    assert [column.name for column in profile(text, header="1").columns] == ["a", "b", ""]
    assert cells(text, profile(text, header="shifted")) == [["x", "5", "6.5"], ["y", "7", "8.5"]]


def test_quotes_that_all_close_are_quotes_however_many_cells_rows_have() -> None:
    rows = '1,31.12.2024,"5,5"\n2,30.12.2024,"6,5"\n3,29.12.2024,"7,5"\n4,1.1.2025,"8,5",last\n'
    text = f"number,day,price,comment\n{rows}"
    found = profile(text)
    assert found.questions == ()
    assert cells(text, found)[0] == ["1", "31.12.2024", "5,5", None]


def test_a_header_that_begins_with_a_number_sign_is_no_comment() -> None:
    text = "#,your name?,your email?\nu1,A,a@b.cd\nu2,B,b@b.cd\n"
    found = profile(text)
    assert [column.name for column in found.columns] == ["#", "your name?", "your email?"]


@pytest.mark.parametrize(("later", "number"), [("1,5", None), ("12.5", Decimal("12.5")), ("77", 77)])
def test_a_number_of_one_meaning_after_whole_numbers_is_read_so_or_not_at_all(
    later: str, number: int | Decimal | None
) -> None:
    (form,) = profile("name,number\nA,5\nB,1234\n").columns[1].number_forms
    assert form.read(later) == number


@pytest.mark.parametrize(
    ("later", "told"), [("1.234", True), ("1,234", True), ("12.5", False), ("A1", False), ("7", False)]
)
def test_a_sign_of_two_meanings_after_whole_numbers_is_told(later: str, told: bool) -> None:  # noqa: FBT001
    found = profile("name,number\nA,5\nB,1234\n")
    watch = SignWatch(found.columns, found.decisions)
    contradiction = watch.see(812, ["C", later])
    assert (contradiction is not None) == told
    if contradiction:
        assert contradiction.startswith(f"line 812: column number holds {later!r}, which is 1")
        assert '--decimal "number=."' in contradiction


def test_a_decimal_sign_that_is_given_is_not_watched_for() -> None:
    text = "name,number\nA,5\nB,1234\n"
    found = profile_of([Sample(0, text.encode(), ends=True)], {"decimal:number": ","})
    assert SignWatch(found.columns, found.decisions).columns == ()
    assert found.columns[1].number_forms[0].read("1.234") == 1234


def test_a_proved_decimal_sign_reads_thousands_that_no_sample_had() -> None:
    (form,) = profile("name,number\nA,5.5\nB,12.25\n").columns[1].number_forms
    assert form.read("1,234.5") == Decimal("1234.5")
    assert form.read("1.234,5") is None


texts = st.sampled_from(["Rome", "Oslo", "x y", "Total", "Phone", "N-A", "Sum", "a@b.cd", "5", "7.5", "2024-05-31"])


values = st.sampled_from(
    ["Rome", "Oslo", "x y", "N-A", "a@b.cd", "5", "7.5", "2024-05-31", "00123", "31/12/2024", "say it"]
)


def tables(cells: st.SearchStrategy[str], least: int) -> st.SearchStrategy[list[list[str]]]:
    rows = st.integers(2, 4).map(lambda width: st.lists(cells, min_size=width, max_size=width))
    return rows.flatmap(lambda row: st.lists(row, min_size=least, max_size=5))


@given(tables(texts, 0))
@example([["Total", "5"], ["Sum", "7.5"]])
@example([["Phone", "Rome"], ["Oslo", "Total"]])
def test_plain_rows_below_a_plain_header_come_back_or_are_asked_about(rows: list[list[str]]) -> None:
    header = ["name", "city", "date", "amount"][: len(rows[0]) if rows else 2]
    text = "".join(",".join(row) + "\n" for row in [header, *rows])
    found = profile(text)
    if not found.questions:
        assert [column.name for column in found.columns] == header
        assert cells(text, found) == rows


@given(tables(values, 2))
@example([["a@b.cd", "Rome"], ["a@b.cd", "Oslo"]])
@example([["City Bank", "x y"], ["Rome", "Phone Ltd"]])
def test_plain_rows_without_a_header_come_back_or_are_asked_about(rows: list[list[str]]) -> None:
    text = "".join(",".join(row) + "\n" for row in rows)
    found = profile(text)
    if not found.questions:
        assert cells(text, found) == rows
