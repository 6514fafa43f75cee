"""The steps of an import, wrapped: the same steps in the same order, with some work moved to idle time.

The invariant
    Each importer here writes the same as :class:`RowImporter`, with the same statements in the same order.

Before
    The same as for :class:`RowImporter`.

After
    The same as for :class:`RowImporter`. No deferred value is left that a caller will ask for.

Why the outcome cannot differ
    1. Every method here calls the plain method that it wraps, and changes only the time of computations.
    2. Rows come from :class:`TemplatedRowParser` or were read ahead; both modules state why the rows are the same.
    3. The planner gets records and rows in the plain order. No caller uses its plan before the last row is judged.
    4. The pieces of the writes are those of :class:`ChunkWrites`, which computes each of them once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from prismd.core.imports.pipeline.row_templates import TemplatedRowParser
from prismd.core.imports.plan import Planner
from prismd.core.imports.request import Chunk
from prismd.core.once import Once
from prismd.core.properties.schema import ObjectSchema
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.rows import RefusedRow, Row, RowParser, Rows
from prismd.services.imports.chunk_writes import ChunkWrites, parts
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.imports.pipeline.import_pipeline import ImportPipeline
from prismd.services.imports.rows import PlannedRows, ReadRows, RowImporter, key_rule

#: Number of rows judged at a time: this takes a fraction of a millisecond, so PostgreSQL never waits for long.
_ROWS_JUDGED_AT_ONCE: Final = 50


def row_importer(transaction: JobTransaction, pipeline: ImportPipeline | None) -> RowImporter:
    """Return the importer of a job's rows: the plain one or, with the switch on, a faster one.

    Args:
        transaction: The job's open transaction, which holds the lock of the object type.
        pipeline: The worker's pipeline; None to defer nothing.
    """
    if not transaction.settings.import_pipeline:
        return RowImporter(transaction)
    if pipeline is None:
        return TemplatedRowImporter(transaction)
    return PipelinedRowImporter(transaction, pipeline)


class TemplatedRowImporter(RowImporter):
    """Imports rows of one job, and recognises rows with the shape of earlier ones."""

    def _parser(self, schema: ObjectSchema) -> RowParser:
        options, rule = self._job.options, key_rule(self._job, schema)
        return TemplatedRowParser(
            schema, self._limits, options.list_id, require_stage=options.require_list_stage, rule=rule
        )


class PipelinedRowImporter(TemplatedRowImporter):
    """Imports rows of one job, and defers computations until PostgreSQL works.

    Args:
        transaction: The job's open transaction, which holds the lock of the object type.
        pipeline: The worker's pipeline, which can have read the rows ahead.
    """

    def __init__(self, transaction: JobTransaction, pipeline: ImportPipeline) -> None:
        super().__init__(transaction)
        self._pipeline = pipeline
        self._judging: list[Once[None]] = []

    def _parse(self, chunk: Chunk, schema: ObjectSchema) -> Rows:
        return self._pipeline.ahead.rows(chunk, schema) or super()._parse(chunk, schema)

    def _planned(self, read: ReadRows) -> PlannedRows:
        self._pipeline.deferred.clear()
        self._judging.clear()
        self._pipeline.ahead.begin(self._transaction, read.schema, read.rule, self._parser)
        return super()._planned(read)

    def _match(self, planner: Planner, read: ReadRows) -> None:
        super()._match(planner, read)
        for step in self._judging:
            step()

    def _judge(self, planner: Planner, rows: Sequence[Row | RefusedRow], candidates: Iterable[KnownRecord]) -> None:
        # These rows are judged while PostgreSQL looks up the records of the next rows.
        later = self._pipeline.deferred.later
        self._judging.append(later(partial(planner.enter, candidates)))
        self._judging += [later(partial(planner.judge, part)) for part in parts(rows, _ROWS_JUDGED_AT_ONCE)]

    def _send(self, planned: PlannedRows, writes: ChunkWrites) -> None:
        self._pipeline.deferred.add([planned.report, *writes.pieces()])
        super()._send(planned, writes)
