"""Mapping documents: what is read comes back, and what has another form is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.mapping.document import (
    DOCUMENT_BYTES_MAX,
    MappingDocument,
    NotAMappingError,
    document_of,
    read_document,
    written_document,
)
from prismd.core.mapping.document_schema import json_schema
from reference.mapping_schema import SCHEMA_PAGE, schema_page

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
COLUMNS = st.one_of(
    WORDS,
    st.fixed_dictionaries(
        {"column": WORDS},
        optional={
            "nth": st.integers(1, 9),
            "blank": st.sampled_from(["keep", "clear", "refuse"]),
            "absent": st.sampled_from(["keep", "clear", "refuse"]),
            "clear": WORDS,
            "null_words": st.lists(WORDS, max_size=3),
        },
    ),
)
STEP_OBJECTS = st.one_of(
    st.fixed_dictionaries(
        {"do": st.just("split"), "separator": WORDS},
        optional={"trim": st.booleans(), "pieces": st.integers(2, 9), "part": st.integers(-9, 9)},
    ),
    st.fixed_dictionaries({"do": st.sampled_from(["json_array", "first", "trim", "email", "text", "domain", "join"])}),
    st.fixed_dictionaries({"do": st.just("case"), "to": st.sampled_from(["lower", "upper", "words"])}),
    st.fixed_dictionaries(
        {"do": st.just("map"), "values": st.dictionaries(WORDS, st.none() | WORDS, min_size=1, max_size=4)},
        optional={"ignore_case": st.booleans(), "otherwise": st.sampled_from(["keep", "refuse"])},
    ),
    st.fixed_dictionaries(
        {"do": st.just("date"), "order": st.sampled_from(["ymd", "dmy", "mdy"])},
        optional={"century_from": st.integers(1000, 9900)},
    ),
    st.fixed_dictionaries(
        {"do": st.just("number"), "decimal": st.sampled_from([".", ","])},
        optional={"percent": st.sampled_from(["refuse", "whole", "fraction"]), "currency": st.lists(WORDS, max_size=3)},
    ),
    st.fixed_dictionaries(
        {
            "do": st.just("boolean"),
            "true": st.lists(WORDS, min_size=1, max_size=3),
            "false": st.lists(WORDS, min_size=1, max_size=3),
        }
    ),
    st.fixed_dictionaries({"do": st.just("phone")}, optional={"region": st.sampled_from(["DE", "US"])}),
)
RULES = st.fixed_dictionaries(
    {"to": WORDS},
    optional={
        "from": st.lists(COLUMNS, max_size=3),
        "steps": st.lists(STEP_OBJECTS, max_size=3),
        "constant": st.none() | WORDS | st.booleans() | st.integers(-9, 9) | st.lists(WORDS, max_size=2),
        "change": st.sampled_from(["replace", "append"]),
        "make": st.fixed_dictionaries({"name": WORDS}, optional={"type": st.sampled_from(["str", "num"])}),
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {"version": st.just(1)},
    optional={
        "type": WORDS,
        "rules": st.lists(RULES, max_size=3),
        "leave_out": st.lists(COLUMNS, max_size=3),
        "empty": st.lists(COLUMNS, max_size=3),
        "other_columns": st.sampled_from(["refuse", "leave_out"]),
        "cells": st.fixed_dictionaries({}, optional={"clear": WORDS, "null_words": st.lists(WORDS, min_size=1)}),
    },
)


@given(DOCUMENTS)
def test_a_document_that_is_written_reads_as_the_same(value: dict[str, Any]) -> None:
    document = document_of(value)
    assert read_document(written_document(document)) == document


@given(DOCUMENTS)
def test_nothing_of_a_document_is_lost(value: dict[str, Any]) -> None:
    document = document_of(value)
    written = json.loads(written_document(document))
    for rule, kept in zip(value.get("rules", []), written.get("rules", []), strict=True):
        assert kept["to"] == rule["to"]
        assert ("constant" in kept) == ("constant" in rule)
        assert kept.get("constant", 0) == rule.get("constant", 0)
        assert [step["do"] for step in kept.get("steps", [])] == [step["do"] for step in rule.get("steps", [])]
        names = [one if isinstance(one, str) else one["column"] for one in rule.get("from", [])]
        assert names == [one if isinstance(one, str) else one["column"] for one in kept.get("from", [])]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            b'{"version":1,"rules":[{"to":"email","frm":["E-mail"]}]}',
            'rules[0] has no field "frm"; did you mean "from"?',
        ),
        (b'{"version":1,"rule":[]}', 'the document has no field "rule"; did you mean "rules"?'),
        (b'{"version":1,"cells":{"blnk":"keep"}}', 'cells has no field "blnk"; did you mean "blank"?'),
        (b'{"version":1,"leave_out":[{"column":"A","n":1}]}', 'leave_out[0] has no field "n"'),
        (
            b'{"version":1,"rules":[{"to":"a","from":["A"],"steps":[{"do":"splt"}]}]}',
            "steps[0].do: Invalid value 'splt'",
        ),
        (
            b'{"version":1,"rules":[{"to":"a","steps":[{"do":"trim","x":1}]}]}',
            'steps[0] has no field "x"; leave it out',
        ),
        (b'{"version":1,"rules":[{"to":"a","steps":[{"do":"phone","region":"Germany"}]}]}', "region"),
        (b'{"version":1,"rules":[{"to":"a","constant":{}}]}', "constant: Expected"),
        (b'{"version":1,"version":1}', 'the key "version" stands twice'),
        (b'{"version":1,"rules":[{"to":"a","to":"b"}]}', 'the key "to" stands twice'),
        (b'{"rules":[]}', 'has no version; this program reads version 1: write "version": 1'),
        (b'{"version":2}', 'has version "2"'),
        (b'{"version":true}', 'has version "True"'),
        (b"[]", "Expected `object`, got `array`"),
        (b"", "is no JSON: it is empty"),
        (b"{", "is no JSON"),
        (b"\xff", "is not UTF-8"),
        (b"[" * 100_000, "is nested too deeply"),
        (b" " * (DOCUMENT_BYTES_MAX + 1), "may have at most 4,194,304"),
    ],
)
def test_a_text_of_another_form_is_refused_with_the_reason(text: bytes, says: str) -> None:
    with pytest.raises(NotAMappingError) as caught:
        read_document(text)
    assert says in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | WORDS, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner)
    )
)
def test_any_other_json_is_refused_and_never_a_crash(value: Any) -> None:
    with pytest.raises(NotAMappingError):
        document_of(value)


def test_a_document_can_name_its_schema() -> None:
    assert read_document(b'{"$schema":"mapping.schema.json","version":1}').schema_page == "mapping.schema.json"


def test_a_byte_order_mark_is_no_part_of_the_document() -> None:
    assert read_document(b'\xef\xbb\xbf{"version":1}') == MappingDocument(version=1)


def test_the_published_schema_is_that_of_the_types() -> None:
    assert SCHEMA_PAGE.read_text(encoding="utf-8") == schema_page(), "run `make docs`"


def test_the_schema_refuses_unknown_members_everywhere() -> None:
    for name, definition in json_schema()["$defs"].items():
        assert definition["additionalProperties"] is False, name


def test_the_schema_says_what_every_member_is_for() -> None:
    for name, definition in json_schema()["$defs"].items():
        undescribed = [
            member for member, of in definition["properties"].items() if member != "do" and "description" not in of
        ]
        assert not undescribed, name
