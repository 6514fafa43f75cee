"""Keys of records: an entry is there once, also where two values of a record have one hash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from prismd.store.connections.postgres import Connection
from prismd.store.records import record_keys
from prismd.store.records.record_keys import Entry

FIRST: Final = "01920000-0000-7000-8000-000000000001"
SECOND: Final = "01920000-0000-7000-8000-000000000002"
Write = Callable[[Connection, int, list[Entry]], None]


def copy(connection: Connection, team_id: int, entries: list[Entry]) -> None:
    record_keys.copy_keys(connection, record_keys.key_rows(team_id, entries))


@pytest.mark.parametrize("write", [record_keys.insert_keys, copy])
def test_an_entry_that_is_written_twice_at_once_is_there_once(
    connection: Connection, make_team: Callable[[], int], write: Write
) -> None:
    team_id = make_team()
    write(connection, team_id, [(7, SECOND), (7, FIRST), (7, SECOND), (-7, FIRST)])
    assert entries_of(connection, team_id) == [(-7, FIRST), (7, FIRST), (7, SECOND)]


def test_an_entry_that_is_there_is_not_written_again(connection: Connection, make_team: Callable[[], int]) -> None:
    team_id = make_team()
    copy(connection, team_id, [(7, FIRST)])
    record_keys.insert_keys(connection, team_id, [(7, FIRST), (8, FIRST)])
    assert entries_of(connection, team_id) == [(7, FIRST), (8, FIRST)]


def test_keys_of_one_team_are_deleted_and_no_others(connection: Connection, make_team: Callable[[], int]) -> None:
    teams = make_team(), make_team()
    for team_id in teams:
        copy(connection, team_id, [(number, FIRST) for number in range(100)])
    record_keys.delete_keys(connection, teams[0], [(number, FIRST) for number in range(1, 100)])
    assert [len(entries_of(connection, team_id)) for team_id in teams] == [1, 100]


def entries_of(connection: Connection, team_id: int) -> list[Entry]:
    statement = "SELECT key_hash, record_id::text FROM record_key WHERE team_id = %s ORDER BY key_hash, record_id"
    return connection.execute(statement, (team_id,)).fetchall()
