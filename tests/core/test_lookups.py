"""The body of find-or-create: read, or refused with the place at fault; nothing in it is ever ignored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.errors import PrismdError
from prismd.core.json.text import decode
from prismd.core.records.lookups import Defaults, read_lookup
from prismd.core.records.rows import Problem

LIST = "0190aaaa-0000-7000-8000-00000000000a"

VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.text(max_size=3), max_size=2)
NAMES = st.sampled_from(["default", "list", "extended", "match", "defaults", "email_address", "full_name", LIST])
OBJECTS = st.recursive(st.dictionaries(NAMES, VALUES, max_size=3), lambda one: st.dictionaries(NAMES, VALUES | one))
BODIES = VALUES | OBJECTS | st.fixed_dictionaries(
    {"match": st.fixed_dictionaries({"email_address": st.sampled_from(["a@x.org", " A@x.org ", "a@", "a"])})},
    optional={"defaults": OBJECTS | VALUES},
)  # fmt: skip


def read(body: Any, name: str = "email_address") -> tuple[str, Defaults] | PrismdError:
    try:
        return read_lookup(json.dumps(body).encode(), name, 10_000)
    except PrismdError as error:
        return error


def field_refused(body: Any, name: str = "email_address") -> str:
    error = read(body, name)
    assert isinstance(error, PrismdError)
    return error.problems[0].field


@given(BODIES)
@example({"match": {"email_address": "a@x.org"}, "defaults": {"default": {"full_name": "a"}, "full_name": "b"}})
def test_every_value_of_a_body_is_read_or_the_body_refused(body: Any) -> None:
    found = read(body)
    if isinstance(found, PrismdError):
        assert found.problems[0].field.startswith(".body")
        return
    address, defaults = found
    assert address == body["match"]["email_address"].strip()
    assert body.keys() <= {"match", "defaults"}
    assert body["match"].keys() == {"email_address"}
    sent = dict(body.get("defaults") or {})
    nested, own = sent.pop("default", None) or {}, sent.pop("list", None) or {}
    assert not nested.keys() & sent.keys()
    assert decode(defaults.raw) == {"default": {**sent, **nested}, "list": own}


MATCH = {"match": {"email_address": "a@x.org"}}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**MATCH, "default": {"full_name": "Ada"}}, ".body.default"),
        ({**MATCH, "default_": 1}, ".body.default_"),
        ({"match": {"email_address": "a@x.org", "email": "a@x.org"}}, ".body.match.email"),
        ({"match": {"primary_domain": "x.org"}}, ".body.match.email_address"),
        ({**MATCH, "defaults": [1]}, ".body.defaults"),
        ({**MATCH, "defaults": {"default": [1]}}, ".body.defaults.default"),
        ({**MATCH, "defaults": {"list": {LIST: 1}}}, f".body.defaults.list.{LIST}"),
        ({**MATCH, "defaults": {"a": 1, "default": {"a": 1}}}, ".body.defaults.a"),
        ({"match": {"email_address": "a@x.org\ud800"}}, ".body.match.email_address"),
    ],
)
def test_what_means_nothing_is_refused_where_it_stands(body: Any, field: str) -> None:
    assert field_refused(body) == field


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({**MATCH, "dfaults": {}}, 'the body has no field "dfaults"; did you mean "defaults"?'),
        ({**MATCH, "name": "Ada"}, 'the body has no field "name"; put values of a new record inside "defaults"'),
        ({"match": {**MATCH["match"], "domain": "x.org"}}, 'it has no field "domain" (known: email_address)'),
        ({"macth": {}}, ".body.match: it is required; add it"),
    ],
)
def test_a_refusal_says_what_to_do(body: Any, why: str) -> None:
    error = read(body)
    assert isinstance(error, PrismdError)
    assert why in error.message


@pytest.mark.parametrize(
    ("defaults", "problem", "place"),
    [
        ({"a": 1}, ("a", None), ".a"),
        ({"default": {"a": 1}}, ("a", None), ".default.a"),
        ({}, ("a", None), ".a"),
        ({"list": {LIST: {}}}, ("a", LIST), f".list.{LIST}.a"),
        ({}, (None, None), ""),
    ],
)
def test_a_problem_is_told_where_the_value_stands(
    defaults: Any, problem: tuple[str | None, str | None], place: str
) -> None:
    found = read({**MATCH, "defaults": defaults})
    assert not isinstance(found, PrismdError)
    slug, list_id = problem
    assert found[1].path_of(Problem("x", "x", slug, list_id=list_id)) == f".body.defaults{place}"


def test_numbers_stay_what_they_are() -> None:
    body = b'{"match": {"email_address": "a@x.org"}, "defaults": {"a": 1.10, "c": 123456789012345678901234567890}}'
    _, defaults = read_lookup(body, "email_address", 100)
    assert b"1.10" in defaults.raw
    assert b"123456789012345678901234567890" in defaults.raw
