"""Values and items are counted on the bytes as a parser would find them, before it builds any."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.errors import PrismdError
from prismd.core.imports.request import RequestLimits, parse_request
from prismd.core.json import bounds
from prismd.core.json.bounds import VALUES_MAX, TooManyValuesError, has_more_items, refuse_many_values
from prismd.core.json.split import BESIDE_BYTES_MAX, split_items, split_members, split_rows
from prismd.core.json.text import HALVES_MAX, HALVES_OF_ROWS_MAX, NotJsonError, decode, without_unpaired

TEXTS: Final = st.text(max_size=6) | st.sampled_from(["", '"', "\\", '\\"', "[,{", "]}", '",', "\\\\", '\\\\"'])
VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def written(value: Any, *, escaped: bool, spaced: bool) -> bytes:
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps(value, ensure_ascii=escaped, separators=separators).encode(errors="surrogatepass")


def values_in(value: Any) -> int:
    """Return how many values there are, in the way that they are counted: an empty array or object counts twice."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        return 1
    return 1 + sum(map(values_in, inner)) if inner else 2


@given(value=VALUES, escaped=st.booleans(), spaced=st.booleans(), segment=st.integers(1, 9))
@example(value=['a"', "b,"], escaped=False, spaced=False, segment=3)
@example(value={'k\\"': ["\\", '\\"[']}, escaped=True, spaced=False, segment=2)
def test_values_are_counted_wherever_the_text_is_cut(value: Any, escaped: bool, spaced: bool, segment: int) -> None:  # noqa: FBT001 - drawn
    text = written(value, escaped=escaped, spaced=spaced)
    count = values_in(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "_SEGMENT", segment)
        patch.setattr(bounds, "_BYTES_OF_MANY", 0)
        signs = b"".join(bounds._signs(text))
        assert bounds._count(signs) == count
        patch.setattr(bounds, "VALUES_MAX", 0)
        with pytest.raises(TooManyValuesError):
            refuse_many_values(text)


@given(
    items=st.lists(VALUES, min_size=1, max_size=12),
    escaped=st.booleans(),
    spaced=st.booleans(),
    segment=st.integers(1, 9),
)
@example(items=[[], [[]], {}], escaped=False, spaced=False, segment=1)
@example(items=[[[[[[[0, 0]]]]]], 0], escaped=False, spaced=False, segment=9)
def test_items_are_counted_wherever_the_text_is_cut(
    items: list[Any],
    escaped: bool,  # noqa: FBT001 - drawn
    spaced: bool,  # noqa: FBT001 - drawn
    segment: int,
) -> None:
    text = written(items, escaped=escaped, spaced=spaced)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "_SEGMENT", segment)
        patch.setattr(bounds, "_ITEMS_SURE", 0)
        assert has_more_items(text, len(items) - 1)
        assert not has_more_items(text, len(items))


def test_as_many_values_as_there_may_be_are_read_and_one_more_is_not() -> None:
    most = b"[" + b"1 ," * (VALUES_MAX - 2) + b"1]"
    assert len(decode(most)) == VALUES_MAX - 1
    for read in (decode, split_members):
        with pytest.raises(NotJsonError, match="more than 50,000 values"):
            read(b"[1," + most[1:])


def test_a_text_with_more_commas_than_there_may_be_values_is_no_list() -> None:
    text = ',[{"' * VALUES_MAX
    assert decode(json.dumps({"default": {"notes": text}}).encode()) == {"default": {"notes": text}}


@pytest.mark.parametrize("row", ["{}", "[]", "1", '""', "[[],[]]", '{"a":{"b":[1,2]}}'])
def test_more_rows_than_there_may_be_are_refused_before_they_are_split_off(row: str) -> None:
    limits = RequestLimits(rows_max=100_000)
    body = ('{"objects":[' + f"{row}," * 1_500_000 + f"{row}]}}").encode()
    tracemalloc.start()
    try:
        with pytest.raises(PrismdError, match="found more than 100000 rows"):
            parse_request("contact", body, limits)
        assert tracemalloc.get_traced_memory()[1] < len(body) + 16 * 2**20
    finally:
        tracemalloc.stop()


def test_as_many_rows_as_there_may_be_pass_however_many_values_they_have() -> None:
    row = json.dumps({"default": {f"slug_{number}": "a,[{" for number in range(15)}})
    body = f'{{"objects":[{",".join([row] * 100_000)}]}}'.encode()
    assert len(parse_request("contact", body, RequestLimits(rows_max=100_000)).rows) == 100_000


@pytest.mark.parametrize(
    "beside", ['"x": "{}"', '"x": [{}]', '"options": {{"{}": 1}}', '"objects": "{}"', '"objects": [{}], "options": 1']
)
def test_what_stands_beside_the_rows_is_small(beside: str) -> None:
    filler = "1," * BESIDE_BYTES_MAX + "1"
    body = f'{{{beside.format(filler)}, "objects": [{{}}]}}'.encode()
    with pytest.raises(NotJsonError, match="65,536"):
        split_rows(body)


@given(
    members=st.dictionaries(st.sampled_from(["objects", "options", "x", "y"]), VALUES),
    escaped=st.booleans(),
    spaced=st.booleans(),
)
@example(members={"x": "[1]", "objects": [1]}, escaped=False, spaced=False)
@example(members={'objects"[': 1, "objects": []}, escaped=False, spaced=False)
def test_rows_and_what_stands_beside_them_are_the_members(
    members: dict[str, Any],
    escaped: bool,  # noqa: FBT001 - drawn
    spaced: bool,  # noqa: FBT001 - drawn
) -> None:
    if isinstance(members.get("objects"), list):
        members["objects"] = [*members["objects"], "[1]" * 2 * BESIDE_BYTES_MAX]
    body = written(members, escaped=escaped, spaced=spaced)
    split = split_rows(body)
    assert {name: decode(raw) for name, raw in split.items()} == decode(without_unpaired(body, HALVES_OF_ROWS_MAX))


@pytest.mark.parametrize("body", [b'{"objects":[],"objects":[1]}', b'{"objects":[1],"x":1,"x":2}', b'{"x":1,"x":[]}'])
def test_a_member_that_stands_twice_is_refused(body: bytes) -> None:
    with pytest.raises(NotJsonError, match="stands twice"):
        split_rows(body)


@pytest.mark.parametrize("most", [HALVES_MAX, HALVES_OF_ROWS_MAX])
def test_halves_of_pairs_are_counted_and_their_text_grows_no_further(most: int) -> None:
    few = b'["' + rb"\ud800" * most + b'"]'
    assert len(decode(without_unpaired(few, most))[0]) == 2 * most
    with pytest.raises(NotJsonError, match=f"{most:,} halves"):
        without_unpaired(b'["' + rb"\ud800" * (most + 1) + b'"]', most)


def test_one_record_has_fewer_halves_of_pairs_than_the_rows_of_an_import() -> None:
    rows = b'{"objects":[' + b",".join([rb'{"a":"\ud800"}'] * (HALVES_MAX + 1)) + b"]}"
    assert len(split_items(split_rows(rows)["objects"])) == HALVES_MAX + 1
    with pytest.raises(NotJsonError, match="1,000 halves"):
        split_members(rows)


def test_pairs_are_no_halves() -> None:
    pairs = b'["' + rb"\ud83d\ude00\\ud800\n" * 100_001 + b'"]'
    assert without_unpaired(pairs) == pairs


class Watched(bytes):
    """A text that counts how often a part of it is taken."""

    taken = 0

    def __getitem__(self, part: Any) -> Any:
        self.taken += 1
        return super().__getitem__(part)


def test_a_text_of_too_many_values_is_looked_at_no_further_than_it_takes_to_know() -> None:
    looked_at = []
    for values in (200_000, 2_000_000):
        text = Watched(b"[" + b"[]," * values + b"[]]")
        with pytest.raises(TooManyValuesError):
            refuse_many_values(text)
        looked_at.append(text.taken)
    assert looked_at[0] == looked_at[1]
