"""Reading what the references of records lead to, in a few statements for each reference that is followed."""

from __future__ import annotations

from collections.abc import Sequence

from prismd.core.properties.schema import Property
from prismd.core.queries.paths import Schemas
from prismd.core.queries.rows import References, Selection, Shown, keys_behind, wanted_targets
from prismd.core.queries.semantics import QueriedRecord
from prismd.core.records.keys import KeyRule
from prismd.services.records.keys import ensure_key
from prismd.services.records.reading_budget import Reading
from prismd.store.queries import pages
from prismd.store.records.values import Wanted


class ReferenceReader:
    """Reads the records that others refer to, and those that refer to them.

    Args:
        reading: Of the request.
        team_id: Whose records.
        schemas: Of all types whose records prismd keeps.
        commits: Whether it reads outside a transaction, or in one that may be committed: a property that becomes a key
            stays one, and nobody waits for the rest of the reading, which may take the lock of another type.
    """

    def __init__(self, reading: Reading, team_id: int, schemas: Schemas, *, commits: bool = False) -> None:
        self._reading = reading
        self._connection = reading.connection
        self._commits = commits
        self._team_id = team_id
        self._schemas = schemas
        self._most = reading.settings.references_shown_max
        self._references = References(reading.settings.nested_rows_max, reading.settings.answer_bytes_max)
        self._referring = 0

    def read(self, records: Sequence[QueriedRecord], shown: Selection) -> References:
        """Return what must be known to show records; once, as no more is read of others than what is shown.

        Args:
            records: To be shown.
            shown: What of them.

        Raises:
            PrismdError: ``invalid_request``: it is more than one answer may show, or one request may read;
                ``query_timeout``.
        """
        self._follow(records, shown, keys_behind(shown))
        return self._references

    def _follow(self, records: Sequence[QueriedRecord], shown: Selection, wanted: Wanted) -> None:
        if not records or not shown:
            return
        self._read_inverses(records, shown)
        known = self._references
        missing = wanted_targets(records, shown, known) - known.records.keys()
        if missing:
            known.check(len(known.records) + len(missing))
            self._reading.limit_time()
            known.records |= pages.records_by_ids(
                self._connection, self._team_id, missing, self._reading.budget, wanted
            )
        for one in shown.values():
            if one.is_followed:
                self._follow(self._targets(records, one), one.inner, wanted)

    def _targets(self, records: Sequence[QueriedRecord], shown: Shown) -> list[QueriedRecord]:
        known, target_type = self._references, shown.prop.target or ""
        ids = dict.fromkeys(target for record in records for target in known.ids(record, shown.prop))
        return [known.records[target_type, target] for target in ids if (target_type, target) in known.records]

    def _read_inverses(self, records: Sequence[QueriedRecord], shown: Selection) -> None:
        for one in shown.values():
            if one.prop.inverse_of is not None:
                self._reading.limit_time()
                found = self.referring(one.prop, [record.id for record in records])
                self._references.inverses |= {(one.prop.id, target): ids for target, ids in found.items()}

    def referring(self, prop: Property, ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the ids of the records that refer to some records, by the id of what they refer to.

        Args:
            prop: A property that shows a reference from its other side.
            ids: Of records of the type that has the property.
        """
        assert prop.inverse_of is not None  # noqa: S101 - callers ask for such properties alone
        other, slug = prop.inverse_of
        reference = self._schemas[other].properties[slug]
        if ensure_key(self._connection, self._team_id, other, reference) and self._commits:
            self._reading.commit(self._team_id)
            self._reading.limit_time()
        rule = KeyRule(other, reference, fold_case=True)
        hashes = {one: rule.hashes(one)[0] for one in ids}
        known = self._references
        found = pages.referring_records(
            self._connection,
            self._team_id,
            other,
            reference.key,
            hashes,
            each_max=self._most,
            most=known.rows_max - self._referring + 1,
        )
        self._referring += sum(map(len, found.values()))
        known.check(self._referring)
        return found
