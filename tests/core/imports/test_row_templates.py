"""Rows that a template recognises are read as they are read by themselves, whatever else stands among them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.imports.pipeline.row_templates import RowTemplate, TemplatedRowParser
from prismd.core.imports.plan import find_keys
from prismd.core.json.text import SentTexts
from prismd.core.properties.native import native_schema
from prismd.core.records.keys import KeyRule
from prismd.core.records.rows import RefusedRow, Row, RowLimits, RowParser, Rows
from prismd.core.values.property_values import ValueLimits, parser_for

LIMITS = RowLimits(ValueLimits(text_chars_max=120, list_values_max=10), row_bytes_max=300, row_errors_max=3)
SCHEMA = native_schema("contact")
RULES = [None, *(KeyRule("contact", SCHEMA.properties[slug], fold_case=fold) for slug, fold in [
    ("email", True), ("email", False), ("first_interaction_date", True), ("company", True),
] if slug in SCHEMA.properties)]  # fmt: skip
SLUGS = ["email", "city", "first_interaction_date", "department"]
TEXTS = st.sampled_from(
    [
        "",
        "Ada",
        " Ada ",
        "ADA@x.org",
        "Zoë",
        "2024-05-31",
        "2024-02-31",
        "0000-05-01",
        "2024-13-01",
        "2024-05-01T10:00:00Z",
        "sales",
        '":"',
        "\\",
        "\n",
        "\x7f",
        "x" * 130,
    ]
)
PLAIN = st.sampled_from(["Ada", "ada@x.org", "ADA@x.org ", "Zoë", "2024-05-31", "x"])


@st.composite
def wires(draw: st.DrawFn) -> bytes:
    """A row as somebody may write it: of few shapes, so that many are alike, and some nearly."""
    slugs = draw(st.sampled_from([SLUGS[:1], SLUGS[:2], SLUGS[:3], SLUGS[2::-1], [*SLUGS[:2], "nope"], SLUGS]))
    values = [draw(draw(st.sampled_from([PLAIN, PLAIN, TEXTS, st.none() | st.integers()]))) for _ in slugs]
    pairs = [(slug, value) for slug, value in zip(slugs, values, strict=True)]
    pairs += pairs[:1] if draw(st.integers(0, 9)) == 0 else []
    comma, colon = draw(st.sampled_from([(",", ":")] * 4 + [(", ", ": "), (",\n", " :")]))
    content = comma.join(f"{_text(draw, slug)}{colon}{_text(draw, value)}" for slug, value in pairs)
    row = f'{{"default"{colon}{{{content}}}}}'.encode()
    return draw(
        st.sampled_from([row] * 9 + [row.replace(b"Ada", b"\xff"), row[:-1], row.replace(b"}}", b'},"list":{}}')])
    )


def _text(draw: st.DrawFn, value: Any) -> str:
    return json.dumps(value, ensure_ascii=draw(st.integers(0, 9)) == 0)


def told(rows: Rows) -> list[Any]:
    return [row if isinstance(row, RefusedRow) else (dict(row.values), row.plain, row.keys, row.hashes) for row in rows]


#: A row, and rows like it of which a text that is not looked at otherwise is no UTF-8.
ROME = b'{"default":{"email":"a@x.org","city":"Rome"}}'
NO_UTF_8 = [ROME.replace(b"Rome", text) for text in (b"\xff", b"Z\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"Zo\xeb")]


@given(rows=st.lists(wires(), max_size=12), rule=st.sampled_from(RULES))
@example(rows=[ROME, *NO_UTF_8, ROME], rule=None)
@example(rows=[ROME, *NO_UTF_8, ROME], rule=RULES[1])
def test_rows_read_together_are_rows_read_alone(rows: list[bytes], rule: KeyRule | None) -> None:
    together = TemplatedRowParser(SCHEMA, LIMITS, rule=rule).parse_all(rows)
    alone: Rows = [RowParser(SCHEMA, LIMITS).parse(raw) for raw in rows]
    if rule is not None:
        find_keys(rule, together)
        find_keys(rule, alone)
    assert told(together) == told(alone)
    assert [row.refers for row in together if isinstance(row, Row)] == [
        row.refers for row in alone if isinstance(row, Row)
    ]
    for raw, row in zip(rows, together, strict=True):
        if isinstance(row, Row) and isinstance(row.values, SentTexts):
            assert row.values.json in raw


def wire(**fields: str) -> bytes:
    return json.dumps({"default": fields}, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"email": "grace@x.org", "first_interaction_date": "2024-02-29"}, True),
        ({"email": "Zoë", "first_interaction_date": "2024-02-29"}, True),
        ({"email": "grace@x.org", "first_interaction_date": "2024-02-28"}, True),
        ({"email": "grace@x.org", "first_interaction_date": "2024-02-30"}, False),
        ({"email": "grace@x.org", "first_interaction_date": "2024-00-28"}, False),
        ({"email": "grace@x.org", "first_interaction_date": "0000-02-28"}, False),
        ({"email": "grace@x.org", "first_interaction_date": "2024-02-28 "}, False),
        ({"email": "grace@x.org", "first_interaction_date": " 2024-02-29"}, False),
        ({"first_interaction_date": "2024-02-29", "email": "grace@x.org"}, False),
        ({"email": "grace@x.org"}, False),
        ({"email": "back\\slash", "first_interaction_date": "2024-02-29"}, False),
        ({"email": "x" * 400, "first_interaction_date": "2024-02-29"}, False),
    ],
)
def test_what_fits_a_template(fields: dict[str, str], *, fits: bool) -> None:
    texts_and_date = ("email", "first_interaction_date")
    parsers = {"first_interaction_date": parser_for(SCHEMA.properties["first_interaction_date"], LIMITS.values)}
    template = RowTemplate(texts_and_date, parsers, {"first_interaction_date"}, RULES[1], row_bytes_max=300)
    row = template.read(wire(**fields))
    assert (row is not None) == fits
    if row is not None:
        assert dict(row.values) == fields
        assert row.keys == (fields["email"].casefold(),)


def test_rows_after_the_first_of_their_shape_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes | msgspec.Raw] = []
    parse = RowParser.parse

    def noted(self: RowParser, raw: bytes | msgspec.Raw) -> Row | RefusedRow:
        parsed.append(raw)
        return parse(self, raw)

    monkeypatch.setattr(RowParser, "parse", noted)
    one, other = wire(email="a@x.org", city="Rome"), wire(city="Rome", email="a@x.org")
    TemplatedRowParser(SCHEMA, LIMITS, rule=RULES[1]).parse_all([one] * 50 + [other] * 50)
    assert parsed == [one, other]


@pytest.mark.parametrize("beyond", [-1, 0, 1, 11, 12, 13, 100])
def test_a_row_that_fits_a_template_is_no_larger_than_a_row_may_be(beyond: int) -> None:
    limits = RowLimits(ValueLimits(text_chars_max=10_000, list_values_max=10), row_bytes_max=300, row_errors_max=3)
    short = wire(email="a@x.org", city="Rome")
    long = wire(email="b@x.org", city="x" * (300 + beyond - len(short) + len("Rome")))
    assert len(long) == 300 + beyond
    together = TemplatedRowParser(SCHEMA, limits, rule=RULES[1]).parse_all([short, long])
    assert [type(row) for row in together] == [Row, Row if beyond <= 0 else RefusedRow]
