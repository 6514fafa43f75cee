"""XLSX workbooks: each thing that a cell can be has one stated outcome."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import xlsxwriter

from prismd.core.tables.cells import CellFault
from prismd.files.child.reading import SheetInDoubtError
from prismd.files.limits import LIMITS
from prismd.files.rows import FileProblemError
from tests.files.workbooks import read, xlsx, zipped


def of(tmp_path: Path, content: bytes, **how: object) -> tuple[list[tuple[int, list[object]]], tuple[str, ...]]:
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    rows, found = read(path, "xlsx", **how)  # type: ignore[arg-type]
    return rows, found.notes


def cell_of(tmp_path: Path, cell: str, **how: object) -> object:
    rows, _ = of(tmp_path, xlsx(f'<sheetData><row r="1">{cell}</row></sheetData>', **how))  # type: ignore[arg-type]
    return rows[0][1][-1] if rows else None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="A1"><v>5</v></c>', 5),
        ('<c r="A1"><v>1.1000000000000001</v></c>', Decimal("1.1")),
        ('<c r="A1"><v>1.5E-3</v></c>', Decimal("0.0015")),
        ('<c r="A1"><v>12345678901234567890</v></c>', 12345678901234567890),
        ('<c r="A1" t="str"><f>A2</f><v>007</v></c>', "007"),
        ('<c r="A1" t="b"><v>1</v></c>', True),
        ('<c r="A1" t="e"><v>#REF!</v></c>', CellFault("#REF!")),
        ('<c r="A1"><f>SUM(B1)</f></c>', CellFault("a formula without a stored value")),
        ('<c r="A1"><f>SUM(B1)</f><v>3</v></c>', 3),
        ('<c r="A1" t="inlineStr"><is><t>a_x000D_b</t></is></c>', "a\rb"),
        (
            '<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t xml:space="preserve"> b</t></r><rPh><t>no</t></rPh></is></c>',  # noqa: E501 - one line of XML
            "a b",
        ),
        ('<c r="A1" t="d"><v>2024-02-29</v></c>', dt.date(2024, 2, 29)),
        ('<c r="A1"><v>one</v></c>', CellFault("'one' as a number")),
        ('<c r="A1" t="inlineStr"><is><t>007</t></is></c>', "007"),
    ],
)
def test_a_cell_is_what_the_workbook_stores(tmp_path: Path, cell: str, value: object) -> None:
    found = cell_of(tmp_path, cell)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("code", "stored", "value"),
    [
        ("yyyy-mm-dd", "45351", dt.date(2024, 2, 29)),
        ("d. mmm yy", "45351.5", dt.datetime(2024, 2, 29, 12)),  # noqa: DTZ001 - spreadsheets know no time zones
        ("[$-409]d-mmm;@", "45351", dt.date(2024, 2, 29)),
        ("hh:mm", "0.5", dt.time(12)),
        ("[h]:mm:ss", "1.5", "36:00:00"),
        ("yyyy-mm-dd", "59", dt.date(1900, 2, 28)),
        ("yyyy-mm-dd", "61", dt.date(1900, 3, 1)),
        ("yyyy-mm-dd", "60", CellFault("60 as a day, which no calendar has")),
        ("yyyy-mm-dd", "-5", CellFault("-5 as a day, which no calendar has")),
        ("yyyy-mm-dd", "3000000", CellFault("3000000 as a day, which no calendar has")),
        ("00000", "1234", "01234"),
        ("000\\-00\\-0000", "12345678", "012-34-5678"),
        ("00000", "-5", -5),
        ("0", "5", 5),
        ("0.00", "5", 5),
        ("#,##0", "1234", 1234),
        ("0%", "0.5", Decimal("0.5")),
        ('0 "m"', "5", 5),
        ('"d"0', "5", 5),
        ("General", "5", 5),
    ],
)
def test_a_number_is_what_its_format_shows(tmp_path: Path, code: str, stored: str, value: object) -> None:
    styles = [code.replace('"', "&quot;")]
    found = cell_of(tmp_path, f'<c r="A1" s="0"><v>{stored}</v></c>', styles=styles)
    assert (found, type(found)) == (value, type(value))


def test_days_are_counted_from_the_epoch_that_the_workbook_names(tmp_path: Path) -> None:
    cell = '<c r="A1" s="0"><v>43889</v></c>'
    assert cell_of(tmp_path, cell, styles=["yyyy-mm-dd"], book='<workbookPr date1904="1"/>') == dt.date(2024, 2, 29)
    assert cell_of(tmp_path, cell, styles=["yyyy-mm-dd"]) == dt.date(2020, 2, 28)


def test_a_cell_at_the_end_of_the_sheet_costs_no_more_than_its_row(tmp_path: Path) -> None:
    sheet = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData>'  # noqa: E501 - one line of XML
    rows, _ = of(tmp_path, xlsx(sheet))
    assert [(line, len(cells), cells[-1]) for line, cells in rows] == [(1, 1, 1), (1_048_576, 16_384, 2)]


def test_empty_rows_are_no_rows(tmp_path: Path) -> None:
    empty = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(2, 60_000))
    rows, _ = of(
        tmp_path,
        xlsx(
            f'<sheetData><row r="1"><c r="A1"><v>1</v></c></row>{empty}<row r="1000001"><c r="A1000001"><v>2</v></c></row></sheetData>'  # noqa: E501 - one line of XML
        ),
    )
    assert rows == [(1, [1]), (1_000_001, [2])]


def test_more_cells_than_the_limit_are_refused(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 4))
    with pytest.raises(FileProblemError, match="more than 40,000 cells"):
        of(tmp_path, xlsx(f"<sheetData>{rows}</sheetData>"), limits=msgspec.structs.replace(LIMITS, cells_max=40_000))


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        ('<sheetData><row r="2"><c r="A2"/></row><row r="2"/></sheetData>', "row 2 follows row 2"),
        ('<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row></sheetData>', "A1 stands twice"),
        ('<sheetData><row r="1"><c r="XFE1"><v>1</v></c></row></sheetData>', "beyond the last column"),
        ('<sheetData><row r="1"><c r="1A"><v>1</v></c></row></sheetData>', "'1A' is no cell"),
        ('<sheetData><row r="1"><c r="A1" t="s"><v>9</v></c></row></sheetData>', "a text that is not there"),
        ("<sheetData><row>", "is broken"),
    ],
)
def test_a_broken_sheet_is_refused(tmp_path: Path, sheet: str, why: str) -> None:
    with pytest.raises(FileProblemError, match=why):
        of(tmp_path, xlsx(sheet))


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    parts = {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": '<!DOCTYPE a [<!ENTITY b "c">]><workbook/>'}
    with pytest.raises(FileProblemError, match="declares a document type"):
        of(tmp_path, zipped(parts))


def test_merged_cells_hidden_rows_and_errors_are_told(tmp_path: Path) -> None:
    sheet = (
        '<cols><col min="2" max="2" hidden="1"/></cols><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="2" hidden="1"><c r="A2" t="e"><v>#N/A</v></c></row></sheetData>'
        '<mergeCells><mergeCell ref="A1:C1"/></mergeCells>'
    )
    rows, notes = of(tmp_path, xlsx(sheet))
    assert rows == [(1, [1]), (2, [CellFault("#N/A")])]
    assert notes == (
        "1 merged area (first: A1:C1): the value stands in the first cell, the others are empty.",
        "1 cell without a value (first: A2): #N/A (1); the rows that need them are refused.",
        "1 hidden row: read as the others are.",
        "1 hidden group of columns: read as the others are.",
    )


def test_a_sheet_is_chosen_or_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Empty")
        book.add_worksheet("People").write_row(0, 0, ["email"])
        hidden = book.add_worksheet("Old")
        hidden.write_row(0, 0, ["name"])
        hidden.hide()
    rows, found = read(path, "xlsx")
    assert (rows, found.sheet) == ([(1, ["email"])], "People")
    assert found.sheets == (("Empty", False), ("People", False), ("Old", True))
    assert read(path, "xlsx", sheet="Old")[0] == [(1, ["name"])]
    with pytest.raises(FileProblemError, match="no sheet 'Odl'"):
        read(path, "xlsx", sheet="Odl")

    path.write_bytes(xlsx("<sheetData><row><c><v>1</v></c></row></sheetData>", names=("One", "Two")))
    with pytest.raises(SheetInDoubtError, match='"One", "Two"; name one with --sheet'):
        read(path, "xlsx")


def test_what_a_library_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": 14})
        sheet.write_row(0, 0, ["a", "Zoë", " b ", 1.5, True])
        sheet.write_datetime(1, 0, dt.datetime(2024, 2, 29), day)  # noqa: DTZ001 - spreadsheets know no time zones
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
        sheet.write_rich_string(1, 2, "bold ", book.add_format({"bold": True}), "text")
    assert read(path, "xlsx")[0] == [
        (1, ["a", "Zoë", " b ", Decimal("1.5"), True]),
        (2, [dt.date(2024, 2, 29), CellFault("#DIV/0!"), "bold text"]),
    ]


def test_texts_are_the_same_in_whatever_form_they_are_written(tmp_path: Path) -> None:
    texts = {
        "<si><t>one</t></si>": "one",
        '<si><t xml:space="preserve"> two </t></si>': " two ",
        "<si><r><t>th</t></r><r><t>ree</t></r><rPh><t>no</t></rPh></si>": "three",
        "<si><t>a &amp;\nb_x000D_</t></si>": "a &\nb\r",
        "<si><t>Zoë_x000D_</t></si>": "Zoë\r",
        "<si><!-- </si><si><t>no</t></si> --><t>four</t></si>": "four",
        "<si><t>five</t></si>": "five",
    }
    cells = "".join(f'<c r="{chr(65 + n)}1" t="s"><v>{n}</v></c>' for n in range(len(texts)))
    rows, _ = of(tmp_path, xlsx(f'<sheetData><row r="1">{cells}</row></sheetData>', texts="".join(texts)))
    assert rows == [(1, list(texts.values()))]
