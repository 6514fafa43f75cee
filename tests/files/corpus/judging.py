"""Judges what a reader makes of a file by the file's key: exact, asked, refused, missed, or silently wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from prismd.core.tables.cells import cell_text
from prismd.core.tables.columns.words import is_null_word
from prismd.core.tables.layout.rows import FramedRow, rows_of
from prismd.core.tables.profile import TableProfile, profile_of
from prismd.core.tables.samples import Sample
from prismd.files.decoding import decoded
from tests.files.corpus.writing import MadeFile

#: What a reader may make of a file.
EXACT: Final = "exact"
ASKED: Final = "asked"
MISSED: Final = "missed"
REFUSED: Final = "refused"
WRONG: Final = "silently wrong"
FAILED: Final = "failed"

_COMBINATIONS_MAX: Final = 256


@dataclass(frozen=True)
class Judgement:
    """What a reader made of a file.

    Args:
        outcome: One of the outcomes above.
        reason: What differs, or what is asked.
        settled: Of a file that is asked about: whether an answer gives every cell exactly.
    """

    outcome: str
    reason: str = ""
    settled: bool = False


def judged(file: MadeFile) -> Judgement:
    """Return what prismd makes of a file.

    Args:
        file: The file, with its key.
    """
    profile = profile_of([Sample(0, file.data, ends=True)])
    if profile.questions:
        asked = ", ".join(question.key for question in profile.questions)
        return Judgement(ASKED, asked, _is_settled(file, profile))
    found = _compared(file, profile)
    if found.outcome == EXACT and file.answers:
        return Judgement(WRONG, f"decided without proof: {sorted(file.answers)}")
    return found


def _is_settled(file: MadeFile, profile: TableProfile) -> bool:
    """Return whether some answers to the questions give every cell exactly, the key's own ones first."""
    pending, tried = [dict[str, str]()], 0
    while pending and tried < _COMBINATIONS_MAX:
        answers, tried = pending.pop(0), tried + 1
        found = profile_of([Sample(0, file.data, ends=True)], answers) if answers else profile
        open_questions = [question for question in found.questions if question.key not in answers]
        if not open_questions:
            if _compared(file, found).outcome in (EXACT, REFUSED):
                return True
            continue
        question = open_questions[0]
        values = [reading.value for reading in question.readings]
        told = file.answers.get(question.key)
        pending += [{**answers, question.key: value} for value in ([told] if told in values else values) if value]
    return False


def _compared(file: MadeFile, profile: TableProfile) -> Judgement:
    assert profile.dialect
    texts = decoded(iter([file.data]), profile.encoding)
    rows = list(rows_of(texts, profile.dialect, profile.frame))
    names = tuple(column.name for column in profile.columns) if profile.header_lines else ()
    if names != tuple(name.strip() for name in file.names):
        return Judgement(WRONG, f"names {names[:6]} for {file.names[:6]}")
    kept = [row for row in rows if row.left_out is None and not row.problem]
    refused = [row for row in rows if row.problem]
    if refused and len(refused) != file.refused:
        return Judgement(REFUSED, f"line {refused[0].line}: {refused[0].problem}")
    problem = _different(kept, file.cells)
    if problem:
        return Judgement(WRONG, problem)
    return _with_values(file, profile, kept)


def _different(rows: Sequence[FramedRow], cells: Sequence[Sequence[str]]) -> str:
    if len(rows) != len(cells):
        return f"{len(rows)} rows for {len(cells)}"
    for row, expected in zip(rows, cells, strict=True):
        found = [cell_text(cell).strip() for cell in row.cells]
        if found != [cell.strip() for cell in expected]:
            return f"line {row.line}: {found} for {list(expected)}"
    return ""


def _with_values(file: MadeFile, profile: TableProfile, rows: Sequence[FramedRow]) -> Judgement:
    """Return the judgement of the values of days and numbers, as the profile's forms read them."""
    missed = ""
    for at, values in file.values.items():
        column = profile.columns[at]
        known = next(value for value in values if value is not None)
        forms = column.date_forms if isinstance(known, date) else column.number_forms
        if not forms:
            missed = missed or f"column {column.name} has no form"
            continue
        for row, value in zip(rows, values, strict=True):
            text = cell_text(row.cells[at])
            found = None if not text.strip() or is_null_word(text) else forms[0].read(text)
            if found != value:
                return Judgement(WRONG, f"line {row.line}: {text!r} read as {found!r} for {value!r}")
    return Judgement(MISSED if missed else EXACT, missed)


def compared_texts(file: MadeFile, rows: Sequence[Sequence[str]]) -> Judgement:
    """Return what another reader makes of a file: the texts of its header and rows, without a look at their values.

    Args:
        file: The file, with its key.
        rows: All rows that it returns, the header included.
    """
    expected = [list(file.names), *file.cells] if file.names else list(file.cells)
    found = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    wanted = [[cell.strip() for cell in row] for row in expected]
    if found == [row for row in wanted if any(row)]:
        return Judgement(EXACT)
    return Judgement(WRONG, "other cells")
