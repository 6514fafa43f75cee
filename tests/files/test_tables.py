"""Tables in files: rows of text and of cells below their header, and the pieces from which a profile is made."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from prismd.core.tables.cells import TableRow
from prismd.core.tables.profile import profile_of, profile_of_rows
from prismd.files.child.messages import Found
from prismd.files.packing import content_of
from prismd.files.rows import FileProblemError
from prismd.files.sampling import rows_to_look_at, samples_of
from prismd.files.spooled_rows import spooled
from prismd.files.tables import CellTable, TextTable


def text_table(path: Path, text: str) -> TextTable:
    path.write_text(text, encoding="utf-8")
    content = content_of(path)
    return TextTable(content, profile_of(samples_of(content)))


def test_rows_of_a_text_are_told_apart_from_what_is_none(tmp_path: Path) -> None:
    table = text_table(tmp_path / "a.csv", "name,age\nAnn,1\nname,age\nBo,2\nCy,3,4\nDi,4\n")
    assert table.names == ("name", "age")
    found = [(row.line, list(row.cells), bool(row.problem), row.left_out) for row in table.rows()]
    assert found == [
        (2, ["Ann", "1"], False, None),
        (3, ["name", "age"], False, "repeats the header"),
        (4, ["Bo", "2"], False, None),
        (5, ["Cy", "3", "4"], True, None),
        (6, ["Di", "4"], False, None),
    ]
    seen = bytearray()
    list(table.rows(seen.extend))
    assert bytes(seen) == (tmp_path / "a.csv").read_bytes()


def test_a_file_of_failed_rows_is_read_without_its_own_columns_and_apostrophes(tmp_path: Path) -> None:
    table = text_table(
        tmp_path / "a.csv", "row,line,code,reason,E-mail,Sum\n1,2,x,y,a@b.c,'-5\n2,3,x,z,d@e.f,'=1\n3,4,x,z,g@h.i,7\n"
    )
    assert table.names == ("E-mail", "Sum")
    assert [list(row.cells) for row in table.rows()] == [["a@b.c", "-5"], ["d@e.f", "=1"], ["g@h.i", "7"]]


def test_another_header_among_the_rows_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"n{n},{n},x{n}\n" for n in range(9))
    table = text_table(tmp_path / "a.csv", f"name,age,place\n{rows}age,name,place\n{rows}")
    with pytest.raises(FileProblemError, match="two files seem to be joined"):
        list(table.rows())


def test_rows_of_cells_keep_their_types() -> None:
    rows = [TableRow(2, ["name", "age"]), TableRow(3, ["Ann", 1]), TableRow(5, ["Bo"]), TableRow(6, ["Cy", 3, "?"])]
    kept = spooled(iter(rows), lambda count: Found(rows=count))
    looked, ends = rows_to_look_at(kept)
    profile = profile_of_rows(looked, {"header": "1", "footer": "0"}, ends=ends)
    table = CellTable(kept, profile)
    found = [(row.line, list(row.cells), bool(row.problem)) for row in table.rows()]
    assert (table.names, ends) == (("name", "age"), True) or table.names == ("name", "age", "")
    assert found[:2] == [
        (3, ["Ann", 1, *[None] * (len(table.names) - 2)], False),
        (5, ["Bo", *[None] * (len(table.names) - 1)], False),
    ]
    kept.close()


@pytest.mark.parametrize("size", [0, 10, 2**20, 2**20 + 1, 2**21, 2**22 + 12_345])
def test_pieces_of_a_file_begin_and_end_it_and_do_not_overlap(tmp_path: Path, size: int) -> None:
    data = bytes(n % 251 for n in range(min(size, 997))) * (size // 997 + 1)
    data = data[:size]
    for name, content in (("a.csv", data), ("b.csv", gzip.compress(data))):
        (tmp_path / name).write_bytes(content)
        samples = samples_of(content_of(tmp_path / name))
        assert samples[0].start == 0
        assert [sample.ends for sample in samples] == [False] * (len(samples) - 1) + [True]
        assert all(sample.data == data[sample.start : sample.start + len(sample.data)] for sample in samples)
        places = [place for sample in samples for place in (sample.start, sample.start + len(sample.data))]
        assert places == sorted(places)
        assert places[-1] == size
