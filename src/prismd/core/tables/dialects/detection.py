"""Finds the dialect of a sample: every candidate reads it, and one wins only where no other explains it as well."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from prismd.core.tables.columns.kinds import cell_kind
from prismd.core.tables.dialects.candidates import (
    CONTROLS,
    NO_DELIMITER,
    USUAL,
    cells_at,
    different,
    first_lines,
    named_delimiter,
    shown,
    signs_in,
    variants_of,
)
from prismd.core.tables.dialects.dialect import Dialect
from prismd.core.tables.dialects.quotes import FoundDialect, best_quotes, chosen_quotes
from prismd.core.tables.dialects.trial_readings import TrialReading, tried
from prismd.core.tables.questions import Decision, Question, Reading

_READINGS_MAX: Final = 3
_EVEN_ENOUGH: Final = 0.7
#: Signs that often stand in the text of a single column.
_OF_TEXT: Final = "# :!"
_MANY: Final = 3
_ALMOST: Final = 0.2
_HALF: Final = 0.5


def dialect_of(
    lines: Sequence[str], delimiter: str | None = None, quote: str | None = None, *, cut: bool = False
) -> FoundDialect:
    """Return the dialect of a sample.

    Args:
        lines: Its lines with their ends, from the beginning of the file; none is cut.
        delimiter: The answer of a person: a sign, ``tab``, ``space``, or ``none`` for a table of one column.
        quote: The answer of a person: a sign, with a backslash behind it where that protects signs, or ``none``.
        cut: Whether the text goes on after these lines.
    """
    skipped, named = named_delimiter(lines)
    some, given = first_lines(lines[skipped:]), delimiter
    cut = cut or len(some) + skipped < len(lines)
    lines = some
    if delimiter is not None:
        delimiter = {"tab": "\t", "space": " ", "none": NO_DELIMITER}.get(delimiter, delimiter)
    delimiter = delimiter or named
    signs = [delimiter] if delimiter else signs_in(lines)
    readings = [tried(lines, dialect, cut=cut) for sign in signs for dialect in variants_of(sign, lines, quote)]
    found = _chosen(best_quotes(different(readings)), lines, given=delimiter is not None)
    if delimiter and not any(question.name == "delimiter" for question in found.questions):
        evidence = "given" if given else f"line {skipped} says sep={delimiter}"
        sure = Decision("delimiter", None, shown(delimiter), evidence)
        others = tuple(decision for decision in found.decisions if decision.name != "delimiter")
        return FoundDialect(found.dialect, skipped, (sure, *others), found.questions)
    return FoundDialect(found.dialect, skipped, found.decisions, found.questions)


def _chosen(readings: list[TrialReading], lines: Sequence[str], *, given: bool) -> FoundDialect:
    if given:
        return chosen_quotes(readings)
    control = [one for one in readings if one.dialect.delimiter in CONTROLS and one.width > 1 and one.even == 1]
    if len({one.dialect.delimiter for one in control}) == 1:
        return _won(best_quotes(control)[0], readings, lines)
    rivals = best_quotes([one for one in readings if one.width > 1 and not one.broken])
    usual = [one for one in readings if one.dialect.delimiter in USUAL and not _is_beaten(one, rivals)]
    wide = best_quotes([one for one in usual if one.width > 1 and one.body_is_even and not one.broken])
    whole = [one for one in wide if one.even == 1]
    if whole and all(_explains_less(other, whole) for other in wide if other not in whole):
        wide = whole
    rare = [one for one in _rare(readings) if not _is_beaten(one, rivals)]
    usual = [one for one in usual if not any(_is_part_of_all(one, other) for other in rare)]
    wide = [one for one in wide if one in usual]
    if len({one.dialect.delimiter for one in wide}) == 1 and not any(
        other.even == 1 and other.typed > wide[0].typed for other in rare
    ):
        return _won(wide[0], readings, lines)
    if wide:
        return _asked(wide if len(wide) > 1 else [*wide, *rare])
    return _uneven(usual, rare, lines)


def _is_beaten(one: TrialReading, rivals: list[TrialReading]) -> bool:
    return any(_beats(other, one) for other in rivals if other.dialect.delimiter != one.dialect.delimiter)


def _explains_less(reading: TrialReading, whole: list[TrialReading]) -> bool:
    return all(reading.dialect.delimiter != other.dialect.delimiter for other in whole)


def _rare(readings: list[TrialReading]) -> list[TrialReading]:
    found = [
        reading
        for reading in readings
        if reading.dialect.delimiter not in USUAL and reading.width > 1 and not reading.broken and reading.body_is_even
    ]
    found = best_quotes(found)
    # A longer sign explains what a part of it would cut into empty cells.
    return [one for one in found if not any(_is_part(one, other) for other in found)]


def _is_part(one: TrialReading, other: TrialReading) -> bool:
    short, long = one.dialect.delimiter, other.dialect.delimiter
    return short != long and short in long


def _is_part_of_all(one: TrialReading, other: TrialReading) -> bool:
    """Return whether a sign always stands twice, so that it leaves every second column empty."""
    return _is_part(one, other) and any(not any(row[at] for row in one.body) for at in range(1, one.width, 2))


def _beats(one: TrialReading, other: TrialReading) -> bool:
    """Return whether one reading explains the delimiters of the other, and the other does not explain its own."""
    mine, theirs = one.dialect.delimiter, other.dialect.delimiter
    if mine in _OF_TEXT or mine in theirs or theirs in mine:
        return False
    return (
        (one.even >= other.even - _ALMOST or (one.width > other.width and one.even >= _HALF))
        and one.typed >= other.typed
        and one.untyped_cells_with(theirs) == 0
        and other.untyped_cells_with(mine) > 0
    )


def _won(reading: TrialReading, readings: list[TrialReading], lines: Sequence[str]) -> FoundDialect:
    same = [one for one in readings if one.dialect.delimiter == reading.dialect.delimiter]
    if _is_one_sentence_each(reading) or _is_one_value_each(lines):
        return _asked([reading], none=True)
    quotes = chosen_quotes(same)
    evidence = f"{len(reading.rows)} rows have {reading.width} cells each"
    decision = Decision("delimiter", None, shown(reading.dialect.delimiter), evidence)
    return FoundDialect(quotes.dialect, 0, (decision, *quotes.decisions), quotes.questions)


def _is_one_value_each(lines: Sequence[str]) -> bool:
    """Return whether each line as a whole is a value, such as a number with decimals."""
    kinds = {cell_kind(line.strip()) for line in lines if line.strip()}
    return len(kinds) == 1 and not kinds & {"text", "integer", "digits", "boolean", ""}


def _is_one_sentence_each(reading: TrialReading) -> bool:
    """Return whether a comma may belong to the text, as in ``Doe, Jane``: two cells, and always a blank after it."""
    return (
        reading.width == len(("Doe", "Jane"))
        and reading.dialect.delimiter in ",;"
        and reading.typed == 0
        and all(row[1].startswith(" ") for row in reading.body)
    )


def _uneven(usual: list[TrialReading], rare: list[TrialReading], lines: Sequence[str]) -> FoundDialect:
    """Return the dialect of a sample that no usual delimiter cuts into even rows."""
    ranked = sorted((one for one in usual if one.width > 1), key=lambda one: (one.even, one.typed), reverse=True)
    best = [one for one in ranked if one.even >= _EVEN_ENOUGH]
    signs = {one.dialect.delimiter for one in best}
    if len(signs) == 1 and not rare:
        same = [one for one in best if one.even == best[0].even]
        least = [one for one in same if one.broken == min(other.broken for other in same)]
        found = chosen_quotes(least)
        evidence = f"{best[0].even:.0%} of {len(best[0].rows)} rows have {best[0].width} cells"
        decision = Decision("delimiter", None, shown(found.dialect.delimiter), evidence)
        return FoundDialect(found.dialect, 0, (decision, *found.decisions), found.questions)
    single = _one_column(lines, ranked, rare)
    if single:
        return single
    proved = [
        one
        for one in rare
        if one.even == 1 and (one.typed > 1 or one.dialect.delimiter not in _OF_TEXT) and one.width >= _MANY
    ]
    if len(proved) == 1 and not ranked:
        return _won(proved[0], rare, lines)
    return _asked([*best, *rare] or ranked[:1], none=True)


def _one_column(lines: Sequence[str], ranked: list[TrialReading], rare: list[TrialReading]) -> FoundDialect | None:
    filled = [line.strip() for line in lines if line.strip()]
    dialect = Dialect(",")
    if not filled:
        return FoundDialect(dialect, 0, (Decision("delimiter", None, ",", "the table is empty"),))
    if ranked or rare or any(re.search(r"\S {2,}\S", line) for line in filled):
        return None
    return FoundDialect(dialect, 0, (Decision("delimiter", None, "none", f"{len(filled)} rows are one cell each"),))


def _asked(readings: list[TrialReading], *, none: bool = False) -> FoundDialect:
    by_sign: dict[str, TrialReading] = {}
    for reading in readings:
        by_sign.setdefault(reading.dialect.delimiter, reading)
    told = [
        Reading(shown(sign), f"{reading.width} cells in a row", cells_at(reading, 0))
        for sign, reading in list(by_sign.items())[:_READINGS_MAX]
    ]
    if none or len(told) < len(("one", "other")):
        told.append(Reading("none", "one cell in a row", "each line is one cell"))
    if len(told) < len(("one", "other")):
        told.append(Reading(",", "cells between commas", "no line has one"))
    dialect = readings[0].dialect if readings else Dialect(NO_DELIMITER)
    return FoundDialect(dialect, 0, (), (Question("delimiter", None, tuple(told), "--delimiter"),))
