"""The envelope of an import request: read to the letter, refused with the path of the field at fault."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.errors import PrismdError
from prismd.core.imports.options import KNOWN_OPTIONS, ImportOptions, OnMatch, meant, read_options
from prismd.core.imports.request import RequestLimits, cut_into_chunks, parse_request

LIMITS = RequestLimits(rows_max=3)


def fault(body: bytes) -> tuple[str, str]:
    with pytest.raises(PrismdError) as caught:
        parse_request("contact", body, LIMITS)
    assert caught.value.code == "invalid_request"
    return caught.value.problems[0].field, caught.value.problems[0].message


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ".body"),
        (b" ", ".body"),
        (b"{", ".body"),
        (b"[]", ".body"),
        (b"null", ".body"),
        (b"\xff", ".body"),
        (b'{"objects":[NaN]}', ".body"),
        (b'{"objects":[],"objects":[]}', ".body"),
        (b"[" * 100_000, ".body"),
        (b'{"objects":' + b"[" * 100_000 + b"]" * 100_000 + b"}", ".body"),
        (b"{}", ".body.objects"),
        (b'{"objects":null}', ".body.objects"),
        (b'{"objects":{}}', ".body.objects"),
        (b'{"objects":"x"}', ".body.objects"),
        (b'{"objects":[1,2,3,4]}', ".body.objects"),
        (b'{"objects":[],"options":[]}', ".body.options"),
        (b'{"objects":[],"options":{"dry_run":true,"dry_run":false}}', ".body.options"),
    ],
)
def test_another_body_is_refused_at_its_field(body: bytes, field: str) -> None:
    assert fault(body)[0] == field


def test_rows_are_taken_unread_and_unknown_members_ignored() -> None:
    request = parse_request("contact", b'{"objects":[1, {"a" : "\xc3\xa9"}],"more":{"x":1}}', LIMITS)
    assert [bytes(row) for row in request.rows] == [b"1", b'{"a" : "\xc3\xa9"}']
    assert request.options == ImportOptions()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ImportOptions()),
        ({}, ImportOptions()),
        ({"dedupe_by": "email"}, ImportOptions("email")),
        ({"dedupe_by": ["email"]}, ImportOptions("email")),
        ({"dedupe_by": None, "list_id": None}, ImportOptions()),
        ({"caseInsensitive": False}, ImportOptions(fold_case=False)),
        ({"update_existing": True}, ImportOptions(on_match=OnMatch.UPDATE)),
        ({"update_existing": True, "on_match": "update"}, ImportOptions(on_match=OnMatch.UPDATE)),
        ({"on_match": "fill"}, ImportOptions(on_match=OnMatch.FILL)),
        ({"create_missing_options": True, "dry_run": True}, ImportOptions(create_missing_options=True, dry_run=True)),
        ({"require_key": True, "dedupe_by": "email"}, ImportOptions("email", require_key=True)),
        ({"require_list_stage": False}, ImportOptions()),
        ({"list_id": "A-b"}, ImportOptions(list_id="a-b")),
        ({"crm_id": "A-b", "list_id": "a-B"}, ImportOptions(list_id="a-b")),
        ({"crm_id": "x", "require_list_stage": True}, ImportOptions(list_id="x", require_list_stage=True)),
    ],
)
def test_options_mean_what_the_contract_says(given: Any, expected: ImportOptions) -> None:
    assert meant(read_options(given)) == expected


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"dedupe_by": []}, "dedupe_by", "exactly one property slug"),
        ({"dedupe_by": ["a", "b"]}, "dedupe_by", "exactly one property slug, found 2"),
        ({"dedupe_by": ""}, "dedupe_by", "exactly one property slug"),
        ({"dedupe_by": [None]}, "dedupe_by", "found null"),
        ({"dedupe_by": 1}, "dedupe_by", "found a number"),
        ({"dedup_by": "email"}, "dedup_by", 'did you mean "dedupe_by"'),
        ({"case_insensitive": True}, "case_insensitive", 'did you mean "caseInsensitive"'),
        ({"updateExisting": True}, "updateExisting", 'did you mean "update_existing"'),
        ({"dry_run": "yes"}, "dry_run", "expected true or false, found a text"),
        ({"on_match": "merge"}, "on_match", "skip, update, fill"),
        ({"on_match": "fill", "update_existing": True}, "on_match", "contradicts"),
        ({"on_match": "update", "update_existing": False}, "on_match", "contradicts"),
        ({"list_id": 1}, "list_id", "found a number"),
        ({"crm_id": ["x"]}, "crm_id", "found an array"),
        ({"list_id": "x", "crm_id": "y"}, "crm_id", "names another list"),
        ({"require_list_stage": True}, "require_list_stage", "needs list_id"),
        ({"require_key": True}, "require_key", "needs dedupe_by"),
    ],
)
def test_another_option_is_refused_by_name(given: Any, field: str, words: str) -> None:
    where, message = fault(json.dumps({"objects": [], "options": given}).encode())
    assert where == f".body.options.{field}"
    assert words in message


@given(
    st.dictionaries(
        st.sampled_from(KNOWN_OPTIONS) | st.text(max_size=5), st.none() | st.booleans() | st.text(max_size=5)
    )
)
def test_any_options_are_understood_or_refused(given_options: dict[str, Any]) -> None:
    try:
        options = meant(read_options(given_options))
    except PrismdError as error:
        fields = [problem.field for problem in error.problems]
    else:
        fields = []
        assert ImportOptions.from_json(json.loads(json.dumps(options.to_json()))) == options
    assert all(field.startswith(".body.options") for field in fields)


@given(sizes=st.lists(st.integers(1, 50), max_size=40), rows_max=st.integers(1, 7), bytes_max=st.integers(1, 100))
def test_chunks_hold_every_row_once_in_order_and_within_limits(sizes: list[int], rows_max: int, bytes_max: int) -> None:
    rows = [msgspec.Raw(b"1" * size) for size in sizes]
    chunks = list(cut_into_chunks(rows, rows_max=rows_max, bytes_max=bytes_max))
    assert [row for chunk in chunks for row in chunk.rows] == rows
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert [chunk.first_row for chunk in chunks] == [sum(len(c.rows) for c in chunks[:n]) for n in range(len(chunks))]
    for chunk in chunks:
        assert 1 <= len(chunk.rows) <= rows_max
        assert sum(len(bytes(row)) for row in chunk.rows[:-1]) <= bytes_max
