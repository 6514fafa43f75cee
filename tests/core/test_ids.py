"""Ids: UUIDs of version 7 that only ever grow."""

from __future__ import annotations

import random
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from prismd.core.ids import TimeOrderedIds


@given(st.lists(st.integers(0, 2**48 - 1), min_size=1, max_size=50), st.integers())
def test_ids_grow_whatever_the_clock_does(times: list[int], seed: int) -> None:
    clock, dice = iter(times), random.Random(seed)
    new_id = TimeOrderedIds(lambda: next(clock), dice.getrandbits)
    made = [new_id() for _ in times]
    assert made == sorted(set(made))
    for text, latest in zip(made, (max(times[: n + 1]) for n in range(len(times))), strict=True):
        uuid = UUID(text)
        assert (str(uuid), uuid.version, uuid.variant) == (text, 7, RFC_4122)
        assert uuid.int >> 80 == latest


def test_two_sources_do_not_meet() -> None:
    sources = [TimeOrderedIds(lambda: 1, random.Random(seed).getrandbits) for seed in (1, 2)]
    made = [source() for source in sources for _ in range(1_000)]
    assert len(set(made)) == len(made)
