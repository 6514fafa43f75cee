"""Overlapped statements: a connection that works while PostgreSQL does, instead of waiting.

The invariant
    What goes to PostgreSQL and what comes back, errors too, is the same bytes in the same order as without the work.

Before
    The work is done by the one thread that uses the connection, a few milliseconds at a time at most, and sends nothing
    to PostgreSQL.

After
    Every exchange comes to its own end. Work that fails ends no exchange: the log tells of it, and the connection works
    on nothing more.

Why the outcome cannot differ
    1. psycopg describes an exchange as a generator that yields what it waits for. The connection answers each time with
       what the socket is ready for, as psycopg's own loop does.
    2. Work is done only between two looks at the socket that both find it not ready, so it takes nothing from the
       exchange but time.
    3. An error of the work is caught before it reaches the generator.

No thread is needed, nor does one help: it would take the interpreter from the work that PostgreSQL waits for.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Final, TypeVar

import structlog
from psycopg.abc import PQGen
from psycopg.waiting import Ready, Wait

from prismd.store.connections.watched import WatchedConnection

_LOG: Final = structlog.get_logger()
_Result = TypeVar("_Result")

_EVENTS: Final = {Wait.R: select.POLLIN, Wait.W: select.POLLOUT, Wait.RW: select.POLLIN | select.POLLOUT}


def nothing() -> bool:
    """Do nothing while PostgreSQL works, and say so."""
    return False


class OverlappedConnection(WatchedConnection):
    """A connection of one thread that goes on with other work until the answer is there."""

    #: Does a little of the work, and says whether there was anything to do.
    work: Callable[[], bool] = staticmethod(nothing)

    def _exchange(self, gen: PQGen[_Result]) -> PQGen[_Result]:
        socket = select.poll()
        try:
            wanted = next(gen)
            while True:
                socket.register(self.pgconn.socket, _EVENTS[wanted])
                while not (found := socket.poll(0)) and self._worked():
                    pass
                wanted = gen.send(_ready(found[0][1], wanted) if found else (yield from self._waited(wanted)))
        except StopIteration as end:
            result: _Result = end.value
            return result

    def _worked(self) -> bool:
        try:
            return self.work()
        except Exception:  # noqa: BLE001 - whatever it is, it is not this exchange that failed
            # An exchange with PostgreSQL must not end in the middle; whoever needs that work meets its error there.
            _LOG.exception("work done while PostgreSQL works failed")
            self.work = nothing
            return False


def _ready(events: int, wanted: Wait) -> Ready:
    if events & ~(select.POLLIN | select.POLLOUT):
        return Ready(wanted)  # an error or the end, which reading or writing will find
    return Ready((Ready.R if events & select.POLLIN else 0) | (Ready.W if events & select.POLLOUT else 0))
