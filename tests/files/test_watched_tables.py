"""What the samples of a file prove is held against all of it, and the first contradiction is told."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from prismd.core.tables.cells import TableRow
from prismd.core.tables.profile import profile_of, profile_of_rows
from prismd.core.tables.samples import Sample
from prismd.files.child.messages import Found
from prismd.files.packing import content_of
from prismd.files.rows import FileProblemError
from prismd.files.spooled_rows import spooled
from prismd.files.tables import CellTable, FoundRow, TextTable


def rows(path: Path, data: bytes, sampled: int, answers: dict[str, str] | None = None) -> list[FoundRow]:
    path.write_bytes(data)
    profile = profile_of([Sample(0, data[:sampled], ends=False)], answers or {})
    assert not profile.questions
    return list(TextTable(content_of(path), profile).rows())


def test_a_byte_that_no_sample_had_stops_the_reading(tmp_path: Path) -> None:
    beginning = "Name;Ort\nMüller;Köln\nJäger;Gießen\nGröße;Käthe\n"
    data = beginning.encode("cp1250") + "Łukasz;Łódź\n".encode("cp1250")
    with pytest.raises(FileProblemError, match=r"0xA3, which no sample had: '£' in cp1252, .*'Ł' in cp1250"):
        rows(tmp_path / "a.csv", data, len(beginning))
    found = rows(tmp_path / "a.csv", data, len(beginning), {"encoding": "cp1250"})
    assert found[-1].cells == ["Łukasz", "Łódź"]


def test_a_sign_of_two_meanings_in_texts_of_a_workbook_refuses_its_row() -> None:
    beginning = [TableRow(1, ["name", "number"]), TableRow(2, ["A", "5"]), TableRow(3, ["B", "1234"])]
    later = [TableRow(4, ["C", "1.234"]), TableRow(5, ["D", Decimal("1.234")]), TableRow(6, ["E", "7"])]
    kept = spooled(iter([*beginning, *later]), lambda count: Found(rows=count))
    found = list(CellTable(kept, profile_of_rows(beginning, {"header": "1"}, ends=False)).rows())
    kept.close()
    assert [row.problem is None for row in found] == [True, True, False, True, True]
    assert found[2].problem
    assert found[2].problem.startswith("line 4: column number holds '1.234', which is 1.234 or 1234")


def test_a_sign_of_two_meanings_in_a_column_of_whole_numbers_refuses_its_row(tmp_path: Path) -> None:
    beginning = "name,number\nA,5\nB,1234\n"
    data = f"{beginning}C,7\nD,1.234\nE,A1\nF,12.5\n".encode()
    found = rows(tmp_path / "a.csv", data, len(beginning))
    assert [row.problem is None for row in found] == [True, True, True, False, True, True]
    assert found[3].problem
    assert found[3].problem.startswith("line 5: column number holds '1.234', which is 1.234 or 1234")
    answered = rows(tmp_path / "a.csv", data, len(beginning), {"decimal:number": "."})
    assert not any(row.problem for row in answered)
