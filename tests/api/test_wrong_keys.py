"""Unknown API keys: one address may try some, all others go on, and the log counts them once a minute."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from prismd.api.authentication.wrong_keys import WrongKeys
from prismd.api.limits.shared_memory import SharedMemory
from prismd.core.errors import PrismdError
from tests.conftest import Clock

if TYPE_CHECKING:
    from tests.api.conftest import Api

Serve = Callable[..., "Api"]


class Minute:
    """What is to be done later, done when a test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, wait_s: float, work: Callable[[], None]) -> None:
        assert wait_s == 60
        self.waiting.append(work)

    def over(self) -> None:
        waiting, self.waiting = self.waiting, []
        for work in waiting:
            work()


def tried(keys: WrongKeys, address: str, key: str = "wrong") -> bool:
    try:
        keys.check(address, key)
    except PrismdError:
        return False
    keys.wrong(address, key)
    return True


def test_one_address_is_limited_and_others_are_not(serve: Serve, clock: Clock) -> None:
    api = serve(wrong_keys_per_minute_max=3, trusted_proxies="127.0.0.1")

    def send(key: str, address: str) -> int:
        return api.send("GET", "/imports", key=key, headers={"x-forwarded-for": address}).status_code

    assert [send(f"guess {number}", "192.0.2.1") for number in range(5)] == [403, 403, 403, 429, 429]
    assert send(api.key, "192.0.2.1") == 429, "whether the key is good is not looked up"
    assert send(api.key, "192.0.2.2") == 200
    assert send(api.key, "192.0.2.1") == 200, "it is known to be good by now"
    assert send("guess", "192.0.2.2") == 403
    refused = api.send("GET", "/imports", key="guess", headers={"x-forwarded-for": "192.0.2.1"})
    assert refused.headers["retry-after"] == "20"
    clock.advance(seconds=20)
    assert [send("guess", "192.0.2.1") for _ in range(2)] == [403, 429]


def test_without_a_trusted_proxy_nobody_says_where_they_come_from(serve: Serve) -> None:
    api = serve(wrong_keys_per_minute_max=2)
    codes = [
        api.send("GET", "/imports", key="guess", headers={"x-forwarded-for": f"192.0.2.{number}"}).status_code
        for number in range(4)
    ]
    assert codes == [403, 403, 429, 429]


def test_a_good_key_for_another_team_is_no_guess(serve: Serve, api: Api) -> None:
    mine = serve(wrong_keys_per_minute_max=2)
    assert {mine.send("GET", f"/v2/prism/{api.team}/imports").status_code for _ in range(5)} == {403}
    assert mine.send("GET", "/imports").status_code == 200


def test_a_key_that_is_revoked_is_a_guess_from_then_on(clock: Clock) -> None:
    keys = WrongKeys(1, clock.now, Minute(), SharedMemory())
    keys.check("192.0.2.1", "once good")
    keys.good("192.0.2.1", "once good")
    assert tried(keys, "192.0.2.1", "once good")
    assert [tried(keys, "192.0.2.1", "once good") for _ in range(2)] == [True, False]


def test_requests_at_the_same_time_do_not_all_pass(clock: Clock) -> None:
    keys = WrongKeys(3, clock.now, Minute(), SharedMemory())
    for _ in range(3):
        keys.check("192.0.2.1", "guess")
    with pytest.raises(PrismdError):
        keys.check("192.0.2.1", "guess")
    keys.spare("192.0.2.1")
    keys.check("192.0.2.1", "guess")


def test_no_limit_is_none(clock: Clock) -> None:
    keys = WrongKeys(0, clock.now, Minute(), SharedMemory())
    assert all(tried(keys, "192.0.2.1") for _ in range(1000))


def test_a_network_of_ipv6_is_one_address(clock: Clock) -> None:
    keys = WrongKeys(3, clock.now, Minute(), SharedMemory())
    assert [tried(keys, f"2001:db8::{number:x}") for number in range(5)] == [True] * 3 + [False] * 2


def test_they_are_told_once_a_minute_with_their_number(clock: Clock) -> None:
    minute = Minute()
    keys = WrongKeys(5, clock.now, minute, SharedMemory())
    with capture_logs() as logs:
        for _ in range(7):
            tried(keys, "192.0.2.1")
        tried(keys, "192.0.2.2")
        assert logs == []
        minute.over()
        minute.over()
        tried(keys, "192.0.2.1")
        minute.over()
    told = [(entry["log_level"], entry["requests"], entry["addresses"], entry["most_from"]) for entry in logs]
    assert told == [("warning", 8, 2, "192.0.2.1"), ("warning", 1, 1, "192.0.2.1")]


def test_many_addresses_and_keys_take_little_memory(clock: Clock) -> None:
    minute = Minute()
    keys = WrongKeys(5, clock.now, minute, SharedMemory())
    tracemalloc.start()
    for number in range(30_000):
        address, key = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", f"key {number}"
        tried(keys, address, key)
        keys.check(f"192.0.2.{number % 256}", key)
        keys.good(f"192.0.2.{number % 256}", key)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 12 * 2**20
    assert not tried(keys, "10.0.0.1") or len(minute.waiting) == 1
