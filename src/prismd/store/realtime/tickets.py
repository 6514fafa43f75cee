"""Tickets of the realtime stream in PostgreSQL, stored as digests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from prismd.store.connections.postgres import Connection

_INSERT: Final = "INSERT INTO realtime_ticket (digest, team_id, key_id, expires_at) VALUES (%s, %s, %s, %s)"

# If two clients use the same ticket, one of them finds no row.
_TAKE: Final = """
    DELETE FROM realtime_ticket AS ticket USING team, api_key AS k
    WHERE ticket.digest = %s AND team.id = ticket.team_id AND k.id = ticket.key_id
    RETURNING team.id AS team_id, team.public_id AS team, k.id::text AS key_id,
              least(ticket.expires_at, k.expires_at, k.revoked_at) AS expires_at
"""


@dataclass(frozen=True, slots=True)
class StoredTicket:
    """A stored ticket.

    Args:
        team_id: Internal id of the ticket's team.
        team: Public id of the ticket's team.
        key_id: Id of the key that requested the ticket.
        expires_at: The time at which the ticket expires, or its key expires or is revoked, whichever comes first.
    """

    team_id: int
    team: str
    key_id: str
    expires_at: datetime


def insert_ticket(connection: Connection, digest: bytes, team_id: int, key_id: str, *, expires_at: datetime) -> None:
    """Store a new ticket that a key of the team requested."""
    connection.execute(_INSERT, (digest, team_id, key_id, expires_at))


def take_ticket(connection: Connection, digest: bytes) -> StoredTicket | None:
    """Remove a ticket and return it, expired or not; None if it is unknown or already used."""
    return connection.cursor(row_factory=class_row(StoredTicket)).execute(_TAKE, (digest,)).fetchone()
