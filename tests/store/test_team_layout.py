"""Tables can be distributed by team, and no statement forgets its team: what a cluster would show, without one."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import pytest

from prismd.store.backups import restoring
from prismd.store.connections.postgres import Connection
from prismd.store.monitoring import diagnosis, figures
from prismd.store.records import record_keys
from tests.naming_teams import LOCAL, TEAM_TABLES, without_team
from tests.sent_statements import SentStatements
from tests.store.hot_statements import HOT, NOT_HOT

_TABLES: Final = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""
#: Every key of each table, by its columns in order: the primary one, and what else is unique.
_KEYS: Final = """
SELECT t.relname, i.indisprimary, ARRAY(
    SELECT attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k (number, place)
    JOIN pg_attribute ON attrelid = t.oid AND attnum = k.number ORDER BY place)
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relnamespace = 'public'::regnamespace AND i.indisunique
"""
#: What refers to a table: from which, to which, and by which columns.
_REFERENCES: Final = """
SELECT f.relname, t.relname,
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = f.oid AND attnum = c.conkey[1]),
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = t.oid AND attnum = c.confkey[1])
FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
WHERE c.contype = 'f' AND f.relnamespace = 'public'::regnamespace
"""

#: What asks of all teams at once; see :data:`tests.sent_statements.OF_ALL_TEAMS`.
OF_ALL_TEAMS: Final = {figures._ROWS, figures._OLDEST, diagnosis._EXPIRED, restoring._QUEUE_JOBS}
STATEMENTS: Final = {
    **{name: hot.statement for name, hot in HOT.items()},
    **{text.strip(): text for text in NOT_HOT},
}
OF_A_TEAM: Final = {name: text for name, text in STATEMENTS.items() if text not in OF_ALL_TEAMS}

_NAMES_TEAM: Final = re.compile(r"(\w+\.)?team_id = %(\(\w+\))?s")


def misplaced(connection: Connection) -> set[str]:
    """Return the tables of teams that could not be distributed by team."""
    keys = connection.execute(_KEYS).fetchall()
    references = connection.execute(_REFERENCES).fetchall()
    tables = {name for (name,) in connection.execute(_TABLES)} - LOCAL
    placed = {table for table, is_primary, columns in keys if is_primary and columns[0] == "team_id"}
    return {
        *(tables - placed),
        *(table for table, _, columns in keys if table in tables and "team_id" not in columns),
        *(
            table
            for table, other, mine, theirs in references
            if table in tables and other in tables and (mine, theirs) != (["team_id"], ["team_id"])
        ),
    }


def test_every_table_is_local_or_its_keys_begin_with_the_team(connection: Connection) -> None:
    tables = {name for (name,) in connection.execute(_TABLES)}
    assert tables == LOCAL | TEAM_TABLES
    assert misplaced(connection) == set()


@pytest.mark.parametrize(
    "forgetful",
    [
        "CREATE TABLE forgetful (team_id bigint, id bigint)",
        "CREATE TABLE forgetful (team_id bigint, id bigint PRIMARY KEY)",
        "CREATE TABLE forgetful (team_id bigint, id bigint, PRIMARY KEY (id, team_id))",
        "CREATE TABLE forgetful (id bigint PRIMARY KEY)",
        "CREATE TABLE forgetful (team_id bigint, id bigint UNIQUE, PRIMARY KEY (team_id, id))",
        """CREATE TABLE forgetful (team_id bigint, id bigint, PRIMARY KEY (team_id, id), UNIQUE (id, team_id),
           FOREIGN KEY (id, team_id) REFERENCES forgetful (id, team_id))""",
    ],
)
def test_a_table_that_forgets_the_team_is_noticed(connection: Connection, forgetful: str) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute(forgetful.encode())
        assert misplaced(connection) == {"forgetful"}


@pytest.mark.parametrize("name", OF_A_TEAM)
def test_a_statement_names_the_team_of_all_that_it_reaches(name: str) -> None:
    assert without_team(OF_A_TEAM[name]) == []


@pytest.mark.parametrize("name", OF_A_TEAM)
def test_a_statement_that_forgets_its_team_anywhere_is_noticed(name: str) -> None:
    text = OF_A_TEAM[name]
    for named in _NAMES_TEAM.finditer(text):
        forgetful = f"{text[: named.start()]}true{text[named.end() :]}"
        assert without_team(forgetful) or _is_local(text, named.start()), forgetful


def _is_local(text: str, place: int) -> bool:
    """Tell whether what stands at a place is said of a table that is not distributed."""
    before = re.findall(r"\b(?:FROM|UPDATE|INTO|JOIN)\s+([a-z_]+)", text[:place])
    return bool(before) and before[-1] in LOCAL


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("SELECT id FROM record", ["record"]),
        ("SELECT id FROM record AS r WHERE r.id = %s", ["record"]),
        ("SELECT id FROM record WHERE team_id = %s OR id = %s", ["record"]),
        ("SELECT id FROM record WHERE NOT team_id = %s", ["record"]),
        ("SELECT id FROM record WHERE team_id <> %s", ["record"]),
        ("SELECT id FROM record WHERE team_id >= %s", ["record"]),
        ("SELECT team_id = %s FROM record", ["record"]),
        ("SELECT id FROM record -- WHERE team_id = %s", ["record"]),
        ("SELECT id FROM record WHERE 'team_id = 1' = %s", ["record"]),
        ("SELECT id FROM record, view WHERE record.team_id = %s", ["view"]),
        ("SELECT FROM record r JOIN view v ON v.id = r.id WHERE r.team_id = %s", ["view"]),
        ("SELECT FROM record r JOIN view v ON v.team_id = r.team_id", ["record", "view"]),
        ("SELECT FROM record WHERE team_id = %s UNION ALL SELECT FROM record", ["record"]),
        ("SELECT FROM record r WHERE r.team_id = %s AND EXISTS (SELECT FROM view WHERE id = r.id)", ["view"]),
        ("SELECT FROM unnest(%s::bigint[]) AS t (team_id) JOIN record r ON r.team_id = t.team_id", ["record"]),
        ("UPDATE record SET team_id = %s WHERE id = %s", ["record"]),
        ("UPDATE record AS r SET version = 1 FROM unnest(%s::tid[]) AS p (place) WHERE r.ctid = p.place", ["record"]),
        ("DELETE FROM record WHERE ctid = ANY(ARRAY(SELECT ctid FROM record WHERE team_id = %s))", ["record"]),
        ("WITH old AS (DELETE FROM record RETURNING id) SELECT count(*) FROM old", ["record"]),
        ("INSERT INTO record (id) VALUES (%s)", ["record"]),
        ("INSERT INTO record VALUES (%s, %s)", ["record"]),
        ("INSERT INTO view (team_id, id) SELECT team_id, id FROM record WHERE id = %s", ["record"]),
        ("COPY record (id) FROM STDIN", ["record"]),
        ("COPY record FROM STDIN", ["record"]),
    ],
)
def test_these_forget_it(statement: str, tables: list[str]) -> None:
    assert without_team(statement) == tables


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM record WHERE team_id = %s AND (id = %s OR version = %s)",
        "SELECT id FROM record WHERE %(team)s = team_id",
        "SELECT FROM record r JOIN view v ON v.team_id = r.team_id WHERE r.team_id = %s",
        "SELECT FROM record r WHERE r.team_id = %s AND EXISTS (SELECT FROM view v WHERE v.team_id = r.team_id)",
        "SELECT FROM team JOIN api_key k ON k.team_id = team.id WHERE k.digest = %s",
        "UPDATE record SET version = 1 WHERE team_id = %s",
        "INSERT INTO record (team_id, id) VALUES (%s, %s)",
        "COPY record (team_id, id) FROM STDIN (FORMAT binary)",
        "NOTIFY record",
    ],
)
def test_these_do_not(statement: str) -> None:
    assert without_team(statement) == []


def test_what_is_sent_is_watched(
    connection: Connection, sent: SentStatements, make_team: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        record_keys, "_KEYS_IN_USE", "SELECT key, tells_apart FROM key_property WHERE %s > 0 AND object_type = %s"
    )
    record_keys.keys_in_use(connection, make_team(), "contact")
    [found] = sent.taken()
    assert "keys_in_use reaches key_property" in found


def test_the_copy_of_what_is_sent_is_watched(
    connection: Connection, sent: SentStatements, make_team: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = record_keys.key_rows(make_team(), [(1, "00000000-0000-7000-8000-000000000001")])
    monkeypatch.setattr(record_keys, "_COPY", SimpleNamespace(statement="COPY record_key FROM STDIN (FORMAT binary)"))
    record_keys.copy_keys(connection, rows)
    connection.rollback()
    [found] = sent.taken()
    assert "copy_keys reaches record_key" in found
