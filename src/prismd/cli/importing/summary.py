"""The summary of an import, for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from prismd.core.wording.quoting import quoted
from prismd.importer.tally import Duplicate, Tally

_REASONS_SHOWN_MAX: Final = 10
_NAMES_SHOWN_MAX: Final = 200
_PAIRS_SHOWN_MAX: Final = 3
_COUNTS: Final = ("created", "existing", "updated", "failed", "repeated", "folded", "without_key", "contacts_created")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The facts about a finished import.

    Args:
        file: The file that was imported.
        object_type: The type of its rows.
        base_url: Address of the server.
        options: The import's options on the wire.
        resumed: Whether an earlier run had begun it.
        seconds: Duration of this run.
        tally: The counts of the rows.
        failed_files: The files of failed rows; more than one where somebody changed the first during the import.
        results_file: The file of all results, or None.
        ignored_columns: Columns that were not sent.
        empty_columns: Columns that had no values.
        made_properties: The slugs of the properties that were made first, or would be.
        notes: The sentences printed before anything was sent.
    """

    file: Path
    object_type: str
    base_url: str
    options: Mapping[str, object]
    resumed: bool
    seconds: float
    tally: Tally
    failed_files: Sequence[str]
    results_file: str | None
    ignored_columns: Sequence[str]
    empty_columns: Sequence[str] = ()
    made_properties: Sequence[str] = ()
    notes: Sequence[str]

    @property
    def dry_run(self) -> bool:
        """Whether nothing was written."""
        return bool(self.options.get("dry_run"))

    def as_json(self) -> str:
        """Return one JSON object for scripts."""
        tally = msgspec.to_builtins(self.tally)
        reasons = sorted(tally["reasons"].values(), key=lambda reason: -reason["count"])
        document = {
            "file": str(self.file),
            "type": self.object_type,
            "base_url": self.base_url,
            "dry_run": self.dry_run,
            "resumed": self.resumed,
            "seconds": round(self.seconds, 3),
            "rows": self.tally.rows,
            **{name: tally[name] for name in _COUNTS},
            "repeated_rows": tally["repeats"],
            "folded_rows": tally["folds"],
            "without_key_rows": tally["keyless"],
            "left_out": [
                {"why": left["message"], "count": left["count"], "first_row": left["first_row"]}
                for left in tally["left_out"].values()
            ],
            "ignored_columns": list(self.ignored_columns),
            "empty_columns": list(self.empty_columns),
            "made_properties": list(self.made_properties),
            "notes": [*self.notes, *self._hints()],
            "job_ids": tally["job_ids"],
            "failed_file": self.failed_files[-1] if self.failed_files else None,
            "failed_files": list(self.failed_files),
            "results_file": self.results_file,
            "reasons": reasons[:_REASONS_SHOWN_MAX],
            "errors": tally["errors"],
        }
        return json.dumps(document, ensure_ascii=False)

    def lines(self) -> Iterator[str]:
        """Yield lines for people."""
        tally = self.tally
        verb = "would be " if self.dry_run else ""
        rate = f", {tally.rows / self.seconds:,.0f} rows/s" if self.seconds and not self.resumed else ""
        yield f"{self.file}: {tally.rows:,} rows as {self.object_type} in {self.seconds:,.1f} s{rate}"
        yield f"  {tally.created:>10,} {verb}created{self._keyless()}"
        existing = tally.existing - tally.repeated - tally.folded
        yield f"  {existing:>10,} existing, {tally.updated - tally.folded_updated:,} of them {verb}updated"
        yield from self._duplicates()
        if tally.contacts_created:
            yield f"  {tally.contacts_created:>10,} contacts {verb}made, for addresses that nobody had"
        yield f"  {tally.failed:>10,} failed"
        yield from self._failures()
        yield from self._left_out()
        yield from self._hints()
        for path in self.failed_files:
            yield f"The failed rows are in {path}; mend them there and import that file."
        if self.results_file:
            yield f"What became of each row is in {self.results_file}."

    def _keyless(self) -> str:
        tally = self.tally
        if not tally.without_key:
            return ""
        key = self.options.get("dedupe_by")
        return f", {tally.without_key:,} of them without a value for {key} (first: row {tally.keyless[0]:,})"

    def _duplicates(self) -> Iterator[str]:
        tally = self.tally
        if tally.repeated:
            yield f"  {tally.repeated:>10,} repeat an earlier row of the file ({_pairs(tally.repeats, tally.repeated)})"
        if tally.folded:
            yield (
                f"  {tally.folded:>10,} have the key of an earlier row of the file but say something else "
                f"({_pairs(tally.folds, tally.folded)}); {self._what_happened()}"
            )

    def _what_happened(self) -> str:
        if self.options.get("update_existing"):
            return "the later ones were written over the earlier ones" if not self.dry_run else "later ones would win"
        if self.options.get("on_match") == "fill":
            return "of these only what the record lacked is taken"
        return "what these say is not written"

    def _failures(self) -> Iterator[str]:
        reasons = sorted(self.tally.reasons.values(), key=lambda reason: -reason.count)
        for reason in reasons[:_REASONS_SHOWN_MAX]:
            yield f"  {reason.count:>12,} x {reason.code}: {reason.message} (first: row {reason.first_row})"
        if len(reasons) > _REASONS_SHOWN_MAX:
            rest = sum(reason.count for reason in reasons[_REASONS_SHOWN_MAX:])
            yield f"  {rest:>12,} x {len(reasons) - _REASONS_SHOWN_MAX} other reasons"

    def _left_out(self) -> Iterator[str]:
        for left in self.tally.left_out.values():
            subject = "row is left out, because it" if left.count == 1 else "rows are left out, because each"
            yield f"  {left.count:>10,} {subject} {left.message} (first: row {left.first_row})"
        yield from _named("Not sent", "column", self.ignored_columns)
        yield from _named("Without a value", "column", self.empty_columns)
        yield from _named("Would be made" if self.dry_run else "Made", "property", self.made_properties)

    def _hints(self) -> Iterator[str]:
        codes = {reason.code for reason in self.tally.reasons.values()}
        if "invalid_option" in codes and not self.options.get("create_missing_options"):
            yield "Values that are no options yet become options with --create-missing-options."


def _named(what: str, noun: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        shown = ", ".join(map(quoted, names[:_NAMES_SHOWN_MAX]))
        more = f" and {len(names) - _NAMES_SHOWN_MAX} more" if len(names) > _NAMES_SHOWN_MAX else ""
        plural = {"column": "columns", "property": "properties"}[noun]
        yield f"{what}: {len(names):,} {noun if len(names) == 1 else plural}, {shown}{more}."


def _pairs(pairs: Sequence[Duplicate], number: int) -> str:
    shown = ", ".join(f"row {pair.row:,} that of row {pair.duplicate_of:,}" for pair in pairs[:_PAIRS_SHOWN_MAX])
    return shown + (" …" if number > min(len(pairs), _PAIRS_SHOWN_MAX) else "")
