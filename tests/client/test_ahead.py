"""Items that are made ahead: in their order, no more than may be, and with the error where it happened."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.importer.ahead import made_ahead
from tests.processes import eventually


class _BrokenError(Exception):
    pass


@given(st.integers(0, 30), st.integers(0, 4), st.integers(0, 35))
def test_items_come_in_order_and_the_error_after_those_before_it(count: int, ahead: int, broken_at: int) -> None:
    made, taken = [0], list[int]()
    most = 0

    def items() -> Iterator[int]:
        for number in range(count):
            if number == broken_at:
                raise _BrokenError
            made[0] += 1
            yield number

    def take() -> None:
        nonlocal most
        with made_ahead(items(), ahead) as ready:
            for item in ready:
                taken.append(item)
                most = max(most, made[0] - len(taken))

    if broken_at < count:
        with pytest.raises(_BrokenError):
            take()
    else:
        take()
    assert taken == list(range(min(count, broken_at)))
    assert most <= ahead


def test_items_are_made_while_the_caller_is_busy_and_no_more_than_may_be() -> None:
    made = list[int]()

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with made_ahead(items(), 2) as ready:
        assert next(ready) == 0
        eventually(lambda: made == [0, 1, 2])
        assert next(ready) == 1
        eventually(lambda: made == [0, 1, 2, 3])
    assert made == [0, 1, 2, 3]
    assert not [thread for thread in threading.enumerate() if thread.name == "made ahead"]
