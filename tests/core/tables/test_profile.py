"""The profile of a table: what is sure is told with its proof, and what is not is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.tables.cells import CellFault, TableRow
from prismd.core.tables.dialects.dialect import Dialect
from prismd.core.tables.layout.rows import FramedRow, rows_of
from prismd.core.tables.profile import LINES_MAX, TableProfile, profile_of, profile_of_rows
from prismd.core.tables.samples import Sample

PEOPLE = "Name;Born;Paid\nMüller;31.12.1990;1.234,50\nJäger;05.06.1985;99,00\nGröße;07.08.2001;5,25\n"


def profile(text: str, answers: Mapping[str, str] | None = None) -> TableProfile:
    return profile_of([Sample(0, text.encode(), ends=True)], answers or {})


def decided(found: TableProfile) -> dict[tuple[str, str | None], str]:
    return {(decision.name, decision.column): decision.value for decision in found.decisions}


def asked(found: TableProfile) -> dict[str, list[str]]:
    return {question.key: [reading.value for reading in question.readings] for question in found.questions}


def rows(text: str, found: TableProfile) -> list[FramedRow]:
    assert found.dialect
    return list(rows_of(iter([text]), found.dialect, found.frame))


def test_a_plain_table_of_people_is_not_asked_about() -> None:
    found = profile_of([Sample(0, PEOPLE.encode("cp1252"), ends=True)])
    assert found.questions == ()
    assert (found.encoding, found.dialect) == ("cp1252", Dialect(";"))
    assert [column.name for column in found.columns] == ["Name", "Born", "Paid"]
    assert decided(found)["date_format", "Born"] == "dmy"
    assert decided(found)["decimal", "Paid"] == ","
    [proof] = [one.evidence for one in found.decisions if one.name == "date_format"]
    assert proof == "line 2: 31.12.1990 is no date by month, day, year"
    assert found.columns[1].date_forms[0].read("05.06.1985") == date(1985, 6, 5)
    assert found.columns[2].number_forms[0].read("1.234,50") == Decimal("1234.50")


def test_days_up_to_twelve_are_asked_with_both_readings() -> None:
    found = profile("name,born\nA,05/06/1985\nB,07/08/2001\n")
    assert asked(found) == {"date_format:born": ["dmy", "mdy"]}
    [question] = found.questions
    assert [reading.evidence for reading in question.readings] == [
        "line 2: 05/06/1985 is 5 June 1985",
        "line 2: 05/06/1985 is 6 May 1985",
    ]
    answered = profile("name,born\nA,05/06/1985\nB,07/08/2001\n", {"date_format:born": "mdy"})
    assert answered.questions == ()
    assert answered.columns[1].date_forms[0].read("05/06/1985") == date(1985, 5, 6)


def test_two_digits_of_a_year_are_asked() -> None:
    found = profile("name,born\nA,30/06/85\nB,31/12/68\n")
    assert asked(found) == {"century:born": ["1970", "1930", "2000"]}
    assert profile("name,born\nA,30/06/85\n", {"century": "1930"}).columns[1].date_forms[0].read("30/06/85") == date(
        1985, 6, 30
    )


def test_a_point_that_may_group_thousands_is_asked() -> None:
    assert asked(profile("name,paid\nA,1.234\nB,5.678\n")) == {"decimal:paid": [".", ","]}
    assert asked(profile("name,paid\nA,1.234\nB,5.67\n")) == {}


@pytest.mark.parametrize(
    ("text", "header", "names"),
    [
        ("name,email\nA,a@b.c\nB,b@b.c\n", 1, ["name", "email"]),
        ("A,a@b.cd,5\nB,b@b.cd,7\n", 0, ["", "", ""]),
        ("Person,,Address,\nfirst,last,street,city\nA,B,C,D\nE,F,G,H\n", 2,
         ["Person first", "Person last", "Address street", "Address city"]),
        ("first_name,last_name\nA,B\nC,D\n", 1, ["first_name", "last_name"]),
    ],
)  # fmt: skip
def test_a_header_shows_itself(text: str, header: int, names: list[str]) -> None:
    found = profile(text)
    assert found.questions == ()
    assert found.header_lines == header
    assert [column.name for column in found.columns] == names


def test_a_header_that_may_be_a_row_is_asked() -> None:
    assert asked(profile("Anna,Rome\nBert,Bonn\nCarl,Oslo\n")) == {"header": ["1", "0"]}
    assert asked(profile("Land,2019,2020\nRom,5,6\nOslo,7,8\n"))["header"] == ["1", "0"]


def test_what_stands_around_a_table_is_left_out() -> None:
    text = "Report of 2024\n\nname,paid,due\nA,5,6\nname,paid,due\nB,7,8\n\nTotal,12,14\nSource: ledger\n,,\n"
    found = profile(text)
    assert found.questions == ()
    assert (found.first_line, found.footer_rows) == (3, 2)
    assert [row.cells for row in rows(text, found) if not row.left_out] == [["A", "5", "6"], ["B", "7", "8"]]
    assert [row.left_out for row in rows(text, found) if row.left_out] == [
        "repeats the header", "stands below the table", "stands below the table",
    ]  # fmt: skip


def test_a_total_that_does_not_add_up_is_asked() -> None:
    found = profile("name,paid\nA,5\nB,7\nTotal,13\n")
    assert asked(found) == {"footer": ["1", "0"]}
    kept = profile("name,paid\nA,5\nB,7\nTotal,13\n", {"footer": "0"})
    assert len(rows("name,paid\nA,5\nB,7\nTotal,13\n", kept)) == 3


def test_rows_with_too_few_cells_are_asked_and_refused() -> None:
    text = "name,city,age\nA,Rome,5\nB,Bonn\nC,Oslo,7\n"
    found = profile(text)
    assert asked(found) == {"short_rows": ["refused", "blank"]}
    assert [row.problem is None for row in rows(text, found)] == [True, False, True]
    blank = profile(text, {"short_rows": "blank"})
    assert rows(text, blank)[1].cells == ["B", "Bonn", None]


def test_a_second_table_is_asked_and_can_be_chosen() -> None:
    text = "name,age\nA,5\nB,7\n\ncity,land,size\nRome,IT,5\nBonn,DE,6\n"
    assert asked(profile(text))["table"] == ["1", "2"]
    second = profile(text, {"table": "2"})
    assert [column.name for column in second.columns] == ["city", "land", "size"]
    assert [row.cells for row in rows(text, second)] == [["Rome", "IT", "5"], ["Bonn", "DE", "6"]]
    assert len(rows(text, profile(text, {"table": "1"}))) == 2


def test_words_for_nothing_are_decided_among_numbers_and_asked_among_texts() -> None:
    found = profile("name,age\nA,5\nB,N/A\nC,7\nD,8\n")
    assert decided(found)["null", "age"] == "N/A"
    assert "integer" in found.columns[1].kinds
    assert asked(profile("name,note\nA,x\nB,N/A\nC,y\n")) == {"null:note": ["blank", "text"]}


def test_numbers_that_name_things_stay_text() -> None:
    found = profile("name,zip,card\nA,00123,1234567890123456789\nB,04567,1234567890123456780\n")
    assert all("number" not in column.kinds for column in found.columns)


def test_columns_tell_their_kinds() -> None:
    text = (
        "name,mail,web,host,tel,ok,data,tags,at\n"
        'A,a@b.cd,https://a.b/c,a.bc,+49 30 1234567,ja,"{""a"":1}",x;y,2024-05-31 10:00\n'
        'B,b@b.cd,www.b.cd,b.cd,(030) 765 43 21,nein,[1],z,2024-05-31T11:00Z\n'
    )  # fmt: skip
    found = profile(text)
    kinds = [column.kinds - {"text"} for column in found.columns]
    assert kinds == [set(), {"email"}, {"url"}, {"domain"}, {"phone"}, {"boolean"}, {"json"}, set(), {"datetime"}]
    assert found.columns[5].boolean_words == ("ja", "nein")
    assert found.columns[7].separators == (";",)


def test_a_spreadsheet_has_a_profile_too() -> None:
    cells = [
        TableRow(1, ["Name", "Born", "Paid", "Ok"]),
        TableRow(2, ["A", date(1990, 1, 2), 5, True]),
        TableRow(3, ["B", date(1991, 1, 2), Decimal("6.5"), None]),
        TableRow(4, ["C", None, CellFault("#REF!"), False]),
    ]
    found = profile_of_rows(cells, ends=True)
    assert found.questions == ()
    assert [sorted(column.kinds - {"text"}) for column in found.columns] == [[], ["date"], [], ["boolean"]]


def test_a_cell_that_contradicts_what_was_decided_is_not_read() -> None:
    (born,), (paid,) = (profile(PEOPLE).columns[1].date_forms, profile(PEOPLE).columns[2].number_forms)
    assert (born.read("01.02.2003"), paid.read("5,5")) == (date(2003, 2, 1), Decimal("5.5"))
    assert born.read("12/31/2003") is None


def test_a_sample_that_ends_inside_a_quoted_cell_proves_the_same() -> None:
    text = 'name;note\n"A";"one\ntwo; three"\n' * 50
    whole = profile(text)
    for cut in range(600, 640):
        part = profile_of([Sample(0, text.encode()[:cut], ends=False)])
        assert (part.dialect, part.header_lines) == (whole.dialect, whole.header_lines)


@given(st.text("ab1,;\t|\"'\\\n\r .:-/é", max_size=80))
@example('""\n')
@example(",\n,")
@example("\n")
@example("a\n\n\nb,c\n")
@example('"\n')
@example("'a'\n'b'")
def test_any_text_has_a_profile_by_which_it_can_be_read(text: str) -> None:
    found = profile(text)
    for row in rows(text, found):
        assert row.problem or row.left_out or len(row.cells) == found.frame.columns
    for question in found.questions:
        assert len(question.readings) > 1, question
        assert len({reading.value for reading in question.readings}) == len(question.readings)


@given(st.binary(max_size=80))
@example(b"\xff\xfea")
def test_any_bytes_have_a_profile(data: bytes) -> None:
    assert profile_of([Sample(0, data, ends=True)]).encoding


def test_a_sample_of_many_lines_is_looked_at_in_part_and_to_its_end() -> None:
    text = "name,paid\n" + "A,5\n" * (LINES_MAX + 10) + "\nSource: ledger\n"
    found = profile(text)
    assert found.columns[1].rows < LINES_MAX
    assert found.footer_rows == 1
    assert [row.left_out for row in rows(text, found)][-1] == "stands below the table"


@pytest.mark.parametrize(
    "text", ["'a','b\n" * 40_000, '"a,""b' * 40_000, '\\"' * 40_000, '"\n' * 30_000, 'a,"\n' * 30_000]
)
def test_a_sample_of_broken_quotes_alone_has_a_profile(text: str) -> None:
    assert profile_of([Sample(0, text.encode(), ends=False)]).dialect
