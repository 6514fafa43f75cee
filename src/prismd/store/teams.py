"""Teams in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from psycopg.rows import scalar_row

from prismd.store.connections.postgres import Connection

#: An arbitrary number: of two servers that start at once on an empty database, only one makes the first team.
_BOOTSTRAP_LOCK: Final = 7_223_196_072

_INSERT_TEAM: Final = "INSERT INTO team (public_id, created_at) VALUES (%s, %s) RETURNING id"
_SELECT_TEAM: Final = "SELECT id FROM team WHERE public_id = %s"
_SELECT_TEAMS: Final = "SELECT public_id FROM team ORDER BY id LIMIT %s"
_AFTER: Final = "SELECT id FROM team WHERE id > %s ORDER BY id LIMIT %s"


def lock_bootstrap(connection: Connection) -> None:
    """Wait until nobody else makes the first team, and keep others waiting until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_BOOTSTRAP_LOCK,))


def insert_team(connection: Connection, public_id: str, now: datetime) -> int:
    """Store a new team and return its internal id."""
    [(team_id,)] = connection.execute(_INSERT_TEAM, (public_id, now))
    return int(team_id)


def find_team(connection: Connection, public_id: str) -> int | None:
    """Return a team's internal id; None if the team does not exist."""
    found: int | None = connection.cursor(row_factory=scalar_row).execute(_SELECT_TEAM, (public_id,)).fetchone()
    return found


def first_teams(connection: Connection, limit: int) -> list[str]:
    """Return the public ids of the oldest teams, at most ``limit``."""
    return [public_id for (public_id,) in connection.execute(_SELECT_TEAMS, (limit,))]


def teams_after(connection: Connection, team_id: int, limit: int) -> list[int]:
    """Return the internal ids of the teams that follow a given team, in order.

    Args:
        team_id: Internal id of the given team; 0 for the first teams.
        limit: The largest number of teams.
    """
    return [one for (one,) in connection.execute(_AFTER, (team_id, limit))]
