"""Retention: expired rows are purged in small steps, so that imports go on between the steps."""

from __future__ import annotations

from datetime import datetime, timedelta

from prismd.services.audit import purge_audit
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection
from prismd.store.retention import purge_attempts, purge_claims, purge_jobs, purge_tickets


def purge(connection: Connection, *, now: datetime, settings: Settings) -> bool:
    """Delete some expired rows, and return whether there were any; if so, the caller should call again.

    Contract, section 21, decisions 47 and 60.

    Args:
        connection: Not inside a transaction.
        now: The time.
        settings: For the retention times.
    """
    kept = timedelta(hours=settings.idempotency_hours, days=settings.idempotency_stale_days)
    with connection.transaction():
        purged = purge_claims(connection, before=now - kept)
    with connection.transaction():
        purged = purge_attempts(connection, before=now - timedelta(seconds=settings.client_repeat_s)) or purged
    with connection.transaction():
        purged = purge_tickets(connection, now=now) or purged
    with connection.transaction():
        purged = purge_audit(connection, now=now, settings=settings) or purged
    with connection.transaction():
        return purge_jobs(connection, now=now) or purged
