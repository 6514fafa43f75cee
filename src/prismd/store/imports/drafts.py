"""Drafts: the records that a dry run would have made so far; only its own later chunks see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from prismd.core.imports.job import Job
from prismd.core.imports.plan import Plan
from prismd.core.json.text import decode_stored
from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.store.connections.postgres import Connection
from prismd.store.locations import BEGIN_HERE
from prismd.store.records.records import json_text

# From the keys to the drafts, never the other way round: see store/records/records.py.
_FIND: Final = """
SELECT DISTINCT ON (record_id) record_id::text, version, properties::text, first_row, made_by_import
FROM (
    SELECT draft.* FROM unnest(%(hashes)b::bigint[]) AS wanted (key_hash)
    CROSS JOIN LATERAL (
        SELECT * FROM import_draft
        WHERE team_id = %(team)s AND job_id = %(job)s AND key_hash = wanted.key_hash
        OFFSET 0
    ) AS draft
    UNION ALL
    SELECT draft.* FROM unnest(%(ids)b::text[]::uuid[]) AS wanted (record_id)
    CROSS JOIN LATERAL (
        SELECT * FROM import_draft
        WHERE team_id = %(team)s AND job_id = %(job)s AND record_id = wanted.record_id
        OFFSET 0
    ) AS draft
) AS found
"""

_BY_HASH: Final = """
SELECT draft.key_hash, draft.record_id::text, draft.version, draft.properties::text, draft.first_row,
       draft.made_by_import
FROM unnest(%(hashes)b::bigint[]) AS wanted (key_hash)
CROSS JOIN LATERAL (
    SELECT * FROM import_draft
    WHERE team_id = %(team)s AND job_id = %(job)s AND key_hash = wanted.key_hash
    OFFSET 0
) AS draft
"""

_DELETE: Final = f"""
DELETE FROM import_draft AS draft
USING unnest(ARRAY(
    SELECT found.location
    FROM unnest(%(ids)b::text[]::uuid[]) AS gone (record_id)
    CROSS JOIN LATERAL (
        SELECT ctid AS location FROM import_draft
        WHERE team_id = %(team)s AND job_id = %(job)s AND record_id = gone.record_id
        OFFSET 0
    ) AS found
)) WITH ORDINALITY AS gone (location, nth)
WHERE draft.team_id = %(team)s AND draft.ctid = gone.location AND {BEGIN_HERE}
"""

_COPY: Final = """
COPY import_draft (team_id, job_id, record_id, key_hash, version, first_row, made_by_import, properties) FROM STDIN
"""


def with_drafts(
    connection: Connection, job: Job, hashes: Iterable[int], stored: Iterable[KnownRecord]
) -> Iterable[KnownRecord]:
    """Return the candidates of a dry run: drafts, and stored records as the run would have left them.

    Args:
        hashes: Hashes of the rows' keys.
        stored: Stored records that have these keys.
    """
    by_id = {record.id: record for record in stored}
    wanted = {"team": job.team_id, "job": job.id, "hashes": list(hashes), "ids": list(by_id)}
    # A chunk has thousands of records: building them by position is twice as fast as by name.
    for record_id, version, text, first_row, made_by_import in connection.execute(_FIND, wanted):
        by_id[record_id] = KnownRecord(record_id, version, decode_stored(text), first_row, made_by_import)
    return by_id.values()


def drafts_by_hash(connection: Connection, job: Job, hashes: Collection[int]) -> list[tuple[int, KnownRecord]]:
    """Return the drafts that have given hashes of keys, each with the hash.

    Args:
        hashes: Hashes of keys.
    """
    rows = connection.execute(_BY_HASH, {"team": job.team_id, "job": job.id, "hashes": list(hashes)})
    return [
        (key_hash, KnownRecord(record_id, version, decode_stored(text), first_row, made_by_import))
        for key_hash, record_id, version, text, first_row, made_by_import in rows
    ]


def write_drafts(connection: Connection, job: Job, rule: KeyRule | None, plan: Plan) -> None:
    """Write the records that a chunk of a dry run would have made and changed, so that its later chunks match them.

    Args:
        rule: The rule of the key by which they match; if it is None, they match by their ids alone, and only those that
            are records already.
    """
    changed = [change.record for change in plan.changed.values()]
    if changed:
        ids = [record.id for record in changed]
        connection.execute(_DELETE, {"team": job.team_id, "job": job.id, "ids": ids})
    if rule is not None or changed:
        _copy(connection, job, rule, (*plan.created, *changed) if rule else changed)


def write_targets(connection: Connection, job: Job, rule: KeyRule, made: Sequence[KnownRecord]) -> None:
    """Write the records that a chunk of a dry run would have made for references, so that its later chunks link them.

    Args:
        rule: The rule of the key by which rows refer to the records.
        made: The records; without any, nothing is written.
    """
    if made:
        _copy(connection, job, rule, made)


def _copy(connection: Connection, job: Job, rule: KeyRule | None, records: Sequence[KnownRecord]) -> None:
    with connection.cursor().copy(_COPY) as copy:
        for record in records:
            state = (record.version, record.first_row, record.made_by_import, json_text(record.properties))
            # A changed record that lost its key keeps one entry; without it, the stored record would count instead.
            for key_hash in (rule and rule.hashes(record.properties.get(rule.key))) or (0,):
                copy.write_row((job.team_id, job.id, record.id, key_hash, *state))
