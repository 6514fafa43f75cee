"""The number formats of spreadsheets: which numbers are dates or times, and which are shown with their zeros."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

#: How a number is to be understood: "date" and "datetime" by the day, "time" as a part of a day, "elapsed" as hours.
Kind = Literal["number", "date", "datetime", "time", "elapsed", "digits"]

#: The formats that are built in, by their number, as far as they are no plain numbers (ECMA-376, 18.8.30).
BUILT_IN: Final = {
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"),
    22: "yyyy-mm-dd hh:mm",
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47), "hh:mm:ss"),
    46: "[h]:mm:ss",
}

#: Text in quotes, an escaped character, a space as wide as a character, a fill: none of them formats a digit.
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|_.|\*.')
_BRACKETS: Final = re.compile(r"\[(?!h+\]|m+\]|s+\])[^\]]*\]", re.IGNORECASE)
_ELAPSED: Final = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_WORDS: Final = re.compile(r"general|standard", re.IGNORECASE)
_MINUTES: Final = re.compile(r"(?<=h)[:. ]*m+|m+(?=[:. ]*s)", re.IGNORECASE)
_DAY: Final = re.compile(r"[ydmg]|e(?![+-])", re.IGNORECASE)
_HALVES: Final = re.compile(r"am/pm|a/p", re.IGNORECASE)
_CLOCK: Final = re.compile(r"[hs]|am/pm|a/p", re.IGNORECASE)
_DIGITS: Final = re.compile(r"0[0 ()/.-]*0")
_TOKENS: Final = re.compile(r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|(?P<sign>.)', re.DOTALL)


class NumberFormat(NamedTuple):
    """What a number format says about a number.

    Args:
        kind: How the number is to be understood.
        pattern: For "digits": the signs that are shown, ``0`` standing for a digit.
    """

    kind: Kind
    pattern: str = ""


PLAIN: Final = NumberFormat("number")


def number_format(code: str) -> NumberFormat:
    """Return what a format code says.

    Args:
        code: Such as ``yyyy-mm-dd``, ``#,##0.00`` or ``00000``; only its first section counts.
    """
    if len(code) > 1_000:  # noqa: PLR2004 - programs allow 255 characters
        return PLAIN
    shown = _first_section(_BRACKETS.sub("", code))
    bare = _WORDS.sub("", _LITERAL.sub("", shown))
    if _ELAPSED.search(bare):
        return NumberFormat("elapsed")
    day, clock = _has_day(bare), _CLOCK.search(bare)
    if day:
        return NumberFormat("datetime" if clock else "date")
    if clock:
        return NumberFormat("time")
    pattern = _signs(shown)
    if _DIGITS.fullmatch(bare.strip()) and "." not in bare and pattern.count("0") == bare.count("0"):
        return NumberFormat("digits", pattern)
    return PLAIN


def shown_digits(number: int, pattern: str) -> str:
    """Return a number with the zeros and signs with which a spreadsheet shows it.

    Args:
        number: Not negative.
        pattern: Of a format of the kind "digits".
    """
    digits = str(number)
    places = pattern.count("0")
    digits = digits.rjust(places, "0")
    surplus, digits = digits[: len(digits) - places], digits[len(digits) - places :]
    found, taken = [], iter(digits)
    for position, sign in enumerate(pattern):
        if sign != "0":
            found.append(sign)
            continue
        if "0" not in pattern[:position]:
            found.append(surplus)
        found.append(next(taken))
    return "".join(found)


def _has_day(bare: str) -> bool:
    # In `hh:mm` and `mm:ss` the m are minutes; anywhere else they are months.
    return _DAY.search(_HALVES.sub("", _MINUTES.sub("", bare))) is not None


def _first_section(code: str) -> str:
    quoted = False
    for position, sign in enumerate(code):
        if sign == '"':
            quoted = not quoted
        elif sign == ";" and not quoted and code[position - 1 : position] != "\\":
            return code[:position]
    return code


def _signs(shown: str) -> str:
    signs = (found["quoted"] or found["escaped"] or found["sign"] or "" for found in _TOKENS.finditer(shown))
    return "".join(signs).strip()
