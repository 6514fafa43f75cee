"""The counts of an import: outcomes, and failures grouped by why."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from prismd.client.imports import Problem, Verdict
from prismd.files.rows import FileRow

ERRORS_SHOWN_MAX: Final = 10
#: Kinds of failures that are told apart; further kinds are counted together.
_REASONS_MAX: Final = 1_000
_REST: Final = "other reasons; see the file of failed rows"

# What differs from row to row: quoted values, then ids, then numbers.
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|“[^”]*”')
_ID: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?<![\w.])[-+]?\d[\d.,]*")


class Reason(msgspec.Struct):
    """Failures of one kind: the code, the sentence without what differs, how many, and the first row."""

    code: str
    message: str
    count: int
    first_row: int


class RowError(msgspec.Struct):
    """One failed row as it is shown."""

    row: int
    line: int
    code: str
    message: str


class Tally(msgspec.Struct):
    """What became of the rows so far."""

    created: int = 0
    existing: int = 0
    updated: int = 0
    failed: int = 0
    reasons: list[Reason] = msgspec.field(default_factory=list)
    errors: list[RowError] = msgspec.field(default_factory=list)
    job_ids: list[str] = msgspec.field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows have an outcome."""
        return self.created + self.existing + self.failed

    def count(self, row: FileRow, verdict: Verdict) -> Problem | None:
        """Count one row and return why it failed, or None.

        Args:
            row: The row.
            verdict: What the server says, or what kept the row from being sent.
        """
        problem = verdict.error
        if problem is None and not verdict.existing and not verdict.created and not verdict.id:
            problem = Problem("internal_error", "the server says neither what became of the row nor why it failed")
        if problem is not None:
            self._count_failure(row, problem)
        elif verdict.existing:
            self.existing += 1
            self.updated += bool(verdict.updated)
        else:
            self.created += 1
        return problem

    def _count_failure(self, row: FileRow, problem: Problem) -> None:
        self.failed += 1
        code, message = problem.code or "unknown", problem.message or "no reason given"
        if len(self.errors) < ERRORS_SHOWN_MAX:
            self.errors.append(RowError(row.number, row.line, code, message))
        pattern = pattern_of(message)
        for reason in self.reasons:
            if reason.code == code and reason.message == pattern:
                reason.count += 1
                return
        if len(self.reasons) < _REASONS_MAX:
            self.reasons.append(Reason(code, pattern, 1, row.number))
        else:
            self._count_rest(row)

    def _count_rest(self, row: FileRow) -> None:
        if self.reasons[-1].message != _REST:
            self.reasons.append(Reason("various", _REST, 0, row.number))
        self.reasons[-1].count += 1


def pattern_of(message: str) -> str:
    """Return an error's sentence without what differs from row to row.

    Args:
        message: The sentence for one row.
    """
    return _NUMBER.sub("#", _ID.sub("…", _QUOTED.sub('"…"', message)))
