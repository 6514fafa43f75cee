"""A file whose columns a mapping turns into properties."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from prismd.core.mapping.problems import CellProblem
from prismd.core.mapping.rows import RowMapping
from prismd.core.tables.cells import cell_text
from prismd.files.rows import FileRow, RowProblem
from prismd.files.tables import FoundRow, Table

_EMPTY: Final = b'{"default":{}}'


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The columns of a table, as a file of failed rows names them.

    Args:
        columns: Their names; a column without one is called by its position.
    """

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappedFile:
    """A file of a table, with the mapping of its columns.

    Args:
        table: The table.
        mapping: What its columns become.
    """

    table: Table
    mapping: RowMapping

    @property
    def source(self) -> TableColumns:
        """The columns of the table."""
        return TableColumns(tuple(name or f"column {at}" for at, name in enumerate(self.table.names, 1)))

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows of the file.

        Raises:
            FileProblemError: The file is broken as a whole.
        """
        return map(self._row, self.table.rows())

    def count_rows(self, tell: Callable[[int], None], look: Callable[[FileRow], None]) -> int:
        """Read the whole file once, so that faults are found before anything is sent; return the rows to import.

        Args:
            tell: Called after each piece of the file with the number of bytes read so far.
            look: Called with each row.

        Raises:
            FileProblemError: The file is broken as a whole.
        """
        bytes_read = rows = 0

        def observe(chunk: bytes) -> None:
            nonlocal bytes_read
            bytes_read += len(chunk)
            tell(bytes_read)

        for row in map(self._row, self.table.rows(observe)):
            rows += row.left_out is None
            look(row)
        return rows

    def _row(self, found: FoundRow) -> FileRow:
        # Nearly all cells are texts, for which there is no call to make.
        original = tuple([cell if type(cell) is str else cell_text(cell) for cell in found.cells])
        if found.left_out:
            return FileRow(found.number, found.line, original, None, left_out=found.left_out)
        if found.problem:
            return FileRow(found.number, found.line, original, None, RowProblem("invalid_row", found.problem))
        made = self.mapping.row(found.cells)
        if isinstance(made, bytes):
            if made == _EMPTY:
                return FileRow(found.number, found.line, original, None, left_out="has no value in a mapped column")
            return FileRow(found.number, found.line, original, made)
        return FileRow(found.number, found.line, original, None, _problem(made))


def _problem(problems: Sequence[CellProblem]) -> RowProblem:
    return RowProblem(problems[0].code, "; ".join(dict.fromkeys(problem.message for problem in problems)))
