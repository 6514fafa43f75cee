"""Keys by which days are moments and what nobody sees is trimmed; options that can be archived."""

from __future__ import annotations

from alembic import op

from prismd.core.properties.schema import LISTS
from prismd.core.records.keys import KeyRule
from prismd.store.migrations.plain_sql import run_beside
from prismd.store.records import record_keys, records

revision = "0010"
down_revision = "0009"

_PAGE = 5_000


def upgrade() -> None:
    """Run the SQL beside this file, and make the keys of lists anew: a list cannot wait for somebody to use it."""
    run_beside(__file__)
    connection = op.get_bind().connection.driver_connection
    assert connection is not None  # noqa: S101 - the caller bound one
    listed = connection.execute("SELECT team_id, object_type FROM key_property WHERE key = %s", (LISTS.key,)).fetchall()
    for team_id, object_type in listed:
        rule = KeyRule(object_type, LISTS, fold_case=True)
        for page in records.scan_values(connection, team_id, object_type, LISTS.key, page=_PAGE):
            entries = [(key_hash, record_id) for record_id, value in page for key_hash in rule.hashes(value)]
            record_keys.copy_keys(connection, record_keys.key_rows(team_id, entries))
