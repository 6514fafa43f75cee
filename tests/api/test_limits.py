"""The rate of a key: a bucket that the clock fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from prismd.api.limits.rates import RateLimiter
from prismd.api.limits.shared_memory import SharedMemory
from prismd.core.errors import PrismdError

if TYPE_CHECKING:
    from tests.conftest import Clock


def takes(limiter: RateLimiter, key: str) -> bool:
    try:
        limiter.take(key)
    except PrismdError as error:
        return (error.code, (error.retry_after_s or 0) >= 1) != ("rate_limited", True)
    return True


def passed(limiter: RateLimiter, key: str, requests: int) -> int:
    return sum(takes(limiter, key) for _ in range(requests))


def test_no_limit_unless_one_is_set(clock: Clock) -> None:
    assert passed(RateLimiter(0, clock.now, SharedMemory()), "a", 10_000) == 10_000


def test_a_burst_of_a_second_passes_and_then_what_the_clock_gives(clock: Clock) -> None:
    limiter = RateLimiter(10, clock.now, SharedMemory())
    assert passed(limiter, "a", 100) == 10
    clock.advance(seconds=0.35)
    assert passed(limiter, "a", 100) == 3
    clock.advance(hours=1)
    assert passed(limiter, "a", 100) == 10


def test_each_key_has_its_own(clock: Clock) -> None:
    limiter = RateLimiter(2, clock.now, SharedMemory())
    assert passed(limiter, "a", 5) == 2
    assert passed(limiter, "b", 5) == 2


@pytest.mark.parametrize("rate", [0.1, 0.5, 1, 3])
def test_whoever_waits_as_told_passes(clock: Clock, rate: float) -> None:
    limiter = RateLimiter(rate, clock.now, SharedMemory())
    for _ in range(5):
        try:
            limiter.take("a")
        except PrismdError as error:
            clock.advance(seconds=error.retry_after_s or 0)
            limiter.take("a")


def test_a_clock_that_steps_back_takes_nothing(clock: Clock) -> None:
    limiter = RateLimiter(2, clock.now, SharedMemory())
    limiter.take("a")
    clock.advance(seconds=-60)
    limiter.take("a")
    clock.advance(seconds=1)
    assert passed(limiter, "a", 5) == 2
