"""Finds the quotes of a sample whose delimiter is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from prismd.core.tables.dialects.candidates import cells_at, first_difference
from prismd.core.tables.dialects.dialect import Dialect
from prismd.core.tables.dialects.trial_readings import TrialReading
from prismd.core.tables.questions import Decision, Question, Reading

_READINGS_MAX: Final = 3
#: A backslash before a letter or a digit, other than the sign of MySQL and PostgreSQL for nothing.
_MORE: Final = re.compile(r"\\(?!N$)[A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class FoundDialect:
    """The dialect of a sample.

    Args:
        dialect: The dialect; where it is asked, the likeliest.
        skipped: The number of lines that only name the delimiter.
        decisions: What is sure.
        questions: What is open.
    """

    dialect: Dialect
    skipped: int = 0
    decisions: tuple[Decision, ...] = ()
    questions: tuple[Question, ...] = ()


def best_quotes(readings: list[TrialReading]) -> list[TrialReading]:
    """Leave out readings that keep quotes around cells, where another reads the same cells without them."""
    return [
        one
        for one in readings
        if not any(
            one.dialect.delimiter == other.dialect.delimiter and one is not other and _keeps_quotes(one, other)
            for other in readings
        )
    ]


def _keeps_quotes(one: TrialReading, other: TrialReading) -> bool:
    q = other.dialect.quote
    if q is None or one.dialect.quote == q or other.broken:
        return False
    if q == '"':
        # Where every quote opens and closes a cell, quotes are meant, however many cells the rows have.
        return one.dialect.quote is None and any(cell.lstrip().startswith(q) for row in one.rows for cell in row.cells)
    # Apostrophes stand in texts too: they are quotes only where every cell stands between them.
    if other.even < one.even:
        return False
    filled = [cell.strip() for row in one.body for cell in row if cell.strip()]
    return bool(filled) and all(len(cell) > 1 and cell[0] == cell[-1] == q for cell in filled)


def chosen_quotes(readings: list[TrialReading]) -> FoundDialect:
    """Return the quotes of a sample whose delimiter is known."""
    whole = [one for one in readings if not one.broken and one.body_is_even] or readings
    if any(one.even == 1 for one in whole):
        whole = [one for one in whole if one.even == 1]
    best = best_quotes(whole) or whole
    one = best[0]
    broken = [other for other in readings if other.dialect.quote == '"' and other not in best]
    if one.dialect.quote is None and broken and _begins_quoted(one):
        # Cells begin with quotes, and some quote is broken: it may belong to the text, or be a fault of the file.
        return FoundDialect(one.dialect, 0, (), (_quote_question([one, *broken]),))
    if one.dialect.escape and _escapes_more(one):
        return FoundDialect(one.dialect, 0, (), (_quote_question([one, *broken]),) if broken else ())
    if len(best) == 1 or all(other.dialect == one.dialect for other in best):
        decisions: tuple[Decision, ...] = ()
        if one.dialect.quote != '"' or one.dialect.escape:
            value = one.dialect.quote or "none"
            decisions = (Decision("quote", None, value, "only so are all rows of one width and no quote is broken"),)
        return FoundDialect(one.dialect, 0, decisions)
    least = min(other.broken for other in best)
    fewest = [other for other in best if other.broken == least]
    fewest = [other for other in fewest if other.even == max(rival.even for rival in fewest)]
    if len(fewest) == 1 and fewest[0].even < 1:
        return FoundDialect(fewest[0].dialect)
    return FoundDialect(one.dialect, 0, (), (_quote_question([*best, *broken]),))


def _begins_quoted(reading: TrialReading) -> bool:
    return any(cell.lstrip().startswith('"') for row in reading.rows for cell in row.cells)


def _escapes_more(reading: TrialReading) -> bool:
    """Return whether backslashes stand before letters, where they may mean line ends and the like."""
    return any(_MORE.search(cell) for row in reading.rows for cell in row.cells)


def _quote_question(readings: list[TrialReading]) -> Question:
    position = first_difference(readings)
    told = {}
    for reading in readings:
        value = reading.dialect.quote or "none"
        value = value + "\\" if reading.dialect.escape else value
        told[value] = Reading(value, _meaning(reading.dialect), cells_at(reading, position))
    return Question("quote", None, tuple(told.values())[:_READINGS_MAX], "--quote")


def _meaning(dialect: Dialect) -> str:
    if dialect.quote is None:
        return "no cell is quoted" + (", a backslash protects signs" if dialect.escape else "")
    return f"cells stand in {dialect.quote}" + (", a backslash protects signs" if dialect.escape else "")
