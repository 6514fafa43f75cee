"""Advice for a text that is no date: what is wrong with it, and how to write it."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import MAXYEAR
from typing import Final

_PLAIN: Final = "write year-month-day, with a time after T if there is one"
_MONTHS: Final = 12
_MONTH_NAMES: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

# A day with parts of any length; the code checks the rest of the text separately.
_YEAR_FIRST: Final = re.compile(
    r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)", re.ASCII
)
_YEAR_LAST: Final = re.compile(
    r"(?P<one>\d{1,2})(?P<mark>[-/.])(?P<other>\d{1,2})(?P=mark)(?P<year>\d{4})(?!\d)", re.ASCII
)
_MONTH_ALONE: Final = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})", re.ASCII)
_COMPACT: Final = re.compile(
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:[Tt ]?(?P<time>\d{4}(?:\d\d)?)[Zz]?)?", re.ASCII
)
# Other ways in which people write dates, and the problem of each; the first match counts.
_OTHERWISE: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.ASCII | re.IGNORECASE), problem)
    for pattern, problem in (
        (r"^[+-]?\d{5,}-\d\d?-\d\d?", "years have four digits, from 0001 to 9999; write year-month-day"),
        (
            r"^\d{1,2}([-/.])\d{1,2}\1\d{1,2}(?!\d)",
            "which number is the day, the month and the year is not certain; write year-month-day, the year in full",
        ),
        (r"^\d{4}(-?W\d\d?(-?\d)?|-\d{3})$", "weeks and days of the year are not taken; write year-month-day"),
        (r"^\d+$", "a number alone is no date; write year-month-day, with a time after T if there is one"),
        (
            r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b",
            "the month is written with two digits, not by its name; write year-month-day",
        ),
    )
)

# Texts that people write after a day, and the problem of each, which can quote groups; the first match counts.
_AFTER_DAY: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.ASCII | re.IGNORECASE), problem)
    for pattern, problem in (
        (r"T", "no time follows the T; leave it out, or write one such as T10:30"),
        (r"Z|[+-]\d\d:?\d\d", "an offset follows a day without a time; leave it out, or write a time such as T10:30"),
        (r".*([+-]\d\d)(\d\d)", "the colon is missing in the offset; write {0}:{1}"),
        (r".*[+-]\d\d:[6-9]\d", "the minutes of an offset go from 00 to 59"),
        (r".*\d\s+([+-]\d\d(?::\d\d)?|Z)", "a blank stands before the offset; write {0} right behind the time"),
        (r".*[+-]\d\d?:\d\d?|.*[+-]\d", "the offset is not whole; write it as +02:00, with two digits each"),
        (r".*\b[ap]\.?m\b\.?.*|.*\d[ap]m", "hours are written from 00 to 23, without am or pm"),
        (r".*[\u2212\u2010-\u2015](\d\d):?(\d\d)", "the sign of the offset is no plain minus; write -{0}:{1}"),
        (r".*\[.*\]", "the zone has a name; leave the brackets out, and keep the offset"),
        (r".*\d\s*[a-z_]{2,}(/[a-z_]+)*", "the zone has a name; write Z for UTC, or an offset such as +02:00"),
        (r"[T ]\s*\d\d?h?", "the minutes are missing; write the time as T10:30"),
        (r"[T ]\s*\d{4}(\d\d)?(\.\d+)?(Z|[+-]\d\d(:\d\d)?)?", "the colons of the time are missing; write it as T10:30"),
        (r"[T ]\s*(\d|\d\d:\d|\d\d:\d\d:\d)(?!\d).*", "hours, minutes and seconds have two digits each: T09:05:00"),
        (r"[T ]\s*\d\d:\d\d\.\d+.*", "a fraction follows minutes; write the seconds too, as in T10:30:00.5"),
        (r"[T ]\s*\d\d:\d\d:\d\d[,:]\d+.*", "a fraction of a second follows a point, as in T10:30:00.5"),
        (r"[T ]\s*\d\d[.h]\d\d.*", "hours and minutes have a colon between them, as in T10:30"),
        (r"(\s\s+|\s*T\s*|,\s*)\d.*", "one T or one blank stands between day and time, as in T10:30"),
        (r"\d.*", "a T stands between day and time, as in T10:30"),
    )
)  # fmt: skip


def shape_problem(text: str) -> str:
    """Return what is wrong with a text that does not have the form of a date.

    Args:
        text: A text without invisible characters at its ends; a few dozen characters at most.
    """
    if not text.isascii() and any(char.isdecimal() and not char.isascii() for char in text):
        return "its digits are not those from 0 to 9; write year-month-day with these"
    for pattern, problem in ((_YEAR_FIRST, _year_first), (_YEAR_LAST, _year_last), (_MONTH_ALONE, _month_alone)):
        match = pattern.fullmatch(text) if pattern is _MONTH_ALONE else pattern.match(text)
        if match is not None:
            return problem(match, text[match.end() :])
    return _other_shape(text)


def no_such_date(text: str) -> str:
    """Return what is wrong with a text that has the form of a date, but is not in the calendar.

    Args:
        text: A day, perhaps with a time.
    """
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    problem = _calendar_problem(year, month, day)
    if problem:
        return f"there is no such day: {problem}"
    return "there is no such day or time: hours go from 00 to 23, minutes and seconds from 00 to 59, offsets to 23:59"


def _year_first(match: re.Match[str], rest: str) -> str:
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    problem = _calendar_problem(year, month, day)
    if problem:
        return f"there is no such day: {problem}"
    written = f"{year:04}-{month:02}-{day:02}"
    if len(match["month"]) == 1 or len(match["day"]) == 1:
        return f"month and day have two digits each; write {written}"
    if match["mark"] != "-":
        return f"year, month and day have a dash between them; write {written}"
    return _after_day(rest)


def _year_last(match: re.Match[str], _rest: str) -> str:
    year, one, other = int(match["year"]), int(match["one"]), int(match["other"])
    day_first, month_first = _calendar_problem(year, other, one), _calendar_problem(year, one, other)
    if day_first and month_first:
        return f"there is no such day: read as day-month-year, {day_first}; as month-day-year, {month_first}"
    if one == other:
        return f"the year comes first; write {year:04}-{one:02}-{other:02}"
    if month_first:
        return f"it cannot be month-day-year: {month_first}; write day-month-year as {year:04}-{other:02}-{one:02}"
    if day_first:
        return f"it cannot be day-month-year: {day_first}; write month-day-year as {year:04}-{one:02}-{other:02}"
    return (
        "which number is the day and which the month is not certain; write year-month-day with two digits each: "
        f"{year:04}-{other:02}-{one:02} or {year:04}-{one:02}-{other:02}"
    )


def _month_alone(match: re.Match[str], _rest: str) -> str:
    return f"the day is missing; write year-month-day such as {match['year']}-{int(match['month']):02}-01"


def _after_day(rest: str) -> str:
    for pattern, problem in _AFTER_DAY:
        match = pattern.fullmatch(rest)
        if match is not None:
            return problem.format(*match.groups())
    return _PLAIN


def _other_shape(text: str) -> str:
    compact = _COMPACT.fullmatch(text)
    if compact is not None:
        written = f"{compact['year']}-{compact['month']}-{compact['day']}"
        return f"the dashes are missing; write year-month-day as {written}" + (" and T10:30" if compact["time"] else "")
    return next((problem for pattern, problem in _OTHERWISE if pattern.search(text)), _PLAIN)


def _calendar_problem(year: int, month: int, day: int) -> str:
    if not 1 <= year <= MAXYEAR:
        return "years go from 0001 to 9999"
    if not 1 <= month <= _MONTHS:
        return f"{month} is no month"
    days = monthrange(year, month)[1]
    return "" if 1 <= day <= days else f"{_MONTH_NAMES[month - 1]} {year} has {days} days, not {day}"
