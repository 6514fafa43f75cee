"""Forms of dates and numbers: a form reads a text exactly or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.tables.columns.forms import DateForm, NumberForm
from prismd.core.tables.columns.month_names import _LANGUAGES, MONTHS

DAY = date(2024, 5, 31)
ymd, dmy, mdy = DateForm("ymd"), DateForm("dmy"), DateForm("mdy")


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-31", "2024/5/31", "20240531", "31 May 2024", "May 31, 2024", "31. Mai 2024", "31-May-2024",
        "31 de mayo de 2024", "31 mai 2024", "31 maja 2024", "31 мая 2024", "2024年5月31日", "31st May 2024",
        "Fri, 31 May 2024", "2024 May 31", "31 Mayıs 2024", "31 maggio 2024", "31 mei 2024",
    ],
)  # fmt: skip
def test_a_date_that_tells_its_order_is_read_by_every_form(text: str) -> None:
    assert [form.read(text) for form in (ymd, dmy, mdy)] == [DAY] * 3


@pytest.mark.parametrize(
    ("form", "text", "found"),
    [
        (dmy, "31.05.2024", DAY),
        (dmy, "31. 5. 2024", DAY),
        (mdy, "05/31/2024", DAY),
        (dmy, "05/31/2024", None),
        (ymd, "05/31/2024", None),
        (dmy, "29/2/2023", None),
        (dmy, "5/6/24", None),
        (DateForm("dmy", two_digit_years=True, century_from=1970), "5/6/24", date(2024, 6, 5)),
        (DateForm("dmy", two_digit_years=True, century_from=1970), "5/6/70", date(1970, 6, 5)),
        (DateForm("dmy", two_digit_years=True, century_from=1926), "5/6/25", date(2025, 6, 5)),
        (DateForm("dmy", two_digit_years=True, century_from=1926), "5/6/26", date(1926, 6, 5)),
        (DateForm("ymd", two_digit_years=True, century_from=2000), "24-05-31", DAY),
        (mdy, "5/31/2024 3:04 PM", datetime(2024, 5, 31, 15, 4)),  # noqa: DTZ001 - the text names no zone
        (mdy, "5/31/2024 12:04:05 am", datetime(2024, 5, 31, 0, 4, 5)),  # noqa: DTZ001 - as above
        (mdy, "5/31/2024 13:04 PM", None),
        (ymd, "2024-05-31T10:00:00Z", datetime(2024, 5, 31, 10, tzinfo=UTC)),
        (ymd, "2024-05-31 10:00:00.25+02:00", datetime(2024, 5, 31, 10, 0, 0, 250000, timezone(timedelta(hours=2)))),
        (ymd, "2024-05-31T24:00", None),
        (ymd, "2024-05-31T10:00:00.1234567", None),
        (ymd, "Thu, 31 May 2024", None),
        (ymd, "31 Blah 2024", None),
        (ymd, "1.2.3", None),
        (dmy, "01/02-2024", None),
        (dmy, "1" * 10_000, None),
        (dmy, "31.05.0024", None),
    ],
)
def test_dates(form: DateForm, text: str, found: object) -> None:
    assert form.read(text) == found


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from("./-"), st.booleans())
def test_a_written_date_comes_back_in_its_form(day: date, sign: str, padded: bool) -> None:  # noqa: FBT001
    d, m = (f"{day.day:02}", f"{day.month:02}") if padded else (str(day.day), str(day.month))
    assert dmy.read(sign.join([d, m, str(day.year)])) == day
    assert mdy.read(sign.join([m, d, str(day.year)])) == day
    assert {form.read(sign.join([str(day.year), m, d])) for form in (ymd, dmy, mdy)} == {day}


@pytest.mark.parametrize(
    ("decimal", "thousands", "text", "found"),
    [
        (".", "", "1234", 1234),
        (".", ",", "1,234.50", Decimal("1234.50")),
        (",", ".", "1.234,50", Decimal("1234.50")),
        (".", ",", "1.234", Decimal("1.234")),
        (",", ".", "1.234", 1234),
        (",", " ", "1\u202f234,5", Decimal("1234.5")),
        (".", "'", "1’234.5", Decimal("1234.5")),
        (".", ",", "12,34,567", 1234567),
        (",", ".", "12.34.567", None),
        (".", ",", "1234,567", None),
        (".", ",", "1,2,3", None),
        (".", "", "0123", None),
        (".", "", "0", 0),
        (".", "", "-0.5", Decimal("-0.5")),
        (".", "", "\u22125", -5),
        (".", "", "(5.25)", Decimal("-5.25")),
        (".", "", "(5.25", None),
        (".", "", "1234567890123456", None),
        (".", "", "1.23E+05", Decimal("1.23E+5")),
        (".", "", "1E5", None),
        (".", "", "5.", None),
        (".", "", ".5", Decimal("0.5")),
        (".", "", "$5", None),
        (".", "", "5%", None),
        (".", "", "+49", None),
        (".", "", "٣", None),
        (".", "", "", None),
        (".", "", "1.2.3", None),
        (".", "", "5-6", None),
    ],
)
def test_numbers(decimal: Literal[".", ","], thousands: str, text: str, found: object) -> None:
    assert NumberForm(decimal, thousands).read(text) == found


@pytest.mark.parametrize("text", ["$1,234.50", "$ 1,234.50", "1,234.50 $", "1,234.50"])
def test_a_currency_is_told_by_the_form(text: str) -> None:
    assert NumberForm(".", ",", currency="$").read(text) == Decimal("1234.50")
    assert NumberForm(".", ",", currency="€").read(text) == (Decimal("1234.50") if "$" not in text else None)


def test_percent_is_told_by_the_form() -> None:
    assert NumberForm(".", percent=True).read("12.5 %") == Decimal("12.5")
    assert NumberForm(".", percent=True).read("12.5") is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
@example(Decimal("-0.00"))
def test_a_written_number_comes_back_in_its_form(number: Decimal) -> None:
    text = f"{number:,.2f}"
    assert NumberForm(".", ",").read(text) == number
    assert NumberForm(",", ".").read(text.translate(str.maketrans(",.", ".,"))) == number
    assert NumberForm(",", " ").read(text.translate(str.maketrans(",.", " ,"))) == number


@given(st.text("0123456789.,-/: apmTZ$%(E+\u00a0年 May", max_size=70))
def test_any_text_is_read_or_not(text: str) -> None:
    results: list[Any] = [form.read(text) for form in (ymd, dmy, mdy, NumberForm("."), NumberForm(",", "."))]
    assert len(results) == 5


def test_no_name_means_two_months() -> None:
    months = [months.split() for months in _LANGUAGES.values()]
    assert {len(names) for names in months} == {12}
    for names in months:
        assert all(MONTHS[name] == number for number, some in enumerate(names, 1) for name in some.split("|"))
