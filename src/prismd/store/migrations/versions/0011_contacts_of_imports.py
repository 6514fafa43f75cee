"""Contacts that imports make by naming their addresses."""

from __future__ import annotations

from prismd.store.migrations.plain_sql import run_beside

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_beside(__file__)
