"""Views in PostgreSQL, with the records pinned at the top of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.json.text import decode_stored, encode
from prismd.core.records.reading_budget import ReadingBudget
from prismd.core.views.definitions import View
from prismd.store.connections.postgres import Connection
from prismd.store.records.values import read_rows

_COLUMNS: Final = "id::text, object_type, list_id::text, definition::text, created_at, updated_at, names::text"

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"

_COUNT: Final = "SELECT count(*) FROM view WHERE team_id = %s AND object_type = %s"

_INSERT: Final = """
INSERT INTO view (team_id, id, object_type, list_id, definition, created_at, updated_at, names)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""

_GET: Final = f"""
SELECT {_COLUMNS}, pinned::text[]
FROM view
WHERE team_id = %s AND id = %s AND object_type = %s
"""
_GET_TO_CHANGE: Final = f"{_GET} FOR NO KEY UPDATE"

_LISTING: Final = f"""
SELECT {_COLUMNS}
FROM view
WHERE team_id = %(team)s AND object_type = %(type)s
  AND (%(after)s::uuid IS NULL OR id > %(after)s)
  AND list_id {{of}}
ORDER BY view.id
LIMIT %(limit)s OFFSET %(offset)s
"""
# Two statements, because no index serves a comparison with a value that can be null.
_LIST_OF_LIST: Final = _LISTING.format(of="= %(list)s")
_LIST_OF_NONE: Final = _LISTING.format(of="IS NULL")

_UPDATE: Final = """
UPDATE view SET definition = %s, updated_at = %s, names = %s WHERE team_id = %s AND id = %s
"""

_UNNOTED: Final = f"SELECT {_COLUMNS} FROM view WHERE team_id = %s AND names IS NULL ORDER BY id FOR NO KEY UPDATE"

_NOTE: Final = """
UPDATE view SET names = noted.names
FROM unnest(%(ids)s::text[]::uuid[], %(names)s::json[]) AS noted (id, names)
WHERE view.team_id = %(team)s AND view.id = noted.id
"""

# Few views pin records, and few of those pin a purged one.
_UNPIN: Final = """
UPDATE view
SET pinned = ARRAY(SELECT id FROM unnest(pinned) WITH ORDINALITY AS pin (id, position)
                   WHERE id <> ALL(%(ids)b::text[]::uuid[]) ORDER BY pin.position)
WHERE team_id = %(team)s AND object_type = %(type)s AND pinned && %(ids)b::text[]::uuid[]
"""
_PIN: Final = "UPDATE view SET pinned = %s::text[]::uuid[] WHERE team_id = %s AND id = %s"

_DELETE: Final = "DELETE FROM view WHERE team_id = %s AND id = %s AND object_type = %s"


@dataclass(frozen=True, slots=True)
class ViewsWanted:
    """Which views of an object type to list.

    Args:
        list_id: The list whose views to return; None for the views that belong to no list.
        after: Only views with greater ids; None for all.
        limit: Maximum number of views.
        offset: Number of views to skip.
    """

    list_id: str | None
    after: str | None
    limit: int
    offset: int


def lock_views(connection: Connection, team_id: int, object_type: str) -> None:
    """Wait until no other transaction makes a view of a team's object type; keep others waiting until this one ends."""
    connection.execute(_LOCK, (f"prismd views of {object_type} in team {team_id}",))


def count_views(connection: Connection, team_id: int, object_type: str) -> int:
    """Return the number of a team's views of an object type."""
    [(count,)] = connection.execute(_COUNT, (team_id, object_type))
    return int(count)


def insert_view(connection: Connection, team_id: int, view: View) -> bool:
    """Add a view; return whether its id was free."""
    definition = encode(view.definition).decode()
    values = (
        team_id,
        view.id,
        view.object_type,
        view.list_id,
        definition,
        view.created_at,
        view.updated_at,
        _names(view),
    )
    return connection.execute(_INSERT, values).rowcount == 1


def get_view(
    connection: Connection, team_id: int, object_type: str, view_id: str, *, lock: bool = False
) -> tuple[View, list[str]] | None:
    """Return a view and the ids of the records pinned in it; None if the view does not exist.

    Args:
        view_id: UUID text.
        lock: Whether to keep others from changing the view until the transaction ends.
    """
    statement = _GET_TO_CHANGE if lock else _GET
    row = connection.execute(statement, (team_id, view_id, object_type)).fetchone()
    if row is None:
        return None
    *columns, pinned = row
    return _view(columns), pinned


def list_views(
    connection: Connection, team_id: int, object_type: str, wanted: ViewsWanted, budget: ReadingBudget
) -> list[View]:
    """Return views of an object type, in the order of their ids.

    Args:
        wanted: The views to return; its list exists.
        budget: The request's reading budget.

    Raises:
        PrismdError: ``invalid_request``: the budget is used up.
    """
    named = {
        "team": team_id, "type": object_type, "list": wanted.list_id, "after": wanted.after, "limit": wanted.limit,
        "offset": wanted.offset,
    }  # fmt: skip
    statement = _LIST_OF_NONE if wanted.list_id is None else _LIST_OF_LIST
    return read_rows(connection, statement, named, lambda row: _within(budget, row))


def update_view(connection: Connection, team_id: int, view: View) -> None:
    """Store the changed fields of a view; its pinned records stay."""
    definition = encode(view.definition).decode()
    connection.execute(_UPDATE, (definition, view.updated_at, _names(view), team_id, view.id))


def unnoted_views(connection: Connection, team_id: int) -> list[View]:
    """Return the team's views that do not say what their names mean, and keep others from changing them."""
    return [_view(row) for row in connection.execute(_UNNOTED, (team_id,))]


def note_names(connection: Connection, team_id: int, noted: Sequence[View]) -> None:
    """Store what the names in views mean."""
    names = [_names(view) for view in noted]
    connection.execute(_NOTE, {"team": team_id, "ids": [view.id for view in noted], "names": names})


def unpin_records(connection: Connection, team_id: int, object_type: str, record_ids: Sequence[str]) -> None:
    """Unpin records from all views of their type.

    Args:
        record_ids: UUID texts.
    """
    connection.execute(_UNPIN, {"team": team_id, "type": object_type, "ids": list(record_ids)})


def set_pinned(connection: Connection, team_id: int, view_id: str, pinned: Sequence[str]) -> None:
    """Store the records that are pinned in a view, in their order."""
    connection.execute(_PIN, (list(pinned), team_id, view_id))


def delete_view(connection: Connection, team_id: int, object_type: str, view_id: str) -> bool:
    """Delete a view; return whether it existed."""
    return connection.execute(_DELETE, (team_id, view_id, object_type)).rowcount == 1


def _view(row: Sequence[Any]) -> View:
    view_id, object_type, list_id, definition, created_at, updated_at, names = row
    meant = None if names is None else decode_stored(names)
    return View(view_id, object_type, list_id, decode_stored(definition), created_at, updated_at, meant)


def _within(budget: ReadingBudget, row: Sequence[Any]) -> View:
    *_, definition, _created_at, _updated_at, names = row
    for text in (definition, names or ""):
        budget.take(text, sum(map(text.count, "[{,")))
    return _view(row)


def _names(view: View) -> str | None:
    return None if view.names is None else encode(view.names).decode()
