"""Numbers of JSON beyond the range of decimals: they become the outermost ones, which nothing stores."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Decimal

import pytest

from prismd.core.values.numbers import decimal_of, kept_exactly

LARGEST, SMALLEST = Decimal((0, (1,), MAX_EMAX)), Decimal((0, (1,), MIN_EMIN))
LEAST, SMALLEST_BELOW = Decimal((1, (1,), MAX_EMAX)), Decimal((1, (1,), MIN_EMIN))
BEYOND = "9" * 30


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.50", Decimal("1.50")),
        (f"5e{BEYOND}", LARGEST),
        (f"5E{BEYOND}", LARGEST),
        (f"-5E+{BEYOND}", LEAST),
        (f"5E-{BEYOND}", SMALLEST),
        (f"-5.5e-{BEYOND}", SMALLEST_BELOW),
        (f"0e{BEYOND}", Decimal(0)),
        (f"-0.00E-{BEYOND}", Decimal(0)),
    ],
)
def test_a_number_beyond_decimals_is_the_outermost_one_or_zero(text: str, number: Decimal) -> None:
    assert decimal_of(text) == number


@pytest.mark.parametrize("number", [LARGEST, LEAST, SMALLEST, SMALLEST_BELOW, 10**2000, -(10**2000)])
def test_what_is_beyond_decimals_is_refused_when_it_is_stored(number: int | Decimal) -> None:
    with pytest.raises(ArithmeticError):
        kept_exactly(number)
