"""The file of all results: the outcome of each row, in the order of the imported file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from prismd.cli.csv_lines import CsvLines
from prismd.cli.importing.failed_rows import reason_of
from prismd.cli.importing.growing_file import GrowingFile
from prismd.files.failed_cells import escaped
from prismd.importer.calls import ClientError
from prismd.importer.journal import Growth
from prismd.importer.row_outcome import RowOutcome

COLUMNS: Final = ("row", "line", "outcome", "id", "matched_key", "duplicate_of", "code", "reason", "contacts_created")

_CSV: Final = (".csv",)
_NDJSON: Final = (".ndjson", ".jsonl")


class ResultsFile(GrowingFile):
    """All results as CSV or NDJSON, depending on the file's name, which must be free.

    Args:
        growth: The state of the file in the journal.

    Raises:
        ClientError: The name is taken, or has no known suffix.
    """

    def __init__(self, growth: Growth) -> None:
        self._as_csv = check_name(Path(growth.path))
        self._lines = CsvLines()
        beginning = self._lines.line(COLUMNS) if self._as_csv else ""
        super().__init__(growth, what="results", flag="--results", beginning=beginning, finds_name=False)

    def write(self, outcome: RowOutcome) -> None:
        """Add the result of a row.

        Args:
            outcome: The outcome of the row.
        """
        problems, row = outcome.problems, outcome.row
        values = (
            row.number,
            row.line,
            outcome.kind.value,
            outcome.id,
            outcome.matched_key,
            outcome.duplicate_of,
            (problems[0].code or "unknown") if problems else None,
            reason_of(problems) if problems else outcome.remark or None,
            self._addresses(outcome.contacts),
        )
        if self._as_csv:
            self.add(self._lines.line(escaped(value) if isinstance(value, str) else value for value in values))
        else:
            self.add(msgspec.json.encode(dict(zip(COLUMNS, values, strict=True))).decode() + "\n")

    def _addresses(self, contacts: Sequence[str]) -> object:
        return " ".join(contacts) if self._as_csv else list(contacts)


def check_name(path: Path) -> bool:
    """Return whether a file of results is CSV; it is NDJSON otherwise.

    Args:
        path: The name of the file.

    Raises:
        ClientError: The name has no known suffix.
    """
    suffix = path.suffix.lower()
    if suffix not in (*_CSV, *_NDJSON):
        raise ClientError(f"--results: the name must end in {', '.join((*_CSV, *_NDJSON))}, found {path.name!r}")
    return suffix in _CSV
