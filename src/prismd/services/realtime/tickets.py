"""Tickets: an API key gets a ticket, which opens one realtime stream within a short time (contract, section 15)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prismd.services.session import Transaction
from prismd.store.connections.postgres import Connection
from prismd.store.realtime import tickets

_RANDOM_BYTES: Final = 32
#: Longest text that can be a ticket; a longer one is refused without asking the database.
_CHARS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Listener:
    """The holder of a ticket, who can listen to a team.

    Args:
        team_id: Internal id of the team.
        public_id: Id of the team in paths.
        key_id: Id of the key that got the ticket.
    """

    team_id: int
    public_id: str
    key_id: str


def issue_ticket(transaction: Transaction, key_id: str, *, valid_s: int) -> str:
    """Return a new ticket for a team; the database stores only its digest.

    Args:
        transaction: The team's open transaction.
        key_id: Id of the key that gets the ticket.
        valid_s: Seconds until the ticket expires.
    """
    ticket = secrets.token_urlsafe(_RANDOM_BYTES)
    tickets.insert_ticket(
        transaction.connection,
        _digest(ticket),
        transaction.team_id,
        key_id,
        expires_at=transaction.now() + timedelta(seconds=valid_s),
    )
    return ticket


def redeem_ticket(connection: Connection, ticket: str, *, now: datetime) -> Listener | None:
    """Use up a ticket and return its holder; None if the ticket, or the key that got it, is not accepted.

    Args:
        connection: Any connection; this call runs one statement.
        ticket: The ticket, exactly as the caller sent it.
        now: The time; it decides whether the ticket has expired.
    """
    if not ticket or len(ticket) > _CHARS_MAX:
        return None
    found = tickets.take_ticket(connection, _digest(ticket))
    if found is None or found.expires_at <= now:
        return None
    return Listener(found.team_id, found.team, found.key_id)


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
