"""Workbooks for tests, written by hand where no library would write them so."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from prismd.core.tables.cells import TableRow
from prismd.files.child.messages import Found, decoded
from prismd.files.child.program import Task, messages
from prismd.files.child.reading import SheetInDoubtError, read_in_child
from prismd.files.limits import LIMITS, FileLimits

Rows = list[tuple[int, list[object]]]

_NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def xlsx(
    sheet: str, *, styles: Sequence[str] = (), texts: str = "", book: str = "", names: Sequence[str] = ("S",)
) -> bytes:
    """Return an XLSX workbook.

    Args:
        sheet: The XML inside the element of each sheet.
        styles: Format codes; the cells refer to them by position.
        texts: The XML of the shared texts.
        book: XML before the list of sheets.
        names: Of the sheets, which all have the same cells.
    """
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(names, 1))
    formats = "".join(f'<numFmt numFmtId="{200 + n}" formatCode="{code}"/>' for n, code in enumerate(styles))
    cells = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(styles)))
    targets = "".join(
        f'<Relationship Id="r{n}" Type="{_RELS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="a" Type="{_RELS}/officeDocument" Target="/xl/workbook.xml"/></Relationships>',  # noqa: E501 - one line of XML
        "xl/workbook.xml": f'<workbook {_NS} xmlns:r="{_RELS}">{book}<sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{targets}'
        f'<Relationship Id="s" Type="{_RELS}/styles" Target="styles.xml"/>'
        f'<Relationship Id="t" Type="{_RELS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": f"<styleSheet {_NS}><numFmts>{formats}</numFmts><cellXfs>{cells}</cellXfs></styleSheet>",
        "xl/sharedStrings.xml": f"<sst {_NS}>{texts}</sst>",
    } | {f"xl/worksheets/sheet{n}.xml": f"<worksheet {_NS}>{sheet}</worksheet>" for n in range(1, len(names) + 1)}
    return zipped(parts)


def ods(tables: str, *, styles: str = "") -> bytes:
    """Return an ODS workbook.

    Args:
        tables: The XML of its sheets.
        styles: The XML of its automatic styles.
    """
    content = (
        '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:style="s" xmlns:calcext="c">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def zipped(parts: dict[str, str]) -> bytes:
    """Return a ZIP archive of texts by path."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def read(path: Path, form: str, *, sheet: str | None = None, limits: FileLimits = LIMITS) -> tuple[Rows, Found]:
    """Return the rows of a file and what is told about it, read as the process for it does, but in this one."""
    rows: Rows = []
    with path.open("rb") as stream:
        for message in map(decoded, messages(stream, Task(form, limits, sheet))):
            if message.choose is not None:
                raise SheetInDoubtError(message.choose)
            if message.found is not None:
                return rows, message.found
            rows += [(line, list(cells)) for line, cells in message.rows or ()]
    raise AssertionError("the last message says what the file holds")


def read_apart(path: Path, form: str, *, limits: FileLimits = LIMITS) -> tuple[Rows, Found]:
    """Return the rows of a file, read in a process of its own, and what is told about it."""
    spooled = read_in_child(path, Task(form, limits))
    try:
        return listed(spooled.rows()), spooled.found
    finally:
        spooled.close()


def listed(rows: Iterable[TableRow]) -> Rows:
    """Return rows in a form that tests compare."""
    return [(row.line, list(row.cells)) for row in rows]
