"""The audit in PostgreSQL: entries are added, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from prismd.core.audit import IDS_MAX, AuditFilter, Deed, Doer
from prismd.core.changes.changes import ChangesMade
from prismd.core.errors import PrismdError
from prismd.core.imports.job import Job
from prismd.store.changes.change_sets import AND_KEEP_CHANGES, parameters_of
from prismd.store.connections.postgres import Connection
from prismd.store.locations import BEGIN_HERE
from prismd.store.realtime.notifications import AND_NOTIFY_LISTENERS, notify_parameters

# Every object that an entry names gets a row of its own, by which the entry is found.
_NAMED: Final = """
INSERT INTO audit_object (team_id, object_id, at, entry_id)
SELECT noted.team_id, object_id, noted.at, noted.id FROM noted CROSS JOIN unnest(noted.object_ids) AS object_id
"""

_NOTED: Final = """
WITH noted AS (
    INSERT INTO audit_entry (team_id, at, key_id, request_id, action, object_type, total, object_ids, details)
    VALUES (%(team)s, %(at)s, %(key)s, %(request)s, %(action)s, %(type)s, %(total)s, %(ids)s::text[]::uuid[],
            %(details)s)
    RETURNING team_id, at, id, object_ids
)
"""
_NOTE: Final = f"{_NOTED} {_NAMED}"
_NOTE_AND_TELL: Final = f"{_NOTED}, named AS ({_NAMED}) {AND_NOTIFY_LISTENERS}"
_NOTE_KEEP_AND_TELL: Final = f"{_NOTED}, named AS ({_NAMED}) {AND_KEEP_CHANGES} {AND_NOTIFY_LISTENERS}"

_NOTED_OF_JOB: Final = """
WITH noted AS (
    INSERT INTO audit_entry (team_id, at, key_id, request_id, action, object_type, total, object_ids, details)
    SELECT team_id, %(at)s, key_id, request_id, %(action)s, object_type, 1, ARRAY[id], %(details)s
    FROM import_job WHERE team_id = %(team)s AND id = %(job)s
    RETURNING team_id, at, id, object_ids
)
"""
_NOTE_OF_JOB: Final = f"{_NOTED_OF_JOB} {_NAMED}"
_NOTE_OF_JOB_AND_TELL: Final = f"{_NOTED_OF_JOB}, named AS ({_NAMED}) {AND_NOTIFY_LISTENERS}"

_COLUMNS: Final = """
    e.at, e.id::text, e.key_id::text, k.name AS key_name, k.hint AS key_hint, e.request_id::text, e.action,
    e.object_type, e.total, e.object_ids::text[], e.details
"""
_KEY: Final = """
LEFT JOIN LATERAL (SELECT name, hint FROM api_key WHERE team_id = %(team)s AND id = e.key_id OFFSET 0) AS k ON true
"""
_WANTED: Final = """
    AND (e.at, e.id) < (%(before_at)s, %(before_id)s)
    AND e.at >= %(since)s AND e.at < %(until)s
    AND (%(action)s::text IS NULL OR e.action = %(action)s)
    AND (%(key)s::uuid IS NULL OR e.key_id = %(key)s)
ORDER BY e.at DESC, e.id DESC
LIMIT %(limit)s
"""

_LIST: Final = f"SELECT {_COLUMNS} FROM audit_entry e {_KEY} WHERE e.team_id = %(team)s {_WANTED}"
_LIST_OF_ACTION: Final = f"""
SELECT {_COLUMNS} FROM audit_entry e {_KEY} WHERE e.team_id = %(team)s AND e.action = %(action)s {_WANTED}
"""
_LIST_OF_KEY: Final = f"""
SELECT {_COLUMNS} FROM audit_entry e {_KEY} WHERE e.team_id = %(team)s AND e.key_id = %(key)s {_WANTED}
"""
_LIST_OF_OBJECT: Final = f"""
SELECT {_COLUMNS}
FROM audit_object o
-- From the objects to their entries, never the other way round.
CROSS JOIN LATERAL (
    SELECT * FROM audit_entry WHERE team_id = %(team)s AND at = o.at AND id = o.entry_id OFFSET 0
) AS e
{_KEY}
WHERE o.team_id = %(team)s AND o.object_id = %(object)s
  AND (o.at, o.entry_id) < (%(before_at)s, %(before_id)s) AND o.at >= %(since)s AND o.at < %(until)s
  AND (%(action)s::text IS NULL OR e.action = %(action)s)
  AND (%(key)s::uuid IS NULL OR e.key_id = %(key)s)
ORDER BY o.at DESC, o.entry_id DESC
LIMIT %(limit)s
"""

# The statement sets until when it deletes; triggers check that setting, which lasts until the transaction ends.
_PURGE: Final = f"""
WITH old AS (
    DELETE FROM audit_entry AS e
    USING unnest(ARRAY(
        SELECT ctid FROM audit_entry
        WHERE team_id = %(team)s
          AND at <= (SELECT set_config('prismd.audit_purged_until', %(until)s, true)::timestamptz)
        ORDER BY at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )) WITH ORDINALITY AS gone (location, nth)
    WHERE e.team_id = %(team)s AND e.ctid = gone.location AND {BEGIN_HERE}
    RETURNING e.at, e.id, e.object_ids
), named AS (
    DELETE FROM audit_object AS o
    USING unnest(ARRAY(
        SELECT found.location
        FROM old CROSS JOIN unnest(old.object_ids) AS named (object_id)
        CROSS JOIN LATERAL (
            SELECT ctid AS location FROM audit_object
            WHERE team_id = %(team)s AND object_id = named.object_id AND at = old.at AND entry_id = old.id
            OFFSET 0
        ) AS found
    )) WITH ORDINALITY AS gone (location, nth)
    WHERE o.team_id = %(team)s AND o.ctid = gone.location AND {BEGIN_HERE}
)
SELECT count(*) FROM old
"""
ENTRIES_PER_BATCH: Final = 500

#: Greater than every id.
_LAST_ID: Final = "ffffffff-ffff-ffff-ffff-ffffffffffff"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An entry of the audit.

    Args:
        at: The time of the action.
        id: UUID text.
        key_id: Id of the key that did it; None if the server or its operator did it.
        key_name: The name that people gave that key.
        key_hint: The last characters of that key.
        request_id: Id of the request that did it.
        action: The action.
        object_type: The type of the objects that the action changed.
        total: The number of those objects.
        object_ids: UUID texts of those objects, at most a thousand of them.
        details: Further facts about the action.
    """

    at: datetime
    id: str
    key_id: str | None
    key_name: str | None
    key_hint: str | None
    request_id: str | None
    action: str
    object_type: str | None
    total: int
    object_ids: list[str]
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EntryPosition:
    """The position of an entry in the list; the entries after it are older."""

    at: datetime
    id: str


def write_entry(
    connection: Connection,
    team_id: int,
    doer: Doer,
    deed: Deed,
    notices: Sequence[str] = (),
    *,
    made: ChangesMade | None = None,
) -> None:
    """Add an entry, in the transaction that does the action.

    Args:
        connection: A connection inside that transaction.
        team_id: The team whose audit gets the entry.
        doer: The key that did it, and the time.
        deed: The action.
        notices: Notifications to send to listeners in the same statement.
        made: What the action changed of records, to be kept by the same statement; it goes with notifications.
    """
    statement = _NOTE if not notices else _NOTE_AND_TELL if made is None else _NOTE_KEEP_AND_TELL
    connection.execute(
        statement,
        {
            **(notify_parameters(notices) if notices else {}),
            **(parameters_of(made) if made else {}),
            "team": team_id,
            "at": doer.at,
            "key": doer.key_id,
            "request": doer.request_id,
            "action": deed.action,
            "type": deed.object_type,
            "total": len(deed.ids),
            "ids": list(deed.ids[:IDS_MAX]),
            "details": Jsonb(deed.details),
        },
    )


def write_entry_of_job(connection: Connection, job: Job, deed: Deed, notices: Sequence[str] = ()) -> None:
    """Add an entry for something that an import did, under the key that started the import.

    Args:
        connection: A connection inside the transaction in which the import did it.
        job: The import, in its state after the action.
        deed: The action.
        notices: Notifications to send to listeners in the same statement.
    """
    asked = {"team": job.team_id, "job": job.id, "at": job.updated_at, "action": deed.action}
    told = notify_parameters(notices) if notices else {}
    connection.execute(
        _NOTE_OF_JOB_AND_TELL if notices else _NOTE_OF_JOB, {**told, **asked, "details": Jsonb(deed.details)}
    )


def list_entries(
    connection: Connection, team_id: int, wanted: AuditFilter, *, before: EntryPosition | None, limit: int
) -> list[AuditEntry]:
    """Return a team's entries, newest first.

    Args:
        wanted: The entries to return.
        before: Only entries older than this one are returned.
        limit: The largest number of entries to return.

    Raises:
        PrismdError: ``query_timeout``.
    """
    asked = {
        "team": team_id,
        "since": wanted.since or "-infinity",
        "until": wanted.until or "infinity",
        "action": wanted.action,
        "object": wanted.object_id,
        "key": wanted.key_id,
        "before_at": before.at if before else "infinity",
        "before_id": before.id if before else _LAST_ID,
        "limit": limit,
    }
    try:
        cursor = connection.cursor(row_factory=class_row(AuditEntry))
        return cursor.execute(_statement_for(wanted), asked).fetchall()
    except psycopg.errors.QueryCanceled:
        message = "the audit takes too long to look through; name an object or a key, or a shorter time"
        raise PrismdError("query_timeout", message) from None


def purge_entries(connection: Connection, team_id: int, *, until: datetime) -> bool:
    """Delete one batch of a team's old entries; say whether any were deleted.

    Args:
        connection: A connection inside a transaction that does nothing else.
        until: Entries of this time or earlier are deleted.
    """
    old = {"team": team_id, "until": until.isoformat(), "limit": ENTRIES_PER_BATCH}
    [(count,)] = connection.execute(_PURGE, old)
    return bool(count)


def _statement_for(wanted: AuditFilter) -> str:
    # The one that leaves out most through its index; the rest is looked at entry by entry.
    if wanted.object_id is not None:
        return _LIST_OF_OBJECT
    if wanted.key_id is not None:
        return _LIST_OF_KEY
    return _LIST if wanted.action is None else _LIST_OF_ACTION
