"""Texts that have the shape of a number, with the signs around it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from prismd.core.values.blanks import trimmed

#: The longest text that may be a number.
CHARS_MAX: Final = 64

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


_SCIENTIFIC: Final = re.compile(r"(?P<digits>\d[.,]\d+)[Ee](?P<exponent>[+-]\d\d?)", re.ASCII)


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
