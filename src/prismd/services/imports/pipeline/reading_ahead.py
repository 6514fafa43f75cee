"""Reading ahead: the next chunk of the present job is fetched and parsed before its turn.

The invariant
    A chunk that was read ahead has the same rows as at its turn, with the same values; otherwise it is read again.

Before
    The chunk is fetched inside the transaction of the chunk before it. Its rows never change; a chunk can only be cut
    into smaller ones, which changes the number of chunks.

After
    Nothing is decided or written. The chunk read ahead is used once, or dropped.

Why the outcome cannot differ
    1. The chunk is used only for the same job, the same number of chunks and the same number of the chunk.
    2. The parsed rows are used only for the same chunk object and an equal schema. The limits, the options and the key
       rule belong to the process and the job, and do not change.
    3. Parsing is pure, so neither its time nor the size of its portions matters. After an error, the same rows are
       parsed again at the chunk's turn, and raise the error again.
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

#: Number of rows parsed at a time: this takes a fraction of a millisecond, so PostgreSQL never waits for long.
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
        # The keys of references are those of the records that they lead to, which are looked up at the chunk's turn.
        if self.rule is not None and self.rule.prop.target is None:
            find_keys(self.rule, some)
        self.rows.extend(some)
        return bool(some)


class ReadingAhead:
    """The chunk that one worker reads ahead; there can be none."""

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
        """Fetch the chunk after the job's cursor, if the next turn is likely to be this job's.

        Args:
            transaction: The present job's open transaction. If jobs take turns, reading ahead would be in vain.
            schema: The present schema, which can change before the chunk's turn.
            rule: The key rule of the import; None for an import without keys.
            parser_of: Returns a parser of rows for a schema.
        """
        job = transaction.job
        more, last = job.cursor + 1 < job.chunks, self._last_job_id
        self._last_job_id, self._ahead = job.id if more else "", None
        if more and last in {"", job.id}:
            chunk = chunks.read_chunk(transaction.connection, job, job.cursor + 1)
            self._ahead = _Ahead(job.id, job.chunks, schema, parser_of(schema), rule, chunk)

    def go_on(self) -> bool:
        """Parse a few rows; return False if none are left."""
        return self._ahead is not None and self._ahead.go_on(_ROWS_AT_ONCE)

    def chunk(self, job: Job) -> Chunk | None:
        """Return the chunk at the job's cursor, if it was read ahead."""
        ahead = self._ahead
        # If a chunk was cut into smaller ones meanwhile, this number can belong to other rows.
        wanted = (job.id, job.chunks, job.cursor)
        return ahead.chunk if ahead and (ahead.job_id, ahead.chunks, ahead.chunk.number) == wanted else None

    def rows(self, chunk: Chunk, schema: ObjectSchema) -> Rows | None:
        """Return the parsed rows of a chunk, if it was read ahead and the schema is still the same."""
        ahead = self._ahead
        if ahead is None or ahead.chunk is not chunk or ahead.schema != schema:
            return None
        ahead.go_on(len(chunk.rows))
        return ahead.rows
