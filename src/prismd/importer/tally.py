"""The counts of an import: outcomes, and failures grouped by reason."""

from __future__ import annotations

from typing import Final

import msgspec

from prismd.files.rows import FileRow
from prismd.importer.imports import Problem
from prismd.importer.row_outcome import OutcomeKind, RowOutcome
from prismd.importer.sentences import merged, pattern_of

SHOWN_MAX: Final = 10
#: The most kinds of failures that are counted separately; further kinds are counted together.
_REASONS_MAX: Final = 1_000
_REST: Final = "other reasons; see the file of failed rows"


class Reason(msgspec.Struct):
    """Failures of one kind: the code, the masked sentence, the number of rows, and the first of them."""

    code: str
    message: str
    count: int
    first_row: int


class RowError(msgspec.Struct):
    """One failed row, for display."""

    row: int
    line: int
    code: str
    message: str


class Duplicate(msgspec.Struct):
    """One row that has the key of an earlier row of the file."""

    row: int
    duplicate_of: int


class Tally(msgspec.Struct):
    """The counts of the rows so far.

    Args:
        created: Rows that created a record.
        existing: Rows that matched a record.
        updated: Existing rows that changed their record.
        failed: Rows that were refused.
        repeated: Existing rows with the key and the values of an earlier row of the file.
        folded: Existing rows with the key of an earlier row of the file and other values.
        folded_updated: Folded rows that changed the record.
        without_key: Created rows without a value for the de-duplication property.
        contacts_created: Contacts that rows made by naming addresses; they are not counted as rows.
        reasons: Reasons of failures, by kind.
        errors: The first failed rows.
        repeats: The first repeated rows.
        folds: The first folded rows.
        keyless: The first rows without a key.
        left_out: Lines that are not rows, by reason.
        job_ids: The jobs of the server.
    """

    created: int = 0
    existing: int = 0
    updated: int = 0
    failed: int = 0
    repeated: int = 0
    folded: int = 0
    folded_updated: int = 0
    without_key: int = 0
    contacts_created: int = 0
    reasons: dict[str, Reason] = msgspec.field(default_factory=dict)
    errors: list[RowError] = msgspec.field(default_factory=list)
    repeats: list[Duplicate] = msgspec.field(default_factory=list)
    folds: list[Duplicate] = msgspec.field(default_factory=list)
    keyless: list[int] = msgspec.field(default_factory=list)
    left_out: dict[str, Reason] = msgspec.field(default_factory=dict)
    job_ids: list[str] = msgspec.field(default_factory=list)

    @property
    def rows(self) -> int:
        """The number of rows with an outcome, without those left out."""
        return self.created + self.existing + self.failed

    def count(self, outcome: RowOutcome) -> None:
        """Count one row.

        Args:
            outcome: The outcome of the row.
        """
        row = outcome.row
        self.contacts_created += len(outcome.contacts)
        if outcome.kind is OutcomeKind.LEFT_OUT:
            what = row.left_out or ""
            self.left_out.setdefault(what, Reason("left_out", what, 0, row.number)).count += 1
        elif outcome.kind is OutcomeKind.FAILED:
            self._count_failure(row, outcome.problems)
        elif outcome.kind is OutcomeKind.CREATED:
            self.created += 1
            if outcome.keyless:
                self.without_key += 1
                self.keyless += [row.number][: SHOWN_MAX - len(self.keyless)]
        else:
            self._count_match(outcome)

    def _count_match(self, outcome: RowOutcome) -> None:
        self.existing += 1
        self.updated += outcome.updated
        pair = Duplicate(outcome.row.number, outcome.duplicate_of or 0)
        if outcome.kind is OutcomeKind.REPEATED:
            self.repeated += 1
            self.repeats += [pair][: SHOWN_MAX - len(self.repeats)]
        elif outcome.kind is OutcomeKind.FOLDED:
            self.folded += 1
            self.folded_updated += outcome.updated
            self.folds += [pair][: SHOWN_MAX - len(self.folds)]

    def _count_failure(self, row: FileRow, problems: tuple[Problem, ...]) -> None:
        self.failed += 1
        first = problems[0]
        if len(self.errors) < SHOWN_MAX:
            self.errors.append(RowError(row.number, row.line, first.code or "unknown", _sentence(first)))
        counted = set()
        for problem in problems:
            key = msgspec.json.encode([problem.code, problem.property, pattern_of(_sentence(problem))]).decode()
            if key not in counted:
                counted.add(key)
                self._count_reason(key, row, problem)

    def _count_reason(self, key: str, row: FileRow, problem: Problem) -> None:
        reason = self.reasons.get(key)
        if reason is None and len(self.reasons) >= _REASONS_MAX:
            reason = self.reasons.setdefault("", Reason("various", _REST, 0, row.number))
        elif reason is None:
            message = merged(_sentence(problem), _sentence(problem))
            reason = self.reasons[key] = Reason(problem.code or "unknown", message, 0, row.number)
        elif reason.message != _REST:
            reason.message = merged(reason.message, _sentence(problem))
        reason.count += 1


def _sentence(problem: Problem) -> str:
    return problem.message or "no reason given"
