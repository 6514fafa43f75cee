"""What imports write by the row."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the SQL beside this file, as it stands: no placeholders, many statements."""
    connection = op.get_bind().connection.driver_connection
    assert connection is not None  # noqa: S101 - the caller bound one
    connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
