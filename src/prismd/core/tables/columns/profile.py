"""What is known about one column of a table: the forms and kinds that fit all its cells."""

from __future__ import annotations

from dataclasses import dataclass

from prismd.core.tables.columns.forms import DateForm, NumberForm


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What the cells of one column have in common.

    Args:
        position: Its position in the row, from 0.
        name: Its name in the header; "" for none.
        rows: The number of rows looked at.
        filled: The number of cells that hold something, words for nothing included.
        distinct: The number of different filled cells.
        examples: Some of its cells, the first ones.
        kinds: What all filled cells but the null words may be: "text" always, and any of "integer", "number",
            "boolean", "date", "datetime", "email", "url", "domain", "phone", "json".
        date_forms: The forms that read every filled cell and differ on one; more than one is a question.
        number_forms: The same for numbers.
        boolean_words: The word for true and the word for false, in lower case; None where the cells are no booleans.
        null_words: Cells that mean that there is no value, as they are written.
        separators: Signs that may separate several values in one cell, the likeliest first.
        unique: Whether no filled cell was seen twice.
        distinct_is_least: Whether there may be more different cells than were counted.
        values: All different cells, words for nothing apart, where they are few; empty where they are many.
    """

    position: int
    name: str
    rows: int = 0
    filled: int = 0
    distinct: int = 0
    examples: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset({"text"})
    date_forms: tuple[DateForm, ...] = ()
    number_forms: tuple[NumberForm, ...] = ()
    boolean_words: tuple[str, str] | None = None
    null_words: tuple[str, ...] = ()
    separators: tuple[str, ...] = ()
    unique: bool = False
    distinct_is_least: bool = False
    values: tuple[str, ...] = ()


def told_name(name: str, position: int) -> str:
    """Return the name by which questions and decisions tell of a column.

    Args:
        name: Its name in the header; "" for none.
        position: Its position in the row, from 0.
    """
    return name or f"column {position + 1}"
