"""What is exported reads back as the same values, whatever the properties and their values are."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from prismd.cli.exporting.outputs import CsvOutput
from prismd.core.api_keys.scopes import ALL
from prismd.core.exports.columns import cell_text, columns_of, value_at
from prismd.core.exports.rows import RowWriter
from prismd.core.exports.selection import exported
from prismd.core.json.text import encode
from prismd.core.properties.schema import ObjectSchema, Option, Property
from prismd.core.queries.semantics import QueriedRecord
from prismd.core.queries.tree import Query
from prismd.core.records.rows import Row, RowLimits, RowParser
from prismd.core.values.blanks import is_blank
from prismd.core.values.property_values import InvalidValueError, ValueLimits, writer_for
from prismd.files.csv_rows import CsvRows
from prismd.files.json_row import json_row

VALUES = ValueLimits(text_chars_max=10_000, list_values_max=100)
LIMITS = RowLimits(VALUES, row_bytes_max=2**20, row_errors_max=100)
LIST = "018f0000-0000-7000-8000-00000000aaaa"

#: Texts that programs like to change: leading zeros, long numbers, formulas, quotes, line ends, names of options.
HOSTILE = (
    "00123", "1E5", "123456789012345678901234567890", "=1+1", "+49 30 1234", "-5", "@a", "'=x", "'", '"', '""', 'a"b',
    "a,b", "a;b", "a|b", "\ta", "a\tb", "a\r\nb", "a\nb", "a\rb", " a ", "\u00a0a", "\ufeffa", "a\u200b", "e\u0301",
    "\u00e9", "\U0001f600", "\u202eabc", "[1]", '["a","b"]', "{}", "null", "true", "#REF!", "2024-05-31", "_x000D_",
    "a\u0085b", "a\u2028b", "\x0b\x0ca", "\x01", "\x1f", "\x7f", "\ufffe", "\uffff", "email", "a" * 200,
)  # fmt: skip
#: Blank texts apart, which files do not hold: a blank cell is no value.
TEXTS = st.sampled_from([text for text in HOSTILE if not is_blank(text)]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
).filter(lambda text: not is_blank(text))

KINDS = ("str", "text", "multi_str", "num", "bool", "date", "select_str", "multiselect_str")
NUMBERS = (
    st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False, places=6)
    | st.sampled_from(["0.1", "-0.50", "1E+5", "1e-7", "123456789.123456789"])
)


def options(labels: list[str], slugs: list[str]) -> tuple[Option, ...]:
    return tuple(
        Option(f"018f0000-0000-7000-8000-{number:012d}", slug, label)
        for number, (label, slug) in enumerate(zip(labels, slugs, strict=False))
    )


@st.composite
def properties(draw: st.DrawFn) -> list[Property]:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=8))
    made = []
    for number, kind in enumerate(kinds):
        found: tuple[Option, ...] = ()
        if "select" in kind:
            # Labels repeat each other and the slugs of others, so that a label alone may mean another option.
            labels = draw(st.lists(TEXTS | st.sampled_from(["red", "blue", "Red"]), min_size=1, max_size=5))
            slugs = draw(st.permutations(["red", "blue", "green", "s4", "s5"]))
            found = options(labels, slugs)
        list_id = LIST if number > 1 and draw(st.booleans()) else None
        made.append(Property(f"p{number}", f"slug_{number}", kind, f"Name {number}", options=found, list_id=list_id))
    return made


def sent(prop: Property) -> st.SearchStrategy[Any]:
    """What may be sent for a property."""
    ids = st.sampled_from([option.id for option in prop.options]) if prop.options else st.nothing()
    return {
        "num": NUMBERS.map(lambda number: number if isinstance(number, int) else str(number)),
        "bool": st.booleans(),
        "date": st.dates().map(str) | st.datetimes().map(lambda at: at.isoformat() + "Z"),
        "select_str": ids,
        "multiselect_str": st.lists(ids, min_size=1, unique=True),
        "multi_str": st.lists(TEXTS, min_size=1, max_size=4),
    }.get(prop.type, TEXTS)


@st.composite
def teams(draw: st.DrawFn, *, lists: bool) -> tuple[ObjectSchema, list[dict[str, Any]]]:
    """A schema, and the stored values of records."""
    made = [prop for prop in draw(properties()) if lists or prop.list_id is None]
    schema = ObjectSchema("deal", {prop.key: prop for prop in made})
    records = []
    for _ in range(draw(st.integers(1, 4))):
        values: dict[str, Any] = {}
        for prop in made:
            if prop.list_id is None or draw(st.booleans()):
                try:
                    values[prop.key] = writer_for(prop, VALUES)(draw(sent(prop)))
                except InvalidValueError:
                    continue  # such a number or date is never stored
        if values and any(prop.list_id for prop in made):
            values["/lists"] = [LIST]
        records.append(values)
    return schema, [values for values in records if values]


def written(schema: ObjectSchema, records: list[dict[str, Any]]) -> tuple[Any, list[bytes]]:
    query = Query(object_type="deal")
    wanted = exported(query, {"deal": schema}, ALL, importable=True, keys=True)
    writer = RowWriter(wanted)
    rows = [writer.row(QueriedRecord(str(at), "deal", values), {}) for at, values in enumerate(records)]
    return columns_of(wanted, deleted=False), list(map(encode, rows))


def parsed(schema: ObjectSchema, wires: Iterator[bytes | None]) -> list[dict[str, Any]]:
    parser = RowParser(schema, LIMITS)
    found = []
    for wire in wires:
        assert wire is not None
        row = parser.parse(wire)
        assert isinstance(row, Row), row
        found.append({key: value for key, value in dict(row.values).items() if key != "/lists"})
    return found


def plain(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in values.items() if key != "/lists"} for values in records]


@given(teams(lists=True))
def test_rows_of_json_read_back_as_the_same_values(team: tuple[ObjectSchema, list[dict[str, Any]]]) -> None:
    schema, records = team
    _, rows = written(schema, records)
    wires = [json_row(number, number, row) for number, row in enumerate(rows, 1)]
    assert parsed(schema, (row.wire for row in wires)) == plain(records)
    lists = [list((json.loads(row).get("list") or {}).keys()) for row in rows]
    assert lists == [values.get("/lists", []) for values in records]


@given(teams(lists=False), st.booleans())
def test_cells_of_csv_read_back_as_the_same_values(
    team: tuple[ObjectSchema, list[dict[str, Any]]],
    protects: bool,  # noqa: FBT001 - Hypothesis passes it so
) -> None:
    schema, records = team
    columns, rows = written(schema, records)
    # A mark at the beginning of a line comes of joined files, and readers drop it.
    assume(not any(cell_text(value_at(json.loads(row), columns[0].at)).startswith("\ufeff") for row in rows))
    file = io.BytesIO()
    output = CsvOutput(file, columns, "deal", protects=protects)
    output.write(rows)
    names = tuple(column.name for column in columns)
    multiple = frozenset(prop.slug for prop in schema if prop.holds_many)
    source = CsvRows(names, multiple=multiple, separator="json", unescapes=protects)
    found = list(source.rows(iter([file.getvalue()])))
    assert [row.problem for row in found] == [None] * len(records)
    assert parsed(schema, (row.wire for row in found)) == plain(records)
