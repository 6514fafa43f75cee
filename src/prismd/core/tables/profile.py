"""The profile of a table: all that its samples tell, and the questions that they leave open."""

from __future__ import annotations

from dataclasses import dataclass

from prismd.core.tables.columns import ColumnProfile
from prismd.core.tables.dialects import Dialect
from prismd.core.tables.questions import Decision, Question


@dataclass(frozen=True, slots=True)
class TableProfile:
    """How a table is to be read.

    Args:
        encoding: The canonical name of its encoding; "" where it is no text.
        dialect: How its text is cut into cells; None where it is no text.
        columns: Its columns, in order; columns without any content at the end are left out.
        first_line: The line at which its header or its first row begins, from 1.
        header_lines: The number of rows that are its header; 0 for none.
        footer_rows: The number of rows at its end that are no rows of the table, such as a total.
        short_rows: What rows with too few cells are: "refused", or "blank" where the missing cells are empty.
        decisions: What is sure, with its proof.
        questions: What only a person can tell; the fields above then hold the likeliest reading.
    """

    encoding: str = ""
    dialect: Dialect | None = None
    columns: tuple[ColumnProfile, ...] = ()
    first_line: int = 1
    header_lines: int = 1
    footer_rows: int = 0
    short_rows: str = "refused"
    decisions: tuple[Decision, ...] = ()
    questions: tuple[Question, ...] = ()
