"""What is wrong with a mapping, or with a cell of a row: sentences that name the column, and say what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final, NamedTuple

from prismd.core.tables.cells import Cell, CellFault
from prismd.core.values.errors import found as found_json

_SHOWN_MAX: Final = 10


class CellProblem(NamedTuple):
    """Why a row cannot be sent.

    Args:
        column: The name of the column at fault, or of several; None where it is the row as a whole.
        slug: The property that the column is mapped to, where there is one.
        code: A row code of the contract (section 10.9), for machines.
        message: What was expected, what was found, and what to do.
    """

    column: str | None
    slug: str | None
    code: str
    message: str


class MappingFault(NamedTuple):
    """What is wrong with a mapping for a table, whatever its rows hold.

    Args:
        column: The name of the column at fault, where it is one.
        slug: The property at fault, where it is one.
        message: What is wrong, and what to do.
    """

    column: str | None
    slug: str | None
    message: str


class MappingFaultsError(ValueError):
    """A mapping does not fit a table or the properties; the message lists what is wrong.

    Args:
        faults: All that is wrong, at least one.
    """

    def __init__(self, faults: Sequence[MappingFault]) -> None:
        rest = len(faults) - _SHOWN_MAX
        shown = "; ".join(fault.message for fault in faults[:_SHOWN_MAX])
        super().__init__(f"the mapping: {shown}{f'; and {rest} more' if rest > 0 else ''}")
        self.faults = tuple(faults)


class StepError(ValueError):
    """A value does not have the form that a step reads; the message says what was expected, and what to do.

    Args:
        expected: What was expected, as the words after "expected".
        advice: What to do about it.
        found: The value where it is not the whole cell.
    """

    def __init__(self, expected: str, advice: str, found: Cell = None) -> None:
        super().__init__(expected)
        self.expected, self.advice, self.found = expected, advice, found

    def sentence(self, cell: Cell) -> str:
        """Return the whole sentence.

        Args:
            cell: The cell that the value comes from.
        """
        value = cell if self.found is None else self.found
        return f"expected {self.expected}, found {shown(value)}; {self.advice}"


def shown(cell: Cell) -> str:
    """Return a short description of a cell for a sentence.

    Args:
        cell: Any cell, of any size.
    """
    if isinstance(cell, CellFault):
        return f"the error {cell.text[:60]}"
    if isinstance(cell, datetime):
        return f"the moment {cell.isoformat(sep=' ')}"
    if isinstance(cell, date):
        return f"the day {cell.isoformat()}"
    if isinstance(cell, time):
        return f"the time {cell.isoformat()}"
    if cell is None or cell == "":
        return "no value"
    return found_json(cell)


def certain(number: int | Decimal) -> int | Decimal:
    """Return a number of a cell, as it is.

    Args:
        number: Of any size.

    Raises:
        StepError: It is no number, as results of a division by zero are not, or has thousands of digits.
    """
    if isinstance(number, int):
        large = number.bit_length() > _BITS_MAX
    elif number.is_finite():
        large = abs(number.adjusted()) > _EXPONENT_MAX or len(number.as_tuple().digits) > _EXPONENT_MAX
    else:
        raise StepError("a number", "correct the cell")
    if large:
        raise StepError(f"a number of at most {_EXPONENT_MAX:,} digits", "correct the cell")
    return number


#: No property holds numbers as long as these, and texts of them could be of any length.
_EXPONENT_MAX: Final = 1_000
_BITS_MAX: Final = 3_300


def digits_of(number: int | Decimal) -> str:
    """Return the digits of a number without an exponent.

    Args:
        number: A number of a cell.

    Raises:
        StepError: As for :func:`certain`.
    """
    return str(certain(number)) if isinstance(number, int) else f"{certain(number):f}"
