"""A team's lists in PostgreSQL; the records themselves say which lists they are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg.rows import class_row

from prismd.core.lists.definitions import List
from prismd.store.connections.postgres import Connection

_COLUMNS: Final = "id::text, object_type, template_id, name, description, icon, created_at"

_INSERT: Final = """
INSERT INTO list (team_id, id, object_type, template_id, name, description, icon, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""

_GET: Final = f"SELECT {_COLUMNS} FROM list WHERE team_id = %s AND id = %s"

# Ids increase with time, so their order is the order of creation.
_LIST: Final = f"SELECT {_COLUMNS} FROM list WHERE team_id = %s ORDER BY id"

_COUNT: Final = "SELECT count(*) FROM list WHERE team_id = %s"

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"

_VIEWS: Final = """
SELECT wanted.object_type, v.list_id::text, v.id::text, v.definition ->> 'name'
FROM unnest(%(object_types)b::text[]) AS wanted (object_type)
CROSS JOIN LATERAL (
    SELECT id, list_id, definition, created_at FROM view
    WHERE team_id = %(team)s AND object_type = wanted.object_type AND list_id = ANY(%(ids)b::text[]::uuid[])
    OFFSET 0
) AS v
ORDER BY v.created_at, v.id
"""


def lock_lists(connection: Connection, team_id: int) -> None:
    """Wait until no other transaction makes a list of the team; keep others waiting until this one ends."""
    connection.execute(_LOCK, (f"prismd lists of team {team_id}",))


def insert_list(connection: Connection, team_id: int, made: List) -> None:
    """Add a list without its properties; the caller adds those separately."""
    texts = (made.object_type, made.template_id, made.name, made.description, made.icon)
    connection.execute(_INSERT, (team_id, made.id, *texts, made.created_at))


def get_list(connection: Connection, team_id: int, list_id: str) -> List | None:
    """Return a list; None if it does not exist."""
    return connection.cursor(row_factory=class_row(List)).execute(_GET, (team_id, list_id)).fetchone()


def all_lists(connection: Connection, team_id: int) -> list[List]:
    """Return the lists of a team, oldest first."""
    return connection.cursor(row_factory=class_row(List)).execute(_LIST, (team_id,)).fetchall()


def count_lists(connection: Connection, team_id: int) -> int:
    """Return the number of a team's lists."""
    [(count,)] = connection.execute(_COUNT, (team_id,))
    return int(count)


def views_of(connection: Connection, team_id: int, lists: Sequence[List]) -> list[tuple[str, str, str]]:
    """Return the views that belong to lists and have the object type of their list, oldest first.

    Returns:
        For each view: the id of the list, the id of the view, and its name.
    """
    wanted = {
        "team": team_id,
        "object_types": sorted({one.object_type for one in lists}),
        "ids": [one.id for one in lists],
    }
    made_for = {one.id: one.object_type for one in lists}
    found = connection.execute(_VIEWS, wanted)
    return [(of, view_id, name or "") for object_type, of, view_id, name in found if made_for[of] == object_type]
