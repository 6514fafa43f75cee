"""A connection that reports when it waits for PostgreSQL, and when it continues."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow
from psycopg.waiting import Ready, Wait

_Result = TypeVar("_Result")


def _ignore() -> None:
    pass


class WatchedConnection(psycopg.Connection[TupleRow]):
    """A connection of one thread that reports its waits."""

    #: Called before the thread waits for PostgreSQL with nothing else to do; ``on_go`` is called when it continues.
    on_wait: Callable[[], None] = staticmethod(_ignore)
    on_go: Callable[[], None] = staticmethod(_ignore)

    def wait(self, gen: PQGen[_Result], *args: Any, **options: Any) -> _Result:  # noqa: ANN401 - psycopg's own
        """Drive one exchange with PostgreSQL to its end; psycopg calls this for everything that it sends."""
        return super().wait(self._exchange(gen), *args, **options)

    def _exchange(self, gen: PQGen[_Result]) -> PQGen[_Result]:
        try:
            wanted = next(gen)
            while True:
                wanted = gen.send((yield from self._waited(wanted)))
        except StopIteration as end:
            result: _Result = end.value
            return result

    def _waited(self, wanted: Wait) -> Generator[Wait, Ready | int, Ready | int]:
        self.on_wait()
        ready = yield wanted
        self.on_go()
        return ready
