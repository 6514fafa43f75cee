"""The plan of an import: the result of each row, and the records to create and to change; writing decides nothing.

Rows are judged in input order against the records that have their keys: records from before the import, and records of
earlier rows. The plan does not depend on how rows are cut into chunks, because a record that an earlier chunk created
comes back from the database with the number of its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from prismd.core.ids import NewId
from prismd.core.imports.key_index import KeyIndex
from prismd.core.imports.options import OWN_ID, ImportOptions, OnMatch
from prismd.core.properties.schema import LISTS_KEY
from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import ArrayChange, Properties, Rewritten, merged, overwritten, rewritten
from prismd.core.records.missing_references import NewRecord
from prismd.core.records.rows import Problem, RefusedRow, Row
from prismd.core.wording.quoting import quoted

_SHOWN_IDS_MAX = 3
#: Maximum number of matching records to count for one row; a message says only "more" beyond it.
MATCHES_MAX = 10


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a record from before the chunk, with its values before."""

    record: KnownRecord
    version_before: int
    before: Properties

    def rewritten(self) -> Rewritten:
        """Return the chunk's change of the record."""
        record = self.record
        return rewritten(
            record.id, (self.version_before, record.version), self.before, record.properties, record.location
        )


class NewReference(NamedTuple):
    """A record that a row creates for one of its references.

    Args:
        id: Id of the record as clients see it; None in a dry run.
        record: The record.
    """

    id: str | None
    record: NewRecord


@dataclass(slots=True)
class RowResult:
    """The result of one row (contract, sections 10.4 and 22).

    Args:
        index: Index of the row in the import, from 0.
        id: Id of the created or matched record; None if there is none.
        existing: Whether the row matched a record by its key.
        updated: Whether the row changed the matched record.
        duplicate_of: Index of the earlier row of this import with the same record; None if there is none.
        problems: The reasons for a failure; empty if the row succeeded.
        parent_index: For a retry, the index of the row in the original import.
        contacts: Contacts created from addresses in the row: the id, which is None in a dry run, and the address.
        references: Records created for references by key in the row.
        warnings: What the row says and its record does not have, such as references to records that there are not.
    """

    index: int
    id: str | None = None
    existing: bool = False
    updated: bool = False
    duplicate_of: int | None = None
    problems: Sequence[Problem] = ()
    parent_index: int | None = None
    contacts: Sequence[tuple[str | None, str]] = ()
    references: Sequence[NewReference] = ()
    warnings: Sequence[Problem] = ()

    @property
    def failed(self) -> bool:
        """Whether the row failed."""
        return bool(self.problems)

    @property
    def created(self) -> bool:
        """Whether the row created a record."""
        return not self.existing and not self.problems


@dataclass(slots=True)
class Plan:
    """The results of some rows, and the writes that follow from them."""

    results: list[RowResult] = field(default_factory=list)
    created: list[KnownRecord] = field(default_factory=list)
    #: Changes of records from before the chunk, by id.
    changed: dict[str, Change] = field(default_factory=dict)
    #: Records from before the import that a row matched for the first time.
    first_matched: list[KnownRecord] = field(default_factory=list)
    #: Contacts created from addresses.
    contacts: list[KnownRecord] = field(default_factory=list)
    #: Records created for references by key, by object type.
    targets: dict[str, list[KnownRecord]] = field(default_factory=dict)


class Planner:
    """Judges rows one by one.

    Args:
        rule: The key rule of the import; None creates a record for every row.
        options: The options of the import.
        new_id: Returns the ids of new records.
        first_row: Index of the first row in the import.
    """

    def __init__(self, rule: KeyRule | None, options: ImportOptions, new_id: NewId, first_row: int) -> None:
        self._options = options
        self._new_id = new_id
        self._first_row = first_row
        self._known = None if rule is None else KeyIndex(rule)
        self._own: Mapping[str, KnownRecord] = {}
        self._needs_id = options.require_key and options.dedupe_by == OWN_ID
        #: The plan of the rows judged so far.
        self.plan = Plan()

    def know(self, own: Mapping[str, KnownRecord]) -> None:
        """Take note of the records whose ids rows give, before any other candidate.

        Args:
            own: The records, by id.
        """
        self._own = own
        self.enter(own.values())

    def enter(self, candidates: Iterable[KnownRecord]) -> None:
        """Enter records from the database that can have keys of the next rows.

        Args:
            candidates: The records; further ones do no harm. Those entered before keep their present state.
        """
        if self._known is not None:
            self._known.add_stored(candidates)

    def judge(self, rows: Iterable[Row | RefusedRow]) -> None:
        """Plan the next rows.

        Args:
            rows: The rows in input order. With a key rule, :func:`find_keys` has found their keys, and the records with
                these keys are entered.
        """
        results = self.plan.results
        results += [self._judge(index, row) for index, row in enumerate(rows, self._first_row + len(results))]

    def _judge(self, index: int, row: Row | RefusedRow) -> RowResult:
        if isinstance(row, RefusedRow):
            return RowResult(index, problems=row.problems)
        known, keys = self._known, row.keys
        if known is None or row.id is not None:
            return self._judge_by_id(index, row)
        if not keys:
            return self._without_key(index, row, known.rule)
        matches = known.having(keys)
        if not matches:
            return self._create(index, row, keys)
        if len(matches) > 1:
            return RowResult(index, problems=[_several(known.rule, matches)])
        return self._match(index, row, matches[0])

    def _judge_by_id(self, index: int, row: Row) -> RowResult:
        if row.id is None:
            return _without_id(index) if self._needs_id else self._create(index, row, ())
        record = self._own.get(row.id)
        if record is not None:
            return self._match(index, row, record)
        message = f"there is no record with the id {quoted(row.id)}; leave the id out to create one"
        return RowResult(index, problems=[Problem("not_found", message)])

    def _without_key(self, index: int, row: Row, rule: KeyRule) -> RowResult:
        if not self._options.require_key:
            return self._create(index, row, ())
        message = f"the row has no value for {rule.slug}, by which records are told apart; give it one"
        return RowResult(index, problems=[Problem("missing_key", message, rule.slug, list_id=rule.prop.list_id)])

    def _create(self, index: int, row: Row, keys: Sequence[str]) -> RowResult:
        properties = row.values if row.plain else merged({}, row.values)
        record = KnownRecord(self._new_id(), 1, properties, index, True, "", row.hashes)  # noqa: FBT003 - by position is fastest
        self.plan.created.append(record)
        if keys and self._known is not None:
            self._known.add_new(record, keys)
        return RowResult(index, self._shown_id(record))

    def _match(self, index: int, row: Row, record: KnownRecord) -> RowResult:
        result = RowResult(index, self._shown_id(record), existing=True, duplicate_of=record.first_row)
        if record.first_row is None:
            record.first_row = index
            self.plan.first_matched.append(record)
        result.updated = self._update(record, row)
        return result

    def _update(self, record: KnownRecord, row: Row) -> bool:
        after = self._merged(record.properties, row)
        if after is record.properties:
            return False
        if not self._is_new(record) and record.id not in self.plan.changed:
            self.plan.changed[record.id] = Change(record, record.version, record.properties)
        if self._known is None:
            record.properties = after
        else:
            self._known.change(record, after)
        record.version += 1
        record.hashes = None
        return True

    def _is_new(self, record: KnownRecord) -> bool:
        return record.made_by_import and record.first_row is not None and record.first_row >= self._first_row

    def _merged(self, properties: Properties, row: Row) -> Properties:
        # A row that joins a list is never plain, because it changes the record even if it has no values.
        after, joined = properties, None if row.plain else row.values.get(LISTS_KEY)
        if self._options.changes_matches:
            fill = self._options.on_match is OnMatch.FILL
            after = merged(after, row.values, fill=fill) if fill or not row.plain else overwritten(after, row.values)
        # ``on_match`` is about values: a matched record joins the lists of the row in any case.
        return after if joined is None else merged(after, {LISTS_KEY: joined})

    def _shown_id(self, record: KnownRecord) -> str | None:
        # A dry run creates no records, so their ids would lead nowhere.
        return None if self._options.dry_run and record.made_by_import else record.id


def _without_id(index: int) -> RowResult:
    message = "the row has no id, by which records are told apart; give it one"
    return RowResult(index, problems=[Problem("missing_key", message)])


def find_keys(rule: KeyRule, rows: Iterable[Row | RefusedRow]) -> None:
    """Set the keys and hashes of the rows that have none yet."""
    slug = rule.key
    for row in rows:
        if type(row) is Row and row.keys is None:
            value = row.values.get(slug)
            if type(value) is ArrayChange:
                # Appended values identify the record like written values do; removed values do not.
                value = merged({}, {slug: value}).get(slug)
            row.keys, row.hashes = rule.keys_and_hashes(value)


def hashes_of(rows: Iterable[Row | RefusedRow]) -> set[int]:
    """Return the hashes that find the records which rows can match.

    Args:
        rows: Rows whose keys :func:`find_keys` has found.
    """
    return {one for row in rows if type(row) is Row for one in row.hashes}


def _several(rule: KeyRule, matches: Sequence[KnownRecord]) -> Problem:
    shown = ", ".join(record.id for record in matches[:_SHOWN_IDS_MAX])
    rest = " and others" if len(matches) > _SHOWN_IDS_MAX else ""
    count = len(matches) if len(matches) <= MATCHES_MAX else f"more than {MATCHES_MAX}"
    message = f"{count} records carry this {rule.slug}: {shown}{rest}; merge them, or use another key"
    return Problem("multiple_matches", message, rule.slug, list_id=rule.prop.list_id)
