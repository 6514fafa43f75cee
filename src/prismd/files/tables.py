"""Tables in files: the rows below the header, as cells, whatever the format; what is no row is marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from prismd.core.tables.cells import Cell, TableRow, cell_text
from prismd.core.tables.dialects.csv_cells import CellRow
from prismd.core.tables.dialects.dialect import Dialect
from prismd.core.tables.layout.rows import FramedRow, framed, rows_of
from prismd.core.tables.lines import LongLineError
from prismd.core.tables.profile import TableProfile
from prismd.core.tables.watching import ByteWatch, SignWatch
from prismd.files.csv_joins import Joins
from prismd.files.decoding import decoded
from prismd.files.failed_cells import FAILED_COLUMNS, unescaped
from prismd.files.packing import Content
from prismd.files.rows import FileProblemError
from prismd.files.spooled_rows import SpooledRows


class FoundRow(NamedTuple):
    """A row of a table, or what stands where a row could be.

    Args:
        number: Its position below the header, from 1; blank lines are not counted.
        line: The line of the file at which it begins, from 1; in a spreadsheet, the number of the row.
        cells: Its cells.
        problem: Why it cannot be read.
        left_out: Why it is no row at all, as a predicate such as ``repeats the header``.
    """

    number: int
    line: int
    cells: Sequence[Cell]
    problem: str | None = None
    left_out: str | None = None


class Table(Protocol):
    """A table in a file, which can be read any number of times."""

    @property
    def profile(self) -> TableProfile:
        """How it is read."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns; empty where a column has none."""
        ...

    def rows(self, observe: Callable[[bytes], None] = lambda _: None) -> Iterator[FoundRow]:
        """Yield what stands below the header.

        Args:
            observe: Takes each piece of the file's bytes.

        Raises:
            FileProblemError: The file is broken as a whole.
        """
        ...


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table in a text, such as CSV; of a file of failed rows, the columns that only such a file has are no columns.

    Args:
        content: The file.
        profile: How it is to be read.
        strips: Whether to take away the apostrophes that protect cells from spreadsheets; in a file of failed rows
            they always are.
    """

    content: Content
    profile: TableProfile
    strips: bool = False

    @property
    def marks(self) -> tuple[int, ...]:
        """The positions of the columns that only a file of failed rows has; empty for any other table."""
        return failed_marks([column.name for column in self.profile.columns])

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        marks, columns = self.marks, self.profile.columns
        found = tuple(column.name for at, column in enumerate(columns) if at not in marks)
        return tuple(map(unescaped, found)) if marks else found

    def rows(self, observe: Callable[[bytes], None] = lambda _: None) -> Iterator[FoundRow]:
        """Yield what stands below the header.

        Args:
            observe: Takes each piece of the file's bytes.

        Raises:
            FileProblemError: The file is broken as a whole.
        """
        dialect = self.profile.dialect or Dialect(",")
        names = [column.name for column in self.profile.columns]
        joins = Joins(names, dialect.delimiter) if self.profile.header_lines == 1 else None
        marks, watch = self.marks, SignWatch(self.profile.columns, self.profile.decisions)
        with closing(self.content.chunks()) as chunks:
            texts = decoded(_watched(_observed(chunks, observe), self.profile), self.profile.encoding)
            try:
                for number, row in enumerate(rows_of(texts, dialect, self.profile.frame), 1):
                    yield self._row(number, _held(row, watch), joins, marks)
            except LongLineError as error:
                raise FileProblemError(f"{error}; is this a table?") from None

    def _row(self, number: int, row: FramedRow, joins: Joins | None, marks: Sequence[int]) -> FoundRow:
        cells, left_out = row.cells, row.left_out
        if joins and not row.problem and not left_out:
            # Of a text, a cell is a text or is not there.
            texts = cells if None not in cells else [cell for cell in cells if cell is not None]
            left_out = joins.left_out(row.line, texts)  # type: ignore[arg-type]
        if marks or self.strips:
            cells = [unescaped(cell_text(cell)) for at, cell in enumerate(cells) if at not in marks]
        return FoundRow(number, row.line, cells, row.problem, left_out)


@dataclass(frozen=True, slots=True)
class CellTable:
    """A table of cells with types, such as that of a spreadsheet.

    Args:
        spooled: Its rows, which are read from a temporary file and no more from its own.
        profile: How they are to be read.
    """

    spooled: SpooledRows
    profile: TableProfile

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.profile.columns)

    def rows(self, observe: Callable[[bytes], None] = lambda _: None) -> Iterator[FoundRow]:  # noqa: ARG002 - as Table
        """Yield what stands below the header.

        Args:
            observe: Takes nothing: the bytes of the file are behind.
        """
        typed: dict[int, Sequence[Cell]] = {}

        def texts() -> Iterator[CellRow]:
            for row in with_header(self.spooled):
                typed[row.line] = row.cells
                yield CellRow(row.line, [cell if type(cell) is str else cell_text(cell) for cell in row.cells])

        width, watch = self.profile.frame.columns, SignWatch(self.profile.columns, self.profile.decisions)
        for number, row in enumerate(framed(texts(), self.profile.frame, ends=True), 1):
            cells = typed.pop(row.line)
            if not row.problem:
                cells = (*cells[:width], *[None] * (width - len(cells)))
            held = _held(row._replace(cells=cells), watch)
            yield FoundRow(number, held.line, held.cells, held.problem, held.left_out)


def with_header(spooled: SpooledRows) -> Iterator[TableRow]:
    """Yield the rows of a file, after a row of the names that a format has apart from its rows.

    Args:
        spooled: The rows.
    """
    if spooled.found.header is not None:
        yield TableRow(0, spooled.found.header)
    yield from spooled.rows()


def failed_marks(names: Sequence[str]) -> tuple[int, ...]:
    """Return the positions of the columns that only a file of failed rows has; empty for any other table.

    Args:
        names: Of all columns.
    """
    named = list(names)
    return tuple(named.index(name) for name in FAILED_COLUMNS) if set(FAILED_COLUMNS) <= set(named) else ()


def _watched(chunks: Iterator[bytes], profile: TableProfile) -> Iterator[bytes]:
    """Yield chunks, and refuse a byte that no sample had and on which the encodings that fit them differ."""
    watch = ByteWatch(profile.encoding, profile.alike, profile.unproved)
    for chunk in chunks:
        if profile.unproved and (contradiction := watch.see(chunk)):
            raise FileProblemError(contradiction)
        yield chunk


def _held(row: FramedRow, watch: SignWatch) -> FramedRow:
    """Return a row, refused where a number has a sign that no sample had and that has two meanings."""
    if row.problem or row.left_out or not watch.columns:
        return row
    contradiction = watch.see(row.line, row.cells)
    return row._replace(problem=contradiction) if contradiction else row


def _observed(chunks: Iterator[bytes], observe: Callable[[bytes], None]) -> Iterator[bytes]:
    for chunk in chunks:
        observe(chunk)
        yield chunk
