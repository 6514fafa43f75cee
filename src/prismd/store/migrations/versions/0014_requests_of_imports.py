"""The requests that made imports."""

from __future__ import annotations

from prismd.store.migrations.plain_sql import run_beside

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_beside(__file__)
