"""Saved mappings in PostgreSQL: the newest version of each name, and the documents of the versions that are kept."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from prismd.core.mapping.document import read_document
from prismd.core.mapping.saved import SavedMapping
from prismd.core.records.reading_budget import ReadingBudget
from prismd.store.connections.postgres import Connection
from prismd.store.records.values import read_rows

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"

_COUNT: Final = "SELECT count(*) FROM mapping WHERE team_id = %s"

_VERSION: Final = "SELECT version FROM mapping WHERE team_id = %s AND name = %s FOR NO KEY UPDATE"

_PUT: Final = """
INSERT INTO mapping (team_id, name, version, object_type, created_at, updated_at)
VALUES (%(team)s, %(name)s, %(version)s, %(type)s, %(at)s, %(at)s)
ON CONFLICT (team_id, name) DO UPDATE
SET version = excluded.version, object_type = excluded.object_type, updated_at = excluded.updated_at
"""

_ADD: Final = """
INSERT INTO mapping_version (team_id, name, version, document, created_at)
VALUES (%(team)s, %(name)s, %(version)s, %(document)s, %(at)s)
"""

_DROP: Final = "DELETE FROM mapping_version WHERE team_id = %s AND name = %s AND version <= %s"

_GET: Final = """
SELECT v.name, v.version, m.object_type, v.created_at, m.updated_at, v.document::text
FROM mapping AS m
JOIN mapping_version AS v ON v.name = m.name AND v.version = coalesce(%(version)s, m.version)
WHERE m.team_id = %(team)s AND v.team_id = %(team)s AND m.name = %(name)s
"""

_FACTS: Final = """
SELECT name, version, object_type, created_at, updated_at
FROM mapping
WHERE team_id = %(team)s AND (%(after)s::text IS NULL OR name > %(after)s)
ORDER BY name
LIMIT %(limit)s
"""

_NEWEST: Final = """
SELECT m.name, m.version, m.object_type, v.created_at, m.updated_at, v.document::text
FROM (
    SELECT * FROM mapping
    WHERE team_id = %(team)s AND (object_type IS NULL OR object_type = %(type)s)
    ORDER BY updated_at DESC, name
    LIMIT %(limit)s
) AS m
JOIN mapping_version AS v ON v.name = m.name AND v.version = m.version
WHERE v.team_id = %(team)s
ORDER BY m.updated_at DESC, m.name
"""

_DELETE: Final = "DELETE FROM mapping WHERE team_id = %s AND name = %s"


def lock_mappings(connection: Connection, team_id: int) -> None:
    """Wait until no other transaction saves a mapping of a team; keep others waiting until this one ends."""
    connection.execute(_LOCK, (f"prismd mappings of team {team_id}",))


def count_mappings(connection: Connection, team_id: int) -> int:
    """Return the number of a team's saved mappings."""
    [(count,)] = connection.execute(_COUNT, (team_id,))
    return int(count)


def newest_version(connection: Connection, team_id: int, name: str) -> int | None:
    """Return the newest version of a mapping, and keep others from changing it; None if there is none."""
    row = connection.execute(_VERSION, (team_id, name)).fetchone()
    return None if row is None else int(row[0])


def put_mapping(connection: Connection, team_id: int, mapping: SavedMapping, *, kept: int) -> None:
    """Save a mapping as the newest version of its name.

    Args:
        mapping: The mapping with its document.
        kept: The most versions to keep; older ones are deleted.
    """
    assert mapping.document is not None  # noqa: S101 - what is saved has a document
    values = {
        "team": team_id,
        "name": mapping.name,
        "version": mapping.version,
        "type": mapping.object_type,
        "at": mapping.updated_at,
        "document": msgspec.json.encode(mapping.document).decode(),
    }
    connection.execute(_PUT, values)
    connection.execute(_ADD, values)
    if mapping.version > kept:
        connection.execute(_DROP, (team_id, mapping.name, mapping.version - kept))


def get_mapping(connection: Connection, team_id: int, name: str, version: int | None = None) -> SavedMapping | None:
    """Return a saved mapping with its document; None if there is none, or not in this version.

    Args:
        version: The version; None for the newest.
    """
    values = {"team": team_id, "name": name, "version": version}
    row = connection.execute(_GET, values).fetchone()
    return None if row is None else _with_document(row)


def list_mappings(connection: Connection, team_id: int, after: str | None, limit: int) -> list[SavedMapping]:
    """Return the facts about a team's saved mappings, by name.

    Args:
        after: Only names that follow this one; None for all.
        limit: Maximum number of mappings.
    """
    values = {"team": team_id, "after": after, "limit": limit}
    return [SavedMapping(*row) for row in connection.execute(_FACTS, values)]


def newest_mappings(
    connection: Connection, team_id: int, object_type: str, budget: ReadingBudget, *, limit: int
) -> list[SavedMapping]:
    """Return the mappings for a type that were saved last, with their documents, the newest first.

    Args:
        object_type: Mappings that are for any type are for this one, too.
        budget: Limits the bytes that are read.
        limit: Maximum number of mappings.
    """
    values = {"team": team_id, "type": object_type, "limit": limit}
    return read_rows(connection, _NEWEST, values, lambda row: _within(budget, row))


def delete_mapping(connection: Connection, team_id: int, name: str) -> bool:
    """Delete a mapping with all its versions; return whether there was one."""
    return connection.execute(_DELETE, (team_id, name)).rowcount == 1


def _within(budget: ReadingBudget, row: tuple[Any, ...]) -> SavedMapping:
    budget.take(row[-1])
    return _with_document(row)


def _with_document(row: tuple[Any, ...]) -> SavedMapping:
    name, version, object_type, created_at, updated_at, text = row
    return SavedMapping(name, version, object_type, created_at, updated_at, read_document(text.encode()))
