"""What API keys may do."""

from __future__ import annotations

from prismd.store.migrations.plain_sql import run_beside

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_beside(__file__)
