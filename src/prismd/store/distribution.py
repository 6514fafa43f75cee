"""Where the tables stand on a Citus cluster: distributed by team, whole on every node, or on the coordinator alone.

On plain PostgreSQL all of them are plain tables. Nothing here is done unless a setting asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from prismd.database_errors import DatabaseUnusableError
from prismd.settings import Settings
from prismd.store.connections.postgres import PLANNER_OFF, Connection

#: Tables of team data. Each is distributed by ``team_id`` like the first one, so that all of a team is on one node.
DISTRIBUTED: Final = (
    "list", "property", "property_option", "record", "key_property", "record_key", "record_grant", "view",
    "import_job", "import_chunk", "import_attempt", "import_result", "import_touch", "import_draft",
    "idempotency_claim", "attempt_answer", "audit_entry", "audit_object", "file", "file_part", "change_set",
    "record_change", "mapping", "mapping_version",
)  # fmt: skip
#: Tables that stand on every node, because statements on team data read them, too, or refer to them.
REFERENCE: Final = ("team", "api_key")
#: Tables that stay on the coordinator, and why.
LOCAL: Final = {
    "realtime_ticket": "a ticket is looked up before its team is known",
    "import_queue": "which job of all teams has its turn is asked of one table",
    "schema_migration": "it is about the database",
}
COLUMN: Final = "team_id"

_HAS_CITUS: Final = "SELECT to_regprocedure('citus_is_coordinator()') IS NOT NULL"
_CLUSTER: Final = """
SELECT (SELECT groupid FROM pg_dist_local_group) <> 0 AS is_worker,
       citus_is_coordinator() AS is_coordinator,
       EXISTS (SELECT FROM pg_dist_node WHERE groupid = 0) AS knows_coordinator,
       ARRAY(
           SELECT c.relname::text FROM pg_dist_partition AS p JOIN pg_class AS c ON c.oid = p.logicalrelid
           WHERE c.relnamespace = current_schema()::regnamespace AND (p.partmethod = 'h' OR p.repmodel = 't')
       ) AS spread
"""

# Statements that are made by a statement, each with one command: a cluster takes no more in one.
_TAKE_APART: Final = """
SELECT format('DROP POLICY %%I ON %%I', polname, relname)
FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
WHERE relnamespace = current_schema()::regnamespace AND relname = ANY (%(all)s)
UNION ALL
SELECT format('ALTER TABLE %%I DISABLE ROW LEVEL SECURITY', relname)
FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relname = ANY (%(all)s) AND relrowsecurity
UNION ALL
SELECT format('DROP TRIGGER %%I ON %%I', tgname, relname)
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = current_schema()::regnamespace AND relname = ANY (%(missing)s) AND NOT tgisinternal
"""
_REFERENCES: Final = """
SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', holder.relname, conname),
       format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s', holder.relname, conname,
              pg_get_constraintdef(pg_constraint.oid))
FROM pg_constraint
JOIN pg_class AS holder ON holder.oid = conrelid
JOIN pg_class AS meant ON meant.oid = confrelid
WHERE contype = 'f' AND holder.relnamespace = current_schema()::regnamespace
  AND (holder.relname = ANY (%(missing)s) OR meant.relname = ANY (%(missing)s))
ORDER BY conname
"""
# Tables that refer to reference tables can be made in one transaction with these in this mode alone.
_IN_SEQUENCE: Final = "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"
_MAKE_REFERENCE: Final = "SELECT create_reference_table(%s::text::regclass)"
_DISTRIBUTE: Final = f"""
SELECT create_distributed_table(%s::text::regclass, '{COLUMN}', colocate_with => %s::text)
"""
# Sessions on the nodes are not prismd's, so what it sets in its own does not reach them.
_SET_ON_NODES: Final = """
SELECT format('ALTER ROLE %%I IN DATABASE %%I SET %%I TO off', session_user, current_database(), name)
FROM unnest(%s::text[]) AS name
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a node of a Citus cluster says of itself.

    Args:
        is_worker: Whether it is one of the nodes that a coordinator sends work to.
        is_coordinator: Whether it is a coordinator with nodes.
        knows_coordinator: Whether the address of the coordinator is among those of the nodes.
        spread: The tables of prismd's schema that are distributed, or stand on every node.
    """

    is_worker: bool
    is_coordinator: bool
    knows_coordinator: bool
    spread: tuple[str, ...]


def read_cluster(connection: Connection) -> Cluster | None:
    """Return what a database says of its cluster; None where it has no Citus."""
    if connection.execute(_HAS_CITUS).fetchone() != (True,):
        return None
    row = connection.execute(_CLUSTER).fetchone()
    assert row is not None  # noqa: S101 - a select without a table has one row
    return Cluster(row[0], row[1], row[2], tuple(row[3]))


def is_distributed(connection: Connection) -> bool:
    """Say whether the tables of team data are distributed, some of them at least."""
    cluster = read_cluster(connection)
    return cluster is not None and not {*cluster.spread}.isdisjoint(DISTRIBUTED)


def check_node(connection: Connection, settings: Settings) -> None:
    """Make sure that a database is one at which prismd can work: a plain one, or the coordinator of a cluster.

    Args:
        connection: Any, to a database of any schema.
        settings: For whether tables are to be distributed.

    Raises:
        DatabaseUnusableError: It is not; the message says what to do.
    """
    fault = _fault(read_cluster(connection), wanted=settings.distribute_by_team)
    if fault:
        raise DatabaseUnusableError(fault)


def distribute(connection: Connection) -> None:
    """Distribute the tables that are not yet, with the rows that they have; change nothing where all are.

    Row-level security and the triggers of the audit go: neither works on tables whose rows are on other nodes.

    Args:
        connection: Inside a transaction, to the coordinator.
    """
    cluster = read_cluster(connection)
    missing = [table for table in (*REFERENCE, *DISTRIBUTED) if cluster is None or table not in cluster.spread]
    if not missing:
        return
    named: dict[str, Any] = {"all": [*REFERENCE, *DISTRIBUTED, *LOCAL], "missing": missing}
    connection.execute(_IN_SEQUENCE)
    references = connection.execute(_REFERENCES, named).fetchall()
    _run(connection, [drop for drop, _ in references])
    _run(connection, [statement for (statement,) in connection.execute(_TAKE_APART, named).fetchall()])
    for table in missing:
        if table in REFERENCE:
            connection.execute(_MAKE_REFERENCE, (table,))
        else:
            connection.execute(_DISTRIBUTE, (table, "none" if table == DISTRIBUTED[0] else DISTRIBUTED[0]))
    _run(connection, [add for _, add in references])
    _run(connection, [statement for (statement,) in connection.execute(_SET_ON_NODES, ([*PLANNER_OFF],)).fetchall()])


def _fault(cluster: Cluster | None, *, wanted: bool) -> str:
    """Return why prismd cannot work at a node, and what to do; nothing where it can."""
    if cluster is None:
        return (
            "PRISMD_DISTRIBUTE_BY_TEAM is true, and the database has no extension citus: run CREATE EXTENSION citus;"
            " on it and on each node, or leave the setting out"
            if wanted
            else ""
        )
    if cluster.is_worker:
        return (
            "the database is on a node of a Citus cluster that is not its coordinator, where locks hold for this node"
            " alone: name the coordinator in PRISMD_DATABASE_URL"
        )
    if wanted and not (cluster.is_coordinator and cluster.knows_coordinator):
        return (
            "PRISMD_DISTRIBUTE_BY_TEAM is true, and the database is not yet the coordinator of a Citus cluster: run,"
            " on it, SELECT citus_set_coordinator_host('its address'); and SELECT citus_add_node('address', port); for"
            " each node"
        )
    if not wanted and not {*cluster.spread}.isdisjoint(DISTRIBUTED):
        return "the tables of teams are distributed: set PRISMD_DISTRIBUTE_BY_TEAM=true for all of prismd"
    return ""


def _run(connection: Connection, statements: list[str]) -> None:
    for statement in statements:
        connection.execute(statement.encode())
