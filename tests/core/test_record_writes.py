"""The rules of single writes: outlines of bodies, places of faults, what is required, versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.errors import PrismdError
from prismd.core.properties.schema import LISTS_KEY, ObjectSchema, Property
from prismd.core.records.batches import read_ids, read_updates
from prismd.core.records.rows import Problem
from prismd.core.records.writes import missing_required, read_record_body, refusal_of

Read = TypeVar("Read")

LIST = "0190aaaa-0000-7000-8000-00000000000a"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["default", "list", "extended", "id", "items", "ids", "match", "defaults", "email_address"])
BODIES = JSON | st.dictionaries(
    NAMES, JSON | st.lists(st.dictionaries(NAMES, JSON, max_size=3), max_size=3), max_size=4
)


def outcome(read: Callable[[], Read]) -> Read | PrismdError:
    try:
        return read()
    except PrismdError as error:
        return error


@given(BODIES)
def test_a_body_is_kept_as_it_was_or_refused_with_a_place_in_it(body: Any) -> None:
    read = outcome(lambda: read_record_body(json.dumps(body).encode()))
    if isinstance(read, PrismdError):
        [problem] = read.problems
        assert (read.code, problem.field[:5]) == ("invalid_request", ".body")
        return
    assert body.keys() <= {"default", "list", "extended", "id"}
    kept = {name: value for name, value in body.items() if name != "id"}
    assert json.loads(read.raw) == kept
    assert {name: set(values) for name, values in read.buckets.items()} == {
        name: set(value or {}) for name, value in kept.items()
    }


@given(BODIES)
def test_any_batch_is_read_item_for_item_or_refused(body: Any) -> None:
    raw = json.dumps(body).encode()
    for name, read in (("items", read_updates), ("ids", read_ids)):
        given_items = body.get(name) if isinstance(body, dict) else None
        if not isinstance(given_items, list) or len(body) > 1:
            with pytest.raises(PrismdError):
                read(raw, 100)
            continue
        items = read(raw, 100)
        assert len(items) == len(given_items)
        for item, sent in zip(items, given_items, strict=True):
            record_id = sent.get("id") if isinstance(sent, dict) else sent if name == "ids" else None
            assert item.id is None or item.id == record_id
            assert (item.error is None) or item.body is None


def test_numbers_and_broken_text_stay_what_they_are() -> None:
    raw = b'{"default": {"a": 1.10, "b": 1e400, "c": 123456789012345678901234567890}, "list": {"x": "\\ud800"}}'
    read = read_record_body(raw)
    assert b"1.10" in read.raw
    assert b"1e400" in read.raw
    assert b"123456789012345678901234567890" in read.raw
    assert b"ud800" not in read_record_body(b'{"default": {"a": "\\ud800"}}').raw


@pytest.mark.parametrize(
    ("body", "slug", "list_id", "place"),
    [
        ({}, None, None, ".body"),
        ({}, "a", None, ".body.default.a"),
        ({"default": {"a": 1}}, "a", None, ".body.default.a"),
        ({"extended": {"a": 1}}, "a", None, ".body.extended.a"),
        ({"extended": {"a": 1}, "default": {"a": 1}}, "a", None, ".body.default.a"),
        ({}, None, LIST, f".body.list.{LIST}"),
        ({}, "a", LIST, f".body.list.{LIST}.a"),
        ({"list": {LIST: {"a": 1}}}, "a", LIST, f".body.list.{LIST}.a"),
        ({"list": {"a": 1}}, "a", LIST, ".body.list.a"),
        ({"list": {LIST: {"status": 1}}}, "app_stage", LIST, f".body.list.{LIST}.status"),
        ({"list": {LIST.upper(): {"status": 1}}}, "app_stage", LIST, f".body.list.{LIST}.status"),
        ({"list": {"status": 1}}, "app_stage", LIST, ".body.list.status"),
        ({"default": {"status": 1}}, "app_stage", LIST, ".body.default.status"),
        ({"extended": {"status": 1}}, "app_stage", LIST, ".body.extended.status"),
        ({"default": {"status": 1}, "list": {"app_stage": 1}}, "app_stage", LIST, ".body.list.app_stage"),
        ({"default": {"status": 1}, "list": {"b": 1}}, "app_stage", LIST, ".body.default.status"),
        ({"default": {"a": 1}}, "a", LIST, ".body.default.a"),
        ({"default": {"a": 1}, "list": {LIST: {}}}, "a", LIST, f".body.list.{LIST}.a"),
    ],
)
def test_a_fault_is_where_its_value_stands(body: Any, slug: str | None, list_id: str | None, place: str) -> None:
    read = read_record_body(json.dumps(body).encode())
    problem = Problem("invalid_value", "wrong", slug, list_id=list_id)
    assert read.path_of(problem) == place
    error = refusal_of([problem, problem], read.path_of)
    assert [(one.field, one.code) for one in error.problems] == [(place, "invalid_value")] * 2
    assert error.message == f"{place}: wrong"


def schema(*properties: Property) -> ObjectSchema:
    return ObjectSchema("deal", MappingProxyType({prop.key: prop for prop in properties}))


NAME = Property("1", "name", "str", "Name", required=True)
FREE = Property("2", "free", "str", "Free")
GONE = Property("3", "gone", "str", "Gone", required=True, enabled=False)
OWN = Property("4", "own", "num", "Own", required=True, list_id=LIST)
DEAL = schema(NAME, FREE, GONE, OWN)
IN_LIST = {LISTS_KEY: [LIST]}


@pytest.mark.parametrize(
    ("before", "after", "written", "missing"),
    [
        (None, {}, (), ["name"]),
        (None, {"name": "\t"}, ("name",), ["name"]),
        (None, {"name": "A"}, (), []),
        (None, {"name": "A", **IN_LIST}, (), [OWN.key]),
        (None, {"name": "A", OWN.key: 0, **IN_LIST}, (), []),
        ({}, {}, (), []),
        ({}, {"free": "x"}, ("free",), []),
        ({}, {}, ("name",), ["name"]),
        ({"name": "A"}, {}, ("name",), ["name"]),
        ({}, IN_LIST, (), [OWN.key]),
        (IN_LIST, IN_LIST, (), []),
        ({**IN_LIST, OWN.key: 1}, IN_LIST, (OWN.key,), [OWN.key]),
    ],
)
def test_what_is_required(before: Any, after: Any, written: Any, missing: list[str]) -> None:
    problems = missing_required(DEAL, before, after, written)
    assert [(problem.code, problem.key) for problem in problems] == [("missing_required", key) for key in missing]


def test_a_body_inside_another_is_read_alike() -> None:
    read = read_record_body(msgspec.Raw(b'{"default": {"a": 1}}'), ".body.defaults")
    assert read.path_of(Problem("x", "y", "a")) == ".body.defaults.default.a"
