"""What is done for input grows with it, and no faster: the steps of the interpreter are counted, never the time.

What the interpreter does in one step, such as matching a pattern, is not seen: patterns are possessive instead.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

import pytest

from prismd.core.errors import PrismdError
from prismd.core.grants import parse_grant
from prismd.core.json.bounds import has_more_items
from prismd.core.json.split import split_members, split_rows
from prismd.core.json.text import NotJsonError, decode, without_unpaired
from prismd.core.json.unpaired import with_unpaired
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import OBJECT_TYPES
from prismd.core.properties.slugs import slug_for
from prismd.core.queries.listed_values import listed_values
from prismd.core.queries.parsing import QueryLimits, QueryReader
from prismd.core.queries.tree import Query
from prismd.core.records.keys import normalised
from prismd.core.records.rows import RowLimits, RowParser
from prismd.core.values.errors import found
from prismd.core.values.property_values import ValueLimits
from prismd.core.views.definitions import changed_definition
from prismd.files.json_blanks import may_be_blank, without_blanks

#: How much is sent, and then twice as much.
SIZE: Final = 400
#: Twice the work is in proportion; what is done once, whatever is sent, makes it less.
TWICE: Final = 2.2

MANY: Final = 10**6
VALUES: Final = ValueLimits(text_chars_max=MANY, list_values_max=MANY)
SCHEMAS: Final = {name: native_schema(name) for name in OBJECT_TYPES}
QUERIES: Final = QueryReader(
    SCHEMAS,
    "identity",
    None,
    QueryLimits(VALUES, select_max=MANY, filter_max=MANY, sort_max=MANY, ids_max=MANY),
    ".body",
)


def steps(work: Callable[[], object]) -> int:
    """Return how many instructions the interpreter carries out for some work, refused or not."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except (PrismdError, NotJsonError):
        pass
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Callable[[], object]]) -> float:
    """Return how many times as much is done for twice the size."""
    steps(work(SIZE))  # what is made once, such as the tables of a schema, is there by now
    return steps(work(2 * SIZE)) / steps(work(SIZE))


def row(fields: Any, schema: str = "identity") -> Callable[[], object]:
    raw = json.dumps(fields).encode()
    limits = RowLimits(VALUES, row_bytes_max=10**9, row_errors_max=100)
    parser = RowParser(native_schema(schema), limits)
    return lambda: parser.parse(raw)


def query(**parts: Any) -> Callable[[], object]:
    def read() -> Query:
        asked = QUERIES.read(parts)
        asked.identity()
        return asked

    return read


def numbered(size: int, form: str = "n{}") -> Iterator[str]:
    return (form.format(number) for number in range(size))


WORK: Final[dict[str, Callable[[int], Callable[[], object]]]] = {
    "unknown slugs of a row": lambda n: row({"default": dict.fromkeys(numbered(n, "full_nam{}"), 1)}),
    "unknown groups of a row": lambda n: row(dict.fromkeys(numbered(n, "defaul{}"), 1)),
    "values that are none": lambda n: row({"default": {"email_addresses": [*numbered(n)]}}),
    "values that are one": lambda n: row({"default": {"roles": ["x"] * n}}),
    "values of a list": lambda n: row({"default": {"roles": [*numbered(n)]}}),
    "unknown options": lambda n: row({"default": {"tags": [*numbered(n)]}}, "document"),
    "slugs in two groups": lambda n: row({name: dict.fromkeys(numbered(n), 1) for name in ("default", "extended")}),
    "lists of a row": lambda n: row({"list": {one: {} for one in numbered(n, "00000000-0000-7000-8000-{:012}")}}),
    "a long number": lambda n: row({"default": {"years_of_experience": "1" * 50 * n}}),
    "a long date": lambda n: row({"default": {"birthday": "2024-01-01" * n}}),
    "blanks around a date": lambda n: row({"default": {"birthday": "\u200b " * n + "x" + " \u200b" * n}}),
    "marks of a key": lambda n: lambda: normalised("a" + "\u0301\u0323" * 50 * n, fold_case=True),
    "blanks inside a key": lambda n: lambda: normalised("\u200b" * 50 * n + "é" + " " * 50 * n + "é", fold_case=True),
    "a name to derive a slug of": lambda n: lambda: slug_for("é-" * n, set()),
    "names that are taken": lambda n: lambda: slug_for("name", {"name", *numbered(n, "name_{}")}),
    "repeated keys": lambda n: lambda: decode(b"{" + b",".join(b'"a%d":0' % one for one in range(n)) + b',"a0":1}'),
    "members": lambda n: lambda: split_members(b"{" + b",".join(b'"a%d":[]' % one for one in range(n)) + b"}"),
    "texts like members": lambda n: lambda: split_rows(b'{"x":"' + b"[[," * 9 * n + b'","objects":[' + b"[[," * n),
    "halves of pairs": lambda n: lambda: without_unpaired(b'"' + rb"\ud800" * n + b'"', n),
    "escapes": lambda n: lambda: without_unpaired(b'"' + rb"\\\u0041\n" * n + b'"'),
    "stand-ins": lambda n: lambda: with_unpaired("\0\U000f0000" * n),
    "items": lambda n: lambda: has_more_items(b"[" + b"[[]]," * 5_000 * n + b"[]]", 10**9),
    "a text that is shown": lambda n: lambda: found("\u0301\n" * n),
    "listed values": lambda n: lambda: [*listed_values(",".join(f'"a{one}""b"' for one in range(n)), "")],
    "listed quotes": lambda n: lambda: [*listed_values('"' * n, "")],
    "conditions": lambda n: query(filter=[{"full_name": {"=": one}} for one in numbered(n)]),
    "values of a condition": lambda n: query(filter=[{"roles": {"contains": [*numbered(n)]}}]),
    "values of an equality": lambda n: query(filter=[{"full_name": {"in": [*numbered(n)]}}]),
    "selected paths": lambda n: query(select=["full_name"] * n),
    "unknown paths": lambda n: query(select=["full_name", "company." * n + "name"]),
    "sorted paths": lambda n: query(sort=[{"full_name": "asc"}] * n),
    "groups of a grant": lambda n: lambda: parse_grant({"user_id": [{one: "r"} for one in numbered(n)]}, ids_max=MANY),
    "a wide view": lambda n: lambda: changed_definition({}, {"column_layout": {one: [1, "x"] for one in numbered(n)}}),
    "blank cells": lambda n: (
        lambda: without_blanks(json.dumps({"default": dict.fromkeys(numbered(n), " ")}).encode(), nulls=True)
    ),
    "what may be blank": lambda n: lambda: may_be_blank(b'{"a":"' + b" " * n + b'x","b":' + b" " * n, nulls=True),
}


@pytest.mark.parametrize("name", WORK)
def test_twice_the_input_is_twice_the_work(name: str) -> None:
    assert growth(WORK[name]) < TWICE


def test_the_measure_tells_what_grows_faster() -> None:
    def squares(size: int) -> Callable[[], object]:
        names = [*numbered(size)]
        return lambda: [one for one in names for other in names if one == other]

    assert growth(squares) > 1.5 * TWICE
