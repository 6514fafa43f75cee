"""Cells of any format have a text."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from prismd.core.tables.cells import Cell, CellFault, cell_text
from prismd.core.tables.questions import Question, Reading


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("a", "a"), (None, ""), (True, "true"), (False, "false"), (12, "12"), (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"), (date(2024, 5, 31), "2024-05-31"), (time(9, 30), "09:30:00"),
        (datetime(2024, 5, 31, 9), "2024-05-31T09:00:00"),  # noqa: DTZ001 - spreadsheets name no zone
        (CellFault("#REF!"), "#REF!"),
    ],
)  # fmt: skip
def test_the_text_of_a_cell(cell: Cell, text: str) -> None:
    assert cell_text(cell) == text


def test_the_key_of_an_answer_names_its_column() -> None:
    readings = Reading("dmy", "day first", "5 June"), Reading("mdy", "month first", "6 May")
    assert Question("date_format", "Born", readings, "--date-format").key == "date_format:Born"
    assert Question("encoding", None, readings, "--encoding").key == "encoding"
