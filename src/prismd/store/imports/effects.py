"""The effects of an import on earlier records, in PostgreSQL: the row that matched, and the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from prismd.core.imports.job import Job
from prismd.core.imports.plan import Plan
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Rewritten
from prismd.store.connections.postgres import Connection
from prismd.store.encoding.arrays import int_array, text_array
from prismd.store.locations import BEGIN_HERE
from prismd.store.records.records import json_text

#: Represents COPY's null until backslashes are doubled; JSON never contains this character.
_NULL: Final = "\x01"
_UNCHANGED: Final = "\t".join([_NULL] * 4)

_COPY: Final = """
COPY import_touch (team_id, job_id, record_id, first_row, version_before, version_after, before, after) FROM STDIN
"""

# `before` keeps the values that the first change found, `after` those that the last change left. A value that a later
# row changes back stays in both: noticing that would cost each record more than everything else.
_UPDATE: Final = f"""
UPDATE import_touch AS touch
SET version_before = COALESCE(touch.version_before, changed.version_before), version_after = changed.version_after,
    before = changed.before || COALESCE(touch.before, '{{}}'), after = COALESCE(touch.after, '{{}}') || changed.after
FROM (
    SELECT given.*, found.location
    FROM unnest(%(ids)s::uuid[], %(versions_before)s::bigint[], %(versions_after)s::bigint[],
                %(before)s::jsonb[], %(after)s::jsonb[])
        WITH ORDINALITY AS given (record_id, version_before, version_after, before, after, nth)
    CROSS JOIN LATERAL (
        SELECT ctid AS location FROM import_touch
        WHERE team_id = %(team)s AND job_id = %(job)s AND record_id = given.record_id
        OFFSET 0
    ) AS found
) AS changed
WHERE touch.team_id = %(team)s AND touch.ctid = changed.location AND {BEGIN_HERE}
"""


def first_effects(job: Job, matched: Iterable[KnownRecord], changed: Mapping[str, Rewritten]) -> str:
    """Return the effects on records that no earlier chunk matched, in the form that :func:`write_effects` takes.

    Args:
        job: The import.
        matched: Records older than the import that rows of this chunk are the first to match.
        changed: The chunk's changes to these records, by record id.
    """
    lines = "".join([_line(job, record, changed.get(record.id)) for record in matched])
    return lines.replace("\\", "\\\\").replace(_NULL, "\\N")


def later_effects(plan: Plan, changed: Mapping[str, Rewritten]) -> dict[str, str]:
    """Return the effects on records that an earlier chunk matched, in the form that :func:`write_effects` takes.

    Args:
        plan: The plan of the chunk.
        changed: The chunk's changes, by record id.
    """
    first = {record.id for record in plan.first_matched}
    again = [one for one in changed.values() if one.id not in first and not plan.changed[one.id].record.made_by_import]
    return _columns(again) if again else {}


def write_effects(connection: Connection, job: Job, first: Sequence[str], later: Mapping[str, str]) -> None:
    """Write the effects of a chunk on records older than the import.

    Args:
        first: Effects on records that no earlier chunk matched, from :func:`first_effects`.
        later: Effects on the other records, from :func:`later_effects`.
    """
    if first:
        with connection.cursor().copy(_COPY) as copy:
            for lines in first:
                copy.write(lines)
    if later:
        connection.execute(_UPDATE, {"team": job.team_id, "job": job.id, **later})


def _line(job: Job, record: KnownRecord, changed: Rewritten | None) -> str:
    what = _UNCHANGED
    if changed is not None:
        what = f"{changed.version_before}\t{changed.version}\t{json_text(changed.before)}\t{json_text(changed.after)}"
    return f"{job.team_id}\t{job.id}\t{record.id}\t{record.first_row}\t{what}\n"


def _columns(changed: Sequence[Rewritten]) -> dict[str, str]:
    return {
        "ids": text_array([one.id for one in changed]),
        "versions_before": int_array(one.version_before for one in changed),
        "versions_after": int_array(one.version for one in changed),
        "before": text_array([json_text(one.before) for one in changed]),
        "after": text_array([json_text(one.after) for one in changed]),
    }
