"""Threads that owners of work share fairly: each has so many turns at once, and those who wait take turns in a ring."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, ParamSpec, TypeVar

from prismd.core.errors import PrismdError

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

#: Whose work is given to threads now: the team of a request once its key is known, the key before.
OWNER: Final[ContextVar[Hashable]] = ContextVar("prismd_owner", default=None)

_COME_BACK_S: Final = 1


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """How much of some threads one owner may have.

    Args:
        each_max: Turns that it has at once; one less than there are threads, if that is less.
        waiting_max: Pieces of work that wait for a turn.
        wait_s: How long each of them waits, in seconds.
        admit: Called with the owner when a turn begins, in the thread of the turn; raises where it must not.
    """

    each_max: int
    waiting_max: int
    wait_s: float
    admit: Callable[[Hashable], None] = lambda _owner: None


@dataclass(eq=False, slots=True)
class _Turn:
    owner: Hashable
    work: Callable[[], Any]
    done: Future[Any] = field(default_factory=Future)


class FairThreads(ThreadPoolExecutor):
    """Threads for the executor of an event loop, on which alone work is given to them.

    Work that finds no turn waits for a while. Then, or where too much of its owner waits already, it is refused, so
    that whoever sends more than is worked at is told so, and no other owner waits longer for it.

    Args:
        threads: How many there are.
        name: What they are called.
        limits: What one owner may have of them.
    """

    def __init__(self, threads: int, name: str, limits: TurnLimits) -> None:
        super().__init__(threads, name)
        self._threads_max = threads
        self._limits = limits
        self._each_max = max(1, min(limits.each_max, threads - 1))
        self._lock = threading.Lock()
        self._running: dict[Hashable, int] = {}
        self._ring: OrderedDict[Hashable, deque[_Turn]] = OrderedDict()

    def submit(
        self, fn: Callable[_Arguments, _Result], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> Future[_Result]:
        """Have work done when its owner's turn comes; the owner is that of the context.

        Raises:
            PrismdError: ``too_many_requests``: as much of the owner waits as may; whoever waits for too long gets it
                from the future.
        """
        turn = _Turn(OWNER.get(), lambda: fn(*args, **kwargs))
        with self._lock:
            if self._has_room(turn.owner):
                self._begin(turn)
            else:
                self._wait(turn)
        return turn.done

    def _has_room(self, owner: Hashable) -> bool:
        return sum(self._running.values()) < self._threads_max and self._running.get(owner, 0) < self._each_max

    def _begin(self, turn: _Turn) -> None:
        self._running[turn.owner] = self._running.get(turn.owner, 0) + 1
        super().submit(self._do, turn)

    def _wait(self, turn: _Turn) -> None:
        waiting = self._ring.setdefault(turn.owner, deque())
        if len(waiting) >= self._limits.waiting_max:
            raise self._refusal(f"and {self._limits.waiting_max:,} wait for their turn, which is the most there may be")
        waiting.append(turn)
        asyncio.get_running_loop().call_later(self._limits.wait_s, self._give_up, turn)

    def _give_up(self, turn: _Turn) -> None:
        with self._lock:
            waiting = self._ring.get(turn.owner, deque())
            if turn not in waiting:
                return  # its turn has come
            waiting.remove(turn)
            if not waiting:
                del self._ring[turn.owner]
        if turn.done.set_running_or_notify_cancel():
            turn.done.set_exception(self._refusal(f"and none of them ended within {self._limits.wait_s:g} s"))

    def _refusal(self, why: str) -> PrismdError:
        message = f"Requests of the team are worked at, {self._each_max} at a time, {why}; send fewer at once"
        return PrismdError("too_many_requests", message, retry_after_s=_COME_BACK_S)

    def _do(self, turn: _Turn) -> None:
        if not turn.done.set_running_or_notify_cancel():
            self._end(turn)
            return
        try:
            self._limits.admit(turn.owner)
            found = turn.work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is for whoever waits
            self._end(turn)
            turn.done.set_exception(error)
        else:
            self._end(turn)
            turn.done.set_result(found)

    def _end(self, turn: _Turn) -> None:
        with self._lock:
            left = self._running.pop(turn.owner) - 1
            if left:
                self._running[turn.owner] = left
            if (following := self._next()) is not None:
                # Threads that were shut down take nothing more: the server ends, and so do those who wait.
                with contextlib.suppress(RuntimeError):
                    self._begin(following)

    def _next(self) -> _Turn | None:
        # Those who have all their turns are never more than there are threads.
        owner = next((one for one in self._ring if self._running.get(one, 0) < self._each_max), None)
        if owner is None:
            return None
        waiting = self._ring[owner]
        turn = waiting.popleft()
        if waiting:
            self._ring.move_to_end(owner)
        else:
            del self._ring[owner]
        return turn
