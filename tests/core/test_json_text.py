"""Strict JSON against the standard library's reader, which is slow and exact."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.json.split import split_items, split_members
from prismd.core.json.text import NotJsonError, SentTexts, decode, decode_texts, encode, sent_texts
from prismd.core.values.errors import found
from prismd.core.values.numbers import kept_exactly

KEYS = st.sampled_from(["a", "b", 'say ":"', 'end"', "c d", "é", "\\", ""])
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(['":', '" :', "\u0000"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


@st.composite
def objects_with_any_keys(draw: st.DrawFn, values: st.SearchStrategy[Any] = VALUES) -> tuple[str, bool]:
    """The text of an object whose keys may repeat, spaced in any way, and whether any does."""
    pairs = draw(st.lists(st.tuples(KEYS, values), max_size=4))
    space = st.sampled_from(["", " ", "\n", "\t", "\r"])
    ascii_only = draw(st.booleans())
    members = [
        json.dumps(key, ensure_ascii=ascii_only) + draw(space) + ":" + draw(space)
        + json.dumps(value, ensure_ascii=ascii_only) + draw(space)
        for key, value in pairs
    ]  # fmt: skip
    return "{" + ",".join(members) + "}", len({key for key, _ in pairs}) < len(pairs)


@given(written=objects_with_any_keys(), nested=st.booleans())
@example(written=('{"a" :1,"a":2}', True), nested=False)
@example(written=('{"a"\n:1,"a":2}', True), nested=False)
@example(written=('{"a"\t:1,"a":2}', True), nested=False)
@example(written=('{"a"\r:1,"a":2}', True), nested=False)
@example(written=('{"a"\t\r\n :1,"a":2}', True), nested=False)
@example(written=('{"a"\t:1,"a":2}', True), nested=True)
@example(written=('{"a"\r:1,"a":2}', True), nested=True)
def test_a_repeated_key_is_refused_and_nothing_else_is(written: tuple[str, bool], *, nested: bool) -> None:
    text, repeats = written
    raw = (f'{{"default":{text}}}' if nested else text).encode()
    if repeats:
        with pytest.raises(NotJsonError, match="twice"):
            decode(raw)
    else:
        assert decode(raw) == json.loads(raw)


@given(written=objects_with_any_keys() | objects_with_any_keys(st.text(max_size=5)), name=KEYS)
def test_objects_of_texts_are_read_as_any_or_not_at_all(written: tuple[str, bool], name: str) -> None:
    raw = f"{{{json.dumps(name)}:{written[0]}}}".encode()
    fields = decode_texts(raw, name) if b"\\" not in raw else None
    if fields is None:
        return
    assert decode(raw) == {name: fields}
    assert all(isinstance(value, str) for value in fields.values())


@given(written=objects_with_any_keys(st.text(max_size=5)), space=st.sampled_from(["", " ", "\n", "\t"]))
def test_what_was_sent_is_its_own_text_and_reads_as_what_it_holds(written: tuple[str, bool], space: str) -> None:
    raw = f'{space}{{{space}"default"{space}:{space}{written[0]}{space}}}{space}'.encode()
    fields = decode_texts(raw, "default") if b"\\" not in raw else None
    if fields is None:
        return
    sent = sent_texts(raw, fields)
    assert sent.json == written[0].encode()
    again = SentTexts(sent.json)
    assert again == sent == fields
    assert (list(again), len(again)) == (list(fields), len(fields))
    assert json.loads(encode({"row": again})) == {"row": fields}


def test_objects_of_texts_are_read_in_one_go_unless_a_key_stands_twice() -> None:
    assert decode_texts(b'{"default": {"a" : "x", "b":"y"}}', "default") == {"a": "x", "b": "y"}
    assert decode_texts(b'{"default":{"a" :"x","a":"y"}}', "default") is None
    assert decode_texts(b'{"default":{"a":"x"},"default":{"b":"y"}}', "default") is None
    assert decode_texts(b'{"default":{"a":"x"},"list":{}}', "default") is None
    assert decode_texts(b'{"default":{"a":1}}', "default") is None


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_numbers_keep_every_digit(number: Decimal) -> None:
    text = str(number)
    assert str(decode(f"[{text}]".encode())[0]) == str(number if "." in text or "E" in text else int(text))


@pytest.mark.parametrize("digits", ["9" * 400, "9" * 401, "9" * 5_000, "1" + "0" * 100_000])
def test_a_number_of_any_length_is_read_exactly(digits: str) -> None:
    assert Decimal(decode(digits.encode())) == Decimal(digits)


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("exponent", ["e9999999999999999999", "E+1000000000000000000", "e-9999999999999999999"])
def test_a_number_beyond_all_decimals_is_read_as_one_beyond_all_that_is_kept(sign: str, exponent: str) -> None:
    for text in (f"{sign}1{exponent}", f"{sign}12.50{exponent}"):
        read = decode(f'{{"n": [{text}]}}'.encode())["n"][0]
        assert read.is_signed() is bool(sign)
        with pytest.raises(ArithmeticError):
            kept_exactly(read)
        assert "eighteen digits or more" in found(read)
    assert decode(f"{sign}0.0{exponent}".encode()) == 0


@given(VALUES)
def test_what_is_encoded_is_decoded_again(value: Any) -> None:
    assert decode(encode(value)) == value


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "[1,]", "{'a':1}", "01", '"\x01"', "", "{", '"\xff'])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(NotJsonError):
        decode(text.encode("latin-1"))


def test_an_unpaired_surrogate_reaches_the_value_that_has_it() -> None:
    assert decode(rb'{"a":"\ud800"}') == {"a": "\ud800"}


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_deep_nesting_is_refused_in_words(depth: int) -> None:
    with pytest.raises(NotJsonError, match="nested too deeply"):
        decode(b"[" * depth + b"]" * depth)


@example({'say ":"': ""})
@example({'k"abc': "abc"})
@example({"a[]b": 1, "rows": []})
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_members_are_split_without_being_changed(value: dict[str, Any]) -> None:
    members = split_members(json.dumps(value, indent=1).encode())
    assert {name: json.loads(bytes(raw)) for name, raw in members.items()} == value


@given(objects_with_any_keys())
def test_a_member_named_twice_is_refused(written: tuple[str, bool]) -> None:
    text, repeats = written
    if repeats:
        with pytest.raises(NotJsonError):
            split_members(text.encode())
    else:
        assert len(split_members(text.encode())) == len(json.loads(text))


def test_objects_given_twice_are_refused_whichever_comes_last() -> None:
    for body in (b'{"objects":[1,2],"objects":[]}', b'{"objects":[],"objects":[1,2]}', b'{"a":[],"objects":[],"a":[]}'):
        with pytest.raises(NotJsonError, match="twice"):
            split_members(body)


def test_members_that_begin_alike_are_told_apart_at_once() -> None:
    alike = rb"\"" * 4_000_000
    members = split_members(b'{"a":"' + alike + b'","b":"' + alike + b'longer"}')
    assert list(members) == ["a", "b"]


def test_one_row_with_an_unpaired_surrogate_spares_the_others() -> None:
    body = rb'{"objects":[{"a":"\ud800"},{"a":"\ud83d\ude00"},{"a":"\\ud800"}]}'
    rows = [bytes(row) for row in split_items(split_members(body)["objects"])]
    assert rows == [rb'{"a":"\u0000\udb80\udc00"}', rb'{"a":"\ud83d\ude00"}', rb'{"a":"\\ud800"}']
