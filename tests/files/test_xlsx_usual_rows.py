"""Rows and texts of XLSX that are taken past the parser of XML have the outcome that the parser gives."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.tables.cells import TableRow
from prismd.files.limits import LIMITS, FileLimits
from prismd.files.spreadsheets.notes import SheetNotes
from prismd.files.spreadsheets.number_formats import PLAIN, NumberFormat, number_format
from prismd.files.spreadsheets.workbooks import UnreadableError
from prismd.files.spreadsheets.xlsx_cells import SheetCells
from prismd.files.spreadsheets.xlsx_rows import UsualRows
from prismd.files.spreadsheets.xml_elements import UsualElements, parsed_past_usual
from prismd.files.spreadsheets.xml_events import parsed

_LIMITS = msgspec.structs.replace(LIMITS, cell_chars_max=300, columns_max=60, cells_max=100)


@dataclass
class Book:
    limits: FileLimits = _LIMITS
    from_1904: bool = False
    formats: list[NumberFormat] = field(default_factory=lambda: [PLAIN, *map(number_format, ("yyyy-mm-dd", "00000"))])
    texts: list[str] = field(default_factory=lambda: ["one", "", "Zoë"])


class Pieces(io.BytesIO):
    """A stream that gives few bytes at a time, as it pleases."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        super().__init__(content)
        self._sizes = sizes

    def read(self, _size: int | None = -1) -> bytes:
        self._sizes = [*self._sizes[1:], self._sizes[0]]
        return super().read(self._sizes[0])


Outcome = tuple[list[TableRow], list[str]] | str


def outcome(content: bytes, sizes: list[int], read: Callable[[Pieces, SheetCells], Iterator[None]]) -> Outcome:
    notes = SheetNotes()
    known = SheetCells(Book(), notes)
    taken = list[TableRow]()
    try:
        for _ in read(Pieces(content, sizes), known):
            taken += known.taken()
    except UnreadableError as error:
        return str(error)
    return taken, list(notes.sentences())


def by_parser(stream: Pieces, known: SheetCells) -> Iterator[None]:
    return parsed(stream, "it", known.begin, known.end, known.text)


def past_parser(stream: Pieces, known: SheetCells) -> Iterator[None]:
    usual = UsualElements("row", UsualRows(known).take)
    return parsed_past_usual(stream, "it", usual, known.begin, known.end, known.text)


_TEXTS = (
    *("1", "0", "2", "45351", "60", "-5", "1.5E-3", "1.1000000000000001", "12345678901234567890", "007", "true", " 7 "),
    *("", "Zoë", "_x000D_", "a &amp; b", "&bad;", "]]>", "\x01", "\ufffe", "\x7f", "x" * 301, "#REF!", "2024-02-29"),
    *("<![CDATA[9]]>", "<!-- 1 -->", '<row r="9">', "</row>", "a\nb", ">"),
)
_COLUMNS = ("A", "B", "C", "Z", "AA", "BH", "BI", "XFD", "$D", "a", "")
_STYLES = ("", "", ' s="1"', ' s="2"', ' s="9"', ' s=""', ' q=">"')
_KINDS = ("", "", "n", "s", "str", "b", "e", "d", "inlineStr", "?")
_CONTENTS = (
    *("<v>{}</v>", "<v>{}</v>", "<is><t>{}</t></is>", '<is><t xml:space="preserve">{}</t></is>'),
    *("<f>SUM(A1)</f><v>{}</v>", "<f>A1&gt;2</f>", "<v></v>", "<v/>", "", " ", "<v>{}</t></is>"),
    "<is><r><t>{}</t></r><rPh><t>no</t></rPh></is>",
)
_ROW_ATTRIBUTES = ("", "", ' spans="1:9"', ' hidden="1"', ' ht="2" ht="3"', ' a:b="é"', ' r="2"', " z='1'")
_BETWEEN = ("", "", "", "", "\n", " ", "<!-- ", " -->", "<?a ", "?>", "<row>", "</row>", '<c r="', "q")
_HEADS = (
    *("", "", '<?xml version="1.0" encoding="UTF-8"?>\n', '<?xml version="1.0" encoding="ISO-8859-1"?>'),
    *("\ufeff", "<!DOCTYPE a>", "<!-- a -->"),
)
_OPENINGS = (
    *["<sheetData>"] * 5,
    *("<sheetData>\n ", "<sheetData/>", '<sheetData a="x>', "<!-- <sheetData>", "<a>"),
)
_CLOSINGS = (
    *['</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells></worksheet>'] * 5,
    *("</a></worksheet>", '">', "", "--></sheetData></worksheet>"),
)


@st.composite
def cells(draw: st.DrawFn, row: int) -> str:
    reference = draw(st.sampled_from([f' r="{draw(st.sampled_from(_COLUMNS))}{row}"'] * 3 + ["", ' r="A1" r="A2"']))
    kind = draw(st.sampled_from(_KINDS))
    attributes = reference + draw(st.sampled_from(_STYLES)) + (f' t="{kind}"' if kind else "")
    content = draw(st.sampled_from(_CONTENTS)).format(draw(st.sampled_from(_TEXTS)))
    whole = f"<c{attributes}>{content}</c>"
    return draw(st.sampled_from([whole, whole, whole, whole, f"<c{attributes}/>", f"<x:c{reference}/>"]))


@st.composite
def rows(draw: st.DrawFn, number: int) -> str:
    inner = "".join(draw(st.lists(cells(number), max_size=4)))
    named = draw(st.sampled_from([number] * 5 + [1, 1_048_577, 12_345_678]))
    tag = f'<row r="{named}"{draw(st.sampled_from(_ROW_ATTRIBUTES))}'
    whole = f"{tag}>{inner}</row>"
    return draw(st.sampled_from([whole, whole, whole, f"{tag}/>", f"<row>{inner}</row>"]))


@st.composite
def sheets(draw: st.DrawFn) -> str:
    numbers = range(1, draw(st.integers(1, 6)) + 1)
    found = "".join(draw(rows(number)) + draw(st.sampled_from(_BETWEEN)) for number in numbers)
    head, opening, closing = (draw(st.sampled_from(some)) for some in (_HEADS, _OPENINGS, _CLOSINGS))
    return f"{head}<worksheet>{opening}{found}{closing}"


_A_ROW = '<row r="1"><c r="A1"><v>1</v></c></row>'
_NEXT_ROW = '<row r="9"><c r="A9"><v>1</v></c></row>'


@example(f'<worksheet><sheetData a="x>{_A_ROW}"></sheetData></worksheet>', [1_000], "utf-8")
@example(f'<worksheet><sheetData><c r="{_A_ROW}A1"/></sheetData></worksheet>', [1_000], "utf-8")
@example(f"<worksheet><sheetData><!-- {_A_ROW} --></sheetData></worksheet>", [1_000], "utf-8")
@example(f"<worksheet><sheetData>{_A_ROW}<row><!-- </row>{_NEXT_ROW} --></row></sheetData></worksheet>", [999], "utf-8")
@example(f"<worksheet><sheetData><row><c><row></row>{_NEXT_ROW}</c></row></sheetData></worksheet>", [1_000], "utf-8")
@example(f"<worksheet><sheetData>{_A_ROW}<c><row><f/></row>{_NEXT_ROW}</c></sheetData></worksheet>", [1_000], "utf-8")
@example(f"<worksheet><sheetData>{_A_ROW}\n</sheet></worksheet>", [7], "utf-8")
@example(f'<?xml version="1.0" encoding="ISO-8859-1"?><a>{_A_ROW.replace("1<", "é<")}</a>', [7], "utf-8")
@given(sheets(), st.lists(st.integers(1, 400), min_size=1, max_size=3), st.sampled_from(["utf-8"] * 5 + ["utf-16"]))
def test_rows_are_as_the_parser_reads_them(sheet: str, sizes: list[int], encoding: str) -> None:
    content = sheet.encode(encoding)
    assert outcome(content, sizes, past_parser) == outcome(content, sizes, by_parser)


def test_usual_rows_never_reach_the_parser() -> None:
    many = "".join(
        f'<row r="{n}" hidden="1"/><row r="{n + 1}" spans="1:3"><c r="A{n}" t="s"><v>2</v></c>'
        f'<c r="B{n}" s="1"><v>45351</v></c>'
        f'<c r="C{n}" t="inlineStr"><is><t>x</t></is></c><c r="D{n}"/></row>'
        for n in range(1, 20, 2)
    )
    known = SheetCells(Book(), SheetNotes())
    begun = list[str]()

    def begin(element: str, _: object) -> None:
        begun.append(element)

    content = f"<worksheet><sheetData>{many}</sheetData></worksheet>".encode()
    usual = UsualElements("row", UsualRows(known).take)
    for _ in parsed_past_usual(Pieces(content, [100]), "it", usual, begin, known.end, known.text):
        pass
    assert begun == ["worksheet", "sheetData"]
    assert len(known.taken()) == 10
