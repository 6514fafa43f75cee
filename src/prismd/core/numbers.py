"""Numbers as prismd stores them: exactly as sent, or not at all."""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal
from typing import Final

DIGITS_MAX: Final = 34
EXPONENT_MAX: Final = 300

#: Integers below this are stored without a further look.
INT_SURE: Final = 10**DIGITS_MAX

_INT_BITS_MAX: Final = 1024
_CHARS_MAX: Final = 400
_LARGEST: Final = Decimal(f"1E{EXPONENT_MAX}")
_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")

# Passes a number through unchanged, or raises where the limits would cut it.
_EXACT: Final = Context(
    prec=DIGITS_MAX, Emax=EXPONENT_MAX, Emin=-EXPONENT_MAX, traps=[Inexact, Overflow, Subnormal, InvalidOperation]
)


def written_number(text: str) -> int | Decimal | None:
    """Return the number that a text writes as JSON does, or None; white space around it is ignored.

    Args:
        text: Any text.
    """
    digits = text.strip()
    if len(digits) > _CHARS_MAX or not _JSON_NUMBER.fullmatch(digits):
        return None
    try:
        return int(digits) if digits.removeprefix("-").isdigit() else Decimal(digits)
    except ArithmeticError:
        # An exponent beyond what even Decimal can hold: as good as any number that is too large.
        return _LARGEST * 10


def kept_exactly(number: int | Decimal) -> int | Decimal:
    """Return a number as it is stored: the same, without the sign of a zero.

    Args:
        number: Any number, of any size.

    Raises:
        ArithmeticError: It has more than 34 significant digits, or lies outside 1e-300 to 1e300.
    """
    if isinstance(number, int) and number.bit_length() > _INT_BITS_MAX:
        raise Overflow
    if not number:
        return 0
    kept = _EXACT.plus(Decimal(number))
    if not -_LARGEST <= kept <= _LARGEST:
        raise Overflow
    return number if isinstance(number, int) else kept


def spelling_advice(text: str) -> str:
    """Return what to leave out of a text so that it writes a number, or an empty text.

    Args:
        text: Any text.
    """
    text = text[:_CHARS_MAX].strip()
    bare = text.translate(_DECORATION)
    bare = bare.lstrip("0") or "0" if bare.isdigit() else bare
    if bare != text and _JSON_NUMBER.fullmatch(bare):
        return "write it with digits alone and a point before decimals, without leading zeros"
    return ""


_DECORATION: Final = str.maketrans("", "", ", _'+$€£\u00a0\u202f")
