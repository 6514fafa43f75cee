"""The numbers that spreadsheets store: what they mean as numbers, and as days and times under a number format."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from prismd.core.tables.cells import Cell, CellFault
from prismd.files.spreadsheets.number_formats import NumberFormat, shown_digits

#: A double holds this many significant digits; a text of more is no double.
_DIGITS_OF_DOUBLE: Final = 17
#: A whole number of so few digits is a double, whatever the digits are.
_DIGITS_OF_WHOLE: Final = 15
#: The days of a table are few, and each takes longer to find than to remember.
_FORMATTED_KNOWN: Final = 10_000
_EXPONENT_MAX: Final = 308
_EPOCH_1900: Final = datetime(1899, 12, 31)  # noqa: DTZ001 - spreadsheets know no time zones
_EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001 - as above
#: The day that the system of 1900 counts although it never was, 29 February 1900; all days after it are one too late.
_NO_DAY: Final = 60
_DAY_S: Final = 86_400
_FIRST_DAY: Final = 1
_LAST_DAY: Final = 2_958_465


def number_of(text: str) -> int | Decimal | None:
    """Return the number that a workbook stores as text; None where it is none.

    A program that computes with doubles writes 17 digits, such as ``1.1000000000000001`` for 1.1; this is read as the
    shortest number that is the same double. A whole number is an int.

    Args:
        text: Such as ``12``, ``0.1`` or ``1.5E-3``.
    """
    if len(text) <= _DIGITS_OF_WHOLE and text.isascii() and text.isdecimal():
        return int(text)
    try:
        found = float(text)
    except ValueError:
        return None
    if found != found or found in (float("inf"), float("-inf")) or "_" in text:  # noqa: PLR0124 - only NaN differs from itself
        return None
    number = Decimal(text.strip()) if _digits(text) > _DIGITS_OF_DOUBLE else Decimal(repr(found))
    if number == number.to_integral_value() and number.adjusted() < _EXPONENT_MAX:
        return int(number)
    return number


def _digits(text: str) -> int:
    if len(text) <= _DIGITS_OF_DOUBLE:
        return len(text)
    return sum(sign.isdigit() for sign in text.lower().partition("e")[0].lstrip("+-0."))


@lru_cache(maxsize=_FORMATTED_KNOWN)
def formatted(number: int | Decimal, form: NumberFormat, *, from_1904: bool) -> Cell:
    """Return a number as its format shows it: as a day, a time, or with its zeros.

    Args:
        number: As it is stored.
        form: Of its cell.
        from_1904: Count days from 1 January 1904, instead of 1900.
    """
    if form.kind == "digits" and isinstance(number, int) and number >= 0:
        return shown_digits(number, form.pattern)
    if form.kind in ("number", "digits"):
        return number
    if form.kind == "elapsed":
        return _elapsed(number)
    if form.kind == "time" and 0 <= number < 1:
        return (_EPOCH_1904 + _part_of_day(number)).time()
    moment = _moment(number, from_1904=from_1904)
    if moment is None:
        return CellFault(f"{number} as a day, which no calendar has")
    return moment.date() if form.kind == "date" and moment.time() == time() else moment


def _moment(number: int | Decimal, *, from_1904: bool) -> datetime | None:
    day = int(number // 1)
    first = 0 if from_1904 else _FIRST_DAY
    if number < first or day > _LAST_DAY or (day == _NO_DAY and not from_1904):
        return None
    epoch = _EPOCH_1904 if from_1904 else _EPOCH_1900
    late = 1 if day > _NO_DAY and not from_1904 else 0
    try:
        return epoch + timedelta(days=day - late) + _part_of_day(number - day)
    except OverflowError:
        return None


def _part_of_day(part: int | Decimal) -> timedelta:
    # A double tells a moment of today to some microseconds; programs show milliseconds at most.
    return timedelta(milliseconds=round(Decimal(part) * _DAY_S * 1000))


def _elapsed(number: int | Decimal) -> str:
    seconds = round((-number if number < 0 else number) * _DAY_S)
    return f"{'-' if number < 0 else ''}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def day_of(text: str) -> Cell:
    """Return the day or moment of an ISO text, as ODS and strict XLSX store it.

    Args:
        text: Such as ``2024-02-29`` or ``2024-02-29T13:05:00``.
    """
    try:
        if "T" not in text:
            return date.fromisoformat(text)
        return datetime.fromisoformat(text)
    except ValueError:
        return CellFault(f"{text} as a day, which no calendar has")
