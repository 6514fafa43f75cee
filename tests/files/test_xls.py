"""XLS workbooks: what the library of values leaves out is put back by the records."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
import xlwt

from prismd.core.tables.cells import CellFault
from prismd.files.rows import FileProblemError
from tests.files.workbooks import read


def test_cells_are_what_the_workbook_shows(tmp_path: Path) -> None:
    book, path = xlwt.Workbook(), tmp_path / "book.xls"
    sheet = book.add_sheet("S")

    def style(code: str) -> object:
        return xlwt.easyxf(num_format_str=code)

    sheet.write(0, 0, "Zoë €")
    sheet.write(0, 1, 1234, style("00000"))
    sheet.write(0, 2, 1.1)
    sheet.write(1, 0, dt.datetime(2024, 2, 29), style("YYYY-MM-DD"))  # noqa: DTZ001 - spreadsheets know no time zones
    sheet.write(1, 1, 60, style("YYYY-MM-DD"))
    sheet.write(1, 2, 0.5, style("hh:mm"))
    sheet.row(2).set_cell_error(1, 0x2A)
    sheet.write(2, 2, True)  # noqa: FBT003 - the value of a cell
    sheet.write_merge(3, 3, 0, 2, "wide")
    sheet.row(3).hidden = True
    book.save(str(path))
    rows, found = read(path, "xls")
    assert rows == [
        (1, ["Zoë €", "01234", Decimal("1.1")]),
        (2, [dt.date(2024, 2, 29), CellFault("60 as a day, which no calendar has"), dt.time(12)]),
        (3, [None, CellFault("#N/A"), True]),
        (4, ["wide"]),
    ]
    assert found.notes == (
        "1 merged area (first: A4:C4): the value stands in the first cell, the others are empty.",
        (
            "2 cells without a value (first: B2): 60 as a day, which no calendar has (1), #N/A (1); the rows that need "
            "them are refused."
        ),
        "1 hidden row: read as the others are.",
    )


def test_days_are_counted_from_the_epoch_that_the_workbook_names(tmp_path: Path) -> None:
    book, path = xlwt.Workbook(), tmp_path / "book.xls"
    book.dates_1904 = True
    book.add_sheet("S").write(0, 0, 43889, xlwt.easyxf(num_format_str="YYYY-MM-DD"))
    book.save(str(path))
    assert read(path, "xls")[0] == [(1, [dt.date(2024, 2, 29)])]


def test_hidden_sheets_are_left_aside_and_can_be_named(tmp_path: Path) -> None:
    book, path = xlwt.Workbook(), tmp_path / "book.xls"
    book.add_sheet("People").write(0, 0, "a")
    old = book.add_sheet("Old")
    old.write(0, 0, "b")
    old.visibility = 1
    book.save(str(path))
    rows, found = read(path, "xls")
    assert (rows, found.sheets) == ([(1, ["a"])], (("People", False), ("Old", True)))
    assert read(path, "xls", sheet="Old")[0] == [(1, ["b"])]


def test_a_workbook_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    book, path = xlwt.Workbook(), tmp_path / "book.xls"
    book.add_sheet("S").write(0, 0, "a")
    book.save(str(path))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(FileProblemError, match=r"broken or cut off|protected"):
        read(path, "xls")
