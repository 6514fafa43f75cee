"""Records that are read at once, by a prepared statement, take no more memory than those that are read one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from unittest.mock import patch

import psycopg
import pytest

from prismd.core.errors import PrismdError
from prismd.core.records.reading_budget import ReadingBudget
from prismd.services.runtime import Runtime
from prismd.services.session import Session, Transaction
from prismd.store.records.record_writes import HeldRecord, hold_records, insert_new
from prismd.store.records.records import StoredRecord

BUDGET: Final = 200_000
SHORT: Final = "Ada"


@pytest.fixture
def session(runtime: Runtime, make_team: Callable[[], int]) -> Session:
    """A session of a team of its own."""
    return Session(runtime, make_team())


def make(own: Transaction, *names: str) -> list[str]:
    made = [StoredRecord(own.new_id(), 1, own.now(), own.now(), {"first_name": name}) for name in names]
    insert_new(own.connection, own.team_id, "contact", made, now=own.now())
    return [one.id for one in made]


def held(own: Transaction, ids: list[str]) -> tuple[dict[str, HeldRecord], int]:
    """Return the records, and how many statements were read row by row."""
    stream, streamed = psycopg.Cursor.stream, list[str]()

    def counted(cursor: Any, query: Any, *rest: Any, **options: Any) -> Any:
        streamed.append(str(query))
        return stream(cursor, query, *rest, **options)

    with patch.object(psycopg.Cursor, "stream", counted):
        found = hold_records(own.connection, own.team_id, "contact", ids, ReadingBudget(BUDGET))
    return found, len(streamed)


def test_short_records_are_read_at_once(session: Session) -> None:
    with session.transaction() as own:
        ids = make(own, SHORT, SHORT)
        found, streamed = held(own, ids)
        assert (set(found), streamed) == (set(ids), 0)


@pytest.mark.parametrize("length", [BUDGET // 2 + 1, BUDGET // 2 + 20_000])
def test_a_record_longer_than_its_share_is_read_all_the_same(session: Session, length: int) -> None:
    with session.transaction() as own:
        ids = make(own, SHORT, "x" * length)
        found, streamed = held(own, ids)
        names = {one.record.properties["first_name"] for one in found.values()}
        assert (names, streamed) == ({SHORT, "x" * length}, 1)


def test_records_longer_than_the_budget_together_are_refused(session: Session) -> None:
    with session.transaction() as own:
        ids = make(own, *["x" * (BUDGET * 2 // 3)] * 2)
        with pytest.raises(PrismdError, match="PRISMD_READ_BYTES_MAX"):
            held(own, ids)


def test_more_records_than_have_a_share_each_are_read_one_by_one(session: Session) -> None:
    with session.transaction() as own:
        ids = make(own, *[SHORT] * (BUDGET // 2_000 + 1))
        found, streamed = held(own, ids)
        assert (len(found), streamed) == (len(ids), 1)
