"""A connection to PostgreSQL on which every call can be interleaved with others' and can go wrong, and how it does."""

from __future__ import annotations

import enum
import select
from collections.abc import Callable, Generator
from typing import Any, Protocol

import psycopg
from psycopg.rows import TupleRow
from psycopg.waiting import Ready, Wait

from prismd.store.connections.postgres import Connection

Call = Generator[Any, Any, Any]

#: What PostgreSQL says when a transaction cannot go on for a reason that passes; to take too long is none.
_CONFLICTS = ("40001", "40P01", "55P03", "53100")

#: On the test database: a row here makes its transaction fail at commit, as a serialization failure does.
PREPARE_CONFLICTS = """
CREATE TABLE conflict (state text);
GRANT INSERT ON conflict TO PUBLIC;
CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'simulated conflict at commit' USING ERRCODE = NEW.state; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON conflict DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_commit();
"""


class Fault(enum.StrEnum):
    """What can go wrong with one call to the database."""

    #: The client loses the connection before the call reaches the server.
    LOST_BEFORE = "connection lost before the call"
    #: The server does what it was asked to, and the answer is lost.
    LOST_ANSWER = "answer lost"
    LOST_COMMIT = "answer to COMMIT lost"
    #: The server ends the session, as it does when it shuts down.
    TERMINATED = "session ended by the server"
    #: The server refuses the call: a conflict of transactions, a time-out, a full disk.
    CONFLICT = "call refused for now"
    CONFLICT_AT_COMMIT = "COMMIT refused for now"
    #: The client stands still; its session may be cut off meanwhile.
    STALL = "client stalled"


class Conductor(Protocol):
    """Decides what happens around each call."""

    def call(self, connection: SimulatedConnection, call: Call) -> Any:
        """Make the call, or let it fail."""


class SimulatedConnection(psycopg.Connection[TupleRow]):
    """A connection all of whose calls go through a conductor, once it has one."""

    conductor: Conductor | None = None
    pid: int = 0

    def wait(self, gen: Call, *args: Any, **options: Any) -> Any:
        """Make a call to the database."""
        if self.conductor is None:
            return super().wait(gen, *args, **options)
        return self.conductor.call(self, gen)


def is_commit(connection: Connection, call: Call) -> bool:
    """Tell whether a call is the COMMIT of a whole transaction."""
    if connection.pgconn.transaction_status != psycopg.pq.TransactionStatus.INTRANS:
        return False
    if name_of(call).endswith("._commit_gen"):
        return True
    frame = getattr(call, "gi_frame", None)
    return (
        name_of(call).endswith("._exit_gen")
        and connection._num_transactions == 1
        and frame is not None
        and frame.f_locals.get("exc_val") is None
    )


def name_of(call: Call) -> str:
    return getattr(call, "__qualname__", "?")


def drive(connection: Connection, call: Call, when_silent: Callable[[], None], *, lose_answer: bool = False) -> Any:
    """Make a call to the database.

    Args:
        when_silent: Called when the answer is not there at once; returns when it is.
        lose_answer: Lose the connection at the very moment when the answer is there.
    """
    try:
        wanted = next(call)
        while True:
            descriptor = connection.pgconn.socket
            ready = _ready(descriptor, wanted, 0.002)
            if not ready:
                when_silent()
                ready = Ready.R
            if lose_answer and ready & Ready.R:
                connection.pgconn.finish()
                wanted = call.throw(psycopg.OperationalError("server closed the connection unexpectedly"))
            else:
                wanted = call.send(ready)
    except StopIteration as end:
        return end.value


def has_answer(connection: Connection, wait_s: float = 0) -> bool:
    """Tell whether the server has answered the call under way."""
    return bool(_ready(connection.pgconn.socket, Wait.R, wait_s))


def refuse(connection: Connection, state: str) -> psycopg.Error:
    """Let the server refuse a statement and return its error; a transaction is aborted by it."""
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'simulated refusal' USING ERRCODE = '{state}'; END $$"
    result = connection.pgconn.exec_(statement.encode())
    return psycopg.errors.error_from_result(result)


def choose_conflict(choose: Callable[[tuple[str, ...]], str]) -> str:
    """Return a reason for which a server refuses a statement for now."""
    return choose(_CONFLICTS)


def _ready(descriptor: int, wanted: int, wait_s: float) -> int:
    poll = select.poll()
    events = (select.POLLIN if wanted & Wait.R else 0) | (select.POLLOUT if wanted & Wait.W else 0)
    poll.register(descriptor, events)
    ready = 0
    for _, event in poll.poll(wait_s * 1000):
        if event & ~select.POLLOUT:
            ready |= Ready.R
        if event & select.POLLOUT:
            ready |= Ready.W
    return ready
