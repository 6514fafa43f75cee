"""Diagnosis: faults of the database and of the work on it, each with advice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prismd.core.findings import Finding, Level
from prismd.settings import Settings
from prismd.store.connections import row_security
from prismd.store.connections.postgres import Connection, connections_needed
from prismd.store.distribution import is_distributed
from prismd.store.migrate import SchemaState, earlier_schema_advice, schema_state
from prismd.store.monitoring.diagnosis import (
    Index,
    OpenTransaction,
    Server,
    Table,
    expected_indexes,
    longest_transaction,
    oldest_expired,
    read_indexes,
    read_server,
    read_tables,
)
from prismd.store.monitoring.health import count_workers, next_job

MIB: Final = 2**20

#: Settings of PostgreSQL that prismd's promises depend on: the value needed, and the damage of any other value.
_NEEDED: Final[Mapping[str, tuple[str, str]]] = {
    "fsync": ("on", "a crash of the machine can destroy the database"),
    "full_page_writes": ("on", "a crash of the machine can destroy the database"),
    "autovacuum": ("on", "tables and indexes grow without end"),
    "track_counts": ("on", "autovacuum does not know what to do, so tables and indexes grow without end"),
    "default_transaction_isolation": ("read committed", "requests that meet fail instead of waiting for each other"),
    "default_transaction_read_only": ("off", "nothing can be written"),
}
#: PostgreSQL's own time limits, in milliseconds; they can cancel work that prismd limits itself.
_CUTTING: Final = ("statement_timeout", "transaction_timeout", "idle_session_timeout")
_CUT_MS_MIN: Final = 60_000
_WAL_MIB_MIN: Final = 1_024
#: Connections for commands, in addition to the server's.
_OF_COMMANDS: Final = 2
#: Highest age of unfrozen transactions; PostgreSQL refuses writes at two thousand million.
_AGE_MAX: Final = 1_000_000_000

#: Dead rows are a fault only above these bounds; by default, autovacuum starts at a fifth of a table.
_DEAD_MIN: Final = 50_000
_DEAD_SHARE: Final = 0.4
#: Bytes of a row of the key table and of its index entry; after random inserts, index pages are two thirds full.
_KEY_ROW_BYTES: Final = 68
_KEY_ENTRY_BYTES: Final = 72
_KEY_BYTES_MIN: Final = 100 * MIB
_KEY_BLOAT: Final = 2.5
_TRANSACTION_MAX: Final = timedelta(hours=1)
_PURGE_LAG_MAX: Final = timedelta(hours=1)

#: Differences between the clocks of PostgreSQL and of this machine, from which they are reported.
_CLOCK_WARNING: Final = timedelta(seconds=1)
_CLOCK_ERROR: Final = timedelta(seconds=10)

_OTHER_SCHEMA: Final = "the schema is another"

#: The checks that need a reachable database.
CHECKS: Final = (
    "database", "database settings", "migrations", "row-level security", "indexes", "bloat", "transactions",
    "workers", "queue", "retention", "clock",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The database's time, between two readings of this machine's clock.

    Args:
        before: This machine's time before the database was asked.
        theirs: The database server's time.
        after: This machine's time after the database answered.
    """

    before: datetime
    theirs: datetime
    after: datetime


def examine(connection: Connection, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Yield the findings about a database and the work on it.

    Args:
        connection: A connection in autocommit mode; nothing is written.
        settings: The settings in force.
        now: The time.
    """
    yield from judge_server(read_server(connection), settings)
    state = schema_state(connection)
    yield judge_schema(state)
    yield judge_row_security(connection) if state.is_current else _skipped("row-level security", _OTHER_SCHEMA)
    yield judge_indexes(read_indexes(connection)) if state.is_current else _skipped("indexes", _OTHER_SCHEMA)
    yield judge_bloat(read_tables(connection))
    yield judge_transactions(longest_transaction(connection))
    yield judge_workers(count_workers(connection), settings)
    if state.is_current:
        yield judge_queue(connection, settings, now)
        yield judge_retention(oldest_expired(connection, now), now)
    else:
        yield from (_skipped(check, _OTHER_SCHEMA) for check in ("queue", "retention"))


def judge_server(server: Server, settings: Settings) -> Iterator[Finding]:
    """Judge the version and state of the server, and then its settings."""
    size = f"PostgreSQL {server.version.split(' ')[0]}, {server.database_bytes / MIB:,.0f} MiB"
    if server.encoding != "UTF8":
        advice = "make a database with ENCODING 'UTF8', and move the data with `prismd backup` and `prismd restore`"
        yield Finding("database", Level.ERROR, f"{size}, encoded as {server.encoding}", advice)
    elif server.in_recovery:
        advice = "name the primary in PRISMD_DATABASE_URL, or promote this one"
        yield Finding("database", Level.ERROR, f"{size}, a standby, which takes no writes", advice)
    elif server.age > _AGE_MAX:
        advice = "end old transactions, then run VACUUM FREEZE"
        found = f"{size}; {server.age:,} transactions are not frozen, and it stops at 2,000,000,000"
        yield Finding("database", Level.ERROR, found, advice)
    elif server.sorts_otherwise:
        advice = (
            "run REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION: until then look-ups can miss rows"
        )
        found = f"{size}; the system's rules of sorting have changed since it was made"
        yield Finding("database", Level.WARNING, found, advice)
    else:
        yield Finding("database", Level.OK, size)
    yield _settings_finding(server.settings, settings)


def _settings_finding(found: Mapping[str, str], settings: Settings) -> Finding:
    wrong = [(name, *need) for name, need in _NEEDED.items() if found.get(name) != need[0]]
    if found.get("synchronous_commit") == "off":
        wrong.append(("synchronous_commit", "on", "a crash can lose writes that were answered"))
    if wrong:
        told = "; ".join(f"{name} is {found.get(name)}: {what}" for name, _, what in wrong)
        cure = ", ".join(f"{name} = '{value}'" for name, value, _ in wrong)
        return Finding(
            "database settings", Level.ERROR, told, f"set {cure} (ALTER SYSTEM, or the role or database that sets it)"
        )
    if lesser := list(_lesser(found, settings)):
        told, cure = ("; ".join(part) for part in zip(*lesser, strict=True))
        return Finding("database settings", Level.WARNING, told, cure)
    return Finding("database settings", Level.OK, "durable, vacuumed, with room for the connections")


def _lesser(found: Mapping[str, str], settings: Settings) -> Iterator[tuple[str, str]]:
    for name in _CUTTING:
        if 0 < int(found.get(name, 0)) < _CUT_MS_MIN:
            yield f"{name} is {found[name]} ms, which cuts work that prismd bounds by itself", f"set {name} = 0"
    usable = int(found["max_connections"]) - int(found["superuser_reserved_connections"])
    wanted = connections_needed(settings) + _OF_COMMANDS
    if usable < wanted:
        yield (
            f"max_connections leaves {usable}, one server and its workers want {wanted}",
            "raise max_connections, or lower PRISMD_DATABASE_CONNECTIONS_MAX",
        )
    if int(found["max_wal_size"]) < _WAL_MIB_MIN:
        yield (
            f"max_wal_size is {found['max_wal_size']} MiB, so imports write the same pages again and again",
            "set max_wal_size = '2GB'",
        )


def judge_schema(state: SchemaState) -> Finding:
    """Judge the version of the schema."""
    if state.is_current:
        return Finding("migrations", Level.OK, f"schema {state.current}")
    if state.current is None:
        return Finding("migrations", Level.ERROR, "the database is empty", "run `prismd migrate`, or start the server")
    found = f"the database has schema {state.current}, this prismd has {state.head}"
    if state.is_newer:
        return Finding("migrations", Level.ERROR, found, "install the prismd that this database was brought to")
    if state.is_earlier:
        found = f"the database has schema {state.current}, which is older than this prismd's first migration"
        return Finding("migrations", Level.ERROR, found, earlier_schema_advice(state.current))
    return Finding("migrations", Level.ERROR, found, "run `prismd backup FILE`, then `prismd migrate`")


def judge_row_security(connection: Connection) -> Finding:
    """Judge the row-level security that separates teams."""
    if is_distributed(connection):
        return Finding("row-level security", Level.OK, "not there, as the tables are distributed by team")
    if (fault := row_security.fault(connection)) is not None:
        return Finding("row-level security", Level.ERROR, fault.found, fault.advice)
    if row_security.is_superuser(connection):
        advice = "use a login of its own, that owns its database and is no superuser (docs/safety.md)"
        return Finding("row-level security", Level.WARNING, "holds, but prismd's login is a superuser", advice)
    return Finding("row-level security", Level.OK, "holds for all tables of teams")


def judge_indexes(found: Mapping[str, Index]) -> Finding:
    """Judge the indexes: each expected one must exist, be valid, and have its definition."""
    expected = expected_indexes()
    told, cures = [], []
    for name, statement in expected.items():
        index = found.get(name)
        if index is None:
            told.append(f"{name} is missing")
            cures.append(f"{statement.replace(' INDEX ', ' INDEX CONCURRENTLY ', 1)};")
        elif not index.valid:
            told.append(f"{name} is invalid, so PostgreSQL does not use it")
            cures.append(f"REINDEX INDEX CONCURRENTLY {name};")
        elif index.definition != statement:
            told.append(f"{name} is another one: {index.definition}")
            cures.append(f"make it as migrations do: {statement};")
    if told:
        return Finding("indexes", Level.ERROR, "; ".join(told), f"run {' '.join(cures)}")
    left = [name for name, index in found.items() if name not in expected and not index.valid]
    if left:
        cure = " ".join(f"DROP INDEX CONCURRENTLY {name};" for name in left)
        return Finding("indexes", Level.WARNING, f"left half made: {', '.join(left)}", f"run {cure}")
    further = len(found) - len(expected)
    return Finding(
        "indexes", Level.OK, f"all {len(expected)}" + (f", and {further} that prismd did not make" if further else "")
    )


def judge_bloat(tables: list[Table]) -> Finding:
    """Judge the unused space in tables and indexes."""
    told, cures = [], []
    for table in tables:
        if table.dead > max(_DEAD_MIN, _DEAD_SHARE * table.live):
            told.append(f"{table.name} has {table.dead:,} dead rows beside {table.live:,} live ones")
            cures.append(f"VACUUM (ANALYZE) {table.name};")
        elif table.name == "record_key":
            expected = max(table.live * (_KEY_ROW_BYTES + _KEY_ENTRY_BYTES), _KEY_BYTES_MIN)
            size = table.table_bytes + table.index_bytes
            if size > expected * _KEY_BLOAT:
                told.append(f"record_key takes {size / MIB:,.0f} MiB, where {expected / MIB:,.0f} would do")
                cures.append("REINDEX INDEX CONCURRENTLY record_key_pkey; and, while nobody writes, ")
                cures.append("VACUUM FULL record_key;")
    if told:
        advice = f"look for transactions that stay open, then run {' '.join(cures)}"
        return Finding("bloat", Level.WARNING, "; ".join(told), advice)
    return Finding("bloat", Level.OK, f"{sum(table.dead for table in tables):,} dead rows in all tables")


def judge_transactions(longest: OpenTransaction | None) -> Finding:
    """Judge the oldest open transaction."""
    if longest is None or longest.lasted <= _TRANSACTION_MAX:
        return Finding("transactions", Level.OK, "none is open for long")
    who = longest.application or "a client without a name"
    found = f"{who} (process {longest.pid}) has a transaction open for {_time(longest.lasted)}; nothing is vacuumed"
    return Finding("transactions", Level.WARNING, found, f"end it: SELECT pg_terminate_backend({longest.pid})")


def judge_workers(count: int, settings: Settings) -> Finding:
    """Judge the number of connected workers."""
    if count:
        return Finding("workers", Level.OK, f"{count} connected")
    advice = (
        "start `prismd serve`, which starts workers, or `prismd worker`"
        if settings.workers
        else "PRISMD_WORKERS is 0 here: start `prismd worker` on another machine"
    )
    return Finding("workers", Level.ERROR, "none is connected to the database; imports wait", advice)


def judge_queue(connection: Connection, settings: Settings, now: datetime) -> Finding:
    """Judge how long the next import job has been waiting."""
    job = next_job(connection, now, running_max=settings.running_jobs_per_team_max)
    stood = now - job.moved_at if job else timedelta()
    if stood <= timedelta(seconds=settings.queue_wait_s):
        return Finding("queue", Level.OK, "an import is under way" if job else "nothing waits")
    return Finding(
        "queue",
        Level.ERROR,
        f"the import job whose turn it is has not moved for {_time(stood)}",
        "look into the logs of the workers, and start more of them if they are busy",
    )


def judge_retention(expired: datetime | None, now: datetime) -> Finding:
    """Judge how late workers delete expired import jobs."""
    if expired is None or now - expired <= _PURGE_LAG_MAX:
        return Finding("retention", Level.OK, "what has expired is deleted")
    found = f"an import job expired {_time(now - expired)} ago, and is still there"
    return Finding("retention", Level.WARNING, found, "workers delete what has expired: see that one runs")


def judge_clock(read: ClockReading) -> Finding:
    """Judge the difference between the clocks of this machine and of the database."""
    if read.before <= read.theirs <= read.after:
        return Finding("clock", Level.OK, "agrees with the database")
    apart = read.before - read.theirs if read.theirs < read.before else read.theirs - read.after
    found = f"differs from the database's by {_time(apart)}"
    if apart <= _CLOCK_WARNING:
        return Finding("clock", Level.OK, found)
    level = Level.ERROR if apart > _CLOCK_ERROR else Level.WARNING
    return Finding("clock", level, found, "have both machines set their clocks by NTP (timedatectl set-ntp true)")


def _skipped(check: str, why: str) -> Finding:
    return Finding(check, Level.SKIPPED, f"not looked at: {why}")


def _time(time: timedelta) -> str:
    seconds = time.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:,.0f} s" if seconds < 7200 else f"{seconds / 3600:,.0f} hours"  # noqa: PLR2004 - two hours
