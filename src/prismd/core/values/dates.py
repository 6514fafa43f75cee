"""Dates and times as prismd stores them: a day as written, a moment in UTC to the microsecond."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

from prismd.core.values.blanks import trimmed
from prismd.core.values.date_advice import no_such_date, shape_problem

_DAY_CHARS: Final = len("2024-05-31")
_MOMENT: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d(?::\d\d)?)(?:(?<=:\d\d:\d\d)\.(?P<fraction>\d+))?"
    r"(?P<zone>[Zz]|[+-]\d\d(?::[0-5]\d)?)?",
    re.ASCII,
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FRACTION_DIGITS_MAX: Final = 6
_TEXT_CHARS_MAX: Final = 64


class UnreadableDateError(ValueError):
    """A text is no date that can be stored exactly; the message gives the reason."""


def stored_date(text: str) -> str:
    """Return the stored form of a date or a moment.

    A day stays ``YYYY-MM-DD``; a moment becomes ``YYYY-MM-DDTHH:MM:SS[.ffffff]Z``; without a zone it is in UTC.

    Args:
        text: ISO 8601, extended format; invisible characters around it are ignored.

    Raises:
        UnreadableDateError: It has another form, is no day of the calendar, or is finer than a microsecond.
    """
    if len(text) != _DAY_CHARS:  # a day fills this length, so nothing is left to trim, and most dates are days
        text = trimmed(text)
    try:
        if len(text) == _DAY_CHARS and text[4] == text[7] == "-":
            date.fromisoformat(text)
            return text
        return _stored_moment(_matched(text))
    except (ValueError, OverflowError) as error:
        raise UnreadableDateError(_reason(trimmed(text), error)) from None


def stored_day(text: str) -> str:
    """Return the day in a text, exactly as written: a time or an offset after it does not change the day.

    Args:
        text: A text as for :func:`stored_date`.

    Raises:
        UnreadableDateError: It has another form, or is no day of the calendar.
    """
    text = trimmed(text)
    if len(text) == _DAY_CHARS:
        return stored_date(text)
    try:
        match = _matched(text)
        datetime.fromisoformat(f"{match['day']}T{match['time']}{_offset(match['zone'])}")
    except ValueError as error:
        raise UnreadableDateError(_reason(text, error)) from None
    return match["day"]


def comparable_date(stored: str, *, day: bool = False) -> str:
    """Return a stored date as a text that sorts by time: a day is the moment at which it begins in UTC.

    Args:
        stored: A date from :func:`stored_date`.
        day: Whether only the day counts.
    """
    if day:
        stored = stored[:_DAY_CHARS]
    return stored + "T00:00:00" if len(stored) == _DAY_CHARS else stored.removesuffix("Z")


def _matched(text: str) -> re.Match[str]:
    match = _MOMENT.fullmatch(text) if len(text) <= _TEXT_CHARS_MAX else None
    if match is None:
        raise UnreadableDateError(shape_problem(text[:_TEXT_CHARS_MAX]))
    return match


def _stored_moment(match: re.Match[str]) -> str:
    day, time, fraction, zone = match.group("day", "time", "fraction", "zone")
    digits = (fraction or "").rstrip("0")
    if len(digits) > _FRACTION_DIGITS_MAX:
        raise UnreadableDateError("times are kept to the microsecond; write at most six digits after the point")
    moment = datetime.fromisoformat(f"{day}T{time}{_offset(zone)}").astimezone(UTC)
    moment = moment.replace(microsecond=int(digits.ljust(_FRACTION_DIGITS_MAX, "0")))
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _offset(zone: str | None) -> str:
    return "+00:00" if zone is None or zone in "Zz" else zone


def _reason(text: str, error: Exception) -> str:
    if isinstance(error, UnreadableDateError):
        return str(error)
    if isinstance(error, OverflowError):
        return "it lies outside the years 1 to 9999 in UTC"
    return no_such_date(text) if _DAY.match(text) else shape_problem(text[:_TEXT_CHARS_MAX])
