"""Revisions in SQL: each is the file beside what Alembic reads."""

from __future__ import annotations

from pathlib import Path

from alembic import op


def run_beside(file: str) -> None:
    """Run the SQL beside a revision as it stands: no placeholders, many statements.

    Args:
        file: The revision's own.
    """
    connection = op.get_bind().connection.driver_connection
    assert connection is not None  # noqa: S101 - the caller bound one
    connection.execute(Path(file).with_suffix(".sql").read_text(encoding="utf-8"))
