"""The first schema."""

from __future__ import annotations

from prismd.store.migrations.plain_sql import run_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_beside(__file__)
