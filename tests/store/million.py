"""A database where a million contacts stand, each with its keys, and the one large import that touched them all."""

from __future__ import annotations

from typing import Final

from prismd.core.properties.native import native_schema
from prismd.core.records.keys import KeyRule
from prismd.settings import Settings
from prismd.store.connections.postgres import connect
from prismd.store.migrate import migrate

RECORDS: Final = 1_000_000
#: Records that a dry run has drafts of, and rows of each lesser table that grows with use.
MANY: Final = 200_000
#: Imports that wait for their turn, of all teams.
QUEUED: Final = 2_000
#: Teams, lists, views of lists, members of a list, properties: what a team has a few of.
FEW: Final = 20
#: Of the large import, in team 1; also of a list there.
JOB: Final = "00000000-0000-7000-8000-000000000000"
#: Hash of being a member of that list.
MEMBER: Final = -1

_CONTACT: Final = native_schema("contact").properties
#: Half the contacts have this city, one has this address.
CITY: Final = KeyRule("contact", _CONTACT["city"], fold_case=True).hashes("C1")[0]
EMAIL: Final = KeyRule("contact", _CONTACT["email"], fold_case=True).hashes("p7@x.org")[0]

_ID: Final = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
_SCATTER: Final = (2_654_435_761, 2**32)
_HASH: Final = f"n::bigint * {_SCATTER[0]} % {_SCATTER[1]}"
_LARGE: Final = ("record", "record_key", "import_touch", "import_draft", "idempotency_claim", "attempt_answer")

_REFERENCES: Final = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND conrelid = ANY(%s::text[]::regclass[])
"""

_FILL: Final = f"""
INSERT INTO team (public_id, created_at) SELECT 'team ' || n, now() FROM generate_series(1, {FEW}) AS n;
INSERT INTO api_key (id, team_id, name, digest, hint, created_at, scopes)
SELECT {_ID}, 1, 'key', sha256(n::text::bytea), 'hint', now(), '{{read}}' FROM generate_series(1, 10000) AS n;
INSERT INTO audit_entry (team_id, at, id, key_id, action, total, object_ids, details)
SELECT 1, now() + make_interval(secs => n), {_ID}, '{JOB}', 'record.created', 1, ARRAY[{_ID}], '{{}}'
FROM generate_series(1, {MANY}) AS n;
INSERT INTO audit_object SELECT team_id, object_ids[1], at, id FROM audit_entry;
INSERT INTO list SELECT 1, {_ID}, 'deal', 'blank', 'List', NULL, NULL, now() FROM generate_series(0, {FEW - 1}) AS n;
INSERT INTO view (team_id, id, object_type, list_id, definition, created_at, updated_at)
SELECT 1, {_ID}, CASE WHEN n < {FEW} THEN 'deal' ELSE 'contact' END, CASE WHEN n < {FEW} THEN '{JOB}'::uuid END, '{{}}',
       now(), now()
FROM generate_series(0, 9999) AS n;
INSERT INTO property (team_id, object_type, id, slug, type, name, created_at)
SELECT team.id, 'contact', {_ID}, 'custom_' || n, 'text', 'Custom', now() FROM team, generate_series(1, {FEW}) AS n;
INSERT INTO property_option (team_id, object_type, property_id, id, slug, value)
SELECT team_id, object_type, id, {_ID}, 'option_' || n, 'Option' FROM property, generate_series(1, {FEW}) AS n;
INSERT INTO key_property SELECT team_id, object_type, slug FROM property;

INSERT INTO record (team_id, object_type, id, version, created_at, updated_at, properties)
SELECT 1, 'contact', {_ID}, 1, now(), now(),
       jsonb_build_object('email', 'p' || n || '@x.org', 'city', 'C' || n % 2, 'title', 'T' || n % 1000)
FROM generate_series(1, {RECORDS}) AS n;
UPDATE record SET properties = properties || '{{"/lists": ["{JOB}"]}}'
WHERE id IN (SELECT {_ID} FROM generate_series(1, {FEW}) AS n);
INSERT INTO record (team_id, object_type, id, version, created_at, updated_at, properties)
SELECT 1, 'organization', {_ID}, 1, now(), now(), '{{}}' FROM generate_series(1, {MANY}) AS n;
UPDATE record SET deleted_at = now()
WHERE object_type = 'organization' AND id IN (SELECT {_ID} FROM generate_series(1, {FEW}) AS n);
INSERT INTO record_grant SELECT 1, 'contact', {_ID}, '{{}}' FROM generate_series(1, {MANY}) AS n;

INSERT INTO record_key SELECT 1, {_HASH}, {_ID} FROM generate_series(1, {RECORDS}) AS n ORDER BY 2;
INSERT INTO record_key SELECT 1, {CITY}, {_ID} FROM generate_series(1, {RECORDS}, 2) AS n;
INSERT INTO record_key SELECT 1, {EMAIL}, {_ID} FROM generate_series(7, 7) AS n;
INSERT INTO record_key SELECT 1, {MEMBER}, {_ID} FROM generate_series(1, {FEW}) AS n;

INSERT INTO import_job (team_id, id, object_type, synchronous, state, options, total, chunks, cursor, created_at,
                        updated_at, expires_at)
SELECT n % {FEW} + 1, {_ID}, 'contact', n % 10 <> 0, 'complete', '{{}}', 0, 0, 0, now(), now(),
       now() + make_interval(secs => n - 50)
FROM generate_series(1, {MANY}) AS n;
INSERT INTO import_job (team_id, id, object_type, synchronous, state, options, total, chunks, cursor, created_at,
                        updated_at, expires_at)
SELECT n % {FEW} + 1, CASE WHEN n = {RECORDS} THEN '{JOB}' ELSE {_ID} END, 'contact', false,
       CASE WHEN n = {RECORDS} THEN 'running' ELSE 'queued' END, '{{}}', {RECORDS}, 500, 250, now(), now(), 'infinity'
FROM generate_series({RECORDS}, {RECORDS} + {QUEUED - 1}) AS n;
INSERT INTO import_queue (team_id, job_id, running, created_at, moved_at)
SELECT team_id, id, state = 'running', created_at, updated_at FROM import_job WHERE state IN ('queued', 'running')
ORDER BY id = '{JOB}' DESC;
INSERT INTO import_chunk SELECT 1, '{JOB}', n, n * 2000, 2000, '[]' FROM generate_series(0, 499) AS n;
INSERT INTO import_result SELECT 1, '{JOB}', n, n * 2000, 2000, 1990, 0, 0, 10, '' FROM generate_series(0, 499) AS n;
INSERT INTO import_touch (team_id, job_id, record_id, first_row)
SELECT 1, '{JOB}', {_ID}, n FROM generate_series(1, {RECORDS}) AS n;
INSERT INTO change_set SELECT 1, {_ID}, 'write', 'contact', now() + make_interval(secs => n)
FROM generate_series(1, {MANY}) AS n;
INSERT INTO record_change SELECT 1, '{JOB}', {_ID}, 1, 2, '{{}}', '{{}}' FROM generate_series(1, {MANY}) AS n;
INSERT INTO import_draft SELECT 1, '{JOB}', {_ID}, {_HASH}, 1, n, true, '{{}}' FROM generate_series(1, {MANY}) AS n;

INSERT INTO file (team_id, id, name, state, resumable, length, received, sha256, content_id, created_at, expires_at)
SELECT 1, {_ID}, 'people.csv', CASE WHEN n = 2 THEN 'open' WHEN n = 3 THEN 'gone' ELSE 'whole' END, false, 500, 500,
       sha256(n::text::bytea), {_ID}, now(), now() + make_interval(secs => n)
FROM generate_series(1, 10000) AS n;
INSERT INTO file_part
SELECT 1, ('00000000-0000-7000-8000-' || lpad(to_hex(content), 12, '0'))::uuid, n, 1, 'x'
FROM generate_series(1, 3) AS content, generate_series(0, 499) AS n;
INSERT INTO mapping
SELECT 1, 'mapping ' || n, 2, CASE WHEN n % 2 = 0 THEN 'contact' END, now(), now() FROM generate_series(1, {FEW}) AS n;
INSERT INTO mapping_version
SELECT 1, 'mapping ' || n, version, '{{"version": 1}}', now()
FROM generate_series(1, {FEW}) AS n, generate_series(1, 2) AS version;

INSERT INTO idempotency_claim
SELECT 1, 'key ' || n, '', 200, '{{}}', '', now() + make_interval(secs => n) FROM generate_series(1, {MANY}) AS n;
INSERT INTO attempt_answer
SELECT 1, ('attempt ' || n)::bytea, 200, '{{}}', '', now() + make_interval(secs => n)
FROM generate_series(1, {MANY}) AS n;
INSERT INTO realtime_ticket (digest, team_id, key_id, expires_at)
SELECT sha256(n::text::bytea), 1, {_ID}, now() + make_interval(secs => n) FROM generate_series(1, 10000) AS n;
"""


def make_million(url: str) -> None:
    """Fill an empty database; PostgreSQL has no statistics of it, and makes none by itself."""
    migrate(url, Settings())
    with connect(url, Settings(), autocommit=True) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        # Checking a million references would take longer than all the rest.
        references = connection.execute(_REFERENCES, (list(_LARGE),)).fetchall()
        for table, name, _ in references:
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for table in _LARGE:
            connection.execute(f"ALTER TABLE {table} SET UNLOGGED")
        connection.execute(_FILL)
        for table, name, definition in references:
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")


def id_of(number: int) -> str:
    """Return the id of a record, from 1; a few other things have the same ids."""
    return f"00000000-0000-7000-8000-{number:012x}"


def hash_of(number: int) -> int:
    """Return the key hash that a record and its draft have for themselves."""
    return number * _SCATTER[0] % _SCATTER[1]
