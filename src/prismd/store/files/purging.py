"""Deletes files that have expired or are gone, with their parts, in batches that are short work for PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from prismd.store.connections.postgres import Connection
from prismd.store.files.files import mark_gone
from prismd.store.locations import BEGIN_HERE

#: A part has up to a mebibyte.
PARTS_PER_BATCH: Final = 50

_EXPIRED: Final = """
SELECT id::text, state FROM file
WHERE team_id = %(team)s AND expires_at <= %(now)s
ORDER BY expires_at LIMIT 1
FOR UPDATE SKIP LOCKED
"""
_CONTENT: Final = "SELECT content_id::text FROM file WHERE team_id = %s AND id = %s AND state = 'gone' FOR UPDATE"
_IS_SHARED: Final = """
SELECT EXISTS (SELECT FROM file WHERE team_id = %s AND content_id = %s AND state <> 'gone')
"""
_DELETE_PARTS: Final = f"""
DELETE FROM file_part AS part
USING unnest(ARRAY(
    SELECT ctid FROM file_part WHERE team_id = %(team)s AND content_id = %(content)s
    ORDER BY start LIMIT %(limit)s
)) WITH ORDINALITY AS gone (location, nth)
WHERE part.team_id = %(team)s AND part.ctid = gone.location AND {BEGIN_HERE}
"""
_DELETE: Final = "DELETE FROM file WHERE team_id = %s AND id = %s AND state = 'gone'"


def purge_files(connection: Connection, team_id: int, *, now: datetime) -> bool:
    """Take an expired file out of sight, or delete some parts of one that is; say whether any has expired.

    Args:
        connection: A connection inside a transaction.
        now: The current time.
    """
    found = connection.execute(_EXPIRED, {"team": team_id, "now": now}).fetchone()
    if found is None:
        return False
    file_id, state = found
    if state == "gone":
        delete_gone(connection, team_id, file_id)
    else:
        mark_gone(connection, team_id, file_id)
    return True


def delete_gone(connection: Connection, team_id: int, file_id: str) -> bool:
    """Delete a batch of the parts of a file that is gone, or the file itself at the end; say whether more is left.

    Parts that another file shares stay. No file can come to share them: only whole files are looked up for that.

    Args:
        connection: A connection inside a transaction.
        file_id: UUID text.
    """
    found = connection.execute(_CONTENT, (team_id, file_id)).fetchone()
    if found is None:
        return False
    (content_id,) = found
    if connection.execute(_IS_SHARED, (team_id, content_id)).fetchone() == (False,):
        parts = {"team": team_id, "content": content_id, "limit": PARTS_PER_BATCH}
        if connection.execute(_DELETE_PARTS, parts).rowcount == PARTS_PER_BATCH:
            return True
    connection.execute(_DELETE, (team_id, file_id))
    return False
