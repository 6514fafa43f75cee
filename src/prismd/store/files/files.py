"""Uploaded files in PostgreSQL: beginning, going on, becoming whole, going; and what a team has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import Cursor
from psycopg.rows import kwargs_row

from prismd.core.files import FileState, StoredFile
from prismd.store.connections.postgres import Connection

_COLUMNS: Final = """
    id::text, name, state, resumable, length, received, encode(sha256, 'hex') AS sha256, content_id::text,
    same_as::text, created_at, expires_at
"""
# The name in words keeps this lock different from every other advisory lock.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
# Bytes that several files share count once; an open file counts with the bytes that it will have.
_HELD: Final = """
SELECT (SELECT count(*) FROM file WHERE team_id = %(team)s AND state <> 'gone'),
       (SELECT count(*) FROM file WHERE team_id = %(team)s AND state = 'open'),
       (SELECT coalesce(sum(bytes), 0)::bigint FROM (
            SELECT DISTINCT content_id, greatest(length, received) AS bytes
            FROM file WHERE team_id = %(team)s AND state <> 'gone' AND id <> %(but)s) AS held)
"""
_INSERT: Final = """
INSERT INTO file (team_id, id, name, state, resumable, length, content_id, key_id, created_at, expires_at)
VALUES (%(team)s, %(id)s, %(name)s, %(state)s, %(resumable)s, %(length)s, %(id)s, %(key)s, %(now)s, %(expires)s)
"""
_GET: Final = f"SELECT {_COLUMNS} FROM file WHERE team_id = %s AND id = %s AND state <> 'gone'"
_HOLD: Final = f"{_GET} FOR UPDATE"
_LIST: Final = f"""
SELECT {_COLUMNS} FROM file
WHERE team_id = %(team)s AND state = 'whole' AND (%(before)s::uuid IS NULL OR id < %(before)s)
ORDER BY file.id DESC
LIMIT %(limit)s
"""
_EXTEND: Final = """
UPDATE file SET received = received + %(size)s, expires_at = %(expires)s
WHERE team_id = %(team)s AND id = %(id)s AND state = 'open' AND received = %(at)s
"""
_TOUCH: Final = "UPDATE file SET expires_at = %s WHERE team_id = %s AND id = %s AND state = 'open'"
# Whoever deletes the found file waits until this transaction has said that it shares the bytes.
_TWIN: Final = f"""
SELECT {_COLUMNS} FROM file
WHERE team_id = %s AND sha256 = %s AND received = %s AND state = 'whole'
ORDER BY file.id LIMIT 1
FOR UPDATE
"""
_COMPLETE: Final = """
UPDATE file
SET state = 'whole', length = received, sha256 = %(sha256)s, content_id = %(content)s, same_as = %(same_as)s,
    expires_at = %(expires)s
WHERE team_id = %(team)s AND id = %(id)s AND state = 'open'
"""
# What is left of an upload whose bytes are there already: a file that is gone, whose parts are to be deleted.
_LEAVE_BEHIND: Final = """
INSERT INTO file (team_id, id, name, state, resumable, content_id, created_at, expires_at)
VALUES (%(team)s, %(id)s, '', 'gone', false, %(content)s, %(now)s, 'epoch')
"""
_MARK_GONE: Final = """
UPDATE file SET state = 'gone', expires_at = 'epoch' WHERE team_id = %s AND id = %s AND state <> 'gone'
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What a team has of files.

    Args:
        files: The number of files, open ones included.
        open: The number of open ones.
        bytes: The number of bytes, with those that open files will have.
    """

    files: int
    open: int
    bytes: int


def lock_files(connection: Connection, team_id: int) -> None:
    """Wait until no other transaction counts the team's files, and keep others waiting until this one ends."""
    connection.execute(_LOCK, (f"prismd files of team {team_id}",))


def count_files(connection: Connection, team_id: int, *, but: str) -> Held:
    """Return what a team has of files.

    Args:
        but: Id of the file whose bytes do not count.
    """
    row = connection.execute(_HELD, {"team": team_id, "but": but}).fetchone()
    assert row is not None  # noqa: S101 - a select without a table has one row
    return Held(*row)


def insert_file(connection: Connection, team_id: int, file: StoredFile, key_id: str | None) -> None:
    """Write a new file without bytes.

    Args:
        key_id: Id of the key that uploads it.
    """
    connection.execute(
        _INSERT,
        {
            "team": team_id,
            "id": file.id,
            "name": file.name,
            "state": file.state,
            "resumable": file.resumable,
            "length": file.length,
            "key": key_id,
            "now": file.created_at,
            "expires": file.expires_at,
        },
    )


def get_file(connection: Connection, team_id: int, file_id: str, *, hold: bool = False) -> StoredFile | None:
    """Return a file of a team, expired or not; None if it does not exist, or is gone.

    Args:
        file_id: UUID text.
        hold: Whether to hold it until the transaction ends.
    """
    return _files(connection).execute(_HOLD if hold else _GET, (team_id, file_id)).fetchone()


def list_files(connection: Connection, team_id: int, *, before: str | None, limit: int) -> list[StoredFile]:
    """Return whole files of a team, expired or not, newest first.

    Args:
        before: Only files older than the file with this id are returned.
    """
    return _files(connection).execute(_LIST, {"team": team_id, "before": before, "limit": limit}).fetchall()


def extend_file(
    connection: Connection, team_id: int, file_id: str, *, at: int, size: int, expires_at: datetime
) -> bool:
    """Count bytes that have come, if the file is open and still ends where they begin.

    Args:
        at: The place of the first byte.
        size: The number of bytes.
        expires_at: When the file is given up unless more bytes come.

    Returns:
        Whether it was so; if not, this transaction must not write the bytes.
    """
    asked = {"team": team_id, "id": file_id, "at": at, "size": size, "expires": expires_at}
    return connection.execute(_EXTEND, asked).rowcount == 1


def touch_file(connection: Connection, team_id: int, file_id: str, expires_at: datetime) -> bool:
    """Put off the time at which an open file is given up; say whether it is open."""
    return connection.execute(_TOUCH, (expires_at, team_id, file_id)).rowcount == 1


def find_twin(connection: Connection, team_id: int, sha256: str, size: int) -> StoredFile | None:
    """Return the team's oldest whole file with the same bytes, held until the transaction ends; None if it has none.

    Args:
        sha256: Hexadecimal hash of the bytes.
        size: Their number.
    """
    return _files(connection).execute(_TWIN, (team_id, bytes.fromhex(sha256), size)).fetchone()


def complete_file(connection: Connection, team_id: int, file: StoredFile) -> bool:
    """Make an open file whole; say whether it was open.

    Args:
        file: The file as it is then.
    """
    assert file.sha256 is not None  # noqa: S101 - a whole file has one
    asked = {
        "team": team_id,
        "id": file.id,
        "sha256": bytes.fromhex(file.sha256),
        "content": file.content_id,
        "same_as": file.same_as,
        "expires": file.expires_at,
    }
    return connection.execute(_COMPLETE, asked).rowcount == 1


def leave_behind(connection: Connection, team_id: int, file_id: str, content_id: str, now: datetime) -> None:
    """Write that the parts of a content belong to a file that is gone.

    Args:
        file_id: A new id.
        content_id: Id under which the parts are stored.
        now: The current time.
    """
    connection.execute(_LEAVE_BEHIND, {"team": team_id, "id": file_id, "content": content_id, "now": now})


def mark_gone(connection: Connection, team_id: int, file_id: str) -> bool:
    """Take a file out of sight, so that its parts can be deleted; say whether it was in sight."""
    return connection.execute(_MARK_GONE, (team_id, file_id)).rowcount == 1


def _files(connection: Connection) -> Cursor[StoredFile]:
    return connection.cursor(row_factory=kwargs_row(_file))


def _file(*, state: str, **columns: Any) -> StoredFile:  # noqa: ANN401 - the other columns are as the file has them
    return StoredFile(state=FileState(state), **columns)
