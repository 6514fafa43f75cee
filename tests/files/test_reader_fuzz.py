"""Every reader of files on damaged files: an answer or a refusal, never a crash of its own."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlwt
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prismd.files.child.program import Task, messages
from prismd.files.formats import form_of
from prismd.files.limits import LIMITS
from prismd.files.packing import content_of
from prismd.files.rows import FileProblemError
from prismd.files.vcards import VcardTable
from tests.files.workbooks import ods, read_apart, xlsx, zipped

SHEET = '<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="0"><v>1.5</v></c></row></sheetData>'
CELL = '<table:table-cell office:value-type="float" office:value="1"/>'
TABLE = f'<table:table table:name="S"><table:table-row>{CELL}</table:table-row></table:table>'
CARD = (
    b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=C3=BC=\r\nx\r\n"
    b"item1.EMAIL;TYPE=work:a\r\nEND:VCARD\r\n"
)


def written(form: str) -> bytes:
    """Return a small file of a format."""
    out = io.BytesIO()
    if form == "xlsx":
        return xlsx(SHEET, styles=["yyyy-mm-dd"], texts="<si><t>a</t></si>")
    if form == "ods":
        return ods(TABLE)
    if form == "xls":
        book = xlwt.Workbook()
        sheet = book.add_sheet("S")
        sheet.write(0, 0, "a")
        sheet.write(1, 1, 5, xlwt.easyxf(num_format_str="00000"))
        book.save(out)
    else:
        pq.write_table(pa.table({"a": [1, 2], "b": ["x", None]}), out)
    return out.getvalue()


FILES = {form: written(form) for form in ("xlsx", "ods", "xls", "parquet")}
damage = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), max_size=4)


def damaged(data: bytes, changes: list[tuple[float, bytes]], end: float) -> bytes:
    changed = bytearray(data)
    for place, new in changes:
        at = int(place * len(changed))
        changed[at : at + len(new)] = new
    return bytes(changed[: int(len(changed) * end) + 1])


@pytest.mark.parametrize("form", ["xlsx", "ods"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=damage, end=st.one_of(st.just(1.0), st.floats(0, 1)))
@example(changes=[], end=0.5)
def test_a_damaged_file_is_read_or_refused(form: str, changes: list[tuple[float, bytes]], end: float) -> None:
    try:
        for message in messages(io.BytesIO(damaged(FILES[form], changes, end)), Task(form, LIMITS)):
            assert message
    except FileProblemError as error:
        assert str(error)  # noqa: PT017 - one of two good ends


@pytest.mark.parametrize("form", ["xls", "parquet"])
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=damage, end=st.one_of(st.just(1.0), st.floats(0, 1)))
@example(changes=[], end=0.5)
def test_damage_ends_no_process_but_that_of_the_library_that_reads_it(
    tmp_path: Path, form: str, changes: list[tuple[float, bytes]], end: float
) -> None:
    path = tmp_path / f"a.{form}"
    path.write_bytes(damaged(FILES[form], changes, end))
    try:
        rows, found = read_apart(path, form)
    except FileProblemError as error:
        assert str(error)  # noqa: PT017 - one of two good ends
    else:
        assert len(rows) == found.rows


@pytest.mark.parametrize(
    "part",
    [
        "xl/workbook.xml",
        "xl/styles.xml",
        "xl/sharedStrings.xml",
        "xl/worksheets/sheet1.xml",
        "xl/_rels/workbook.xml.rels",
    ],
)
@settings(max_examples=40, deadline=None)
@given(changes=damage, end=st.one_of(st.just(1.0), st.floats(0, 1)))
def test_a_workbook_with_a_damaged_part_is_read_or_refused(
    part: str, changes: list[tuple[float, bytes]], end: float
) -> None:
    import zipfile  # noqa: PLC0415 - of this test alone

    with zipfile.ZipFile(io.BytesIO(FILES["xlsx"])) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = damaged(parts[part], changes, end)
    data = zipped({name: content.decode("latin-1") for name, content in parts.items()})
    try:
        assert list(messages(io.BytesIO(data), Task("xlsx", LIMITS)))
    except FileProblemError as error:
        assert str(error)  # noqa: PT017 - one of two good ends


@settings(max_examples=200, deadline=None)
@given(changes=damage, end=st.one_of(st.just(1.0), st.floats(0, 1)), cut=st.integers(1, 50))
def test_damaged_cards_are_read_or_refused(changes: list[tuple[float, bytes]], end: float, cut: int) -> None:
    data = damaged(CARD, changes, end)
    try:
        for row in VcardTable().rows(iter([data[at : at + cut] for at in range(0, len(data), cut)])):
            assert row.line
    except FileProblemError as error:
        assert str(error)  # noqa: PT017 - one of two good ends


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    magic=st.sampled_from(
        [
            b"",
            b"PK\3\4",
            b"\x1f\x8b",
            b"\x28\xb5\x2f\xfd",
            b"\xd0\xcf\x11\xe0",
            b"PAR1",
            b"ARROW1",
            b"BEGIN:VCARD",
            b"\xff\xfe",
        ]
    ),
    rest=st.binary(max_size=200),
    name=st.sampled_from(["a.csv", "a.json", "a.xlsx", "a.xls", "a.gz", "a", "a.zip", "a.vcf"]),
)
def test_random_bytes_have_a_format_or_are_refused(tmp_path: Path, magic: bytes, rest: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(magic + rest)
    try:
        assert form_of(content_of(path))
    except FileProblemError as error:
        assert str(error)  # noqa: PT017 - one of two good ends
