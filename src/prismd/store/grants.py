"""Grants in PostgreSQL: one per record, the last that was put."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from prismd.core.grants import Grant
from prismd.core.json.text import decode_stored, encode
from prismd.store.connections.postgres import Connection

_GET: Final = """
SELECT g.grants::text
FROM record AS r
LEFT JOIN LATERAL (
    SELECT grants FROM record_grant
    WHERE team_id = %(team)s AND object_type = %(type)s AND record_id = %(id)s
    OFFSET 0
) AS g ON true
WHERE r.team_id = %(team)s AND r.object_type = %(type)s AND r.id = %(id)s AND r.deleted_at IS NULL
"""

_PUT: Final = """
INSERT INTO record_grant (team_id, object_type, record_id, grants)
SELECT team_id, object_type, id, %(grants)s
FROM record
WHERE team_id = %(team)s AND object_type = %(type)s AND id = %(id)s AND deleted_at IS NULL
ON CONFLICT (team_id, object_type, record_id) DO UPDATE SET grants = excluded.grants
"""


def find_grant(
    connection: Connection, team_id: int, object_type: str, record_id: str, *, otherwise: Grant
) -> Grant | None:
    """Return the grant of a record; None if the record does not exist or is deleted.

    Args:
        record_id: UUID text.
        otherwise: The grant of a record that has none of its own.
    """
    row = connection.execute(_GET, {"team": team_id, "type": object_type, "id": record_id}).fetchone()
    if row is None:
        return None
    (text,) = row
    return otherwise if text is None else _grant(text)


def put_grant(connection: Connection, team_id: int, object_type: str, record_id: str, grant: Grant) -> bool:
    """Replace the grant of a record; return whether the record exists.

    Args:
        record_id: UUID text.
        grant: The whole grant.
    """
    values = {"team": team_id, "type": object_type, "id": record_id, "grants": encode(asdict(grant)).decode()}
    return connection.execute(_PUT, values).rowcount == 1


def _grant(text: str) -> Grant:
    stored = decode_stored(text)
    return Grant(stored["team_id"], tuple(stored["team_group_id"]), tuple(stored["user_id"]))
