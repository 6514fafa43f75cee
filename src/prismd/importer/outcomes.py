"""The outcomes of rows: the server's results, with the earlier rows of the file that a row repeats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from prismd.files.rows import FileRow
from prismd.importer.imports import Problem, RowResult
from prismd.importer.row_keys import RowKeys
from prismd.importer.row_outcome import OutcomeKind, RowOutcome
from prismd.importer.run import BatchResults
from prismd.importer.seen_rows import SeenRows, digest

_SILENT: Final = Problem("internal_error", "the server says neither what became of the row nor why it failed")


class Outcomes:
    """Makes the outcomes of rows.

    Args:
        keys: Finds the de-duplication key of a row; None without de-duplication.
        seen: The rows of earlier batches; None without de-duplication.
        options: The import's options on the wire.
    """

    def __init__(self, keys: RowKeys | None, seen: SeenRows | None, options: Mapping[str, object]) -> None:
        self._keys = keys
        self._seen = seen
        self._writes_over = bool(options.get("update_existing"))
        self._fills = options.get("on_match") == "fill"

    def of(self, found: BatchResults) -> Iterator[RowOutcome]:
        """Yield the outcomes of the rows of a batch, in their order.

        Args:
            found: The batch and its results.
        """
        sent = [row for row in found.batch.rows if row.wire is not None]
        earlier = self._seen.of(result.id for _, result in found if result and result.id) if self._seen else {}
        for row, result in found:
            if result is None:
                yield RowOutcome(row, OutcomeKind.LEFT_OUT, remark=f"the row {row.left_out}")
                continue
            problems = _problems(result)
            if problems:
                yield RowOutcome(row, OutcomeKind.FAILED, problems=problems)
            elif not result.existing:
                yield self._created(row, result, earlier)
            else:
                yield self._matched(row, result, sent, earlier)
        if self._seen:
            self._seen.keep(earlier)

    def _created(self, row: FileRow, result: RowResult, earlier: dict[str, tuple[int, bytes]]) -> RowOutcome:
        keyless = self._keys is not None and self._keys.of(row) is None
        if result.id and self._seen:
            earlier.setdefault(result.id, (row.number, digest(row)))
        remark = (
            f"it has no value for {self._keys.slug}, so it became a record of its own" if self._keys and keyless else ""
        )
        return RowOutcome(row, OutcomeKind.CREATED, result.id, keyless=keyless, contacts=result.contacts, remark=remark)

    def _matched(
        self, row: FileRow, result: RowResult, sent: list[FileRow], earlier: dict[str, tuple[int, bytes]]
    ) -> RowOutcome:
        key = self._keys.of(row) if self._keys else None
        first, same = self._first(row, result, sent, earlier)
        if first is None:
            kind, remark = (OutcomeKind.UPDATED if result.updated else OutcomeKind.EXISTING), ""
        elif same:
            kind, remark = OutcomeKind.REPEATED, f"it says the same as row {first}"
        else:
            kind = OutcomeKind.FOLDED
            remark = f"row {first} has the same key and says something else; {self._what_happens()}"
        return RowOutcome(
            row, kind, result.id, key, first, bool(result.updated), contacts=result.contacts, remark=remark
        )

    def _first(
        self, row: FileRow, result: RowResult, sent: list[FileRow], earlier: dict[str, tuple[int, bytes]]
    ) -> tuple[int | None, bool]:
        """Return the first earlier row of the file with the same record, and whether it has the same values."""
        index = result.duplicate_of
        known = earlier.get(result.id) if result.id else None
        if known and known[0] < row.number:
            return known[0], known[1] == digest(row)
        if isinstance(index, int) and 0 <= index < len(sent) and sent[index].number < row.number:
            return sent[index].number, digest(sent[index]) == digest(row)
        if result.id and self._seen:
            earlier[result.id] = (row.number, digest(row))
        return None, False

    def _what_happens(self) -> str:
        if self._writes_over:
            return "its values were written over"
        return "only what the record lacked was filled" if self._fills else "the values of this row were not written"


def _problems(result: RowResult) -> tuple[Problem, ...]:
    if result.problems or result.existing or result.created or result.id:
        return result.problems
    return (_SILENT,)
