"""Reading a job's next chunk a little at a time, in the moments in which PostgreSQL takes this one in."""

from __future__ import annotations

from dataclasses import dataclass, field
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

#: About as many rows as PostgreSQL takes in while they are parsed.
_ROWS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class _Ahead:
    job_id: str
    schema: ObjectSchema
    parser: RowParser
    rule: KeyRule | None
    chunk: Chunk
    rows: Rows = field(default_factory=list)

    def go_on(self, count: int) -> None:
        start = len(self.rows)
        some = [self.parser.parse(raw) for raw in self.chunk.rows[start : start + count]]
        if self.rule is not None:
            hashes_of(self.rule, some)  # they are remembered for the turn of the chunk
        self.rows.extend(some)


def row_parser(job: Job, schema: ObjectSchema, limits: RowLimits) -> RowParser:
    """Return what reads the rows of a job by a schema."""
    options = job.options
    return RowParser(schema, limits, options.list_id, require_stage=options.require_list_stage)


def parse_rows(parser: RowParser, rows: list[msgspec.Raw]) -> Rows:
    """Return parsed rows."""
    return [parser.parse(raw) for raw in rows]


class ReadAhead:
    """One chunk, read and parsed beforehand.

    No thread is needed, nor does one help: parsing holds the interpreter, so it slows down what it runs beside.

    What was read ahead is only ever a saving: it is used if it is the very chunk that is wanted and was parsed by the
    very schema that holds, and is read again if not.
    """

    def __init__(self) -> None:
        self._ahead: _Ahead | None = None
        self._last_job_id = ""

    def begin(
        self, connection: Connection, job: Job, schema: ObjectSchema, rule: KeyRule | None, limits: RowLimits
    ) -> None:
        """Fetch the chunk after the one at the job's cursor, if the next turn is likely to be the same job's.

        Args:
            connection: Inside the transaction of the chunk at the cursor.
            job: The job under way; where jobs take turns, what was read ahead would be in vain.
            schema: The schema that will hold unless somebody changes it.
            rule: How keys of the rows are compared, if they are.
            limits: How large rows may be.
        """
        likely, self._last_job_id, self._ahead = job.id == self._last_job_id, job.id, None
        if likely and job.cursor + 1 < job.chunks:
            chunk = imports.read_chunk(connection, job, job.cursor + 1)
            self._ahead = _Ahead(job.id, schema, row_parser(job, schema, limits), rule, chunk)

    def go_on(self) -> None:
        """Parse some more rows of the chunk that was fetched, if there are any."""
        if self._ahead:
            self._ahead.go_on(_ROWS_AT_ONCE)

    def chunk(self, job: Job) -> Chunk | None:
        """Return the chunk at the job's cursor, if it was read ahead."""
        ahead = self._ahead
        return ahead.chunk if ahead and (ahead.job_id, ahead.chunk.number) == (job.id, job.cursor) else None

    def rows(self, chunk: Chunk, schema: ObjectSchema) -> Rows | None:
        """Return the parsed rows of a chunk, if it was read ahead and the schema is still the same."""
        ahead = self._ahead
        if ahead is None or ahead.chunk is not chunk or ahead.schema != schema:
            return None
        ahead.go_on(len(chunk.rows))
        return ahead.rows
