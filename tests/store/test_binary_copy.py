"""What is copied in binary form is what PostgreSQL reads."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prismd.store.connections.postgres import Connection
from prismd.store.encoding.binary_copy import BIGINT, HEADER, INTEGER, JSONB, TEXT, TIMESTAMPTZ, UUID, BinaryCopy, Type

ID: Final = "01920000-0000-7abc-8def-0123456789ab"

#: What each type holds.
VALUES: Final[dict[str, tuple[Type, st.SearchStrategy[Any]]]] = {
    "bigint": (BIGINT, st.integers(-(2**63), 2**63 - 1)),
    "integer": (INTEGER, st.integers(-(2**31), 2**31 - 1)),
    "text": (TEXT, st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))),
    "uuid": (UUID, st.uuids().map(str)),
    "timestamptz": (TIMESTAMPTZ, st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 31), timezones=st.just(UTC))),  # noqa: DTZ001 - the zone is put on
    "jsonb": (JSONB, st.integers(0, 9).map(lambda number: json.dumps({"n": number}).encode())),
}
ROWS: Final = st.lists(st.fixed_dictionaries({name: values for name, (_, values) in VALUES.items()}), max_size=4)


def copied(connection: Connection, order: list[str], rows: list[dict[str, Any]], same: set[str]) -> list[Any]:
    """Return what a table holds after rows were copied into it, in order, with some columns that all rows share."""
    columns = ", ".join(f"{name}_ {name}" for name in order)
    connection.execute(f"CREATE TEMPORARY TABLE copied ({columns})")
    try:
        copy_rows = BinaryCopy("copied", {f"{name}_": VALUES[name][0] for name in order})
        shared = {f"{name}_": rows[0][name] for name in same} if rows else {}
        each = {f"{name}_": [row[name] for row in rows] for name in order if f"{name}_" not in shared}
        with connection.cursor().copy(copy_rows.statement) as copy:
            copy.write(HEADER + copy_rows.rows_with(**shared).rows(**each))
        found = ", ".join(f"{name}_::text" if name in ("uuid", "jsonb") else f"{name}_" for name in order)
        return connection.execute(f"SELECT {found} FROM copied").fetchall()
    finally:
        connection.execute("DROP TABLE copied")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(list(VALUES)), rows=ROWS, same=st.sets(st.sampled_from(list(VALUES)), max_size=5))
@example(
    order=list(VALUES),
    rows=[
        {"bigint": -(2**63), "integer": -1, "text": "", "uuid": ID, "jsonb": b'{"n": 1}',
         "timestamptz": datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)},
        {"bigint": 2**63 - 1, "integer": 0, "text": "tab\tand line\n Zoë", "uuid": ID, "jsonb": b'{"n": 2}',
         "timestamptz": datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)},
    ],
    same=set(),
)  # fmt: skip
def test_every_value_comes_out_as_it_went_in(
    connection: Connection, order: list[str], rows: list[dict[str, Any]], same: set[str]
) -> None:
    found = copied(connection, order, rows, same)
    shown = [[row[name] if name != "jsonb" else row[name].decode() for name in order] for row in rows]
    for row in shown[1:]:
        for place, name in enumerate(order):
            row[place] = shown[0][place] if name in same else row[place]
    assert [list(row) for row in found] == shown


def test_ids_come_in_order() -> None:
    ids = [ID, ID.replace("a", "b")]
    rows = BinaryCopy("t", {"id": UUID}).rows_with().rows(id=ids)
    assert rows == b"".join(b"\0\1" + b"\0\0\0\x10" + uuid.UUID(one).bytes for one in ids)


@pytest.mark.parametrize(
    "each", [{"id": [ID]}, {"id": [ID], "number": []}, {"id": [ID], "number": [1, 2]}, {"id": [], "other": []}]
)
def test_columns_that_do_not_fit_together_are_refused(each: dict[str, list[Any]]) -> None:
    encoder = BinaryCopy("t", {"id": UUID, "number": BIGINT}).rows_with()
    with pytest.raises(ValueError, match="as many values of each of id, number"):
        encoder.rows(**each)


def test_no_rows_are_no_bytes() -> None:
    encoder = BinaryCopy("t", {"id": UUID, "content": JSONB, "team": BIGINT}).rows_with(team=1)
    assert encoder.rows(id=[], content=[]) == b""
