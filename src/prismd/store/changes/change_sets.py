"""Change sets in PostgreSQL: written with what they change, read by change set and by record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.changes.changes import ChangeSet, ChangesMade, Kind, Moved, RecordChange
from prismd.core.imports.job import Job
from prismd.core.json.text import decode_stored
from prismd.core.records.merging import Properties
from prismd.store.connections.postgres import Connection
from prismd.store.encoding.arrays import int_array
from prismd.store.locations import BEGIN_HERE
from prismd.store.records.records import json_text

_RECORDS_CHANGED: Final = """
INSERT INTO record_change (team_id, change_set_id, record_id, version_before, version_after, before, after, moved)
SELECT %(team)s, %(change_set)s, one.*
FROM unnest(%(changed_ids)b::text[]::uuid[], %(versions_before)s::bigint[], %(versions_after)s::bigint[],
            %(before)b::text[]::jsonb[], %(after)b::text[]::jsonb[], %(moved)b::text[]) AS one
"""

#: Continues a statement that begins ``WITH one AS (...)`` and has the parameters of an entry in the audit, so that it
#: keeps a change set, too; for the further parameters see :func:`parameters_of`.
AND_KEEP_CHANGES: Final = f""", change_made AS (
    INSERT INTO change_set (team_id, id, kind, object_type, at, key_id, request_id)
    VALUES (%(team)s, %(change_set)s, %(kind)s, %(type)s, %(at)s, %(key)s, %(request)s)
    ON CONFLICT (team_id, id) DO NOTHING
), records_changed AS ({_RECORDS_CHANGED})
"""

_CHANGES_OF_IMPORT: Final = """
SELECT wanted.id::text, made.version_before, made.version_after, made.before::text, made.after::text, NULL
FROM unnest(%(ids)b::text[]::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT * FROM import_touch
    WHERE team_id = %(team)s AND job_id = %(set)s AND record_id = wanted.id AND version_after IS NOT NULL
    OFFSET 0
) AS made
"""
_CHANGES_OF_SET: Final = """
SELECT wanted.id::text, made.version_before, made.version_after, made.before::text, made.after::text, made.moved
FROM unnest(%(ids)b::text[]::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT * FROM record_change WHERE team_id = %(team)s AND change_set_id = %(set)s AND record_id = wanted.id
    OFFSET 0
) AS made
"""
_COUNT_OF_IMPORT: Final = """
SELECT count(*) FROM import_touch WHERE team_id = %s AND job_id = %s AND version_after IS NOT NULL
"""

# A value that several rows of an import changed, and the last one changed back, has not changed.
_CHANGED_KEYS: Final = """ARRAY(
        SELECT one.key FROM jsonb_each(after) AS one WHERE one.value <> coalesce(before -> one.key, 'null')
    )"""

# Of each record the latest ones, from both tables.
_LATER: Final = f"""
SELECT wanted.id::text, later.change_set_id::text, later.version_after, later.keys, later.moved
FROM unnest(%(ids)b::text[]::uuid[], %(since)s::bigint[]) AS wanted (id, version)
CROSS JOIN LATERAL (
    (SELECT change_set_id, version_after, {_CHANGED_KEYS} AS keys, moved
     FROM record_change
     WHERE team_id = %(team)s AND record_id = wanted.id AND version_after > wanted.version
     ORDER BY version_after DESC LIMIT %(each_max)s)
    UNION ALL
    (SELECT job_id, version_after, {_CHANGED_KEYS}, NULL
     FROM import_touch
     WHERE team_id = %(team)s AND record_id = wanted.id AND version_after > wanted.version
     ORDER BY version_after DESC LIMIT %(each_max)s)
) AS later
"""

# A dry run changed nothing, so it is none.
_HEADS: Final = """
SELECT head.id::text, head.kind, head.at, head.key_id::text, head.undoes::text
FROM unnest(%(ids)b::text[]::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
    (SELECT id, kind, at, key_id, NULL::uuid AS undoes FROM change_set
     WHERE team_id = %(team)s AND id = wanted.id OFFSET 0)
    UNION ALL
    (SELECT id, CASE WHEN undoes IS NULL THEN 'import' ELSE 'undo' END, updated_at, key_id, undoes FROM import_job
     WHERE team_id = %(team)s AND id = wanted.id AND NOT coalesce((options ->> 'dry_run')::boolean, false) OFFSET 0)
) AS head
"""

_WRITTEN_BY: Final = """
SELECT wanted.id::text
FROM unnest(%(ids)b::text[]::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
    (SELECT id FROM record
     WHERE team_id = %(team)s AND object_type = %(type)s AND id = wanted.id AND import_id = %(set)s OFFSET 0)
    UNION ALL
    (SELECT record_id FROM import_touch
     WHERE team_id = %(team)s AND job_id = %(set)s AND record_id = wanted.id AND version_after IS NOT NULL OFFSET 0)
    UNION ALL
    (SELECT record_id FROM record_change
     WHERE team_id = %(team)s AND change_set_id = %(set)s AND record_id = wanted.id OFFSET 0)
) AS one
"""

# The rows stay, because an undo under way has counted them.
_FORGET_VALUES: Final = f"""
UPDATE {{table}} AS c SET before = '{{{{}}}}', after = '{{{{}}}}'
FROM unnest(ARRAY(
    SELECT found.location FROM unnest(%(ids)b::text[]::uuid[]) AS gone (id)
    CROSS JOIN LATERAL (
        SELECT ctid AS location FROM {{table}}
        WHERE team_id = %(team)s AND record_id = gone.id AND version_after IS NOT NULL
        OFFSET 0
    ) AS found
)) WITH ORDINALITY AS gone (location, nth)
WHERE c.team_id = %(team)s AND c.ctid = gone.location AND {BEGIN_HERE}
"""

#: The latest changes of a record that are looked at; a record with more was surely edited.
_CHANGES_PER_RECORD_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class FoundChange:
    """A change of a record, without its values.

    Args:
        record_id: Id of the record.
        change_set_id: Id of the change set.
        version: The record's version after it.
        keys: Keys of the values that it changed.
        moved: How it moved the record; None if only values changed.
    """

    record_id: str
    change_set_id: str
    version: int
    keys: Sequence[str]
    moved: Moved | None


def parameters_of(made: ChangesMade) -> dict[str, Any]:
    """Return the parameters of a statement that contains :data:`AND_KEEP_CHANGES`, beside those of the audit."""
    return {"kind": made.kind, **_columns(made.id, made.changes)}


def insert_changes(connection: Connection, job: Job, changes: Sequence[RecordChange]) -> None:
    """Write what an undo changes, in the transaction that changes it.

    Args:
        job: The job of the undo.
        changes: The changes.
    """
    if changes:
        connection.execute(_RECORDS_CHANGED, {"team": job.team_id, **_columns(job.id, changes)})


def changes_of(connection: Connection, job: Job, record_ids: Sequence[str]) -> dict[str, RecordChange]:
    """Return what an import or an undo changed of some records, by id; records that an import created are absent.

    Args:
        job: The job of the import or undo.
        record_ids: UUID texts.
    """
    statement = _CHANGES_OF_IMPORT if job.undoes is None else _CHANGES_OF_SET
    rows = connection.execute(statement, {"team": job.team_id, "set": job.id, "ids": list(record_ids)})
    return {
        id_: RecordChange(id_, was, now, _values(before), _values(after), Moved(moved) if moved else None)
        for id_, was, now, before, after, moved in rows
    }


def count_changed(connection: Connection, job: Job) -> int:
    """Return the number of earlier records that an import changed."""
    [(count,)] = connection.execute(_COUNT_OF_IMPORT, (job.team_id, job.id))
    return int(count)


def later_changes(connection: Connection, team_id: int, since: Mapping[str, int]) -> list[FoundChange]:
    """Return the latest changes of records since given versions, in no order.

    Args:
        since: The versions, by id of the record.
    """
    wanted = {"team": team_id, "ids": list(since), "since": int_array(since.values())}
    rows = connection.execute(_LATER, {**wanted, "each_max": _CHANGES_PER_RECORD_MAX})
    return [
        FoundChange(id_, change_set, version, keys, Moved(moved) if moved else None)
        for id_, change_set, version, keys, moved in rows
    ]


def heads_of(connection: Connection, team_id: int, ids: Iterable[str]) -> dict[str, ChangeSet]:
    """Return the heads of change sets, by id; those that have expired are absent.

    Args:
        ids: UUID texts.
    """
    rows = connection.execute(_HEADS, {"team": team_id, "ids": list(ids)})
    return {id_: ChangeSet(id_, Kind(kind), at, key_id, undoes) for id_, kind, at, key_id, undoes in rows}


def written_by(connection: Connection, job: Job, object_type: str, record_ids: Sequence[str]) -> set[str]:
    """Return those of some records that an import or an undo created or changed.

    Args:
        job: The job of the import or undo.
        object_type: Type of the records.
        record_ids: UUID texts.
    """
    wanted = {"team": job.team_id, "set": job.id, "type": object_type, "ids": list(record_ids)}
    return {record_id for (record_id,) in connection.execute(_WRITTEN_BY, wanted)}


def forget_values(connection: Connection, team_id: int, record_ids: Sequence[str]) -> None:
    """Delete the values in all changes of records that are removed for good.

    Args:
        record_ids: UUID texts.
    """
    for table in ("record_change", "import_touch"):
        connection.execute(_FORGET_VALUES.format(table=table), {"team": team_id, "ids": list(record_ids)})


def _columns(change_set_id: str, changes: Sequence[RecordChange]) -> dict[str, Any]:
    return {
        "change_set": change_set_id,
        "changed_ids": [one.record_id for one in changes],
        "versions_before": int_array(one.version_before for one in changes),
        "versions_after": int_array(one.version_after for one in changes),
        "before": [_text(one.before) for one in changes],
        "after": [_text(one.after) for one in changes],
        "moved": [one.moved for one in changes],
    }


def _text(values: Properties) -> str | None:
    return json_text(values) if values else None


def _values(text: str | None) -> Properties:
    return decode_stored(text) if text else {}
