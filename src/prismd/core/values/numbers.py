"""Numbers as prismd stores them: exactly as sent, or not at all."""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal
from typing import Final

from prismd.core.values.blanks import trimmed

DIGITS_MAX: Final = 34
EXPONENT_MAX: Final = 300

#: The numbers that can be stored, in words.
NUMBERS_KEPT: Final = f"at most {DIGITS_MAX} significant digits, between 1e-{EXPONENT_MAX} and 1e{EXPONENT_MAX}"

#: Integers below this are stored without a further look.
INT_SURE: Final = 10**DIGITS_MAX

_INT_BITS_MAX: Final = 1024
_CHARS_MAX: Final = 400
_LARGEST: Final = Decimal(f"1E{EXPONENT_MAX}")
_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")

# Returns a number unchanged, or raises if a limit would change it.
_EXACT: Final = Context(
    prec=DIGITS_MAX, Emax=EXPONENT_MAX, Emin=-EXPONENT_MAX, traps=[Inexact, Overflow, Subnormal, InvalidOperation]
)


def written_number(text: str) -> int | Decimal | None:
    """Return the number of a text in JSON's form, or None; invisible characters around it are ignored.

    Args:
        text: Any text.
    """
    digits = trimmed(text)
    if len(digits) > _CHARS_MAX or not _JSON_NUMBER.fullmatch(digits):
        return None
    return int(digits) if digits.removeprefix("-").isdigit() else decimal_of(digits)


def decimal_of(number: str) -> Decimal:
    """Return a number of JSON as an exact decimal.

    A number beyond the range of decimals becomes the outermost decimal. It is refused later, because it is beyond the
    range of stored numbers too.

    Args:
        number: A number in JSON's form, of any length.
    """
    try:
        return Decimal(number)
    except ArithmeticError:
        mantissa, _, exponent = number.lower().partition("e")
        if not mantissa.strip("-0."):
            return Decimal(0)
        sign = "-" if mantissa.startswith("-") else ""
        return Decimal(f"{sign}1E{MIN_EMIN if exponent.startswith('-') else MAX_EMAX}")


def kept_exactly(number: int | Decimal) -> int | Decimal:
    """Return the stored form of a number: the same number, without the sign of a zero.

    Args:
        number: Any number, of any size.

    Raises:
        ArithmeticError: It has more than 34 significant digits, or lies outside 1e-300 to 1e300.
    """
    if isinstance(number, int) and number.bit_length() > _INT_BITS_MAX:
        raise Overflow  # before the work of reading it
    if not number:
        return 0
    kept = _EXACT.plus(Decimal(number))
    if not -_LARGEST <= kept <= _LARGEST:
        raise Overflow
    return number if isinstance(number, int) else kept


def spelling_advice(text: str) -> str:
    """Return advice that makes a text a number, or an empty text.

    Args:
        text: Any text.
    """
    text = trimmed(text[:_CHARS_MAX])
    if _IS_DECIMAL_COMMA.fullmatch(text):
        plain = text.replace(",", ".")
        grouped = _IS_GROUPED.fullmatch(text)
        meant = (
            f"which is {text.replace(',', '')} or {plain} is not certain; "
            if grouped
            else f"if the comma stands for the point, that is {plain}; "
        )
        return f"{meant}{_HOW}"
    bare = text.translate(_DECORATION)
    bare = bare.lstrip("0") or "0" if bare.isdigit() else bare
    if bare != text and _JSON_NUMBER.fullmatch(bare):
        return _HOW
    return next((advice for pattern, advice in _OTHERWISE if pattern.fullmatch(text)), "")


_HOW: Final = "write it with digits alone and a point before decimals, without leading zeros"
_DECORATION: Final = str.maketrans(dict.fromkeys(", _'+$€£¥\u00a0\u202f\u2009", "") | {"\u2212": "-"})
_IS_DECIMAL_COMMA: Final = re.compile(r"-?(0|[1-9]\d*),\d+", re.ASCII)
_IS_GROUPED: Final = re.compile(r"-?[1-9]\d{0,2},\d{3}", re.ASCII)
_OTHERWISE: Final = (
    (re.compile(r"-?\.\d+", re.ASCII), "write a 0 before the point"),
    (re.compile(r"-?\d+\.", re.ASCII), "leave the point out, or write digits after it"),
    (re.compile(r"-?0+\d.*", re.ASCII), "leave the leading zeros out"),
    (re.compile(r"-?\d{1,3}(\.\d{3})+,\d+", re.ASCII), "leave the points out and write a point for the comma"),
    (re.compile(r"\(.+\)|.+-"), "write a minus sign before it, without brackets"),
    (re.compile(r"-?[\d.,]+\s*%", re.ASCII), "leave the sign % out, as in 5 or 0.05, whichever the property means"),
    (re.compile(r"-?\d[\d.,]*\s*[^\W\d_]+", re.UNICODE), "leave the unit out, and write all digits"),
)
