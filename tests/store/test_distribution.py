"""Distributing the tables over a cluster: what is asked of Citus and in which order, and which database is refused.

No cluster is there: what stands in for Citus notes what it is asked for, and refuses what Citus would refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from prismd.database_errors import DatabaseUnusableError
from prismd.services.monitoring.diagnosis import judge_row_security
from prismd.settings import Settings
from prismd.store import distribution
from prismd.store.connections import row_security
from prismd.store.connections.postgres import PLANNER_OFF, Connection, connect, open_pool
from prismd.store.distribution import DISTRIBUTED, LOCAL, REFERENCE, is_distributed
from prismd.store.migrate import check_schema, migrate
from tests.store.citus_stand_in import stand_in

PLAIN: Final = Settings()
SPREAD: Final = Settings(distribute_by_team=True)

_TABLES: Final = """
SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""
_REFERENCES: Final = """
SELECT holder.relname::text, meant.relname::text, confdeltype::text, confupdtype::text,
       array_position(conkey, (SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = 'team_id')),
       array_position(confkey, (SELECT attnum FROM pg_attribute WHERE attrelid = confrelid AND attname = 'team_id')),
       conname::text, pg_get_constraintdef(pg_constraint.oid)
FROM pg_constraint JOIN pg_class AS holder ON holder.oid = conrelid JOIN pg_class AS meant ON meant.oid = confrelid
WHERE contype = 'f' AND holder.relnamespace = 'public'::regnamespace ORDER BY conname
"""
#: Defaults that take the next value of a sequence, and identities; each node would count for itself.
_COUNTING: Final = """
SELECT DISTINCT relname::text FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
  AND (attidentity <> '' OR pg_get_expr(adbin, adrelid) LIKE 'nextval%'
       OR attgenerated <> '')
"""
_TRIGGERS: Final = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
_EXCLUSIONS: Final = "SELECT FROM pg_constraint WHERE contype = 'x' AND connamespace = 'public'::regnamespace"


@pytest.fixture
def cluster(make_database: Callable[[], str]) -> str:
    """An empty database on a coordinator."""
    url = make_database()
    stand_in(url)
    return url


def asked(url: str, statement: str) -> list[Any]:
    with connect(url, PLAIN) as connection:
        return connection.execute(statement.encode()).fetchall()


def calls(url: str) -> list[str]:
    return [said for (said,) in asked(url, "SELECT said FROM call ORDER BY nth")]


def change(url: str, statement: str) -> None:
    with connect(url, PLAIN, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_each_table_of_the_schema_is_named_once(connection: Connection) -> None:
    named = [*DISTRIBUTED, *REFERENCE, *LOCAL]
    assert sorted(named) == sorted(name for (name,) in connection.execute(_TABLES))


def test_references_are_such_as_a_cluster_has(connection: Connection) -> None:
    """The keys themselves are held to their rules by tests/store/test_team_layout.py."""
    for holder, meant, on_delete, on_update, mine, theirs, *_ in connection.execute(_REFERENCES):
        if holder in DISTRIBUTED and meant in DISTRIBUTED:
            assert mine == theirs != None, holder  # noqa: E711 - both have the team, at one position
        elif meant in DISTRIBUTED or meant in LOCAL:
            raise AssertionError(f"{holder} refers to {meant}, whose rows are elsewhere")
        # The team would be changed on its way.
        assert (on_delete in "ac", on_update) == (True, "a"), holder


def test_nothing_counts_apart_on_each_node(connection: Connection) -> None:
    counting = {name for (name,) in connection.execute(_COUNTING)}
    assert counting.isdisjoint(DISTRIBUTED)
    assert connection.execute(_EXCLUSIONS).fetchall() == []


def test_triggers_are_those_that_are_known_to_go(connection: Connection) -> None:
    """Citus takes none; what these two hold, nothing but the code holds there (docs/scaling.md)."""
    assert {name for (name,) in connection.execute(_TRIGGERS)} == {"audit_entry", "audit_object"}


def test_all_tables_are_distributed_with_the_schema(cluster: str, make_database: Callable[[], str]) -> None:
    plain = make_database()
    migrate(plain, PLAIN)
    migrate(cluster, SPREAD)
    check_schema(cluster, SPREAD)
    first, *others = DISTRIBUTED
    assert calls(cluster) == [
        *(f"reference {table}" for table in REFERENCE),
        f"distribute {first} by team_id with none",
        *(f"distribute {table} by team_id with {first}" for table in others),
    ]
    assert asked(cluster, _REFERENCES) == asked(plain, _REFERENCES), "they are made again as they were"
    assert asked(cluster, _TRIGGERS) == asked(cluster, "SELECT FROM pg_policy") == []
    assert asked(cluster, "SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity") == []


def test_a_second_time_changes_nothing(cluster: str) -> None:
    migrate(cluster, SPREAD)
    before = calls(cluster), asked(cluster, "SELECT oid, xmin::text FROM pg_constraint ORDER BY oid")
    migrate(cluster, SPREAD)
    assert (calls(cluster), asked(cluster, "SELECT oid, xmin::text FROM pg_constraint ORDER BY oid")) == before


def test_tables_that_are_there_are_distributed_with_their_rows(cluster: str) -> None:
    migrate(cluster, PLAIN)
    change(cluster, "INSERT INTO team (public_id, created_at) VALUES ('t', now())")
    change(cluster, "INSERT INTO list SELECT id, gen_random_uuid(), 'deal', 'blank', 'L', NULL, NULL, now() FROM team")
    assert calls(cluster) == []
    migrate(cluster, SPREAD)
    assert len(calls(cluster)) == len(REFERENCE) + len(DISTRIBUTED)
    assert len(asked(cluster, "SELECT FROM list JOIN team ON team.id = team_id")) == 1


def test_a_table_that_comes_later_joins_the_others(cluster: str) -> None:
    migrate(cluster, SPREAD)
    change(cluster, "DELETE FROM pg_dist_partition WHERE logicalrelid = 'import_chunk'::regclass; TRUNCATE call")
    references = asked(cluster, _REFERENCES)
    migrate(cluster, SPREAD)
    assert calls(cluster) == [f"distribute import_chunk by team_id with {DISTRIBUTED[0]}"]
    assert asked(cluster, _REFERENCES) == references


@pytest.mark.parametrize(
    ("kept", "refusal"), [("DROP POLICY", "cannot create policy"), ("DROP TRIGGER", "because it has triggers")]
)
def test_what_cannot_be_distributed_leaves_the_database_as_it_was(
    cluster: str, monkeypatch: pytest.MonkeyPatch, kept: str, refusal: str
) -> None:
    migrate(cluster, PLAIN)
    run = distribution._run

    def run_others(connection: Connection, statements: list[str]) -> None:
        run(connection, [statement for statement in statements if not statement.startswith(kept)])

    monkeypatch.setattr(distribution, "_run", run_others)
    with pytest.raises(DatabaseUnusableError, match=f"the schema cannot be made: .*{refusal}"):
        migrate(cluster, SPREAD)
    assert calls(cluster) == []
    check_schema(cluster, PLAIN)


def test_the_planner_of_the_nodes_is_not_given_the_choice(cluster: str) -> None:
    migrate(cluster, SPREAD)
    [(found,)] = asked(
        cluster,
        "SELECT setconfig FROM pg_db_role_setting WHERE setrole = session_user::regrole"
        " AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    assert found == [f"{name}=off" for name in PLANNER_OFF]


def test_the_doctor_says_that_row_level_security_is_not_there(cluster: str) -> None:
    migrate(cluster, SPREAD)
    with connect(cluster, SPREAD) as connection:
        assert "not there" in judge_row_security(connection).found


def test_requests_keep_their_role_on_a_cluster(cluster: str) -> None:
    migrate(cluster, SPREAD)
    with open_pool(cluster, SPREAD) as pool, pool.connection() as connection:
        assert connection.execute("SELECT current_user = session_user").fetchone() == (True,)


@pytest.mark.parametrize(
    ("cluster_is", "settings", "refusal"),
    [
        (None, SPREAD, r"has no extension citus: run CREATE EXTENSION citus; .* or leave the setting out"),
        ("UPDATE pg_dist_local_group SET groupid = 2", SPREAD, "not its coordinator, .* name the coordinator in"),
        ("UPDATE pg_dist_local_group SET groupid = 2", PLAIN, "not its coordinator, .* name the coordinator in"),
        (
            "DELETE FROM pg_dist_node",
            SPREAD,
            r"not yet the coordinator .* run, on it, SELECT citus_set_coordinator_host",
        ),
        ("DELETE FROM pg_dist_node WHERE groupid = 0", SPREAD, "not yet the coordinator .* citus_set_coordinator_host"),
    ],
)
def test_what_is_no_coordinator_is_refused_and_left_empty(
    make_database: Callable[[], str], cluster_is: str | None, settings: Settings, refusal: str
) -> None:
    url = make_database()
    if cluster_is is not None:
        stand_in(url)
        change(url, cluster_is)
    for use in (migrate, check_schema):
        with pytest.raises(DatabaseUnusableError, match=refusal):
            use(url, settings)
    assert asked(url, _TABLES) == []


def test_a_setting_that_says_otherwise_than_the_tables_is_refused(cluster: str) -> None:
    migrate(cluster, PLAIN)
    with pytest.raises(DatabaseUnusableError, match="are not distributed: run `prismd migrate`"):
        check_schema(cluster, SPREAD)
    migrate(cluster, SPREAD)
    for use in (migrate, check_schema):
        with pytest.raises(DatabaseUnusableError, match="are distributed: set PRISMD_DISTRIBUTE_BY_TEAM=true"):
            use(cluster, PLAIN)


def test_a_database_with_citus_that_is_in_no_cluster_is_a_plain_one(cluster: str) -> None:
    change(cluster, "DELETE FROM pg_dist_node")
    migrate(cluster, PLAIN)
    check_schema(cluster, PLAIN)
    with connect(cluster, PLAIN) as connection:
        assert not is_distributed(connection)
        row_security.check(connection)
