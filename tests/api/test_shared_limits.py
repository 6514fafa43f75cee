"""Limits that several processes share: two of them, played by two views of one memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.api.authentication.wrong_keys import WrongKeys
from prismd.api.limits.connections import ConnectionLimits
from prismd.api.limits.rates import RateLimiter
from prismd.api.limits.shared_limits import Buckets, Counts, Marks
from prismd.api.limits.shared_memory import SharedMemory, forget_process, new_shared_memory
from prismd.core.errors import PrismdError
from prismd.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import Clock

NAMES = st.sampled_from(["a", "b", "team 7", "2001:db8::/64", "\udcff"])
START = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def file() -> Iterator[int]:
    made = new_shared_memory(2)
    yield made
    os.close(made)


def both(file: int) -> tuple[SharedMemory, SharedMemory]:
    return SharedMemory(file, processes=2, number=0), SharedMemory(file, processes=2, number=1)


def test_a_count_holds_for_both(file: int) -> None:
    one, other = (Counts(shared) for shared in both(file))
    assert one.enter("a", 2, most=3)
    assert not other.enter("a", 2, most=3)
    assert other.enter("a", most=3)
    assert not one.enter("a", most=3)
    assert one.enter("b", most=1), "another name has its own"
    one.leave("a", 2)
    assert other.enter("a", 2, most=3)


def test_what_a_dead_process_had_is_given_back(file: int) -> None:
    living, dead = (Counts(shared) for shared in both(file))
    assert living.enter("a", most=9)
    assert dead.enter("a", 8, most=9)
    assert not living.enter("a", most=9)
    forget_process(file, 1)
    assert living.total("a") == 1
    assert os.fstat(file).st_blocks * 512 < 2**20, "room that nobody needed takes no memory"
    anew = Counts(SharedMemory(file, processes=2, number=1))
    assert anew.enter("a", 8, most=9)
    assert not living.enter("a", most=9)


@given(steps=st.lists(st.tuples(st.integers(0, 2), NAMES, st.integers(-3, 3))))
def test_counts_are_exact_where_names_are_few(steps: list[tuple[int, str, int]]) -> None:
    file = new_shared_memory(3)
    try:
        counts = [Counts(SharedMemory(file, processes=3, number=number)) for number in range(3)]
        expected: dict[tuple[int, str], int] = {}
        for number, name, amount in steps:
            had = expected.get((number, name), 0)
            if amount >= 0:
                total = sum(expected.get((each, name), 0) for each in range(3))
                entered = counts[number].enter(name, amount, most=7)
                assert entered == (total + amount <= 7)
                expected[number, name] = had + amount * entered
            else:
                given_back = min(-amount, had)
                counts[number].leave(name, given_back)
                expected[number, name] = had - given_back
            assert len({each.total(name) for each in counts}) == 1
    finally:
        os.close(file)


@given(
    per_second=st.sampled_from([0.1, 0.5, 1, 2, 3, 7, 10, 60]),
    steps=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3_000), st.integers(1, 5)), max_size=40),
)
def test_two_buckets_in_one_memory_are_one(per_second: float, steps: list[tuple[int, int, int]]) -> None:
    """A bucket in the usual words, tokens and the time at which they were counted, is the reference."""
    now = START
    file = new_shared_memory(2)
    try:
        burst = max(1.0, per_second)
        made = [Buckets(shared, tokens=burst, fill_s=burst / per_second, now=lambda: now) for shared in both(file)]
        tokens, counted_at = burst, now
        for number, later_ms, requests in steps:
            now += timedelta(milliseconds=later_ms)
            tokens = min(burst, tokens + (now - counted_at).total_seconds() * per_second)
            counted_at = now
            for _ in range(requests):
                if abs(tokens - 1) < 1e-6:
                    return  # which way a rounded number falls is nobody's business
                passes = tokens >= 1
                assert (made[number].take("a") == 0) == passes
                tokens -= passes
    finally:
        os.close(file)


def test_a_token_that_is_given_back_can_be_taken_by_the_other(file: int, clock: Clock) -> None:
    one, other = (Buckets(shared, tokens=2, fill_s=60, now=clock.now) for shared in both(file))
    assert one.take("a") == other.take("a") == 0
    assert one.take("a") == other.take("a") == 30
    one.give_back("a")
    assert other.take("a") == 0
    assert one.take("a") > 0


def test_a_key_sends_no_more_by_sending_to_both(file: int, clock: Clock) -> None:
    one, other = (RateLimiter(2, clock.now, shared) for shared in both(file))
    one.take("key")
    other.take("key")
    for limiter in (one, other):
        with pytest.raises(PrismdError, match="wait 1 s"):
            limiter.take("key")


def test_an_address_tries_no_more_keys_by_sending_to_both(file: int, clock: Clock) -> None:
    def later(_wait_s: float, _work: object) -> None:
        pass

    one, other = (WrongKeys(3, clock.now, later, shared) for shared in both(file))
    one.check("192.0.2.1", "good")
    one.good("192.0.2.1", "good")
    for keys in (one, other, one):
        keys.check("192.0.2.1", "guess")
        keys.wrong("192.0.2.1", "guess")
    for keys in (one, other):
        with pytest.raises(PrismdError, match="too many unknown API keys"):
            keys.check("192.0.2.1", "guess")
        keys.check("192.0.2.1", "good")  # which one of them has seen to be good
    other.wrong("192.0.2.1", "good")  # revoked meanwhile
    with pytest.raises(PrismdError):
        one.check("192.0.2.1", "good")


def test_marks_are_seen_by_both(file: int) -> None:
    one, other = (Marks(shared) for shared in both(file))
    one.add("a")
    assert "a" in other
    assert "b" not in other
    other.discard("a")
    assert "a" not in one


def test_who_has_the_fewest_connections_has_the_turn(file: int) -> None:
    one, other = (ConnectionLimits(Settings(), shared) for shared in both(file))
    one.begin_to_accept()
    assert one.has_turn(), "the other does not accept yet"
    assert one.enter("192.0.2.1")
    other.begin_to_accept()
    assert (one.has_turn(), other.has_turn()) == (False, True)
    assert other.enter("192.0.2.1")
    assert (one.has_turn(), other.has_turn()) == (True, True)
    one.leave("192.0.2.1")
    assert (one.has_turn(), other.has_turn()) == (True, False)
    one.end_accepting()
    assert other.has_turn()


def test_a_process_that_stands_still_with_the_lock_stops_nobody(file: int, clock: Clock) -> None:
    hold = (
        "import fcntl, sys; fcntl.lockf(int(sys.argv[1]), fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[file]) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        one, other = both(file)
        limiters = [RateLimiter(2, clock.now, shared) for shared in (one, other)]
        for limiter in limiters:
            limiter.take("key")
        with pytest.raises(PrismdError):
            limiters[0].take("key")
        holder.communicate()


def test_processes_count_exactly_however_they_meet() -> None:
    """Real processes take tokens at the same time, as fast as they can."""
    take = """
import sys
from datetime import datetime, UTC
from prismd.api.limits.shared_limits import Buckets, Counts
from prismd.api.limits.shared_memory import SharedMemory
shared = SharedMemory(int(sys.argv[1]), processes=4, number=int(sys.argv[2]))
buckets = Buckets(shared, tokens=2000, fill_s=1e6, now=lambda: datetime(2026, 11, 26, tzinfo=UTC))
counts = Counts(shared)
sys.stdin.read()
print(sum(buckets.take("a") == 0 for _ in range(1000)), sum(counts.enter("a", most=2000) for _ in range(1000)))
"""
    file = new_shared_memory(4)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", take, str(file), str(number)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[file],
            text=True,
        )
        for number in range(4)
    ]
    said = [process.communicate()[0].split() for process in started]
    os.close(file)
    tokens, entered = (sum(int(part[place]) for part in said) for place in (0, 1))
    # The lock is not waited for for ever; and who comes last at the same time as another may be refused like them.
    assert 2000 <= tokens <= 2005
    assert 1995 <= entered <= 2000
