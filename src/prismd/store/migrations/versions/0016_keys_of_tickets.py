"""Which key got a ticket of the realtime stream."""

from __future__ import annotations

from prismd.store.migrations.plain_sql import run_beside

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_beside(__file__)
