"""Work that is put off is done once, by whoever comes first: the time that is left, or who wants its result."""

from __future__ import annotations

from functools import partial

import pytest

from prismd.services.imports.deferred import Later, Meanwhile


def test_what_was_put_off_is_done_once_in_order() -> None:
    done: list[int] = []

    def note(number: int) -> int:
        done.append(number)
        return number

    meanwhile = Meanwhile()
    results = [meanwhile.later(partial(note, number)) for number in range(3)]
    assert meanwhile.go_on()
    assert done == [0]
    assert [result() for result in (*results, *results)] == [0, 1, 2] * 2
    while meanwhile.go_on():
        pass
    assert done == [0, 1, 2]


def test_what_fails_meanwhile_fails_where_its_result_is_wanted_and_is_not_done_again() -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise ValueError("the row")

    meanwhile = Meanwhile()
    result = meanwhile.later(fail)
    assert meanwhile.go_on()
    for _ in range(2):
        with pytest.raises(ValueError, match="the row"):
            result()
    assert calls == [1]


def test_what_nobody_had_time_for_is_done_when_it_is_wanted() -> None:
    assert Later(lambda: 7)() == 7
