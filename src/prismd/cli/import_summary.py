"""What an import says at its end, to people and to scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from prismd.client.tally import Tally

_REASONS_SHOWN_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of an import.

    Args:
        file: The file that was imported.
        object_type: What its rows became.
        base_url: Where they went.
        dry_run: Nothing was written.
        resumed: An earlier run had begun it.
        seconds: How long this run took.
        tally: What became of the rows.
        failed_file: Where the failed rows are, or None without any.
    """

    file: Path
    object_type: str
    base_url: str
    dry_run: bool
    resumed: bool
    seconds: float
    tally: Tally
    failed_file: Path | None

    def as_json(self) -> str:
        """Return one JSON object for scripts."""
        tally = msgspec.to_builtins(self.tally)
        reasons = sorted(tally["reasons"], key=lambda reason: -reason["count"])
        document = {
            "file": str(self.file),
            "type": self.object_type,
            "base_url": self.base_url,
            "dry_run": self.dry_run,
            "resumed": self.resumed,
            "seconds": round(self.seconds, 3),
            "rows": self.tally.rows,
            **{name: tally[name] for name in ("created", "existing", "updated", "failed")},
            "job_ids": tally["job_ids"],
            "failed_file": str(self.failed_file) if self.failed_file else None,
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
        yield f"  {tally.created:>10,} {verb}created"
        yield f"  {tally.existing:>10,} existing, {tally.updated:,} of them {verb}updated"
        yield f"  {tally.failed:>10,} failed"
        yield from self._failures()

    def _failures(self) -> Iterator[str]:
        reasons = sorted(self.tally.reasons, key=lambda reason: -reason.count)
        for reason in reasons[:_REASONS_SHOWN_MAX]:
            yield f"  {reason.count:>12,} x {reason.code}: {reason.message} (first: row {reason.first_row})"
        if len(reasons) > _REASONS_SHOWN_MAX:
            rest = sum(reason.count for reason in reasons[_REASONS_SHOWN_MAX:])
            yield f"  {rest:>12,} x {len(reasons) - _REASONS_SHOWN_MAX} other reasons"
        if self.failed_file:
            yield f"The failed rows are in {self.failed_file}; mend them there and import that file."
