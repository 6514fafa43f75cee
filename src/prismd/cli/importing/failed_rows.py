"""The file of failed rows: the position of each row, its problems, and its original cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from prismd.cli.csv_lines import CsvLines
from prismd.cli.importing.growing_file import GrowingFile
from prismd.files.failed_cells import FAILED_COLUMNS, escaped
from prismd.files.rows import FileRow
from prismd.importer.imports import Problem
from prismd.importer.journal import Growth

#: Problems of one row that are written out; further ones are counted.
PROBLEMS_MAX: Final = 100


class FailedRows(GrowingFile):
    """Failed rows as CSV in UTF-8; the first failed row creates the file.

    Args:
        growth: The state of the file in the journal.
        columns: The names of the original row's columns.
        finds_name: Take the next free name where a file of that name exists, instead of refusing.

    Raises:
        ClientError: The name is taken.
    """

    def __init__(self, growth: Growth, columns: Sequence[str], *, finds_name: bool) -> None:
        self._lines = CsvLines()
        beginning = self._lines.line((*FAILED_COLUMNS, *map(escaped, columns)))
        super().__init__(growth, what="failed rows", flag="--failed", beginning=beginning, finds_name=finds_name)

    def write(self, row: FileRow, problems: Sequence[Problem]) -> None:
        """Add a failed row.

        Args:
            row: The row as it was read.
            problems: Its problems, at least one.
        """
        cells = (problems[0].code or "unknown", reason_of(problems), *row.original)
        self.add(self._lines.line((row.number, row.line, *map(escaped, cells))))


def reason_of(problems: Sequence[Problem]) -> str:
    """Return the problems of a row as one text.

    Args:
        problems: At least one.
    """
    sentences = [problem.message or problem.code or "no reason given" for problem in problems[:PROBLEMS_MAX]]
    if len(problems) > PROBLEMS_MAX:
        sentences.append(f"{len(problems) - PROBLEMS_MAX} further problems")
    return "; ".join(dict.fromkeys(sentences))
