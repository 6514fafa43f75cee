"""Overlapped statements: a connection that does other work while PostgreSQL works, instead of waiting.

The invariant
    The bytes sent to PostgreSQL and received from it, including errors, are the same in the same order as without work.

Before
    The thread that uses the connection does the work, at most a few milliseconds at a time, and the work sends nothing
    to PostgreSQL.

After
    Every exchange ends as it would without work. An error of the work ends no exchange: it is logged, and the
    connection does no more work.

Why the outcome cannot differ
    1. psycopg describes an exchange as a generator that yields the events it waits for. Each time, the connection sends
       back the events that the socket is ready for, as psycopg's own loop does.
    2. Work is done only after a poll of the socket that finds it not ready, and a new poll follows, so work can only
       delay the exchange.
    3. An error of the work is caught before it reaches the generator.

A second thread would not help: it would keep the interpreter from the work that PostgreSQL waits for.
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
    """Do nothing, and return that no work is left."""
    return False


class OverlappedConnection(WatchedConnection):
    """A connection for one thread that does other work until the answer arrives."""

    #: Does a little work; returns False if no work is left.
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
            # An exchange with PostgreSQL must not end in the middle; the caller that needs the work gets its error.
            _LOG.exception("work done while PostgreSQL works failed")
            self.work = nothing
            return False


def _ready(events: int, wanted: Wait) -> Ready:
    if events & ~(select.POLLIN | select.POLLOUT):
        return Ready(wanted)  # an error or the end of the connection, which reading or writing will report
    return Ready((Ready.R if events & select.POLLIN else 0) | (Ready.W if events & select.POLLOUT else 0))
