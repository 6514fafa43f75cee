"""What an import did to records that stood before it, in PostgreSQL: which row matched each, what it was and is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from prismd.core.imports.job import Job
from prismd.core.imports.plan import KnownRecord, Plan
from prismd.core.json_text import encode
from prismd.core.records import Rewritten
from prismd.store.arrays import int_array, text_array
from prismd.store.postgres import Connection

#: Stands for COPY's null until backslashes are doubled; JSON never has it raw.
_NULL: Final = "\x01"
_UNCHANGED: Final = "\t".join([_NULL] * 4)

_COPY: Final = """
COPY import_touch (team_id, job_id, record_id, first_row, version_before, version_after, before, after) FROM STDIN
"""

# What the record was is what its first change found; what it is, what the last one left. Values that are again what
# they were have not changed.
_UPDATE: Final = """
UPDATE import_touch AS touch
SET version_before = COALESCE(touch.version_before, changed.version_before), version_after = changed.version_after,
    before = differing.before, after = differing.after
FROM (
    SELECT given.version_before, given.version_after, found.place,
           given.before || COALESCE(found.before, '{}') AS before, COALESCE(found.after, '{}') || given.after AS after
    FROM unnest(%(ids)s::uuid[], %(versions_before)s::bigint[], %(versions_after)s::bigint[],
                %(before)s::jsonb[], %(after)s::jsonb[])
        AS given (record_id, version_before, version_after, before, after)
    CROSS JOIN LATERAL (
        SELECT ctid AS place, before, after FROM import_touch
        WHERE team_id = %(team)s AND job_id = %(job)s AND record_id = given.record_id
        OFFSET 0
    ) AS found
) AS changed
CROSS JOIN LATERAL (
    SELECT COALESCE(jsonb_object_agg(was.key, was.value), '{}') AS before,
           COALESCE(jsonb_object_agg(was.key, changed.after -> was.key), '{}') AS after
    FROM jsonb_each(changed.before) AS was
    WHERE was.value <> changed.after -> was.key
) AS differing
WHERE touch.ctid = changed.place
"""


def write_touches(connection: Connection, job: Job, plan: Plan, rewritten: Iterable[Rewritten]) -> None:
    """Write which records the rows of a chunk matched, and of those that changed the values that are others now.

    Args:
        plan: Of the chunk.
        rewritten: What the plan changes.
    """
    by_id = {one.id: one for one in rewritten}
    first = {record.id for record in plan.touched}
    again = [one for one in by_id.values() if one.id not in first and not plan.changed[one.id].record.made_by_import]
    if plan.touched:
        lines = [_line(job, record, by_id.get(record.id)) for record in plan.touched]
        with connection.cursor().copy(_COPY) as copy:
            copy.write("".join(lines).replace("\\", "\\\\").replace(_NULL, "\\N"))
    if again:
        connection.execute(_UPDATE, {"team": job.team_id, "job": job.id, **_columns(again)})


def _line(job: Job, record: KnownRecord, changed: Rewritten | None) -> str:
    what = _UNCHANGED
    if changed is not None:
        what = f"{changed.version_before}\t{changed.version}\t{_text(changed.before)}\t{_text(changed.after)}"
    return f"{job.team_id}\t{job.id}\t{record.id}\t{record.first_row}\t{what}\n"


def _columns(changed: Sequence[Rewritten]) -> dict[str, str]:
    return {
        "ids": text_array([one.id for one in changed]),
        "versions_before": int_array(one.version_before for one in changed),
        "versions_after": int_array(one.version for one in changed),
        "before": text_array([_text(one.before) for one in changed]),
        "after": text_array([_text(one.after) for one in changed]),
    }


def _text(values: object) -> str:
    return encode(values).decode()
