"""The files that an import writes: failed rows, and the results of all rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prismd.cli.importing.failed_rows import FailedRows
from prismd.cli.importing.growing_file import GrowingFile
from prismd.cli.importing.results_file import ResultsFile
from prismd.importer.row_outcome import OutcomeKind, RowOutcome


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that an import writes.

    Args:
        failed: The file of failed rows.
        results: The file of all results, if one is wanted.
    """

    failed: FailedRows
    results: ResultsFile | None

    @property
    def files(self) -> list[GrowingFile]:
        """All of them."""
        return [self.failed, *([self.results] if self.results else [])]

    def write(self, outcome: RowOutcome) -> None:
        """Hold the lines of a row."""
        if outcome.kind is OutcomeKind.FAILED:
            self.failed.write(outcome.row, outcome.problems)
        if self.results:
            self.results.write(outcome)

    def settle(self, save: Callable[[], None]) -> None:
        """Write the held lines to the files.

        Args:
            save: Makes the journal durable; called before the lines are written.
        """
        announced = [file.announce() for file in self.files]
        if any(announced):
            save()
        for file in self.files:
            file.settle()
