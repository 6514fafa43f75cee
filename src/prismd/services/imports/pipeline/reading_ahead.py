"""Reading ahead: the next chunk of the job under way is fetched and parsed before its turn comes.

The invariant
    A chunk that was read ahead has the rows that it has when its turn comes, parsed as they are parsed then; or it is
    read again.

Before
    The chunk is fetched inside the transaction of the chunk before it. Its rows are never changed; a chunk can only be
    cut into smaller ones, which changes the number of chunks.

After
    Nothing is decided, and nothing is written. What was read ahead is used once, or dropped.

Why the outcome cannot differ
    1. The chunk is taken only for the same job, the same number of chunks and the same number of the chunk.
    2. The parsed rows are taken only for that very chunk and for an equal schema. The limits, the options and the rule
       of keys belong to the process and the job, and do not change.
    3. Parsing is pure, so it does not matter when it is done, nor in how many portions. An error is raised again when
       the chunk's turn comes, because the rows that it failed at are parsed again then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from prismd.core.imports.job import Job
from prismd.core.imports.plan import find_keys
from prismd.core.imports.request import Chunk
from prismd.core.properties.schema import ObjectSchema
from prismd.core.records.keys import KeyRule
from prismd.core.records.rows import RowParser, Rows
from prismd.services.imports.job_transaction import JobTransaction
from prismd.store.imports import chunks

#: Rows that are read in a fraction of a millisecond, so that PostgreSQL never waits for long.
_ROWS_AT_ONCE: Final = 40


@dataclass(frozen=True, slots=True)
class _Ahead:
    job_id: str
    chunks: int
    schema: ObjectSchema
    parser: RowParser
    rule: KeyRule | None
    chunk: Chunk
    rows: Rows = field(default_factory=list)

    def go_on(self, count: int) -> bool:
        start = len(self.rows)
        some = self.parser.parse_all(self.chunk.rows[start : start + count])
        if self.rule is not None:
            find_keys(self.rule, some)
        self.rows.extend(some)
        return bool(some)


class ReadingAhead:
    """The chunk that one worker reads ahead, if any."""

    def __init__(self) -> None:
        self._ahead: _Ahead | None = None
        self._last_job_id = ""

    def begin(
        self,
        transaction: JobTransaction,
        schema: ObjectSchema,
        rule: KeyRule | None,
        parser_of: Callable[[ObjectSchema], RowParser],
    ) -> None:
        """Fetch the chunk after the one at the job's cursor, if the next turn is likely to be the same job's.

        Args:
            transaction: Of the job under way, which stands at its chunk. Where jobs take turns, what is read ahead
                would be in vain.
            schema: The schema that holds unless somebody changes it.
            rule: How keys of the rows are compared; None where they are not.
            parser_of: Returns what reads rows by a schema.
        """
        job = transaction.job
        more, last = job.cursor + 1 < job.chunks, self._last_job_id
        self._last_job_id, self._ahead = job.id if more else "", None
        if more and last in {"", job.id}:
            chunk = chunks.read_chunk(transaction.connection, job, job.cursor + 1)
            self._ahead = _Ahead(job.id, job.chunks, schema, parser_of(schema), rule, chunk)

    def go_on(self) -> bool:
        """Parse a few rows, and say whether there were any."""
        return self._ahead is not None and self._ahead.go_on(_ROWS_AT_ONCE)

    def chunk(self, job: Job) -> Chunk | None:
        """Return the chunk at the job's cursor, if it was read ahead."""
        ahead = self._ahead
        # Where a chunk was cut into smaller ones since, other rows have its number.
        wanted = (job.id, job.chunks, job.cursor)
        return ahead.chunk if ahead and (ahead.job_id, ahead.chunks, ahead.chunk.number) == wanted else None

    def rows(self, chunk: Chunk, schema: ObjectSchema) -> Rows | None:
        """Return the parsed rows of a chunk, if it was read ahead and the schema is still the same."""
        ahead = self._ahead
        if ahead is None or ahead.chunk is not chunk or ahead.schema != schema:
            return None
        ahead.go_on(len(chunk.rows))
        return ahead.rows
