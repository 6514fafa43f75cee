"""ODS workbooks: each thing that a cell can be has one stated outcome."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from prismd.core.tables.cells import CellFault
from prismd.files.limits import LIMITS
from prismd.files.rows import FileProblemError
from tests.files.workbooks import ods, read, zipped

CELL = "<table:table-cell"
COVERED = "<table:covered-table-cell/>"
END = "</table:table-cell>"


def table(rows: str, name: str = "S", more: str = "") -> str:
    return f'<table:table table:name="{name}"{more}>{rows}</table:table>'


def row(cells: str, more: str = "") -> str:
    return f"<table:table-row{more}>{cells}</table:table-row>"


def of(tmp_path: Path, content: bytes, **how: object) -> tuple[list[tuple[int, list[object]]], tuple[str, ...]]:
    path = tmp_path / "book.ods"
    path.write_bytes(content)
    rows, found = read(path, "ods", **how)  # type: ignore[arg-type]
    return rows, found.notes


@pytest.mark.parametrize(
    ("attributes", "shown", "value"),
    [
        ('office:value-type="float" office:value="5"', "5", 5),
        ('office:value-type="float" office:value="1234"', "01234", "01234"),
        ('office:value-type="float" office:value="12345678"', "012-34-5678", "012-34-5678"),
        ('office:value-type="float" office:value="1234567"', "1 234 567", 1234567),
        ('office:value-type="float" office:value="1.1"', "1,10", Decimal("1.1")),
        ('office:value-type="float" office:value="-5"', "-5", -5),
        ('office:value-type="percentage" office:value="0.5"', "50%", Decimal("0.5")),
        ('office:value-type="currency" office:value="7" office:currency="EUR"', "7,00 €", 7),
        ('office:value-type="date" office:date-value="2024-02-29"', "29.02.24", dt.date(2024, 2, 29)),
        ('office:value-type="date" office:date-value="2024-02-29T13:05:00"', "", dt.datetime(2024, 2, 29, 13, 5)),  # noqa: DTZ001 - spreadsheets know no time zones
        ('office:value-type="time" office:time-value="PT13H05M00S"', "13:05", dt.time(13, 5)),
        ('office:value-type="time" office:time-value="PT36H00M00S"', "36:00", "36:00:00"),
        ('office:value-type="boolean" office:boolean-value="true"', "TRUE", True),
        ('office:value-type="string"', "007", "007"),
        (
            'office:value-type="string" calcext:value-type="error" table:formula="of:=1/0"',
            "#DIV/0!",
            CellFault("#DIV/0!"),
        ),
        ('table:formula="of:=A2"', "", CellFault("a formula without a stored value")),
    ],
)
def test_a_cell_is_what_the_workbook_stores(tmp_path: Path, attributes: str, shown: str, value: object) -> None:
    cell = f"{CELL} {attributes}><text:p>{shown}</text:p>{END}"
    found = of(tmp_path, ods(table(row(cell))))[0][0][1][0]
    assert (found, type(found)) == (value, type(value))


def test_text_keeps_its_paragraphs_and_spaces_but_no_comments(tmp_path: Path) -> None:
    cell = (
        f'{CELL} office:value-type="string"><office:annotation><text:p>aside</text:p></office:annotation>'
        f'<text:p>a<text:s text:c="2"/>b<text:tab/><text:span>c</text:span></text:p><text:p>d</text:p>{END}'
    )
    assert of(tmp_path, ods(table(row(cell))))[0] == [(1, ["a  b\tc\nd"])]


def test_repeated_cells_and_rows_stand_as_often_as_they_say(tmp_path: Path) -> None:
    one = f'{CELL} office:value-type="float" office:value="1" table:number-columns-repeated="2"/>'
    gap = f'{CELL} table:number-columns-repeated="3"/>'
    empty = row(f'{CELL} table:number-columns-repeated="16384"/>', ' table:number-rows-repeated="1000000"')
    rows, _ = of(tmp_path, ods(table(row(gap + one, ' table:number-rows-repeated="2"') + empty + row(one) + empty)))
    assert rows == [(1, [None, None, None, 1, 1]), (2, [None, None, None, 1, 1]), (1_000_003, [1, 1])]


def test_rows_repeated_beyond_the_limits_are_refused(tmp_path: Path) -> None:
    wide = f'{CELL} office:value-type="float" office:value="1" table:number-columns-repeated="16384"/>'
    limits = msgspec.structs.replace(LIMITS, cells_max=1_000_000)
    with pytest.raises(FileProblemError, match="more than 1,000,000 cells"):
        of(tmp_path, ods(table(row(wide, ' table:number-rows-repeated="1000000"'))), limits=limits)
    with pytest.raises(FileProblemError, match="more than 16,384 cells"):
        of(tmp_path, ods(table(row(wide.replace("16384", "9999999")))))


def test_hidden_sheets_merged_cells_and_hidden_rows_are_told(tmp_path: Path) -> None:
    styles = '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    merged = f'{CELL} table:number-columns-spanned="2" office:value-type="float" office:value="1"/>' + COVERED
    hidden = row(f'{CELL} office:value-type="float" office:value="2"/>', ' table:visibility="filter"')
    content = ods(
        table(row(merged) + hidden) + table(row(f"{CELL}><text:p>x</text:p>{END}"), "Old", ' table:style-name="h"'),
        styles=styles,
    )
    rows, notes = of(tmp_path, content)
    assert rows == [(1, [1]), (2, [2])]
    assert notes == (
        "1 merged area (first: A1:B1): the value stands in the first cell, the others are empty.",
        "1 hidden row: read as the others are.",
    )
    assert of(tmp_path, content, sheet="Old")[0] == [(1, ["x"])]


def test_a_protected_workbook_is_refused(tmp_path: Path) -> None:
    content = zipped({"mimetype": "x", "content.xml": "\1", "META-INF/manifest.xml": "<m><encryption-data/></m>"})
    with pytest.raises(FileProblemError, match="protected by a password"):
        of(tmp_path, content)
