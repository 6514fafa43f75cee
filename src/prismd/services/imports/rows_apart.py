"""Rows that cannot be processed: isolating them, and refusing them alone."""

from __future__ import annotations

from typing import Final

import structlog

from prismd.core.imports.plan import RowResult
from prismd.core.imports.request import Chunk
from prismd.core.records.rows import Problem
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.imports.rows import RowImporter
from prismd.store.connections.faults import passes

_LOG: Final = structlog.get_logger()


class RowsApart:
    """Halves the rows of a chunk until each part that fails is a single row.

    Args:
        transaction: The job's open transaction; each part gets its own savepoint.
        importer: The importer of the rows.
    """

    def __init__(self, transaction: JobTransaction, importer: RowImporter) -> None:
        self._transaction = transaction
        self._importer = importer
        # After more faults than this, the rows are hardly to blame, so the next fault is raised.
        self._faults_left = transaction.settings.row_faults_max

    def run(self, chunk: Chunk) -> list[RowResult]:
        """Return the results of the rows; a row that cannot be processed has the problem ``internal_error``."""
        try:
            with self._transaction.savepoint():
                planned = self._importer.plan(chunk)
                self._importer.write(planned)
                return planned.plan.results
        except Exception as error:
            if passes(error):
                raise
            if len(chunk.rows) > 1:
                return [result for half in chunk.halves() for result in self.run(half)]
            self._faults_left -= 1
            if self._faults_left < 0:
                raise
            _LOG.exception("row failed", row=chunk.first_row, error=str(error))
            return [refused_row(chunk)]


def refused_row(chunk: Chunk) -> RowResult:
    """Return the result of the only row of a chunk, if it cannot be processed."""
    message = "the server could not process this row, and this row alone; its log tells why"
    return RowResult(chunk.first_row, problems=[Problem("internal_error", message)])
