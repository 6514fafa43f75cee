"""A connection that does something useful in the time in which PostgreSQL works, instead of waiting."""

from __future__ import annotations

import select
from collections.abc import Callable, Generator
from typing import Any, Final, TypeVar

import psycopg
import structlog
from psycopg.abc import PQGen
from psycopg.rows import TupleRow
from psycopg.waiting import Ready, Wait

_LOG: Final = structlog.get_logger()
_Result = TypeVar("_Result")

_EVENTS: Final = {Wait.R: select.POLLIN, Wait.W: select.POLLOUT, Wait.RW: select.POLLIN | select.POLLOUT}


def nothing() -> bool:
    """Do nothing while PostgreSQL works, and say so."""
    return False


def _ignore() -> None:
    pass


class OverlappedConnection(psycopg.Connection[TupleRow]):
    """A connection of one thread that goes on with other work until the answer is there.

    No thread is needed, nor does one help: it would take the interpreter from the work that PostgreSQL waits for.
    """

    #: Does a little, well below a millisecond of it, and says whether there was anything to do.
    meanwhile: Callable[[], bool] = staticmethod(nothing)
    #: Called before it waits for PostgreSQL with nothing else to do, and once it goes on.
    on_wait: Callable[[], None] = staticmethod(_ignore)
    on_go: Callable[[], None] = staticmethod(_ignore)

    def wait(self, gen: PQGen[_Result], *args: Any, **options: Any) -> _Result:  # noqa: ANN401 - psycopg's own
        """Drive one exchange with PostgreSQL to its end; psycopg calls it for whatever it sends."""
        return super().wait(self._overlapped(gen), *args, **options)

    def _overlapped(self, gen: PQGen[_Result]) -> PQGen[_Result]:
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

    def _waited(self, wanted: Wait) -> Generator[Wait, Ready | int, Ready | int]:
        self.on_wait()
        ready = yield wanted
        self.on_go()
        return ready

    def _worked(self) -> bool:
        try:
            return self.meanwhile()
        except Exception:  # noqa: BLE001 - whatever it is, it is not this exchange that failed
            # An exchange with PostgreSQL must not end in the middle; whoever needs that work meets its error there.
            _LOG.exception("work done meanwhile failed")
            self.meanwhile = nothing
            return False


def _ready(events: int, wanted: Wait) -> Ready:
    if events & ~(select.POLLIN | select.POLLOUT):
        return Ready(wanted)  # an error or the end, which reading or writing will find
    return Ready((Ready.R if events & select.POLLIN else 0) | (Ready.W if events & select.POLLOUT else 0))
