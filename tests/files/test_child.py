"""The process that reads a workbook: it is bounded, it fails alone, and it sees nothing of the caller."""

from __future__ import annotations

import datetime as dt
import os
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from prismd.core.tables.cells import Cell, CellFault, TableRow
from prismd.files.child.messages import MESSAGE_BYTES_MAX, Found, decoded, encoded_rows
from prismd.files.child.program import Task
from prismd.files.child.reading import SheetInDoubtError, read_in_child
from prismd.files.limits import LIMITS
from prismd.files.rows import FileProblemError
from prismd.files.spooled_rows import spooled
from tests.files.workbooks import read_apart, xlsx

CELLS: list[Cell] = [
    None, "", "a\0\ud7ff", True, -1, 2**200, Decimal("1.10"), Decimal("1E+5"), dt.date(1, 1, 1), dt.time(23, 59, 59, 5),
    dt.datetime(2024, 2, 29, 1, 2, 3, 4), CellFault("#REF!"), -(2**63), 2**63,  # noqa: DTZ001 - spreadsheets know no time zones
]  # fmt: skip


def test_rows_arrive_as_they_are() -> None:
    (found,) = decoded(encoded_rows([TableRow(7, CELLS)])).rows or ()
    assert found == (7, tuple(CELLS))
    assert [type(cell) for cell in found[1]] == [type(cell) for cell in CELLS]


def test_rows_are_read_as_often_as_wanted_and_in_turns() -> None:
    rows = [TableRow(number, [number, "x"]) for number in range(1, 1_203)]
    kept = spooled(iter(rows), lambda count: Found(rows=count))
    first, second = kept.rows(), kept.rows()
    assert [(next(first).line, next(second).line) for _ in range(1_202)] == [(n, n) for n in range(1, 1_203)]
    assert kept.found.rows == 1_202
    kept.close()


def test_a_workbook_is_read_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx('<sheetData><row r="1"><c r="B1"><v>5</v></c></row></sheetData>'))
    rows, found = read_apart(path, "xlsx")
    assert (rows, found.sheet, found.rows) == ([(1, [None, 5])], "S", 1)


def test_a_refusal_and_a_doubt_arrive(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\3\4")
    with pytest.raises(FileProblemError, match="broken or cut off"):
        read_apart(path, "xlsx")
    path.write_bytes(xlsx("<sheetData><row><c><v>1</v></c></row></sheetData>", names=("A", "B")))
    with pytest.raises(SheetInDoubtError) as found:
        read_apart(path, "xlsx")
    assert found.value.sheets == (("A", False), ("B", False))


def test_a_bomb_fails_alone_and_says_how_much_memory_it_wants(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    texts = "".join(f"<si><t>{'x' * 1000}{n}</t></si>" for n in range(300_000))
    path.write_bytes(xlsx('<sheetData><row><c t="s"><v>0</v></c></row></sheetData>', texts=texts))
    limits = msgspec.structs.replace(LIMITS, child_memory_bytes=200 * 2**20)
    with pytest.raises(FileProblemError, match="more than 200 MiB of memory"):
        read_apart(path, "xlsx", limits=limits)


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = "".join(f"<row r='{n}'><c><v>{n}</v></c></row>" for n in range(1, 400_000))
    path.write_bytes(xlsx(f"<sheetData>{rows}</sheetData>"))
    with pytest.raises(FileProblemError, match="more than 1 s of processor time"):
        read_apart(path, "xlsx", limits=msgspec.structs.replace(LIMITS, child_cpu_s=1))


def test_no_module_of_the_current_directory_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx("<sheetData><row><c><v>5</v></c></row></sheetData>"))
    for name in ("zipfile", "msgspec", "resource"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert read_apart(Path("a.xlsx"), "xlsx")[0] == [(1, [5])]


def test_the_process_does_not_see_the_keys_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A reader of files that was taken over by a file finds no key in its environment.
    stand_in = tmp_path / "python"
    stand_in.write_text(f'#!/bin/sh\n/usr/bin/env > {tmp_path}/seen\nexec {sys.executable} "$@"\n')
    stand_in.chmod(0o700)
    monkeypatch.setenv("MICRO_API_KEY", "secret")
    monkeypatch.setattr(sys, "executable", str(stand_in))
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx("<sheetData><row><c><v>5</v></c></row></sheetData>"))
    read_apart(path, "xlsx")
    assert "secret" in os.environ["MICRO_API_KEY"]
    assert "secret" not in (tmp_path / "seen").read_text()


@pytest.mark.parametrize("says", ["", "x", "\\377\\377\\377\\377", "\\0\\0\\0\\2\\301\\301"])
def test_a_process_that_goes_wrong_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    stand_in = tmp_path / "python"
    stand_in.write_text(f"#!/bin/sh\nprintf '{says}'\n")
    stand_in.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(stand_in))
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"")
    with pytest.raises(FileProblemError, match="reader fail"):
        read_in_child(path, Task("xlsx", LIMITS))
    assert MESSAGE_BYTES_MAX < 2**32 - 1
