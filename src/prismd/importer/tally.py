"""The counts of an import: outcomes, and failures grouped by why."""

from __future__ import annotations

from typing import Final

import msgspec

from prismd.importer.files.rows import FileRow
from prismd.importer.imports import Problem
from prismd.importer.row_outcome import RowOutcome, Word
from prismd.importer.sentences import merged, pattern_of

SHOWN_MAX: Final = 10
#: Kinds of failures that are told apart; further kinds are counted together.
_REASONS_MAX: Final = 1_000
_REST: Final = "other reasons; see the file of failed rows"


class Reason(msgspec.Struct):
    """Failures of one kind: the code, the sentence without what differs, how many rows, and the first of them."""

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


class Duplicate(msgspec.Struct):
    """One row that has the key of an earlier row of the file."""

    row: int
    duplicate_of: int


class Tally(msgspec.Struct):
    """What became of the rows so far.

    Args:
        created: Rows that made a record.
        existing: Rows that matched one.
        updated: Rows among the existing that changed their record.
        failed: Rows that were refused.
        repeated: Rows among the existing that say the same as an earlier row of the file.
        folded: Rows among the existing that have the key of an earlier row of the file and say something else.
        folded_updated: Those of them that changed the record.
        without_key: Rows among the created that have no value to be told apart by.
        contacts_created: Contacts that rows made by naming their addresses; they are no rows.
        reasons: Why rows failed, by kind.
        errors: The first failed rows.
        repeats: The first repeated rows.
        folds: The first folded rows.
        keyless: The first rows without a key.
        left_out: Rows that are no rows, by what they do.
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
        """How many rows have an outcome, those that are left out apart."""
        return self.created + self.existing + self.failed

    def count(self, outcome: RowOutcome) -> None:
        """Count one row.

        Args:
            outcome: What became of it.
        """
        row = outcome.row
        self.contacts_created += len(outcome.contacts)
        if outcome.word is Word.LEFT_OUT:
            what = row.left_out or ""
            self.left_out.setdefault(what, Reason("left_out", what, 0, row.number)).count += 1
        elif outcome.word is Word.FAILED:
            self._count_failure(row, outcome.problems)
        elif outcome.word is Word.CREATED:
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
        if outcome.word is Word.REPEATED:
            self.repeated += 1
            self.repeats += [pair][: SHOWN_MAX - len(self.repeats)]
        elif outcome.word is Word.FOLDED:
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
