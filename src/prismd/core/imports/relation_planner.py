"""Judging rows whose references by key can be missing, and creating records with the first row that refers to them."""

from __future__ import annotations

from collections.abc import Sequence

from prismd.core.ids import NewId
from prismd.core.imports.options import ImportOptions
from prismd.core.imports.plan import NewReference, RowResult
from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.missing_references import Judged, MissingReferences
from prismd.core.records.new_contacts import ContactPlanner, NewContacts
from prismd.core.records.rows import RefusedRow, Row


class RelationPlanner(ContactPlanner):
    """Judges rows with missing references: refuses them, leaves the references out, or creates their records.

    Args:
        rule: The key rule of the import; None creates a record for every row.
        options: The options of the import.
        new_id: Returns the ids of new records.
        first_row: Index of the first row in the import.
        contacts: The contacts that the rows can create.
        missing: The references that lead to no record.
    """

    def __init__(
        self,
        rule: KeyRule | None,
        options: ImportOptions,
        new_id: NewId,
        first_row: int,
        *,
        contacts: NewContacts,
        missing: MissingReferences,
    ) -> None:
        super().__init__(rule, options, new_id, first_row, contacts=contacts)
        self._missing = missing
        self._judged: Judged | None = None

    def _judge(self, index: int, row: Row | RefusedRow) -> RowResult:
        if isinstance(row, RefusedRow) or not row.refers:
            self._judged = None
            return super()._judge(index, row)
        self._judged = judged = self._missing.judge(row, self._contacts.made_for)
        self._contacts.stand_in(judged.row, row)
        result = super()._judge(index, judged.row)
        if judged.warnings and (result.created or (result.existing and self._options.changes_matches)):
            result.warnings = judged.warnings
        return result

    def _create(self, index: int, row: Row, keys: Sequence[str]) -> RowResult:
        result = super()._create(index, row, keys)
        self._link_targets(result, self.plan.created[-1])
        return result

    def _match(self, index: int, row: Row, record: KnownRecord) -> RowResult:
        result = super()._match(index, row, record)
        if result.updated:
            self._link_targets(result, record)
        return result

    def _link_targets(self, result: RowResult, record: KnownRecord) -> None:
        made = [] if self._judged is None else self._missing.link(self._judged, record.properties)
        if made:
            dry = self._options.dry_run
            result.references = [NewReference(None if dry else one.id, one) for one in made]
            for one in made:
                record = KnownRecord(one.id, 1, one.properties, result.index, made_by_import=True)
                self.plan.targets.setdefault(one.object_type, []).append(record)
