"""Finds the quotes of a sample whose delimiter is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prismd.core.tables.dialect_candidates import cells_at, first_difference
from prismd.core.tables.dialects import Dialect
from prismd.core.tables.questions import Decision, Question, Reading
from prismd.core.tables.trial_readings import TrialReading

_READINGS_MAX: Final = 3


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
    if q != '"' or one.dialect.quote == q:
        return False
    return any(len(cell) > 1 and cell.strip()[:1] == cell.strip()[-1:] == q for row in one.body for cell in row)


def chosen_quotes(readings: list[TrialReading]) -> FoundDialect:
    """Return the quotes of a sample whose delimiter is known."""
    whole = [one for one in readings if not one.broken and one.body_is_even] or readings
    best = best_quotes(whole)
    best = best or whole
    if len(best) == 1 and not _holds_quoted(best[0]):
        one = best[0]
        decisions: tuple[Decision, ...] = ()
        if one.dialect.quote != '"' or one.dialect.escape:
            value = one.dialect.quote or "none"
            decisions = (Decision("quote", None, value, "only so are all rows of one width and no quote is broken"),)
        return FoundDialect(one.dialect, 0, decisions)
    least = min(one.broken for one in best)
    fewest = [one for one in best if one.broken == least]
    fewest = [one for one in fewest if one.even == max(other.even for other in fewest)]
    if len(fewest) == 1 and fewest[0].even < 1:
        return FoundDialect(fewest[0].dialect)
    others = [one for one in readings if one not in best and one.dialect.quote]
    return FoundDialect(best[0].dialect, 0, (), (_quote_question([*best, *others]),))


def _holds_quoted(reading: TrialReading) -> bool:
    """Return whether cells stand in quotes that a reading keeps, since other cells break them."""
    return reading.dialect.quote is None and any(
        len(cell) > 1 and cell[0] == cell[-1] == '"' for row in reading.body for cell in row
    )


def _quote_question(readings: list[TrialReading]) -> Question:
    place = first_difference(readings)
    told = {}
    for reading in readings:
        value = reading.dialect.quote or "none"
        value = value + "\\" if reading.dialect.escape else value
        told[value] = Reading(value, _meaning(reading.dialect), cells_at(reading, place))
    return Question("quote", None, tuple(told.values())[:_READINGS_MAX], "--quote")


def _meaning(dialect: Dialect) -> str:
    if dialect.quote is None:
        return "no cell is quoted" + (", a backslash protects signs" if dialect.escape else "")
    return f"cells stand in {dialect.quote}" + (", a backslash protects signs" if dialect.escape else "")
