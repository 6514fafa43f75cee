"""The bytes of uploaded files in PostgreSQL: packed parts of bounded size, by the place of their first byte."""

from __future__ import annotations

from typing import Final

from prismd.store.connections.postgres import Connection
from prismd.store.encoding.packed import packed, unpacked

_INSERT: Final = """
INSERT INTO file_part (team_id, content_id, start, size, data)
VALUES (%(team)s, %(content)s, %(start)s, %(size)s, %(data)s)
"""
_AT: Final = """
SELECT start, data FROM file_part
WHERE team_id = %s AND content_id = %s AND start <= %s
ORDER BY start DESC LIMIT 1
"""


def insert_part(connection: Connection, team_id: int, content_id: str, *, start: int, data: bytes) -> None:
    """Write a part of a file's bytes.

    Args:
        content_id: Id under which the parts are stored.
        start: The place of its first byte in the file.
        data: The bytes.
    """
    asked = {"team": team_id, "content": content_id, "start": start, "size": len(data), "data": packed(data)}
    connection.execute(_INSERT, asked)


def part_at(connection: Connection, team_id: int, content_id: str, place: int) -> tuple[int, bytes] | None:
    """Return the part of a file in which a place stands, and the place of its first byte; None if there is none.

    Args:
        content_id: Id under which the parts are stored.
        place: From 0; a place behind the end finds the last part.
    """
    row = connection.execute(_AT, (team_id, content_id, place), binary=True).fetchone()
    return None if row is None else (row[0], unpacked(row[1]))
