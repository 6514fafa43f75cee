"""Values: each type's rules as tables, and any value at all against a plain model of the rules."""

from __future__ import annotations

import json
import string
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.schema import Option, Property
from prismd.core.values import InvalidValueError, ValueLimits, parser_for, render

LIMITS = ValueLimits(text_chars_max=50, list_values_max=4)
ID, OTHER_ID = "0190aaaa-0000-7000-8000-00000000000a", "0190aaaa-0000-7000-8000-00000000000b"
OPTIONS = (
    Option(ID, "vp", "Vice President"),
    Option(OTHER_ID, "head", "Head"),
    Option("0190aaaa-0000-7000-8000-00000000000c", "chief", "Head"),
    # A label that is another option's slug: slugs come first.
    Option("0190aaaa-0000-7000-8000-00000000000d", "deputy", "vp"),
)


def prop(wire_type: str) -> Property:
    return Property(OTHER_ID, "field", wire_type, "Field", options=OPTIONS if "select" in wire_type else ())


def parse(wire_type: str, value: object) -> object:
    return parser_for(prop(wire_type), LIMITS)(value)


def refusal(wire_type: str, value: object) -> InvalidValueError:
    with pytest.raises(InvalidValueError) as caught:
        parse(wire_type, value)
    return caught.value


ACCEPTED: list[tuple[str, Any, Any]] = [
    ("str", "00123", "00123"),
    ("str", " padded\n", " padded\n"),
    ("str", "", ""),
    ("text", "e\u0301 ≠ é 🦊", "e\u0301 ≠ é 🦊"),
    ("text", "x" * 50, "x" * 50),
    ("num", 42, 42),
    ("num", -(10**34), -(10**34)),
    ("num", 10**300, 10**300),
    ("num", Decimal("0.1"), Decimal("0.1")),
    ("num", "42", 42),
    ("num", " -1.50 ", Decimal("-1.50")),
    ("num", "1e5", Decimal("1e5")),
    ("num", "0.0", 0),
    ("num", Decimal("-0"), 0),
    ("num", Decimal("0E+999999"), 0),
    ("num", "1E-300", Decimal("1E-300")),
    ("bool", True, True),
    ("bool", "False", False),
    ("bool", " TRUE ", True),
    ("date", "2024-02-29", "2024-02-29"),
    ("date", "0001-01-01", "0001-01-01"),
    ("date", "2024-05-31T10:30:00Z", "2024-05-31T10:30:00Z"),
    ("date", "2024-05-31T10:30", "2024-05-31T10:30:00Z"),
    ("date", "2024-05-31 00:30:00.5+02:00", "2024-05-30T22:30:00.500000Z"),
    ("date", "2024-05-31t10:30:00.1234560000z", "2024-05-31T10:30:00.123456Z"),
    ("date", "2024-05-31T10:30:00-05", "2024-05-31T15:30:00Z"),
    ("select_str", "head", OTHER_ID),
    ("select_str", ID.upper(), ID),
    ("select_str", "Vice President", ID),
    ("select_str", "vp", ID),
    ("multiselect_str", ["head", "vp", "Vice President"], [OTHER_ID, ID]),
    ("multiselect_str", "vp", [ID]),
    ("multiselect_str", [], []),
    ("multi_str", ["b", "a", "b", ""], ["b", "a", "b", ""]),
    ("multi_str", "one, two", ["one, two"]),
    ("ref_organization", ID.upper(), ID),
    ("ref_user", {"id": ID, "name": "whoever"}, ID),
    ("ref_contact", "Ann@Example.com", "Ann@Example.com"),
    ("multiref_contact", [ID, "a@b", {"id": ID.upper()}], [ID, "a@b"]),
    ("multiref_identity", ID, [ID]),
]


@pytest.mark.parametrize(("wire_type", "value", "stored"), ACCEPTED)
def test_what_fits_is_stored_as_it_is(wire_type: str, value: object, stored: object) -> None:
    kept = parse(wire_type, value)
    assert kept == stored
    assert type(kept) is type(stored)
    assert str(kept) == str(stored)


REFUSED: list[tuple[str, Any, str]] = [
    ("str", 42, "put it in quotes"),
    ("str", Decimal("1.0"), "put it in quotes"),
    ("str", True, "not true"),
    ("str", ["a"], "not a list"),
    ("str", {"a": {"b": []}}, "not an object"),
    ("text", "x" * 51, "51 characters"),
    ("text", "a\0b", "NUL"),
    ("str", "\ud83e", "surrogate"),
    ("num", True, "must be a number"),
    ("num", "", "not an empty text"),
    ("num", "007", "leading zeros"),
    ("num", "+5", "digits alone"),
    ("num", "1,000", "digits alone"),
    ("num", "$ 12", "digits alone"),
    ("num", "0x1F", "must be a number"),
    ("num", "1e", "must be a number"),
    ("num", "NaN", "must be a number"),
    ("num", "Infinity", "must be a number"),
    ("num", "\u0661\u0662", "must be a number"),
    ("num", 10**34 + 1, "34 significant digits"),
    ("num", Decimal("0." + "1" * 35), "34 significant digits"),
    ("num", 10**301, "1e300"),
    ("num", 10**300 + 10**290, "1e300"),
    ("num", "1e-301", "1e-300"),
    ("num", "1e999999999999999999999", "1e300"),
    ("num", Decimal("NaN"), "not the number NaN"),
    ("num", Decimal("sNaN"), "sNaN"),
    ("num", Decimal("-Infinity"), "-Infinity"),
    ("bool", 1, "true or false"),
    ("bool", "yes", "true or false"),
    ("bool", "", "true or false"),
    ("date", 20240531, "2024-05-31"),
    ("date", "2024-13-01", "no such day"),
    ("date", "2023-02-29", "no such day"),
    ("date", "2024-05-31T25:00:00Z", "no such day or time"),
    ("date", "01/02/2024", "which number is the day"),
    ("date", "31.12.2024", "which number is the day"),
    ("date", "20240531", "year-month-day"),
    ("date", "2024-W22-5", "year-month-day"),
    ("date", "2024-05-31T10:30:00.1234567Z", "microsecond"),
    ("date", "2024-05-31T10:30.5Z", "year-month-day"),
    ("date", "2024-05-31T10:30:00+0200", "year-month-day"),
    ("date", "0001-01-01T00:00:00+10:00", "years 1 to 9999"),
    ("date", "\uff12024-05-31", "date"),
    ("date", "yesterday", "year-month-day"),
    ("date", "", "an empty text"),
    ("select_str", 3, "options"),
    ("select_str", ["vp"], "options"),
    ("select_str", "Vp", "`vp`, `head`, `chief`, `deputy`"),
    ("select_str", "Head", "`head`, `chief`"),
    ("multiselect_str", ["vp", None], "not null"),
    ("multiselect_str", ["vp"] * 5, "5 values"),
    ("multi_str", ["a", 5], "put it in quotes"),
    ("multi_str", [["a"]], "not a list"),
    ("multi_str", ["a"] * 5, "at most 4"),
    ("ref_organization", "Acme", "id of an organization"),
    ("ref_organization", "a@b", "id of an organization"),
    ("ref_user", "{" + ID + "}", "id of a user"),
    ("ref_user", ID.replace("-", ""), "id of a user"),
    ("ref_contact", "a@\0", "id of a contact or an email address"),
    ("ref_user", {"name": "whoever"}, "not an object"),
    ("ref_user", {"id": 5}, "the number 5"),
    ("multiref_identity", [ID, "x"], "id of an identity"),
]


@pytest.mark.parametrize(("wire_type", "value", "hint"), REFUSED)
def test_what_does_not_fit_is_refused_with_a_sentence(wire_type: str, value: object, hint: str) -> None:
    error = refusal(wire_type, value)
    assert "`field`" in error.message
    assert hint in error.message
    assert len(error.message) < 300
    error.message.encode()


def test_enormous_numbers_are_refused_at_once() -> None:
    assert "several hundred digits" in refusal("num", 7**999_999).message
    assert "must be a number" in refusal("num", "1" * 1_000_000).message
    assert "several hundred digits" not in refusal("str", 7**99).message


def test_long_values_are_quoted_in_part() -> None:
    assert "x" * 60 + "…" in refusal("num", "x" * 1_000_000).message


def test_unknown_options_are_named_unless_they_could_never_be_options() -> None:
    error = refusal("multiselect_str", ["vp", "new", "newer", "new"])
    assert (error.code, error.option, error.options) == ("invalid_option", "new", ("new", "newer"))
    for hopeless in ("", "  ", "Head", "a\0", "x" * 201):
        refused = refusal("select_str", hopeless)
        assert (refused.code, refused.option) == ("invalid_option", None)


def test_options_are_shown_by_slug() -> None:
    assert render(prop("select_str"), ID) == "vp"
    assert render(prop("multiselect_str"), [OTHER_ID, ID]) == ["head", "vp"]
    assert render(prop("multi_str"), ["vp"]) == ["vp"]
    assert render(prop("num"), Decimal("1.50")) == Decimal("1.50")


# --- any value at all, against the rules written as plainly as they can be ---

REFUSE = object()


def model_text(value: Any) -> Any:
    if type(value) is not str or len(value) > LIMITS.text_chars_max:
        return REFUSE
    return REFUSE if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value) else value


def model_number(value: Any) -> Any:
    if isinstance(value, str):
        written = value.strip()
        if not written or written[0] not in "-0123456789" or written[-1] not in string.digits:
            return REFUSE
        try:
            value = json.loads(written, parse_float=Decimal)
        except ValueError:
            return REFUSE
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return REFUSE
    _, digits, exponent = Decimal(value).as_tuple()
    assert isinstance(exponent, int)
    significant = "".join(map(str, digits)).strip("0")
    if not significant:
        return 0
    if len(significant) > 34 or not Decimal("1e-300") <= abs(Decimal(value)) <= Decimal("1e300"):
        return REFUSE
    return value


MOMENT_SHAPES = {
    "9999-99-99" + separator + time + zone
    for separator in "Tt "
    for time in ["99:99", "99:99:99", *("99:99:99." + digits * "9" for digits in range(1, 12))]
    for zone in ["", "Z", "z", "+99", "-99", "+99:99", "-99:99"]
}


def model_date(value: Any) -> Any:
    written = value.strip() if type(value) is str else ""
    shape = "".join("9" if char in string.digits else char for char in written)
    try:
        if shape == "9999-99-99":
            return date(int(written[:4]), int(written[5:7]), int(written[8:])).isoformat()
        return model_moment(written) if shape in MOMENT_SHAPES else REFUSE
    except (ValueError, OverflowError):
        return REFUSE


def model_moment(written: str) -> Any:
    day, time = written[:10], written[11:].rstrip("Zz")
    offset = timedelta()
    for sign in "+-":
        time, _, zone = time.partition(sign) if sign in time else (time, "", "")
        if zone:
            ahead = datetime.strptime((zone + ":00")[:5] + "+0000", "%H:%M%z")
            offset = timedelta(hours=ahead.hour, minutes=ahead.minute) * (1 if sign == "+" else -1)
    time, _, fraction = time.partition(".")
    digits = fraction.rstrip("0")
    if len(digits) > 6 or time[6:] in ("60", "61"):
        return REFUSE
    moment = datetime.strptime(f"{day} {(time + ':00')[:8]}+0000", "%Y-%m-%d %H:%M:%S%z") - offset
    return moment.replace(microsecond=int(digits.ljust(6, "0"))).isoformat().replace("+00:00", "Z")


def model_reference(value: Any) -> Any:
    if isinstance(value, dict):
        value = value.get("id")
    try:
        return value.lower() if str(uuid.UUID(value)) == value.lower() else REFUSE
    except (ValueError, AttributeError, TypeError):
        return REFUSE


def model_many(one: Any, value: Any, *, unique: bool) -> Any:
    parsed = [one(item) for item in (value if isinstance(value, list) else [value])]
    if REFUSE in parsed or len(parsed) > LIMITS.list_values_max:
        return REFUSE
    return [item for index, item in enumerate(parsed) if not unique or item not in parsed[:index]]


MODELS: dict[str, Callable[[Any], Any]] = {
    "str": model_text,
    "num": model_number,
    "date": model_date,
    "ref_document": model_reference,
    "multi_str": lambda value: model_many(model_text, value, unique=False),
    "multiref_document": lambda value: model_many(model_reference, value, unique=True),
}

texts = st.one_of(
    st.text(),
    st.text(alphabet=st.characters(codec=None), max_size=3),
    st.from_regex(r"[ ]?-?[0-9]{1,36}(\.[0-9]{0,36})?([eE][+-]?[0-9]{1,3})?[ ]?", fullmatch=True),
    st.from_regex(r"[0-2]\d\d\d-[01]\d-[0-3]\d", fullmatch=True),
    st.from_regex(
        r"(0001|2024|9999)-[01]\d-[0-3]\d[Tt /][0-2]\d:[0-6]\d(:[0-6]\d(\.\d{0,8})?)?"
        r"([Zz]|[+-][0-2]\d(:?[0-6]\d)?)?",
        fullmatch=True,
    ),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.uuids().map(str),
)
values = st.one_of(
    texts,
    st.integers(),
    st.integers(min_value=-(10**310), max_value=10**310),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.lists(st.one_of(texts, st.none(), st.integers()), max_size=6),
    st.dictionaries(st.sampled_from(["id", "other"]), texts, max_size=2),
    st.dictionaries(st.text(max_size=3), st.lists(st.none()), max_size=2),
)


@pytest.mark.parametrize("wire_type", MODELS)
@given(value=values)
def test_any_value_is_stored_or_refused_as_the_model_says(wire_type: str, value: Any) -> None:
    expected = MODELS[wire_type](value)
    if expected is REFUSE:
        refusal(wire_type, value).message.encode()
    else:
        assert parse(wire_type, value) == expected


@given(value=values)
def test_what_is_stored_is_stored_the_same_again(value: Any) -> None:
    for wire_type in (*MODELS, "bool", "select_str", "multiselect_str", "ref_contact"):
        try:
            kept = parse(wire_type, value)
        except InvalidValueError:
            continue
        assert parse(wire_type, kept) == kept
