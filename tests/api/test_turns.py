"""Threads are shared fairly: nobody has more turns at once than may be, and those who wait take turns in a ring."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from contextvars import copy_context
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prismd.api.limits.turns import OWNER, FairThreads, TurnLimits
from prismd.core.errors import PrismdError

PATIENCE_S = 60


class Work:
    """Pieces of work that a test lets go on."""

    def __init__(self, threads: int, limits: TurnLimits) -> None:
        self.threads = FairThreads(threads, "test", limits)
        self.go_on = threading.Event()
        self.begun: list[Any] = []
        self._lock = threading.Lock()
        self._running: Counter[Any] = Counter()
        self.most: Counter[Any] = Counter()

    def give(self, owner: Any) -> asyncio.Future[Any]:
        def begin() -> asyncio.Future[Any]:
            OWNER.set(owner)
            return asyncio.get_running_loop().run_in_executor(self.threads, self._do, owner)

        return copy_context().run(begin)

    def _do(self, owner: Any) -> Any:
        with self._lock:
            self.begun.append(owner)
            self._running[owner] += 1
            self.most[owner] = max(self.most[owner], self._running[owner])
            self.most["all"] = max(self.most["all"], self._running.total())
        self.go_on.wait(PATIENCE_S)
        with self._lock:
            self._running[owner] -= 1
        return owner


@settings(max_examples=50)
@given(
    owners=st.lists(st.integers(0, 3), max_size=30),
    threads=st.integers(1, 5),
    each_max=st.integers(1, 5),
)
@example(owners=[0, 0, 1], threads=1, each_max=1)
@example(owners=[0] * 9 + [1], threads=4, each_max=4)
def test_all_work_is_done_and_no_owner_has_more_turns_than_it_may(
    owners: list[int], threads: int, each_max: int
) -> None:
    async def run() -> list[Any]:
        work = Work(threads, TurnLimits(each_max, 100, PATIENCE_S))
        given_ = [work.give(owner) for owner in owners]
        work.go_on.set()
        done = await asyncio.gather(*given_)
        each = max(1, min(each_max, threads - 1))
        assert all(work.most[owner] <= each for owner in set(owners))
        assert work.most["all"] <= threads
        work.threads.shutdown()
        return done

    assert asyncio.run(run()) == owners


def test_whoever_waits_comes_before_those_who_wait_for_another_turn() -> None:
    async def run() -> list[Any]:
        work = Work(2, TurnLimits(1, 100, PATIENCE_S))
        given_ = [work.give(owner) for owner in ["a"] * 5 + ["b"] * 3 + ["c"]]
        while len(work.begun) < 2:  # noqa: ASYNC110 - what is waited for happens in threads
            await asyncio.sleep(0.001)
        work.go_on.set()
        await asyncio.gather(*given_)
        work.threads.shutdown()
        return work.begun

    begun = asyncio.run(run())
    assert sorted(begun[:2]) == ["a", "b"]
    assert begun.index("c") <= 4, "one more turn of each who came before"


def test_too_much_work_is_refused_at_once_and_what_waits_for_too_long_when_it_has() -> None:
    async def run() -> None:
        work = Work(3, TurnLimits(2, 1, 0.05))
        running = [work.give("a"), work.give("a")]
        waiting = work.give("a")
        with pytest.raises(PrismdError, match="2 at a time, and 1 wait for their turn"):
            await work.give("a")
        with pytest.raises(PrismdError, match=r"none of them ended within 0\.05 s") as late:
            await waiting
        assert (late.value.code, late.value.status, late.value.retry_after_s) == ("too_many_requests", 429, 1)
        assert (await asyncio.wait({work.give("b")}, timeout=0.05))[1], "another owner has a turn, and is at it"
        work.go_on.set()
        assert await asyncio.gather(*running) == ["a", "a"]
        assert await work.give("a") == "a"
        work.threads.shutdown()

    asyncio.run(run())


def test_work_that_fails_or_is_given_up_gives_its_turn_to_the_next() -> None:
    def fail() -> None:
        raise ValueError("of its own")

    async def run() -> None:
        work = Work(2, TurnLimits(1, 100, PATIENCE_S))
        running, given_up, last = (work.give("a") for _ in range(3))
        given_up.cancel()
        await asyncio.sleep(0)  # the loop tells the pool of it in its next round
        work.go_on.set()
        assert await running == await last == "a"
        for _ in range(5):
            with pytest.raises(ValueError, match="of its own"):
                await asyncio.get_running_loop().run_in_executor(work.threads, fail)
        assert work.begun == ["a", "a"]
        work.threads.shutdown()

    asyncio.run(run())
