"""Reading the records behind references, in a few statements for each reference followed."""

from __future__ import annotations

from collections.abc import Sequence

from prismd.core.properties.schema import Property
from prismd.core.queries.paths import Schemas, reference_behind
from prismd.core.queries.rows import References, Selection, Shown, inverses_in, keys_behind, wanted_targets
from prismd.core.queries.semantics import QueriedRecord
from prismd.core.records.keys import KeyRule
from prismd.services.records.findable import make_findable
from prismd.services.records.reading_budget import Reading
from prismd.services.session import Transaction
from prismd.store.queries import pages
from prismd.store.records.values import Wanted


def make_inverses_findable(transaction: Transaction, schemas: Schemas, shown: Selection) -> None:
    """Make records findable by the references that selected inverse properties show (see :func:`make_findable`).

    Args:
        transaction: The team's open transaction; it has written nothing.
        schemas: The schemas of all types.
        shown: The selection.
    """
    references = {prop.inverse_of: reference_behind(schemas, prop) for prop in inverses_in(shown)}
    for object_type, reference in references.values():
        make_findable(transaction, object_type, reference)


class ReferenceReader:
    """Reads the records that given records refer to, and the records that refer to them.

    The caller makes records findable by the references behind inverse properties first.

    Args:
        reading: The reading of the request, with its limits.
        team_id: Internal id of the team.
        schemas: The schemas of all types.
    """

    def __init__(self, reading: Reading, team_id: int, schemas: Schemas) -> None:
        self._reading = reading
        self._connection = reading.connection
        self._team_id = team_id
        self._schemas = schemas
        self._most = reading.settings.references_shown_max
        self._references = References(reading.settings.nested_rows_max, reading.settings.answer_bytes_max)
        self._referring = 0

    def read(self, records: Sequence[QueriedRecord], shown: Selection) -> References:
        """Return the references and the records behind them that a selection shows; call it once for each reader.

        Args:
            records: The records to show.
            shown: The selection.

        Raises:
            PrismdError: ``invalid_request``: more than one answer can show, or one request can read; ``query_timeout``.
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
        """Return the ids of the records that refer to given records, by the id of the record referred to.

        Args:
            prop: An inverse property.
            ids: Ids of records of the type that has the property.
        """
        other, reference = reference_behind(self._schemas, prop)
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
