"""What is copied in binary form is what PostgreSQL reads."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from prismd.store.connections.postgres import Connection
from prismd.store.encoding import binary_copy

ID = "01920000-0000-7abc-8def-0123456789ab"


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 25, 18, 30, 1, 999_999, tzinfo=UTC),
        datetime(2000, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
@pytest.mark.parametrize(("number", "text"), [(0, ""), (-(2**63), "Zoë"), (2**63 - 1, "tab\tand line\n")])
def test_every_field_comes_out_as_it_went_in(connection: Connection, moment: datetime, number: int, text: str) -> None:
    fields = [binary_copy.bigint(number), binary_copy.text(text), binary_copy.uuid(ID), binary_copy.timestamptz(moment)]
    connection.execute("CREATE TEMPORARY TABLE copied (number bigint, content text, id uuid, at timestamptz)")
    with connection.cursor().copy("COPY copied FROM STDIN (FORMAT binary)") as copy:
        copy.write(binary_copy.BEGIN)
        for _ in range(2):
            copy.write(binary_copy.row_of(len(fields)) + b"".join(fields))
    assert connection.execute("SELECT * FROM copied").fetchall() == [(number, text, UUID(ID), moment)] * 2
    connection.execute("DROP TABLE copied")


def test_ids_come_in_order_and_without_their_lengths() -> None:
    ids = [ID, ID.replace("a", "b")]
    assert binary_copy.uuids(ids) == [UUID(one).bytes for one in ids]
    assert binary_copy.uuids([]) == []
