"""What a worker does while PostgreSQL works: what was put off, and then the reading of its job's next chunk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from prismd.core.imports.job import Job
from prismd.core.imports.pipeline.row_templates import TemplatedRowParser
from prismd.core.imports.plan import find_keys
from prismd.core.imports.request import Chunk
from prismd.core.properties.schema import ObjectSchema
from prismd.core.records.keys import KeyRule
from prismd.core.records.rows import RowLimits, RowParser, Rows
from prismd.store.connections.postgres import Connection
from prismd.store.imports import chunks

_Result = TypeVar("_Result")

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


class Later(Generic[_Result]):
    """A computation that is done once, when there is time for it, and at the latest when its result is wanted."""

    def __init__(self, compute: Callable[[], _Result]) -> None:
        self._compute: Callable[[], _Result] | None = compute
        self._results: list[_Result] = []
        self._error: Exception | None = None

    def __call__(self) -> _Result:
        """Return the result, or raise what the computation raised."""
        self.settle()
        if self._error is not None:
            raise self._error
        return self._results[0]

    def settle(self) -> None:
        """Do it, if it has not been done, and leave its error to whoever wants the result."""
        compute, self._compute = self._compute, None
        if compute is None:
            return
        try:
            self._results.append(compute())
        except Exception as error:  # noqa: BLE001 - raised where the result is wanted
            self._error = error


class Meanwhile:
    """The work of one worker that can be done at any time: what was put off, and one chunk to be read ahead.

    What was read ahead is only ever a saving: it is used if it is the very chunk that is wanted and was parsed by the
    very schema that holds, and is read again if not.
    """

    def __init__(self) -> None:
        self._put_off: deque[Later[Any]] = deque()
        self._ahead: _Ahead | None = None
        self._last_job_id = ""

    def go_on(self) -> bool:
        """Do a little, and say whether there was anything to do."""
        if self._put_off:
            self._put_off.popleft().settle()
            return True
        return self._ahead is not None and self._ahead.go_on(_ROWS_AT_ONCE)

    def later(self, compute: Callable[[], _Result]) -> Later[_Result]:
        """Put a computation off until PostgreSQL works, or until its result is wanted.

        Args:
            compute: Takes a few milliseconds at most and depends on nothing that changes.
        """
        put_off = Later(compute)
        self._put_off.append(put_off)
        return put_off

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
        self._put_off.clear()
        more, last = job.cursor + 1 < job.chunks, self._last_job_id
        self._last_job_id, self._ahead = job.id if more else "", None
        if more and last in {"", job.id}:
            chunk = chunks.read_chunk(connection, job, job.cursor + 1)
            self._ahead = _Ahead(job.id, job.chunks, schema, row_parser(job, schema, limits, rule), rule, chunk)

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


def row_parser(job: Job, schema: ObjectSchema, limits: RowLimits, rule: KeyRule | None) -> RowParser:
    """Return what reads the rows of a job by a schema, and finds the keys of most of them by a rule."""
    options = job.options
    return TemplatedRowParser(schema, limits, options.list_id, require_stage=options.require_list_stage, rule=rule)
