"""A pool of threads that teams share fairly: each has a limited number of turns, and waiting teams alternate."""

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

#: The owner of the work that is submitted now: the team of a request, or its key before the team is known.
OWNER: Final[ContextVar[Hashable]] = ContextVar("prismd_owner", default=None)

_COME_BACK_S: Final = 1


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """The share of one owner in a pool of threads.

    Args:
        each_max: The most turns at once; never more than the number of threads less one.
        waiting_max: The most pieces of work that wait for a turn.
        wait_s: The longest wait of each piece, in seconds.
        admit: Called with the owner when a turn begins, in the thread of the turn; raises to refuse the work.
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
    """An executor for an event loop; work must be submitted on the event loop.

    Work that finds no free turn waits for a limited time. It is refused after that time, or at once if too much work of
    its owner waits already. So a team that sends too much learns of it, and other teams do not wait longer.

    Args:
        threads: The number of threads.
        name: Prefix of the threads' names.
        limits: The share of one owner.
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
        """Do work when its owner's turn comes; the context variable ``OWNER`` names the owner.

        Raises:
            PrismdError: ``too_many_requests``: too much work of the owner waits already. The future raises the same
                error if the work waits for too long.
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
        except BaseException as error:  # noqa: BLE001 - the future raises it to the waiting caller
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
                # A pool that was shut down takes no work: the server ends, and the waiting requests end with it.
                with contextlib.suppress(RuntimeError):
                    self._begin(following)

    def _next(self) -> _Turn | None:
        # At most as many owners as threads use all their turns, so this looks at few owners.
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
