"""The steps of an import, wrapped: the same steps in the same order, with the work of some moved to where time is left.

The invariant
    Each importer here writes what :class:`RowImporter` writes, in the same statements and the same order.

Before
    As :class:`RowImporter` asks.

After
    As :class:`RowImporter` leaves it. Of what was deferred, nothing is left that would be asked for.

Why the outcome cannot differ
    1. Every method here calls the plain one that it wraps, and adds only when something is computed.
    2. Rows come from :class:`TemplatedRowParser` or were read ahead; both say why they are the same.
    3. The planner gets records and rows in the plain order. It is asked for nothing before the last row is judged.
    4. The pieces of what is written are those of :class:`ChunkWrites`, which makes each once.
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

#: Rows that are judged in a fraction of a millisecond, so that PostgreSQL never waits for long.
_ROWS_JUDGED_AT_ONCE: Final = 50


def row_importer(transaction: JobTransaction, pipeline: ImportPipeline | None) -> RowImporter:
    """Return what imports the rows of a job: the plain importer, or with the switch on a faster one.

    Args:
        transaction: Of the job, in which nobody else writes keys of its object type.
        pipeline: Of the worker; None where nothing is deferred.
    """
    if not transaction.settings.import_pipeline:
        return RowImporter(transaction)
    if pipeline is None:
        return TemplatedRowImporter(transaction)
    return PipelinedRowImporter(transaction, pipeline)


class TemplatedRowImporter(RowImporter):
    """Imports rows of one job, and recognises those that have the shape of earlier ones."""

    def _parser(self, schema: ObjectSchema) -> RowParser:
        options, rule = self._job.options, key_rule(self._job, schema)
        return TemplatedRowParser(
            schema, self._limits, options.list_id, require_stage=options.require_list_stage, rule=rule
        )


class PipelinedRowImporter(TemplatedRowImporter):
    """Imports rows of one job, and defers what can be made while PostgreSQL works.

    Args:
        transaction: Of the job, in which nobody else writes keys of its object type.
        pipeline: Of the worker, which may have read the rows ahead.
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
        # They are judged while PostgreSQL looks up the records of the rows after them.
        later = self._pipeline.deferred.later
        self._judging.append(later(partial(planner.enter, candidates)))
        self._judging += [later(partial(planner.judge, part)) for part in parts(rows, _ROWS_JUDGED_AT_ONCE)]

    def _send(self, planned: PlannedRows, writes: ChunkWrites) -> None:
        self._pipeline.deferred.add([planned.report, *writes.pieces()])
        super()._send(planned, writes)
