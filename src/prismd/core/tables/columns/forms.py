"""The forms in which people write dates and numbers; each form reads a text exactly, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from prismd.core.tables.columns.dates import DateOrder, written_date
from prismd.core.tables.columns.numbers import CHARS_MAX, WrittenNumber, written_number

#: Whole numbers of more digits than this are names of things, such as card numbers, and stay text.
WHOLE_DIGITS_MAX: Final = 15

#: Blanks that separate thousands, and the two apostrophes of Switzerland.
_SAME_SIGNS: Final = {" ": " \u00a0\u202f\u2009", "'": "'\u2019"}
#: Numbers as programs write them: without signs between thousands, and with a digit before decimals.
_PLAIN: Final = {
    sign: re.compile(rf"-?(?:0|[1-9]\d{{0,{WHOLE_DIGITS_MAX - 1}}})(?:{re.escape(sign)}\d+)?", re.ASCII)
    for sign in ".,"
}
_GROUPED: Final = re.compile(r"\d{1,3}(?:_\d{3})+", re.ASCII)
_GROUPED_IN_INDIA: Final = re.compile(r"\d{1,3}(?:_\d{3})+|\d{1,2}(?:_\d\d)+_\d{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DateForm:
    """A way to write dates and moments.

    A date that tells its own order, such as ``2024-05-31`` or ``31 May 2024``, is read by every form.

    Args:
        order: The order of day, month and year.
        two_digit_years: Whether years may have two digits.
        century_from: The first of the hundred years that two digits mean; None where that is not known.
    """

    order: DateOrder
    two_digit_years: bool = False
    century_from: int | None = None

    def read(self, text: str) -> date | datetime | None:
        """Return the day or the moment of a text, or None where it has another form.

        Args:
            text: Any text, of any length.
        """
        written = written_date(text)
        if written is None or not written.fits(self.order):
            return None
        return written.by(self.order, self.century_from)


@dataclass(frozen=True, slots=True)
class NumberForm:
    """A way to write numbers.

    Args:
        decimal: The sign before decimals.
        thousands: The sign between groups of three digits; "" for none, " " for any narrow blank, "'" for both
            apostrophes.
        currency: The sign of the currency that may stand beside a number; "" for none.
        percent: Whether each number is followed by a sign of percent.
    """

    decimal: Literal[".", ","]
    thousands: str = ""
    currency: str = ""
    percent: bool = False

    def read(self, text: str) -> int | Decimal | None:
        """Return the number as it is written, percent included (``5 %`` is 5), or None where it has another form.

        Args:
            text: Any text, of any length.
        """
        if not self.percent and len(text) <= CHARS_MAX and _PLAIN[self.decimal].fullmatch(text):
            return Decimal(text.replace(",", ".")) if self.decimal in text else int(text)
        written = written_number(text)
        if written is None or written.percent != self.percent or written.currency not in ("", self.currency):
            return None
        return self.value(written)

    def value(self, written: WrittenNumber) -> int | Decimal | None:
        """Return the number that the digits are, or None where signs stand between them as in another form.

        Args:
            written: The parts of a number; its currency and percent are not looked at.
        """
        whole, point, decimals = written.digits.partition(self.decimal)
        whole = self._ungrouped(whole) if self.thousands else whole
        if not _is_digits(whole, or_empty=bool(point)) or (point and not _is_digits(decimals)):
            return None
        if whole.startswith("0") and whole != "0":
            return None
        if not point and not written.exponent:
            if len(whole) > WHOLE_DIGITS_MAX:
                return None
            return -int(whole) if written.negative else int(whole)
        if written.exponent and not point:
            return None
        sign = "-" if written.negative else ""
        return Decimal(f"{sign}{whole or '0'}.{decimals}{'E' if written.exponent else ''}{written.exponent}")

    def _ungrouped(self, whole: str) -> str:
        """Return digits without the signs between thousands; "x" where those stand elsewhere."""
        signs = _SAME_SIGNS.get(self.thousands, self.thousands)
        if not any(sign in whole for sign in signs):
            return whole
        pattern = _GROUPED_IN_INDIA if self.thousands == "," else _GROUPED
        for sign in signs:
            if sign in whole:
                groups = whole.replace(sign, "_")
                return groups.replace("_", "") if pattern.fullmatch(groups) else "x"
        return "x"


def _is_digits(text: str, *, or_empty: bool = False) -> bool:
    return (text.isascii() and text.isdigit()) or (or_empty and not text)
