"""Word of changes, which PostgreSQL passes on to whoever listens once their transaction has committed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from prismd.store.postgres import Connection

CHANNEL: Final = "prismd_changes"

_TELL: Final = "SELECT pg_notify(%s, notice) FROM unnest(%s::text[]) AS notice"


def tell(connection: Connection, notices: Sequence[str]) -> None:
    """Tell whoever listens, in order, when the transaction commits.

    Args:
        connection: Inside the transaction that changes what is told of.
        notices: From :mod:`prismd.core.changes`; each below 8,000 bytes.
    """
    connection.execute(_TELL, (CHANNEL, list(notices)))
