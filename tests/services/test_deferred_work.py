"""Deferred values are made once: while there is time, or when somebody asks for them."""

from __future__ import annotations

from functools import partial

import pytest

from prismd.core.once import Once
from prismd.services.imports.pipeline.deferred import DeferredWork


def test_deferred_values_are_made_once_in_order() -> None:
    done: list[int] = []

    def note(number: int) -> int:
        done.append(number)
        return number

    deferred = DeferredWork()
    results = [deferred.later(partial(note, number)) for number in range(3)]
    assert deferred.go_on()
    assert done == [0]
    assert [result() for result in (*results, *results)] == [0, 1, 2] * 2
    while deferred.go_on():
        pass
    assert done == [0, 1, 2]


def test_an_error_waits_for_whoever_asks_and_the_value_is_not_made_again() -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise ValueError("the row")

    deferred = DeferredWork()
    result = deferred.later(fail)
    assert deferred.go_on()
    for _ in range(2):
        with pytest.raises(ValueError, match="the row"):
            result()
    assert calls == [1]


def test_a_value_that_nobody_had_time_for_is_made_when_it_is_asked_for() -> None:
    assert Once(lambda: 7)() == 7


def test_what_a_failed_chunk_leaves_is_forgotten() -> None:
    deferred = DeferredWork()
    made: list[int] = []
    deferred.add([Once(partial(made.append, 1)), Once(partial(made.append, 2))])
    assert deferred.go_on()
    deferred.clear()
    assert not deferred.go_on()
    assert made == [1]
