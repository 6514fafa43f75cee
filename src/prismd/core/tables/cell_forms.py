"""The forms in which people write dates and numbers; each form reads a text exactly, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from prismd.core.tables.month_names import MONTHS, WEEKDAYS
from prismd.core.values.blanks import trimmed

DateOrder = Literal["ymd", "dmy", "mdy"]

#: The longest text that may be a date or a number.
CHARS_MAX: Final = 64

#: Whole numbers of more digits than this are names of things, such as card numbers, and stay text.
WHOLE_DIGITS_MAX: Final = 15

_YEAR_MIN: Final = 1000
_CENTURY: Final = 100
_HOURS_OF_HALF_A_DAY: Final = 12
_SECONDS_DIGITS_MAX: Final = 6

_TIME: Final = (
    r"(?:(?:[T ]|, ?)\s?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?(?P<zone>[Zz]|UTC|GMT|[+-]\d\d:?\d\d))?)?"
)
_NUMERIC: Final = re.compile(
    rf"(?P<a>\d{{1,4}})(?P<sign>[/.-]|\. )(?P<b>\d\d?)(?P=sign)(?P<c>\d{{1,4}}){_TIME}", re.ASCII
)
_COMPACT: Final = re.compile(
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:T(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)(?P<zone>[Zz])?)?",
    re.ASCII,
)
_NAMED: Final = re.compile(
    r"(?:(?P<weekday>[A-Za-z]{3,9}),? )?"
    r"(?:(?P<day>\d\d?)(?:\.|st|nd|rd|th)?(?: (?:de|of) |[ -]|(?<=\.))?(?P<month>[^\W\d_]{3,12})\.?(?: de |,? |-)?"
    r"(?P<year>\d{4}|\d\d)"
    r"|(?P<month2>[^\W\d_]{3,12})\.?[ -](?P<day2>\d\d?)(?:st|nd|rd|th)?,? (?P<year2>\d{4})"
    rf"|(?P<year3>\d{{4}})[ -](?P<month3>[^\W\d_]{{3,12}})\.?[ -](?P<day3>\d\d?)){_TIME}"
)
_CHINESE: Final = re.compile(
    rf"(?P<year>\d{{4}})\s?[年년]\s?(?P<month>\d\d?)\s?[月월]\s?(?P<day>\d\d?)\s?[日일]{_TIME}"
)  # fmt: skip


class WrittenDate(NamedTuple):
    """A text that has the shape of a date.

    Args:
        parts: Its three numbers as they stand; of a date that tells its own order, year, month and day.
        tells: Whether it tells its own order: its year stands first with four digits, or its month has a name.
        short: Whether its year has two digits.
        time: Its groups of the time of day, or None where it is a day.
    """

    parts: tuple[int, int, int]
    tells: bool
    short: bool
    time: re.Match[str] | None

    def by(self, order: DateOrder, century_from: int | None) -> date | datetime | None:
        """Return the date that the text is in an order, or None where it is no day of the calendar.

        Args:
            order: The order of day, month and year.
            century_from: The first of the hundred years that two digits mean; None refuses two digits.
        """
        year, month, day = self._ordered("ymd" if self.tells else order)
        if self.short:
            if century_from is None:
                return None
            year = century_from + (year - century_from) % _CENTURY
        if year < _YEAR_MIN:
            return None
        try:
            return _moment(date(year, month, day), self.time)
        except (ValueError, OverflowError):
            return None

    def fits(self, order: DateOrder) -> bool:
        """Return whether the lengths of the numbers allow an order.

        Args:
            order: The order of day, month and year.
        """
        return self.tells or self.short or order != "ymd"

    def _ordered(self, order: DateOrder) -> tuple[int, int, int]:
        a, b, c = self.parts
        return (a, b, c) if order == "ymd" else (c, b, a) if order == "dmy" else (c, a, b)


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


def written_date(text: str) -> WrittenDate | None:
    """Return the parts of a text that has the shape of a date, or None.

    Args:
        text: Any text, of any length.
    """
    if len(text) > CHARS_MAX:
        return None
    text = trimmed(text)
    if (found := _NUMERIC.fullmatch(text)) is not None:
        return _numeric(found)
    if (found := _COMPACT.fullmatch(text) or _CHINESE.fullmatch(text)) is not None:
        parts = int(found["year"]), int(found["month"]), int(found["day"])
        return WrittenDate(parts, tells=True, short=False, time=found if found["hour"] else None)
    found = _NAMED.fullmatch(text)
    return _named(found) if found else None


def _numeric(found: re.Match[str]) -> WrittenDate | None:
    a, b, c = found.group("a", "b", "c")
    widths = len(a), len(c)
    tells = widths[0] == len("2024") and widths[1] <= len("31")
    long = widths[0] <= len("31") and widths[1] == len("2024")
    short = widths[0] <= len("31") and widths[1] == len("24")
    if not (tells or long or short):
        return None
    return WrittenDate((int(a), int(b), int(c)), tells, short, found if found["hour"] else None)


def _named(found: re.Match[str]) -> WrittenDate | None:
    form = next(form for form in ("", "2", "3") if found["day" + form])
    month = MONTHS.get(found["month" + form].lower())
    if month is None:
        return None
    year, day = found["year" + form], int(found["day" + form])
    short = len(year) == len("24")
    written = WrittenDate((int(year), month, day), tells=True, short=short, time=found if found["hour"] else None)
    return written if _weekday_fits(found["weekday"], written) else None


def _weekday_fits(weekday: str | None, written: WrittenDate) -> bool:
    if weekday is None:
        return True
    day = written.by("ymd", None)
    return day is not None and WEEKDAYS.get(weekday.lower()) == day.weekday()


def _moment(day: date, time: re.Match[str] | None) -> date | datetime:
    if time is None:
        return day
    groups = time.groupdict()
    hour, half = int(groups["hour"]), groups.get("half")
    if half:
        if not 1 <= hour <= _HOURS_OF_HALF_A_DAY:
            raise ValueError
        hour = hour % _HOURS_OF_HALF_A_DAY + (_HOURS_OF_HALF_A_DAY if half in "pP" else 0)
    digits = (groups.get("fraction") or "").rstrip("0")
    if len(digits) > _SECONDS_DIGITS_MAX:
        raise ValueError
    return datetime(
        day.year, day.month, day.day, hour, int(groups["minute"]), int(groups["second"] or 0),
        int(digits.ljust(_SECONDS_DIGITS_MAX, "0")), tzinfo=_zone(groups.get("zone")),
    )  # fmt: skip


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return timezone.utc  # noqa: UP017 - the alias is no timezone for mypy
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


#: Blanks that separate thousands, and the two apostrophes of Switzerland.
_SAME_SIGNS: Final = {" ": " \u00a0\u202f\u2009", "'": "'\u2019"}
_CURRENCY: Final = (
    r"US\$|A\$|C\$|R\$|CHF|EUR|USD|GBP|JPY|CNY|PLN|CZK|SEK|NOK|DKK|HUF|TRY|RUB|UAH|INR|BRL|CAD|AUD|Kč|Ft|zł|kr\.?"
    r"|[$€£¥₽₴₹₺₩₪]"
)
_AMOUNT: Final = re.compile(
    rf"(?P<open>\()?(?P<sign>[-\u2212])?(?:(?P<before>{_CURRENCY})\s?)?(?P<inner>[-\u2212])?(?P<digits>[\d.][^()%A-Za-z]*?)"
    rf"(?:\s?(?P<after>{_CURRENCY}))?(?P<percent>\s?%)?(?P<close>\))?",
    re.ASCII,
)  # fmt: skip


class WrittenNumber(NamedTuple):
    """A text that may be a number.

    Args:
        digits: Its digits and the signs between them.
        negative: Whether it is below zero: after a minus, or in brackets.
        currency: The sign of a currency beside it, or "".
        percent: Whether a sign of percent stands after it.
        exponent: What stands after the E of a scientific number, or "".
    """

    digits: str
    negative: bool = False
    currency: str = ""
    percent: bool = False
    exponent: str = ""


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


_GROUPED: Final = re.compile(r"\d{1,3}(?:_\d{3})+", re.ASCII)
_GROUPED_IN_INDIA: Final = re.compile(r"\d{1,3}(?:_\d{3})+|\d{1,2}(?:_\d\d)+_\d{3}", re.ASCII)
_SCIENTIFIC: Final = re.compile(r"(?P<digits>\d[.,]\d+)[Ee](?P<exponent>[+-]\d\d?)", re.ASCII)


def _is_digits(text: str, *, or_empty: bool = False) -> bool:
    return (text.isascii() and text.isdigit()) or (or_empty and not text)


def written_number(text: str) -> WrittenNumber | None:
    """Return the parts of a text that has the shape of a number, or None.

    Args:
        text: Any text, of any length.
    """
    if len(text) > CHARS_MAX:
        return None
    text = trimmed(text)
    if text.isascii() and text.isdigit():
        return WrittenNumber(text)
    negative = text[:1] in ("-", "\u2212") and text != ""
    if (science := _SCIENTIFIC.fullmatch(text[negative:])) is not None:
        return WrittenNumber(science["digits"], negative, exponent=science["exponent"])
    found = _AMOUNT.fullmatch(text)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    if bool(found["sign"]) + bool(found["inner"]) + bool(found["open"]) > 1 or (found["before"] and found["after"]):
        return None
    negative = bool(found["sign"] or found["inner"] or found["open"])
    currency = found["before"] or found["after"] or ""
    return WrittenNumber(found["digits"].rstrip(), negative, currency, percent=bool(found["percent"]))
