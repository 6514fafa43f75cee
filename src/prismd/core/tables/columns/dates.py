"""Texts that have the shape of a date, and the day or moment that they are in an order of day, month and year."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Final, Literal, NamedTuple

from prismd.core.tables.columns.month_names import MONTHS, WEEKDAYS
from prismd.core.values.blanks import trimmed

DateOrder = Literal["ymd", "dmy", "mdy"]

#: The longest text that may be a date.
CHARS_MAX: Final = 64

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
