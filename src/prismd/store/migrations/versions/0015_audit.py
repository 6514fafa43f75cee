"""The audit."""

from __future__ import annotations

from prismd.store.migrations.plain_sql import run_beside

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_beside(__file__)
