"""Answers to attempts of clients that repeat their writes by themselves."""

from __future__ import annotations

from prismd.store.migrations.plain_sql import run_beside

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_beside(__file__)
