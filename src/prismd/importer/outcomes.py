"""Tells what became of rows, and which of them repeat earlier rows of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from prismd.importer.files.rows import FileRow
from prismd.importer.imports import Problem, Verdict
from prismd.importer.row_keys import RowKeys
from prismd.importer.row_outcome import RowOutcome, Word
from prismd.importer.run import Outcome
from prismd.importer.seen_rows import SeenRows, digest

_SILENT: Final = Problem("internal_error", "the server says neither what became of the row nor why it failed")


class Outcomes:
    """Tells what became of rows.

    Args:
        keys: Finds the de-duplication key of a row; None where rows are not told apart.
        seen: The rows of earlier batches; None as above.
        options: The import's options on the wire.
    """

    def __init__(self, keys: RowKeys | None, seen: SeenRows | None, options: Mapping[str, object]) -> None:
        self._keys = keys
        self._seen = seen
        self._writes_over = bool(options.get("update_existing"))
        self._fills = options.get("on_match") == "fill"

    def of(self, outcome: Outcome) -> Iterator[RowOutcome]:
        """Yield what became of the rows of a batch, in their order.

        Args:
            outcome: The batch and its verdicts.
        """
        sent = [row for row in outcome.batch.rows if row.wire is not None]
        earlier = self._seen.of(verdict.id for _, verdict in outcome if verdict and verdict.id) if self._seen else {}
        for row, verdict in outcome:
            if verdict is None:
                yield RowOutcome(row, Word.LEFT_OUT, remark=f"the row {row.left_out}")
                continue
            problems = _problems(verdict)
            if problems:
                yield RowOutcome(row, Word.FAILED, problems=problems)
            elif not verdict.existing:
                yield self._created(row, verdict, earlier)
            else:
                yield self._matched(row, verdict, sent, earlier)
        if self._seen:
            self._seen.keep(earlier)

    def _created(self, row: FileRow, verdict: Verdict, earlier: dict[str, tuple[int, bytes]]) -> RowOutcome:
        keyless = self._keys is not None and self._keys.of(row) is None
        if verdict.id and self._seen:
            earlier.setdefault(verdict.id, (row.number, digest(row)))
        remark = (
            f"it has no value for {self._keys.slug}, so it became a record of its own" if self._keys and keyless else ""
        )
        return RowOutcome(row, Word.CREATED, verdict.id, keyless=keyless, contacts=verdict.contacts, remark=remark)

    def _matched(
        self, row: FileRow, verdict: Verdict, sent: list[FileRow], earlier: dict[str, tuple[int, bytes]]
    ) -> RowOutcome:
        key = self._keys.of(row) if self._keys else None
        first, same = self._first(row, verdict, sent, earlier)
        if first is None:
            word, remark = (Word.UPDATED if verdict.updated else Word.EXISTING), ""
        elif same:
            word, remark = Word.REPEATED, f"it says the same as row {first}"
        else:
            word, remark = Word.FOLDED, f"row {first} has the same key and says something else; {self._what_happens()}"
        return RowOutcome(
            row, word, verdict.id, key, first, bool(verdict.updated), contacts=verdict.contacts, remark=remark
        )

    def _first(
        self, row: FileRow, verdict: Verdict, sent: list[FileRow], earlier: dict[str, tuple[int, bytes]]
    ) -> tuple[int | None, bool]:
        """Return the earlier row of the file that stands for the same record, and whether it says the same."""
        place = verdict.duplicate_of
        known = earlier.get(verdict.id) if verdict.id else None
        if known and known[0] < row.number:
            return known[0], known[1] == digest(row)
        if isinstance(place, int) and 0 <= place < len(sent) and sent[place].number < row.number:
            return sent[place].number, digest(sent[place]) == digest(row)
        if verdict.id and self._seen:
            earlier[verdict.id] = (row.number, digest(row))
        return None, False

    def _what_happens(self) -> str:
        if self._writes_over:
            return "its values were written over"
        return "only what the record lacked was filled" if self._fills else "the values of this row were not written"


def _problems(verdict: Verdict) -> tuple[Problem, ...]:
    if verdict.problems or verdict.existing or verdict.created or verdict.id:
        return verdict.problems
    return (_SILENT,)
