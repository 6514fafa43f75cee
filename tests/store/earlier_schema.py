"""Databases as a prismd made them whose migrations the first one of today has taken the place of."""

from __future__ import annotations

from typing import Final

from prismd.settings import Settings
from prismd.store.connections.postgres import connect
from prismd.store.migrate import known_versions, upgrade, upgrading

_MAKE_EARLIER: Final = """
DROP TABLE schema_migration;
CREATE TABLE alembic_version (version_num varchar(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY);
ALTER TABLE record_key DROP CONSTRAINT record_key_pkey;
CREATE INDEX record_key_in_order ON record_key (team_id, key_hash, record_id);
ALTER TABLE import_job ADD COLUMN turn bigint NOT NULL DEFAULT nextval('import_turn');
ALTER TABLE import_job ADD COLUMN not_before timestamptz NOT NULL DEFAULT '-infinity';
DROP TABLE import_queue;
CREATE INDEX import_job_queue ON import_job (turn) WHERE state IN ('queued', 'running');
DROP INDEX import_job_purge, idempotency_claim_purge, attempt_answer_purge;
"""


def make_earlier(url: str, version: str) -> None:
    """Give an empty database the tables of an earlier schema.

    Args:
        url: Of the database.
        version: Of that schema, which is noted, whatever the tables are.
    """
    with connect(url, Settings()) as connection, upgrading(connection):
        upgrade(connection, known_versions()[0])
    with connect(url, Settings(), autocommit=True) as connection:
        connection.execute(_MAKE_EARLIER)
        connection.execute("INSERT INTO alembic_version VALUES (%s)", (version,))
