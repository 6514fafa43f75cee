"""The parts of an XLSX workbook besides its cells: the list of sheets, shared texts, number formats."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Mapping
from typing import IO, Final

from prismd.files.limits import FileLimits
from prismd.files.spreadsheets.number_formats import BUILT_IN, PLAIN, NumberFormat, number_format
from prismd.files.spreadsheets.workbooks import UnreadableError
from prismd.files.spreadsheets.xml_elements import UsualElements, parsed_past_usual
from prismd.files.spreadsheets.xml_events import Begin, End, attribute, parsed

_MAIN: Final = "xl/workbook.xml"
_SHEETS_MAX: Final = 10_000
_STYLES_MAX: Final = 100_000
#: A character that XML cannot hold, or that the program wants to keep, written by its number.
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")


#: What a text can have without being cut, changed or refused by a parser of XML: no markup and no control character.
USUAL_SIGN: Final = "[^<>&\\x00-\\x1f\\x7f\\ufffe\\uffff]"
_USUAL_TEXT: Final = re.compile(rf'<si><t(?: xml:space="preserve")?>({USUAL_SIGN}*)</t></si>')


class Parts:
    """The parts of a workbook, which is a ZIP archive.

    Args:
        stream: The workbook.
        limits: What it may cost.

    Raises:
        UnreadableError: It is no ZIP archive, or too large.
    """

    def __init__(self, stream: IO[bytes], limits: FileLimits) -> None:
        try:
            self._archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, OverflowError):
            raise UnreadableError("the workbook is broken or cut off; save it again") from None
        self._names = {name.lower(): name for name in self._archive.namelist()[: limits.members_max]}
        self._limits = limits

    def has(self, path: str) -> bool:
        """Return whether there is a part of this path."""
        return path.lower() in self._names

    def open(self, path: str) -> IO[bytes]:
        """Return a part as a stream.

        Args:
            path: In the archive.

        Raises:
            UnreadableError: There is none, or it is broken.
        """
        try:
            return self._archive.open(self._names[path.lower()])
        except KeyError:
            raise UnreadableError(f"the workbook lacks its part {path}; save it again") from None
        except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
            raise UnreadableError(f"the workbook's part {path} is broken or protected; save it again") from None

    def related(self, path: str) -> dict[str, tuple[str, str]]:
        """Return the parts that a part refers to: type and path by id.

        Args:
            path: Of the part; "" for the whole workbook.
        """
        folder, name = posixpath.split(path)
        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, tuple[str, str]] = {}

        def begin(element: str, attributes: Mapping[str, str]) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External" and len(found) < _SHEETS_MAX:
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
                found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], target)

        if self.has(relations):
            with self.open(relations) as stream:
                _read(stream, relations, begin)
        return found

    def main(self) -> str:
        """Return the path of the part that lists the sheets."""
        found = (path for kind, path in self.related("").values() if kind == "officeDocument")
        return next(found, _MAIN)


class SheetPart:
    """A sheet as the workbook lists it.

    Args:
        name: Its name.
        hidden: Whether the program hides it.
        path: Of its part.
    """

    def __init__(self, name: str, path: str, *, hidden: bool) -> None:
        self.name, self.path, self.hidden = name, path, hidden


def sheet_parts(parts: Parts) -> tuple[list[SheetPart], bool]:
    """Return the sheets of cells in their order, and whether days are counted from 1904.

    Args:
        parts: Of the workbook.

    Raises:
        UnreadableError: The workbook is broken.
    """
    main = parts.main()
    related, found, from_1904 = parts.related(main), list[SheetPart](), False

    def begin(element: str, attributes: Mapping[str, str]) -> None:
        nonlocal from_1904
        if element == "workbookPr":
            from_1904 = attributes.get("date1904", "0") in ("1", "true", "on")
        elif element == "sheet" and len(found) < _SHEETS_MAX:
            kind, path = related.get(attribute(attributes, "id") or "", ("", ""))
            if kind == "worksheet":
                hidden = attributes.get("state", "visible") != "visible"
                found.append(SheetPart(attributes.get("name", ""), path, hidden=hidden))

    with parts.open(main) as stream:
        _read(stream, main, begin)
    return found, from_1904


def formats(parts: Parts) -> list[NumberFormat]:
    """Return the number format of each cell style, by its position.

    Args:
        parts: Of the workbook.
    """
    path = _of_kind(parts, "styles")
    if path is None:
        return []
    codes: dict[int, NumberFormat] = {number: number_format(code) for number, code in BUILT_IN.items()}
    found, inside = list[NumberFormat](), [False]

    def begin(element: str, attributes: Mapping[str, str]) -> None:
        if element == "numFmt" and len(codes) < _STYLES_MAX:
            codes[_whole(attributes.get("numFmtId"))] = number_format(attributes.get("formatCode", ""))
        elif element == "cellXfs":
            inside[0] = True
        elif element == "xf" and inside[0] and len(found) < _STYLES_MAX:
            found.append(codes.get(_whole(attributes.get("numFmtId")), PLAIN))

    def end(element: str) -> None:
        if element == "cellXfs":
            inside[0] = False

    with parts.open(path) as stream:
        _read(stream, path, begin, end)
    return found


class SharedTexts:
    """The texts that cells refer to by number.

    Args:
        parts: Of the workbook.
        limits: What it may cost.

    Raises:
        UnreadableError: They are broken, or one is too long.
    """

    def __init__(self, parts: Parts, limits: FileLimits) -> None:
        self.texts = list[str]()
        self._pieces, self._chars, self._deep = list[str](), 0, [False, False]
        self._limits = limits
        path = _of_kind(parts, "sharedStrings")
        if path is not None:
            with parts.open(path) as stream:
                what, usual = f"the workbook's part {path}", UsualElements("si", self._take)
                for _ in parsed_past_usual(stream, what, usual, self._begin, self._end, self._text):
                    pass

    def _begin(self, element: str, _: Mapping[str, str]) -> None:
        if element == "t":
            self._deep[0] = True
        elif element == "rPh":
            # How a text is spoken is no part of it.
            self._deep[1] = True
        elif element == "si":
            self._pieces, self._chars = [], 0

    def _end(self, element: str) -> None:
        if element == "t":
            self._deep[0] = False
        elif element == "rPh":
            self._deep[1] = False
        elif element == "si":
            self.texts.append(unescaped("".join(self._pieces)))

    def _take(self, text: str, at: int) -> int:
        """Take texts in the form in which nearly all programs write them, and return the place after them."""
        while found := _USUAL_TEXT.match(text, at):
            if found.end() - at > self._limits.cell_chars_max:
                break
            self.texts.append(unescaped(found[1]))
            at = found.end()
        return at

    def _text(self, text: str) -> None:
        if self._deep == [True, False]:
            self._chars += len(text)
            if self._chars > self._limits.cell_chars_max:
                raise UnreadableError(f"a cell has more than {self._limits.cell_chars_max:,} characters")
            self._pieces.append(text)


def unescaped(text: str) -> str:
    """Return a text of an XLSX workbook with the characters that it writes by number.

    Args:
        text: Such as ``one_x000D_two``.
    """
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _of_kind(parts: Parts, kind: str) -> str | None:
    found = (path for of, path in parts.related(parts.main()).values() if of == kind and parts.has(path))
    return next(found, None)


def _read(stream: IO[bytes], path: str, begin: Begin, end: End = lambda _: None) -> None:
    for _ in parsed(stream, f"the workbook's part {path}", begin, end, lambda _: None):
        pass


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 10 else -1  # noqa: PLR2004
