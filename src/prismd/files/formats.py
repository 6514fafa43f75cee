"""The formats of files: which one a file has, by its content and its name."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

import msgspec

from prismd.files.packing import Content
from prismd.files.rows import FileProblemError
from prismd.files.vcards import is_vcard

#: The formats whose rows are text, and those whose rows are cells with types.
TEXTS: Final = ("csv", "json", "ndjson", "vcard")
WORKBOOKS: Final = ("xlsx", "xls", "ods")
COLUMNAR: Final = ("parquet", "arrow")
FORMATS: Final = (*TEXTS, *WORKBOOKS, *COLUMNAR)
#: The formats that are tables of cells, whose columns a mapping turns into properties.
TABLES: Final = ("vcard", *WORKBOOKS, *COLUMNAR)

_BY_SUFFIX: Final = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".tab": "csv", ".json": "json", ".ndjson": "ndjson",
    ".jsonl": "ndjson", ".vcf": "vcard", ".vcard": "vcard", ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls",
    ".ods": "ods", ".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow", ".arrows": "arrow",
}  # fmt: skip
_COMPOUND: Final = b"\xd0\xcf\x11\xe0"
_MAGIC: Final = {b"PAR1": "parquet", b"ARROW1": "arrow", b"\xff\xff\xff\xff": "arrow", _COMPOUND: "xls"}
_ODS: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_NOT_READ: Final = {
    b"%PDF": "a PDF; export the table as CSV or XLSX",
    b"{\\rtf": "a text document; export the table as CSV or XLSX",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"FEA1": "an old Feather file; save it as Arrow, Parquet or CSV",
}


def form_of(content: Content, *, needs_name: bool = True) -> str:
    """Return the format of a file.

    Args:
        content: The file, unpacked.
        needs_name: Refuse a text whose name does not tell its format; otherwise it is CSV, unless it begins as JSON.

    Raises:
        FileProblemError: The format cannot be told, or is not read.
    """
    beginning = content.beginning()
    suffix = PurePosixPath(content.name.lower()).suffix
    named = _BY_SUFFIX.get(suffix)
    if beginning[:4] == b"PK\x03\x04":
        return _document(content)
    for magic, form in _MAGIC.items():
        if beginning.startswith(magic):
            return form
    for magic, what in _NOT_READ.items():
        if beginning.startswith(magic):
            raise FileProblemError(f"the file is {what}")
    if named in (*WORKBOOKS, *COLUMNAR):
        return _text_named(beginning, suffix)
    if is_vcard(beginning):
        return "vcard"
    if named is None:
        if needs_name:
            raise FileProblemError(f"the name does not tell the format; give --format {', '.join(FORMATS)}")
        named = "json" if beginning.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{") else "csv"
    return "ndjson" if named == "json" and _begins_with_a_row(beginning) else named


def _document(content: Content) -> str:
    with content.as_plain_file() as path:
        try:
            with zipfile.ZipFile(path) as archive:
                names = [name.lower() for name in archive.namelist()]
                if "mimetype" in names and archive.open("mimetype").read(100).startswith(_ODS):
                    return "ods"
        except (zipfile.BadZipFile, OSError, ValueError, KeyError, RuntimeError, NotImplementedError):
            raise FileProblemError("the workbook is broken or cut off; save it again") from None
    if "xl/workbook.bin" in names:
        raise FileProblemError("the file is a workbook in the binary format XLSB; save it as XLSX")
    if _is_xlsx(names):
        return "xlsx"
    raise FileProblemError("the file is a document without sheets; export the table as CSV or XLSX")


def _is_xlsx(names: Sequence[str]) -> bool:
    return "[content_types].xml" in names and not any(name.startswith(("word/", "ppt/", "visio/")) for name in names)


def _text_named(beginning: bytes, suffix: str) -> str:
    """Return the format of a file that is named as a workbook and is none; programs often name CSV files so."""
    if beginning.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise FileProblemError(f"the file is named {suffix} and holds HTML or XML; open it and save it as XLSX or CSV")
    if b"\0" in beginning[:1000] and not beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileProblemError(f"the file is named {suffix} and holds no such file; it is broken, or another format")
    return "csv"


def _begins_with_a_row(beginning: bytes) -> bool:
    """Return whether the first line is a complete object and no request body: NDJSON files are often named .json."""
    first = beginning.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
    try:
        return "objects" not in msgspec.json.decode(first, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
