"""What must be in the database after every commit, by a model that does whole chunks, one after the other.

Whatever goes wrong, everybody only ever sees what some sequence of whole chunks leads to. The model is told which chunk
was committed, works out what that must have done, and holds everything that can be seen against it.
"""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from prismd.core.records.keys import KeyRule
from prismd.store.encoding.packed import unpacked
from tests.core.imports.model import LISTS, ModelImport, ModelRecord
from tests.simulation.snapshot import Snapshot

#: A value of ``country`` with which the test database refuses a record.
POISON = "poison"
#: A property that no object type has.
UNKNOWN = "nope"

#: The reference of identities to contacts, which rows give by plain addresses.
ADDRESSES = "email_addresses"
#: What an address begins with that no contact has yet.
_NEW = "new "

Row = dict[str, Any]
Verdict = dict[str, Any]
Values = dict[str, Any]


class Violation(BaseException):
    """The database holds what it must not hold; no exception handler of the code under test may stop it."""


@dataclass
class Asked:
    """An import that a client asked for, whether or not it was accepted.

    Args:
        job_ids: Ids that were given out while it was being accepted; each attempt has its own.
        once: It may become one job at most, as its attempts share an idempotency key.
        parent: The job whose failed rows run again; its rows then follow from that job.
    """

    team_id: int
    object_type: str
    rows: list[Row]
    options: dict[str, Any]
    synchronous: bool
    chunk: int
    job_ids: set[str] = field(default_factory=set)
    once: bool = True
    accepted: bool = False
    parent: str | None = None
    corrections: dict[int, Row] = field(default_factory=dict)
    not_attempted: bool = False
    cancelled: bool = False


@dataclass
class ExpectedJob:
    """A job that was accepted, and how far it has come."""

    id: str
    asked: Asked
    rows: list[Row]
    origins: list[int]
    state: str = "queued"
    error: str | None = None
    cursor: int = 0
    verdicts: list[Verdict] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    touches: dict[str, list[Any]] = field(default_factory=dict)
    drafts: dict[str, ModelRecord] = field(default_factory=dict)
    #: Contacts that a dry run would have made, by address.
    drafted: dict[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.state not in ("queued", "running")

    @property
    def chunks(self) -> int:
        return -(-len(self.rows) // self.asked.chunk)

    def rows_of(self, number: int) -> list[Row]:
        return self.rows[number * self.asked.chunk : (number + 1) * self.asked.chunk]

    def counts(self, verdicts: Sequence[Verdict] | None = None) -> tuple[int, int, int, int]:
        outcomes = [verdict["outcome"] for verdict in (self.verdicts if verdicts is None else verdicts)]
        updated = outcomes.count("updated")
        return outcomes.count("created"), outcomes.count("existing") + updated, updated, outcomes.count("failed")


class Expectation:
    """What all teams of a simulation must hold.

    Args:
        asked: All that clients asked for so far; grows while the simulation runs.
        rules: The key rules by object type and slug.
        faults_max: Rows of a chunk that the database may refuse before the whole job fails.
        keys_expired: Tells whether so much time has passed that idempotency keys may be free again.
    """

    def __init__(
        self,
        asked: list[Asked],
        rules: dict[tuple[str, str], KeyRule],
        *,
        faults_max: int,
        keys_expired: Callable[[], bool],
    ) -> None:
        self._asked, self._rules, self._faults_max = asked, rules, faults_max
        self._keys_expired = keys_expired
        self._records: dict[tuple[int, str], list[ModelRecord]] = defaultdict(list)
        self._origin: dict[str, tuple[str, int]] = {}
        self._slugs: set[tuple[int, str, str]] = set()
        self.jobs: dict[tuple[int, str], ExpectedJob] = {}
        self.gone: set[tuple[int, str]] = set()
        self.purge_asked = False
        self.chunks_done = 0

    def observe(self, seen: Snapshot) -> None:
        """Take notice of what everybody can see now.

        Raises:
            Violation: It is not what some sequence of whole chunks leads to.
        """
        for key in [key for key in seen["job"] if key not in self.jobs]:
            self._accept(key, seen)
        for key in [key for key in self.jobs if key not in seen["job"]]:
            self._forget(key)
        self._advance(seen)
        self._take_over_states(seen)
        self._compare(seen)

    def _accept(self, key: tuple[int, str], seen: Snapshot) -> None:
        demand(key not in self.gone, "a purged job came back: {}", key)
        asked = next((asked for asked in self._asked if key[1] in asked.job_ids and key[0] == asked.team_id), None)
        demand(asked is not None, "nobody asked for job {}", key)
        assert asked
        once = asked.once and not self._keys_expired()
        demand(not (once and asked.accepted), "job {} runs what one idempotency key stands for again", key)
        asked.accepted = True
        job = ExpectedJob(key[1], asked, asked.rows, [])
        if asked.parent:
            picked = dict(_rows_to_retry(self.jobs[key[0], asked.parent], asked))
            job.rows, job.origins = list(picked.values()), list(picked)
        self.jobs[key] = job
        if asked.synchronous:
            return
        for number in range(job.chunks):
            rows = job.rows_of(number)
            first = number * asked.chunk
            stored = seen["chunk"].get((*key, number))
            found = stored and (*stored[:2], _sent(stored[2]), stored[3])
            origins = job.origins[first : first + asked.chunk]
            same("the rows of a job", (*key, number), (first, len(rows), rows, origins), found)

    def _forget(self, key: tuple[int, str]) -> None:
        job = self.jobs.pop(key)
        demand(job.ended, "job {} was deleted before its end", key)
        demand(self.purge_asked, "job {} was deleted and nobody purged", key)
        self.gone.add(key)

    def _advance(self, seen: Snapshot) -> None:
        done: dict[tuple[int, str], list[int]] = defaultdict(list)
        for team_id, job_id, number in seen["result"]:
            job = self.jobs.get((team_id, job_id))
            demand(job is not None, "verdicts without a job: {}", job_id)
            assert job
            if number >= job.cursor:
                done[team_id, job_id].append(number)
        demand(len(done) <= 1, "chunks of several jobs became visible at once: {}", dict(done))
        for key, numbers in done.items():
            job = self.jobs[key]
            demand(not job.ended, "job {} went on after its end", key)
            wanted = list(range(job.chunks)) if job.asked.synchronous else [job.cursor]
            demand(sorted(numbers) == wanted, "chunks {} of job {} became visible at once", numbers, key)
            for number in wanted:
                self._do(key, job, number, seen["result"][*key, number])

    def _do(self, key: tuple[int, str], job: ExpectedJob, number: int, stored: tuple[Any, ...]) -> None:
        rows, first = job.rows_of(number), number * job.asked.chunk
        found = [_told(verdict) for verdict in json.loads(f"[{stored[-1]}]")]
        # Where no part of a chunk could be done, neither could what makes a property a key.
        if job.asked.options.get("dedupe_by") and any(verdict["code"] != "internal_error" for verdict in found):
            self._slugs.add((key[0], job.asked.object_type, job.asked.options["dedupe_by"]))
        if any(
            ADDRESSES in row and UNKNOWN not in row and verdict["code"] != "internal_error"
            for row, verdict in zip(rows, found, strict=True)
        ):
            self._slugs.add((key[0], "contact", "email"))
        if job.asked.options.get("list_id"):
            self._slugs.add((key[0], job.asked.object_type, LISTS))
        verdicts = list(self._judge(job, rows, first, found))
        same("verdicts", (*key, number), verdicts, found)
        same("counts of verdicts", (*key, number), (first, len(rows), *job.counts(verdicts)), stored[:-1])
        demand(self._faults(verdicts) <= self._faults_max, "chunk {} of job {} has too many faults", number, key)
        self.chunks_done += 1
        job.verdicts += verdicts
        job.cursor += 1
        job.state = "complete" if job.cursor == job.chunks else "running"

    def _judge(self, job: ExpectedJob, rows: list[Row], first: int, found: Sequence[Verdict]) -> Iterator[Verdict]:
        asked, options = job.asked, job.asked.options
        stored = self._records[asked.team_id, asked.object_type]
        dry = options.get("dry_run", False)
        view = self._forecast(job, stored) if dry else stored
        model = ModelImport(
            options.get("dedupe_by"),
            options.get("caseInsensitive", True),
            options.get("on_match", "skip"),
            options.get("require_key", False),
            view,
        )
        for record in view:
            record.first_row = job.seen.get(record.id)
        before = {record.id: (dict(record.values), record.version) for record in view}
        for index, row in enumerate(rows, first):
            verdict = self._judge_one(job, model, index, row, found[index - first] if found else None)
            if job.origins:
                verdict["origin"] = job.origins[index]
            yield verdict
        for record in view:
            if record.id in job.touches and record.version != before[record.id][1]:
                self._touch(job.touches[record.id], *before[record.id], record)

    @staticmethod
    def _touch(touch: list[Any], before: Values, version: int, record: ModelRecord) -> None:
        """Note what a chunk changed of a record; others may have changed it since an earlier chunk did."""
        was, now = _differing(before, record.values)
        assert was is not None
        assert now is not None
        touch[1:] = touch[1] or version, record.version, {**was, **(touch[3] or {})}, {**(touch[4] or {}), **now}

    def _judge_one(self, job: ExpectedJob, model: ModelImport, index: int, row: Row, found: Verdict | None) -> Verdict:
        dry = job.asked.options.get("dry_run", False)
        failed = {"index": index, "outcome": "failed", "id": None, "duplicate_of": None, "contacts": []}
        sent, refusal = row, self._refusal(job, row)
        if refusal:
            return {**failed, "code": refusal}
        if ADDRESSES in row:
            row = {**row, ADDRESSES: list(dict.fromkeys(self._contact(job, one) for one in row[ADDRESSES]))}
        before = {id(one): (dict(one.values), one.version, one.first_row) for one in model.records}
        list_id = job.asked.options.get("list_id")
        said = model.one(index, None if UNKNOWN in row else {**row, LISTS: [list_id]} if list_id else row)
        verdict = {**failed, "outcome": said["outcome"], "duplicate_of": said.get("duplicate_of")}
        verdict["code"] = {"refused": "invalid_property"}.get(said.get("code", ""), said.get("code"))
        record: ModelRecord | None = said.get("record")
        if record is None:
            return verdict
        created, was = said["outcome"] == "created", before.get(id(record))
        if not dry and said["outcome"] in ("created", "updated") and record.values.get("country") == POISON:
            if created:
                model.records.remove(record)
            else:
                assert was
                record.values, record.version, record.first_row = was
            return {**failed, "code": "internal_error"}
        verdict["contacts"] = list(self._make_contacts(job, record, index, sent, found))
        if created:
            self._name(job, record, index, found["id"] if found else None)
        elif record.id not in job.made:
            job.touches.setdefault(record.id, [index, None, None, None, None])
        if dry and (created or said["outcome"] == "updated"):
            job.drafts[record.id] = record
        job.seen.setdefault(record.id, index)
        verdict["id"] = None if dry and record.id in job.made else record.id
        return verdict

    def _refusal(self, job: ExpectedJob, row: Row) -> str | None:
        """Return why a row is refused for the addresses that it names, if it is."""
        if UNKNOWN in row:
            return None
        for address in row.get(ADDRESSES, ()):
            known = self._contacts(job, address)
            if len(known) != 1 and (known or address.endswith("@")):
                return "multiple_matches" if known else "invalid_value"
        return None

    def _contacts(self, job: ExpectedJob, address: str) -> list[str]:
        stored = self._records[job.asked.team_id, "contact"]
        if _folded(address) in job.drafted:
            return [job.drafted[_folded(address)]]
        return [one.id for one in stored if _folded(one.values.get("email", "")) == _folded(address)]

    def _contact(self, job: ExpectedJob, address: str) -> str:
        """Return the contact of an address, or what stands for one that is not there yet."""
        known = self._contacts(job, address)
        return known[0] if known else f"{_NEW}{_folded(address)}"

    def _make_contacts(
        self, job: ExpectedJob, record: ModelRecord, index: int, sent: Row, found: Verdict | None
    ) -> Iterator[tuple[str | None, str]]:
        """Make the contacts that a record has come to refer to, with the ids that they were given."""
        given = {_folded(email): contact_id for contact_id, email in found["contacts"]} if found else {}
        for place, one in enumerate(record.values.get(ADDRESSES, ())):
            if not one.startswith(_NEW):
                continue
            folded = one.removeprefix(_NEW)
            email = next(address.strip() for address in sent[ADDRESSES] if _folded(address) == folded)
            contact_id = given.get(folded)
            made = contact_id or f"contact {job.id} {folded}"
            record.values[ADDRESSES] = [
                made if number == place else other for number, other in enumerate(record.values[ADDRESSES])
            ]
            if job.asked.options.get("dry_run"):
                job.drafted[folded] = made
            else:
                demand(made not in self._origin, "contact {} was made twice", made)
                self._records[job.asked.team_id, "contact"].append(ModelRecord({"email": email}, 1, index, made))
                if contact_id:
                    self._origin[made] = (job.id, index)
            yield contact_id, email

    def _name(self, job: ExpectedJob, record: ModelRecord, index: int, given_id: str | None) -> None:
        if job.asked.options.get("dry_run") or given_id is None:
            record.id = f"draft {job.id} {index}"
        else:
            demand(given_id not in self._origin, "record {} was made twice", given_id)
            record.id = given_id
            self._origin[given_id] = (job.id, index)
        job.made.add(record.id)

    def _forecast(self, job: ExpectedJob, stored: list[ModelRecord]) -> list[ModelRecord]:
        """Return what a dry run sees: its drafts, in the place of what they were made of."""
        known = [job.drafts.get(record.id) or copy.deepcopy(record) for record in stored]
        new = [record for record in job.drafts.values() if record.id in job.made]
        return known + new

    def _take_over_states(self, seen: Snapshot) -> None:
        for key, job in self.jobs.items():
            state, error = seen["job"][key][2], seen["job"][key][10]
            if state == job.state or job.ended:
                continue
            if state == "cancelled":
                demand(job.asked.cancelled, "job {} was cancelled and nobody asked for it", key)
            elif state == "failed":
                demand(self._faults(self._tried(job)) > self._faults_max, "job {} failed for no reason", key)
            else:
                continue  # the comparison will tell
            job.state, job.error = state, {"cancelled": "cancelled", "failed": "internal_error"}[state]
            same("the error of a job", key, job.error, error)

    def _tried(self, job: ExpectedJob) -> list[Verdict]:
        """Return the verdicts that a job's next chunk would have, and leave no trace."""
        kept, self._records = self._records, copy.deepcopy(self._records)
        try:
            return list(self._judge(copy.deepcopy(job), job.rows_of(job.cursor), job.cursor * job.asked.chunk, ()))
        finally:
            self._records = kept

    @staticmethod
    def _faults(verdicts: Sequence[Verdict]) -> int:
        return sum(verdict["code"] == "internal_error" for verdict in verdicts)

    def _compare(self, seen: Snapshot) -> None:
        used = set(seen["slug"])
        demand(self._slugs <= used, "{} are no keys, but {} are", self._slugs - used, used)
        for kind, expected in self._expected(used).items():
            found = seen[kind]
            if kind == "touch":
                # A value that is again what it was may be among those that changed, or not.
                found = {
                    key: (*touch[:3], *_differing(*map(self._told_apart, touch[3:]))) for key, touch in found.items()
                }
            if found != expected:
                for key in sorted({*found, *expected}, key=str):
                    same(kind, key, expected.get(key), found.get(key))

    def _expected(self, used: set[Any]) -> Snapshot:
        # A property can become a key where nobody needs it yet, as where a row is refused after it was read; from then
        # on it has to be kept like all others.
        expected: Snapshot = {"record": {}, "job": {}, "entry": {}, "touch": {}, "key": {}}
        keys: dict[tuple[Any, ...], int] = defaultdict(int)
        slugs: dict[tuple[int, str], list[KeyRule]] = defaultdict(list)
        for team_id, object_type, slug in used:
            slugs[team_id, object_type].append(self._rules[object_type, slug])
        for (team_id, object_type), records in self._records.items():
            for record in records:
                said = (object_type, record.version, record.values, *self._origin[record.id], None)
                expected["record"][team_id, record.id] = said
                for rule in slugs[team_id, object_type]:
                    for key_hash in rule.hashes(record.values.get(rule.slug)):
                        keys[team_id, key_hash, record.id] += 1
        expected["key"] = {key: (count,) for key, count in keys.items()}
        for key, job in self.jobs.items():
            expected["job"][key] = (
                job.asked.object_type, job.asked.synchronous, job.state, len(job.rows), job.chunks, job.cursor,
                *job.counts(), job.error, job.asked.parent, sum(len(verdict["contacts"]) for verdict in job.verdicts),
            )  # fmt: skip
            if not job.ended:
                expected["entry"][key] = (job.state == "running",)
            for record_id, touch in job.touches.items():
                expected["touch"][*key, record_id] = (*touch[:3], *_differing(*map(self._told_apart, touch[3:])))
        return expected

    def _told_apart(self, values: Values | None) -> Values | None:
        """Return values in which contacts that a dry run would have made are all the same: nobody is told their ids."""
        if not values or not values.get(ADDRESSES):
            return values
        return {**values, ADDRESSES: [one if one in self._origin else "a draft" for one in values[ADDRESSES]]}


def _differing(before: Values | None, after: Values | None) -> tuple[Values | None, Values | None]:
    if before is None or after is None:
        return None, None
    slugs = [slug for slug in before | after if before.get(slug) != after.get(slug)]
    return {slug: before.get(slug) for slug in slugs}, {slug: after.get(slug) for slug in slugs}


def _rows_to_retry(parent: ExpectedJob, asked: Asked) -> Iterator[tuple[int, Row]]:
    for verdict in parent.verdicts:
        if verdict["outcome"] == "failed":
            yield verdict["index"], asked.corrections.get(verdict["index"], parent.rows[verdict["index"]])
    if asked.not_attempted:
        yield from list(enumerate(parent.rows))[len(parent.verdicts) :]


def _told(verdict: dict[str, Any]) -> Verdict:
    failed = "error" in verdict
    word = "created" if verdict["created"] else "updated" if verdict["updated"] else "existing"
    told = {
        "index": verdict["input_index"],
        "outcome": "failed" if failed else word,
        "id": verdict["id"],
        "duplicate_of": verdict.get("duplicate_of"),
        "code": verdict["error"]["code"] if failed else None,
        "contacts": [(one["id"], one["email"]) for one in verdict.get("contacts_created", ())],
    }
    if "parent_input_index" in verdict:
        told["origin"] = verdict["parent_input_index"]
    return told


def _folded(address: str) -> str:
    return address.strip().lower()


def demand(holds: bool, sentence: str, *values: object) -> None:  # noqa: FBT001 - reads as an assertion
    """Raise a violation unless something holds."""
    if not holds:
        raise Violation(sentence.format(*values))


def same(what: str, key: object, expected: object, found: object) -> None:
    """Raise a violation unless what was found is what was expected."""
    if expected != found:
        raise Violation(f"{what} {key}:\n  expected {expected}\n  found    {found}")


def encoded(rows: Sequence[Row], options: dict[str, Any]) -> bytes:
    """Return the body of an import request."""
    return msgspec.json.encode({"objects": [{"default": row} for row in rows], "options": options})


def _sent(stored: str) -> list[Any]:
    return [row.get("default") for row in json.loads(unpacked(bytes.fromhex(stored)))]
