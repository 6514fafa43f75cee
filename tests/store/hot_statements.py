"""Every statement whose cost must not grow with what a team has: what it is asked and what it may read.

The parameters find what they ask for among the million of :mod:`tests.store.million`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from prismd.core.values.blanks import UNSEEN
from prismd.store import api_keys, audit, grants, lists, mappings, properties, retention, teams, views
from prismd.store.backups import restoring
from prismd.store.changes import change_sets
from prismd.store.files import files, parts, purging
from prismd.store.idempotency import claims, client_attempts
from prismd.store.imports import attempts, chunks, drafts, effects, import_records, jobs, progress, queue, results
from prismd.store.monitoring import diagnosis, figures, health
from prismd.store.queries import pages
from prismd.store.realtime import tickets
from prismd.store.records import key_holders, record_keys, record_writes, records
from tests.store.million import CITY, FEW, JOB, MEMBER, QUEUED, RECORDS, hash_of, id_of

#: How far apart what is asked for stands.
STRIDE: Final = 99
LIMIT: Final = 10
NOW: Final = "2026-01-01T00:00:00Z"
LATE: Final = "infinity"


@dataclass(frozen=True, slots=True)
class Hot:
    """A hot statement.

    Args:
        asked: Its parameters: all of them in order, or by name those that are special to it.
        each: Rows of tables and entries of indexes that it reads for each record asked for.
        once: Those that it reads whatever is asked; None where it searches until it finds something.
        since: The version of PostgreSQL from which on it is used.
    """

    statement: str
    asked: Mapping[str, Any] | tuple[Any, ...] = field(default_factory=dict)
    each: int = 0
    once: int | None = 0
    since: int = 0

    def parameters(self, count: int) -> dict[str, Any] | tuple[Any, ...]:
        """Return the parameters of a statement that asks for so many records."""
        return self.asked if isinstance(self.asked, tuple) else {**_named(count), **self.asked}


def _named(count: int) -> dict[str, Any]:
    numbers = [1 + STRIDE * number for number in range(count)]
    return {
        "team": 1,
        "type": "contact",
        "job": JOB,
        "id": id_of(1),
        "hashes": [hash_of(number) for number in numbers],
        "ids": [id_of(number) for number in numbers],
        "types": ["contact"] * count,
        "keys": ["email"] * count,
        "locations": [f"({1 + number},1)" for number in range(count)],
        "versions": [2] * count,
        "versions_before": [1] * count,
        "versions_after": [2] * count,
        "since": [0] * count,
        "properties": ["{}"] * count,
        "whole": [0] * count,
        "before": ["{}"] * count,
        "after": ["{}"] * count,
        "now": NOW,
        "slug": "email",
        "key": "email",
        "limit": LIMIT,
        "most": LIMIT,
        "wanted": None,
        "bytes_max": 1_000_000,
        "outcome": "failed",
    }


_MOVED: Final = {
    "id": JOB, "found": 250, "cursor": 251, "state": "running", "created": 0, "existing": 0, "updated": 0, "failed": 0,
    "attempts": 1, "crashes": 0, "contacts": 0, "references": 0, "left_empty": 0, "partly": 0, "kept": 0,
    "gone": 0, "code": None, "message": None,
}  # fmt: skip
_LISTED: Final = {"state": "complete", "type": "contact", "before": id_of(RECORDS)}
_OF_TYPE: Final = {"team_id": 1, "object_type": "contact", "key": "email"}

_RECORDS: Final = {
    "candidates": Hot(import_records._CANDIDATES, each=3),
    "candidates by arrays": Hot(import_records._CANDIDATES_BY_ARRAYS, each=3, since=import_records._ARRAYS_SINCE),
    "candidates that stay": Hot(import_records._KEYED, each=3),
    "candidates that stay, by arrays": Hot(import_records._KEYED_BY_ARRAYS, each=3, since=import_records._ARRAYS_SINCE),
    "records whose ids rows give": Hot(import_records._OWN, each=3),
    "few records whose ids rows give": Hot(import_records._FEW_OWN, each=3),
    "few candidates": Hot(import_records._FEW_CANDIDATES, {"each_max": LIMIT}, each=4),
    "candidates of a key that half of them have": Hot(
        import_records._FEW_CANDIDATES, {"hashes": [CITY], "each_max": LIMIT}, once=4 * LIMIT
    ),
    "values by key": Hot(records._WITH_KEY, {"key": "email", "each_max": LIMIT, "most": None}, each=2),
    "values by a key that half of them have": Hot(
        records._WITH_KEY, {"key": "city", "hashes": [CITY], "each_max": LIMIT}, once=2 * LIMIT
    ),
    "existing records": Hot(records._EXISTING, each=1),
    "records by keys of several properties": Hot(key_holders._HOLDERS, {"each_max": LIMIT}, each=2),
    "records by a key of several properties that half of them have": Hot(
        key_holders._HOLDERS,
        {"types": ["contact"], "keys": ["city"], "hashes": [CITY], "each_max": LIMIT},
        once=2 * LIMIT,
    ),
    "one record": Hot(records._GET, {"id": id_of(1)}, once=1),
    "updated records": Hot(record_writes._UPDATE, each=1),
    "page of values": Hot(records._PAGE, {"after": id_of(500_000)}, once=LIMIT),
    "held records": Hot(record_writes._HOLD, each=1),
    "records purged": Hot(record_writes._PURGE, each=2),
    "grants purged": Hot(record_writes._PURGE_GRANTS, each=2),
    "holders of keys": Hot(records._HOLDERS, {"since": "-infinity"}, each=2),
    "holders of a key that half of them have": Hot(records._HOLDERS, {"hashes": [CITY], "since": "-infinity"}, once=6),
    "marked records": Hot(record_writes._MARK, {"deleted_at": None}, each=2),
    "made records": Hot(record_writes._INSERT, {"type": "deal"}),
    "keys in use": Hot(record_keys._KEYS_IN_USE, (1, "contact"), once=FEW),
    "deleted keys": Hot(record_keys._DELETE, each=2),
    "a grant": Hot(grants._GET, once=2),
    "a grant put": Hot(grants._PUT, {"grants": "{}"}, once=1),
    "targets of references": Hot(pages._BY_ID, each=1),
    "records that refer to others": Hot(
        pages._REFERRING, {"key": "city", "hashes": [CITY], "ids": ["C1"], "each_max": LIMIT}, once=2 * LIMIT
    ),
    "records with keys": Hot(pages._WITH_KEYS, {"most": 10_000}, each=1),
    "records with a key that half of them have": Hot(pages._WITH_KEYS, {"hashes": [CITY]}, once=LIMIT),
}

_IMPORTS: Final = {
    "next turn": Hot(queue._CLAIM, {"running_max": 10}, once=4),
    "a queue entry held": Hot(queue._HOLD, (1, JOB), once=1),
    "a queue entry put off": Hot(queue._PUT_OFF, {"job": JOB, "running": True, "until": NOW, "moved_at": NOW}, once=1),
    "a queue entry skipped": Hot(queue._SKIP, (NOW, 1, JOB), once=1),
    "a queue entry deleted": Hot(queue._LEAVE, (1, JOB), once=1),
    "queue entries of a team": Hot(queue._OF_TEAM, (1,), once=QUEUED),
    "jobs of a team under way": Hot(jobs._ACTIVE_IDS, (1,), once=QUEUED),
    "whose turn it is": Hot(health._NEXT, {"running_max": 10}, once=1),
    "jobs that wait": Hot(figures._QUEUE, (LIMIT,), once=LIMIT),
    "rows that wait": Hot(figures._ROWS, (LIMIT,), once=LIMIT),
    "the oldest of what is purged": Hot(figures._OLDEST, once=10),
    "jobs under way": Hot(jobs._ACTIVE, (1,), once=QUEUED),
    "hold of a job": Hot(jobs._LOCK, (1, JOB), once=1),
    "an attempt is noted": Hot(attempts._BEGIN, {"job": JOB, "number": 0}, once=1),
    "a job of more chunks": Hot(chunks._CUT, (2, 0, 0, NOW, 1, JOB), once=1),
    "attempts are forgotten": Hot(attempts._FORGET, (1, JOB, 0), once=1),
    "end of a job": Hot(jobs._END, _MOVED, once=1),
    "rows of a chunk": Hot(chunks._CHUNK, (1, JOB, 0), once=1),
    "a job moved on": Hot(jobs._ADVANCE, _MOVED, once=1),
    "a failure": Hot(jobs._FAIL, {**_MOVED, "cursor": 250}, once=1),
    "touches of records": Hot(effects._UPDATE, each=2),
    "status of a job": Hot(jobs._GET, (1, JOB), once=1),
    "list of jobs": Hot(jobs._LIST, _LISTED, once=LIMIT),
    "the next verdicts": Hot(results._NEXT, {"after": 0}, once=1),
    "where a verdict is": Hot(results._POSITION, {"number": 0, "start": b"{"}, once=1),
    "a part of verdicts": Hot(results._PART, {"number": 0, "position": 1, "bytes": 100}, once=1),
    "counts of chunks": Hot(progress._COUNTS, (1, JOB, 490), once=10),
    "drafts": Hot(drafts._FIND, each=2),
    "drafts by hash": Hot(drafts._BY_HASH, each=2),
    "deleted drafts": Hot(drafts._DELETE, each=1),
    "any job": Hot(jobs._ANY, (1, JOB), once=1),
    "any job held": Hot(jobs._HOLD_ANY, (1, JOB), once=1),
    "what an import changed": Hot(change_sets._CHANGES_OF_IMPORT, {"set": JOB}, each=1),
    "what a change set changed": Hot(change_sets._CHANGES_OF_SET, {"set": JOB}, each=1),
    "later changes of records": Hot(change_sets._LATER, {"each_max": LIMIT}, each=1),
    "heads of change sets": Hot(change_sets._HEADS, each=2),
    "records that a job wrote": Hot(change_sets._WRITTEN_BY, {"set": JOB}, each=3),
    "forgotten values": Hot(change_sets._FORGET_VALUES.format(table="record_change"), each=2),
}

_AUDITED: Final = {
    "team": 1, "since": "-infinity", "until": LATE, "action": None, "key": None, "object": None,
    "before_at": LATE, "before_id": id_of(1), "limit": LIMIT,
}  # fmt: skip

_TEAMS: Final = {
    "a team": Hot(teams._SELECT_TEAM, ("team 1",), once=1),
    "the key of a request": Hot(api_keys._FIND, (sha256(b"1").digest(),), once=2),
    "the use of a key": Hot(api_keys._USED, {"team": 1, "key": id_of(1), "now": NOW, "before": NOW}, once=2),
    "the keys of streams": Hot(api_keys._GOOD, {}, each=1),
    "the end of an import in the audit": Hot(
        audit._NOTE_OF_JOB, {"at": NOW, "action": "import.ended", "details": "{}"}, once=2
    ),
    "the audit": Hot(audit._LIST, _AUDITED, once=2 * LIMIT),
    "the audit of an action": Hot(audit._LIST_OF_ACTION, {**_AUDITED, "action": "record.created"}, once=2 * LIMIT),
    "the audit of a key": Hot(audit._LIST_OF_KEY, {**_AUDITED, "key": JOB}, once=2 * LIMIT),
    "the audit of an object": Hot(audit._LIST_OF_OBJECT, {**_AUDITED, "object": id_of(5)}, once=3),
    "what an attempt was answered": Hot(client_attempts._FIND, (1, b"attempt 1", "-infinity"), once=1),
    "what is remembered of an idempotency key": Hot(claims._FIND, (1, "key 1"), once=1),
    "a ticket": Hot(tickets._TAKE, (sha256(b"1").digest(),), once=3),
    "one view": Hot(views._GET, (1, id_of(FEW), "contact"), once=1),
    "a view to change": Hot(views._GET_TO_CHANGE, (1, id_of(FEW), "contact"), once=1),
    "views without names": Hot(views._UNNOTED, (2,), once=FEW),
    "a changed view": Hot(views._UPDATE, ("{}", NOW, "{}", 1, id_of(FEW)), once=1),
    "pinned records": Hot(views._PIN, ([], 1, id_of(FEW)), once=1),
    "a deleted view": Hot(views._DELETE, (1, id_of(FEW), "contact"), once=1),
    "list of views": Hot(views._LIST_OF_NONE, {"offset": 0, "after": id_of(5_000)}, once=LIMIT),
    "list of a list's views": Hot(views._LIST_OF_LIST, {"list": id_of(FEW), "offset": 0, "after": None}),
    "number of views": Hot(views._COUNT, (1, "deal"), once=FEW),
    "a saved mapping": Hot(mappings._GET, {"name": "mapping 1", "version": None}, once=2),
    "a mapping to save over": Hot(mappings._VERSION, (1, "mapping 1"), once=1),
    "saved mappings by name": Hot(mappings._FACTS, {"after": None, "limit": LIMIT}, once=LIMIT),
    "saved mappings for a type": Hot(mappings._NEWEST, {"type": "contact", "limit": LIMIT}, once=2 * FEW),
    "number of saved mappings": Hot(mappings._COUNT, (1,), once=FEW),
    "versions of a mapping that end": Hot(mappings._DROP, (1, "mapping 1", 1), once=2),
    "a deleted mapping": Hot(mappings._DELETE, (1, "mapping 1"), once=1),
    "a list": Hot(lists._GET, (1, JOB), once=1),
    "lists of a team": Hot(lists._LIST, (1,), once=FEW),
    "number of lists": Hot(lists._COUNT, (1,), once=FEW),
    "views of lists": Hot(lists._VIEWS, {"object_types": ["deal"], "ids": [JOB]}, once=FEW),
    "properties": Hot(properties._SELECT, {"team_id": 1, "object_types": ["contact"]}, once=FEW * (FEW + 1)),
    "a changed property": Hot(properties._UPDATE, ("", None, True, True, 1, "contact", id_of(1)), once=FEW),
    "a deleted property": Hot(properties._DELETE, {**_OF_TYPE, "id": id_of(1), "key": "custom_1"}, once=2 * FEW),
    "a changed option": Hot(
        properties._UPDATE_OPTION,
        ("", "", None, None, None, None, None, True, 1, "contact", id_of(1), id_of(1)),
        once=FEW,
    ),
    "a deleted option": Hot(properties._DELETE_OPTION, (1, "contact", id_of(1), id_of(1)), once=FEW),
    "a value that a record lacks": Hot(properties._LACKED, {**_OF_TYPE, "unseen": UNSEEN}, once=None),
    "a value that a member of a list lacks": Hot(
        properties._LACKED_IN_LIST, {**_OF_TYPE, "unseen": UNSEEN, "list_id": JOB, "hashes": [MEMBER]}, once=2 * FEW
    ),
    "a property in use": Hot(properties._IN_USE, _OF_TYPE, once=None),
    "an option in use": Hot(properties._OPTION_IN_USE, (1, "contact", "city", "C1"), once=None),
}

_RETENTION: Final = {
    "teams to purge": Hot(teams._AFTER, (0, LIMIT), once=LIMIT),
    "the oldest of a team": Hot(retention._OLDEST, once=10),
    # With the jobs of the team that are under way, which are limited: one of them can be an undo of an expired one.
    "expired jobs": Hot(retention._EXPIRED_JOBS, {"now": LATE}, once=LIMIT + QUEUED // FEW),
    **{
        f"{table} of expired jobs": Hot(
            retention._DELETE_PARTS.format(table=table, owner=retention._OWNERS.get(table, "job_id")),
            {"jobs": [JOB]},
            once=2 * LIMIT,
        )
        for table, _ in retention._PARTS
    },
    "deleted jobs": Hot(retention._DELETE_JOBS, {"team": 2, "ids": [id_of(1)]}, once=2),
    "expired claims": Hot(retention._DELETE_CLAIMS, {"before": LATE}, once=2 * LIMIT),
    "answers to old attempts": Hot(retention._DELETE_ATTEMPTS, {"before": LATE}, once=2 * LIMIT),
    "old audit": Hot(audit._PURGE, {"until": LATE}, once=4 * LIMIT),
    "expired files": Hot(purging._EXPIRED, {"now": LATE}, once=1),
    "the content of a file": Hot(purging._CONTENT, (1, id_of(3)), once=1),
    "whether a content is shared": Hot(purging._IS_SHARED, (1, id_of(3)), once=1),
    "deleted parts of files": Hot(purging._DELETE_PARTS, {"content": id_of(3)}, once=2 * LIMIT),
    "deleted files": Hot(purging._DELETE, (1, id_of(3)), once=2),
    "old change sets": Hot(retention._OLD_CHANGE_SETS, {"before": LATE}, once=2 * LIMIT),
    "deleted change sets": Hot(retention._DELETE_CHANGE_SETS, {"ids": [id_of(1)]}, once=2),
    "expired tickets": Hot(retention._DELETE_TICKETS, (LATE, LIMIT), once=2 * LIMIT),
}

_FILES: Final = {
    "one file": Hot(files._GET, (1, id_of(1)), once=1),
    "a file held": Hot(files._HOLD, (1, id_of(1)), once=1),
    "list of files": Hot(files._LIST, {"before": id_of(5_000)}, once=LIMIT),
    "more bytes of a file": Hot(files._EXTEND, {"id": id_of(2), "at": 500, "size": 0, "expires": NOW}, once=1),
    "a slow upload": Hot(files._TOUCH, (NOW, 1, id_of(2)), once=1),
    "a file with the same bytes": Hot(files._TWIN, (1, sha256(b"7").digest(), 500), once=2),
    "a file that becomes whole": Hot(
        files._COMPLETE,
        {"id": id_of(2), "sha256": b"x", "content": id_of(2), "same_as": None, "expires": NOW},
        once=1,
    ),
    "a file out of sight": Hot(files._MARK_GONE, (1, id_of(1)), once=1),
    "a part of a file": Hot(parts._AT, (1, id_of(1), 250), once=1),
}

HOT: Final = {**_RECORDS, **_IMPORTS, **_TEAMS, **_FILES, **_RETENTION}

#: What workers ask, and what is asked before a team is known: beyond row-level security.
OF_ALL_TEAMS: Final = {
    "next turn", "whose turn it is", "the key of a request", "a team", "a ticket", *_RETENTION,
    # What metrics tell, and the views of another team than the others ask for.
    "jobs that wait", "rows that wait", "the oldest of what is purged", "views without names",
}  # fmt: skip

#: A part of others; what the command line asks, of keys that people made by hand; what restores a backup; what is done
#: once an undo, a view or a lost chunk, to all views of a team or all chunks of a job; what counts a team's files,
#: which are limited; what reads nothing but its parameters.
NOT_HOT: Final = (
    audit._NAMED, audit._NOTE, audit._NOTED, audit._NOTED_OF_JOB, audit._NOTE_AND_TELL, audit._NOTE_KEEP_AND_TELL,
    audit._NOTE_OF_JOB_AND_TELL, diagnosis._EXPIRED,
    change_sets._RECORDS_CHANGED, change_sets.AND_KEEP_CHANGES, change_sets._COUNT_OF_IMPORT,
    records.FOUND, teams._SELECT_TEAMS, api_keys._LIST, api_keys._HOLD, api_keys._READ, api_keys._REVOKE,
    api_keys._EXPIRE, views._NOTE, views._LISTING, views._UNPIN,
    chunks._REMOVE_CHUNK, chunks._RETURN_CHUNKS, record_keys._INSERT, queue._ENTER, queue._RETURN,
    restoring._QUEUE_JOBS, files._HELD,
)  # fmt: skip
