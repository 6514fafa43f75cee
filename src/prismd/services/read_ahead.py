"""Reading a job's next chunk while PostgreSQL writes this one: the two need different processors."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import msgspec

from prismd.core.imports.job import Job
from prismd.core.imports.plan import hashes_of
from prismd.core.imports.request import Chunk
from prismd.core.imports.rows import RowLimits, RowParser, Rows
from prismd.core.keys import KeyRule
from prismd.core.schema import ObjectSchema
from prismd.store import imports
from prismd.store.postgres import Connection


@dataclass(frozen=True, slots=True)
class _Ahead:
    job_id: str
    schema: ObjectSchema
    chunk: Chunk
    rows: Future[Rows]


def parse_rows(schema: ObjectSchema, limits: RowLimits, rows: list[msgspec.Raw]) -> Rows:
    """Return rows parsed by a schema."""
    parser = RowParser(schema, limits)
    return [parser.parse(raw) for raw in rows]


def _parse(schema: ObjectSchema, limits: RowLimits, chunk: Chunk, rule: KeyRule | None) -> Rows:
    rows = parse_rows(schema, limits, chunk.rows)
    if rule:
        hashes_of(rule, rows)
    return rows


class ReadAhead:
    """One chunk, read and parsed beforehand in a thread of its own.

    What was read ahead is only ever a saving: it is used if it is the very chunk that is wanted and was parsed by the
    very schema that holds, and is read again if not.
    """

    def __init__(self) -> None:
        self._thread: Final = ThreadPoolExecutor(1, thread_name_prefix="read ahead")
        self._ahead: _Ahead | None = None
        self._last_job_id = ""

    def begin(
        self, connection: Connection, job: Job, schema: ObjectSchema, limits: RowLimits, rule: KeyRule | None
    ) -> None:
        """Read the chunk after the one at the job's cursor, if the next turn is likely to be the same job's.

        Args:
            connection: Inside the transaction of the chunk at the cursor.
            job: The job under way; where jobs take turns, what was read ahead would be in vain.
            schema: The schema that will hold unless somebody changes it.
            limits: How large rows may be.
            rule: By which the rows' keys are hashed; the hashes are remembered where they are made.
        """
        likely, self._last_job_id, self._ahead = job.id == self._last_job_id, job.id, None
        if likely and job.cursor + 1 < job.chunks:
            chunk = imports.read_chunk(connection, job, job.cursor + 1)
            self._ahead = _Ahead(job.id, schema, chunk, self._thread.submit(_parse, schema, limits, chunk, rule))

    def chunk(self, job: Job) -> Chunk | None:
        """Return the chunk at the job's cursor, if it was read ahead."""
        ahead = self._ahead
        return ahead.chunk if ahead and (ahead.job_id, ahead.chunk.number) == (job.id, job.cursor) else None

    def rows(self, chunk: Chunk, schema: ObjectSchema) -> Rows | None:
        """Return the parsed rows of a chunk, if it was read ahead and the schema is still the same."""
        ahead = self._ahead
        return ahead.rows.result() if ahead and ahead.chunk is chunk and ahead.schema == schema else None
