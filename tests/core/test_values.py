"""Values: what each type takes, in what form it is stored, and what it says of the rest."""

from __future__ import annotations

from calendar import month_name, monthrange
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Decimal
from typing import Any

import pytest

from prismd.core.properties.roles import DAY_ROLE
from prismd.core.properties.schema import Option, Property
from prismd.core.values.dates import comparable_date
from prismd.core.values.errors import found
from prismd.core.values.key_references import KeyReference
from prismd.core.values.property_values import (
    InvalidValueError,
    Parser,
    ValueLimits,
    parser_for,
    remover_for,
    render,
    writer_for,
)

LIMITS = ValueLimits(text_chars_max=50, list_values_max=4)
ID, OTHER_ID = "0190aaaa-0000-7000-8000-00000000000a", "0190aaaa-0000-7000-8000-00000000000b"
OPTIONS = (
    Option(ID, "vp", "Vice President"),
    Option(OTHER_ID, "head", "Head"),
    Option("0190aaaa-0000-7000-8000-00000000000c", "chief", "Head"),
    # A label that is another option's slug, as earlier versions allowed: the label comes first.
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
    ("text", "é" * 50, "é" * 50),
    ("num", 42, 42),
    ("num", -(10**34), -(10**34)),
    ("num", 10**300, 10**300),
    ("num", -(10**300), -(10**300)),
    ("num", "-7", -7),
    ("num", "0." + "0" * 398, 0),
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
    ("bool", " " * 56 + "true", True),
    ("bool", "\ufefftrue\u200b", True),
    ("num", "\ufeff42\u2028", 42),
    ("date", "\u200b2024-02-29\u3000", "2024-02-29"),
    ("date", "2024-02-29", "2024-02-29"),
    ("date", "0001-01-01", "0001-01-01"),
    ("date", "2024-05-31T10:30:00Z", "2024-05-31T10:30:00Z"),
    ("date", "2024-05-31T10:30", "2024-05-31T10:30:00Z"),
    ("date", "2024-05-31 00:30:00.5+02:00", "2024-05-30T22:30:00.500000Z"),
    ("date", "2024-05-31t10:30:00.1234560000z", "2024-05-31T10:30:00.123456Z"),
    ("date", "2024-05-31T10:30:00-05", "2024-05-31T15:30:00Z"),
    ("date", "2024-05-31T10:30:00." + "0" * 43 + "Z", "2024-05-31T10:30:00Z"),
    ("select_str", "head", OTHER_ID),
    ("select_str", ID.upper(), ID),
    ("select_str", "Vice President", ID),
    ("select_str", "vp", "0190aaaa-0000-7000-8000-00000000000d"),
    ("multiselect_str", ["head", "Vice President", ID.upper()], [OTHER_ID, ID]),
    ("multiselect_str", "head", [OTHER_ID]),
    ("multiselect_str", [], []),
    ("multi_str", ["b", "a", "b", ""], ["b", "a", "b", ""]),
    ("multi_str", "one, two", ["one, two"]),
    ("ref_organization", ID.upper(), ID),
    ("ref_user", {"id": ID, "name": "whoever"}, ID),
    ("ref_contact", "Ann@Example.com", "Ann@Example.com"),
    ("ref_contact", "david@example.com", "david@example.com"),
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
    ("num", "007", "digits alone"),
    ("num", "00", "digits alone"),
    ("num", "-00712", "leave the leading zeros out"),
    ("num", "00.5", "leave the leading zeros out"),
    ("num", "0." + "0" * 399, "must be a number"),
    ("num", ["5"], "not a list"),
    ("num", None, "not null"),
    ("num", "+5", "digits alone"),
    ("num", "1,000", "digits alone"),
    ("num", "$ 12", "digits alone"),
    ("num", "1,000", "1000 or 1.000 is not certain"),
    ("num", "1,5", "that is 1.5"),
    ("num", " 1,25\n", "that is 1.25"),
    ("num", "1,0000", "that is 1.0000"),
    ("num", "1,5 kg", "leave the unit out"),
    ("num", "$0.5", "digits alone"),
    ("num", "1.234.567,89", "leave the points out"),
    ("num", "-.55", "a 0 before the point"),
    ("num", "5-", "a minus sign"),
    ("num", "1.234,56", "digits alone"),
    ("num", ".5", "a 0 before the point"),
    ("num", "5.", "the point out"),
    ("num", "(5)", "a minus sign"),
    ("num", "5 %", "leave the sign % out"),
    ("num", "5 kg", "leave the unit out"),
    ("num", "\u22125", "digits alone"),
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
    ("num", Decimal((0, (1,), MAX_EMAX)), "not a number whose exponent has eighteen digits or more"),
    ("num", Decimal((0, (1,), MIN_EMIN)), "not a number whose exponent has eighteen digits or more"),
    ("num", Decimal("NaN"), "not the number NaN"),
    ("num", Decimal("sNaN"), "sNaN"),
    ("num", Decimal("-Infinity"), "-Infinity"),
    *(("bool", word, "; write true") for word in (1, Decimal(1), "yes", "Y", "t", "on", "1")),
    *(("bool", word, "; write false") for word in (0, Decimal(0), "no", "N", "f", "off", "0")),
    ("bool", " " * 57 + "true", "true or false"),
    ("bool", "", "true or false"),
    ("date", 20240531, "2024-05-31"),
    ("date", "2024-13-01", "no such day: 13 is no month"),
    ("date", "2024-00-10", "no such day: 0 is no month"),
    ("date", "2024-05-00", "no such day: May 2024 has 31 days, not 0"),
    ("date", "2023-02-29", "no such day: February 2023 has 28 days, not 29"),
    ("date", "2023-02-29T10:00", "no such day: February 2023 has 28 days, not 29"),
    ("date", "2024/02/30", "no such day: February 2024 has 29 days, not 30"),
    ("date", "0000-05-01", "years go from 0001 to 9999"),
    ("date", "0001-02-29", "February 1 has 28 days, not 29"),
    ("date", "9999-02-29", "February 9999 has 28 days, not 29"),
    ("date", "2024-05-31T10:30:00." + "0" * 44 + "Z", "must be a date"),
    ("date", "abcd-ef-gh", "year-month-day"),
    ("date", "2024-05-31T25:00:00Z", "no such day or time"),
    ("date", "01/02/2024", "which number is the day"),
    ("date", "31.12.2024", "it cannot be month-day-year: 31 is no month; write day-month-year as 2024-12-31"),
    ("date", "12/31/2024", "it cannot be day-month-year: 31 is no month; write month-day-year as 2024-12-31"),
    ("date", "30/02/2024 10:00", "read as day-month-year, February 2024 has 29 days, not 30; as month-day-year"),
    ("date", "2024-5-3", "month and day have two digits each; write 2024-05-03"),
    ("date", "2024-5-03", "month and day have two digits each; write 2024-05-03"),
    ("date", "2024-05-xx", "write year-month-day, with a time after T if there is one"),
    ("date", "on 2024/05/31", "write year-month-day, with a time after T if there is one"),
    ("date", "31 März 2024", "write year-month-day, with a time after T if there is one"),
    ("date", "20240531T1030", "the dashes are missing; write year-month-day as 2024-05-31 and T10:30"),
    ("date", "2024-05-3T10:00:00Z", "two digits each; write 2024-05-03"),
    ("date", "2024/05/31", "a dash between them; write 2024-05-31"),
    ("date", "2024-02-30", "February 2024 has 29 days, not 30"),
    ("date", "2024-05", "the day is missing"),
    ("date", "05/05/2024", "the year comes first; write 2024-05-05"),
    ("date", "31/12/24", "the year in full"),
    ("date", "31 Dec 2024", "not by its name"),
    ("date", "1717151400", "a number alone is no date"),
    ("date", "2024-05-31T9:30", "two digits each"),
    ("date", "2024-05-31T10", "the minutes are missing"),
    ("date", "2024-05-31T103000Z", "the colons of the time are missing"),
    ("date", "2024-05-31 10:30 PM", "without am or pm"),
    ("date", "2024-05-31T10:30:00 +02:00", "a blank stands before the offset; write +02:00"),
    ("date", "2024-05-31T10:30 CET", "the zone has a name"),
    ("date", "2024-05-31T10:30:00,5Z", "follows a point"),
    ("date", "2024-05-31T10:30:00+02:75", "minutes of an offset"),
    ("date", "2024-05-31  10:30", "one T or one blank"),
    ("date", "2024-05-31T", "no time follows"),
    ("date", "2024-05-31Z", "an offset follows a day without a time"),
    ("date", "20240531", "the dashes are missing; write year-month-day as 2024-05-31"),
    ("date", "2024-W22-5", "year-month-day"),
    ("date", "2024-05-31T10:30:00.1234567Z", "microsecond"),
    ("date", "2024-05-31T10:30.5Z", "a fraction follows minutes"),
    ("date", "2024-05-31T10:30:00+0200", "the colon is missing in the offset; write +02:00"),
    ("date", "2024-05-31T10:30:00+0000", "the colon is missing in the offset; write +00:00"),
    ("date", "0001-01-01T00:00:00+10:00", "years 1 to 9999"),
    ("date", "\uff12024-05-31", "its digits are not those from 0 to 9"),
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
    ("ref_contact", "Ann", "id of a contact or an email address"),
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


#: Values, and what is not said of them: advice that is meant for others.
NOT_SAID: list[tuple[str, Any, str]] = [
    ("str", ["a"], "quotes"),
    ("str", True, "quotes"),
    ("num", "1" * 401, "digits alone"),
    ("num", "\u0661\u0662", "digits alone"),
    ("num", "5.5.5", "leave"),
    ("bool", "maybe", "write"),
    ("bool", "", "write"),
    ("bool", 5, "write"),
    ("date", "", "year-month-day"),
    ("date", "20240531", "and T10:30"),
    ("ref_organization", "Acme", "address"),
    ("ref_user", "Ann", "address"),
]


@pytest.mark.parametrize(("wire_type", "value", "advice"), NOT_SAID)
def test_advice_is_given_where_it_helps(wire_type: str, value: object, advice: str) -> None:
    assert advice not in refusal(wire_type, value).message


@pytest.mark.parametrize("sign", ", _'+$€£¥\u00a0\u202f\u2009")
def test_signs_among_digits_are_to_be_left_out(sign: str) -> None:
    assert "write it with digits alone" in refusal("num", f"1{sign}234{sign}567").message


@pytest.mark.parametrize(
    ("month", "name", "days"), [(number, month_name[number], monthrange(2023, number)[1]) for number in range(1, 13)]
)
def test_a_day_that_a_month_does_not_have_is_told_with_the_month(month: int, name: str, days: int) -> None:
    assert f"{name} 2023 has {days} days, not 32" in refusal("date", f"2023-{month:02}-32").message
    assert parse("date", f"2023-{month:02}-{days}") == f"2023-{month:02}-{days}"


@pytest.mark.parametrize(
    ("value", "said"), [("1990-02-30T10:00", "no such day"), ("1990-05-31T25:00", "no such day or")]
)
def test_a_property_of_days_takes_no_moment_that_there_is_not(value: str, said: str) -> None:
    birthday = Property(OTHER_ID, "field", "date", "Field", role_id=DAY_ROLE)
    with pytest.raises(InvalidValueError, match=f"must be a day such as .*{said}"):
        parser_for(birthday, LIMITS)(value)
    assert "must be a date such as" in refusal("date", value).message


def test_a_stored_moment_sorts_as_a_moment_unless_its_day_alone_counts() -> None:
    moment = "2024-05-31T10:30:00Z"
    assert comparable_date(moment) == "2024-05-31T10:30:00"
    assert comparable_date(moment, day=True) == comparable_date("2024-05-31") == "2024-05-31T00:00:00"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", "an empty text"), ("a", 'the text "a"'), (True, "true"), (False, "false"), (None, "null"), ([], "a list"),
        ({}, "an object"), (0, "the number 0"), (Decimal("1.50"), "the number 1.50"),
        (2**1024 - 1, f"the number {str(2**1024)[:60]}…"), (2**1024, "a number of several hundred digits"),
    ],
)  # fmt: skip
def test_what_is_found_is_shown(value: object, shown: str) -> None:
    assert found(value) == shown


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


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("x" * 201, "no option can have this label: it has 201 characters and may have at most 200"),
        ("a\0", "no option can have this label: it contains a NUL character"),
    ],
)
def test_a_text_that_can_never_be_an_option_says_why(label: str, why: str) -> None:
    assert why in refusal("select_str", label).message


def _refusal_of(text: str, *options: Option, any_case: bool = False) -> str:
    prop = Property(ID, "field", "select_str", "Field", options=options, any_case=any_case)
    with pytest.raises(InvalidValueError) as caught:
        parser_for(prop, LIMITS)(text)
    return caught.value.message


def test_a_label_spelled_with_other_characters_is_not_proposed_as_if_it_were_another_text() -> None:
    message = _refusal_of("Cafe\u0301", Option(ID, "cafe", "Caf\u00e9"))
    assert "not letter for letter the label" in message
    assert message.endswith("write `cafe`")
    assert "did you mean" in _refusal_of("CAF\u00c9", Option(ID, "cafe", "Caf\u00e9"))


def test_a_text_that_is_a_slug_but_for_case_is_not_called_the_label_of_several_options() -> None:
    message = _refusal_of("F", Option(ID, "f", "F#"), any_case=True)
    assert "several options" not in message
    assert '"F#"' in message
    assert message.endswith("write the slug of the one meant: `f`")


def test_options_are_shown_by_slug() -> None:
    assert render(prop("select_str"), ID) == "vp"
    assert render(prop("multiselect_str"), [OTHER_ID, ID]) == ["head", "vp"]
    assert render(prop("multi_str"), ["vp"]) == ["vp"]
    assert render(prop("num"), Decimal("1.50")) == Decimal("1.50")
    assert render(prop("select_str"), OTHER_ID) == "head"
    assert render(prop("multiselect_str"), None) is None


def test_what_is_archived_takes_no_values_and_can_be_cleared() -> None:
    many, one = (Property(ID, "field", wire_type, "Field", enabled=False) for wire_type in ("multi_str", "str"))
    assert writer_for(many, LIMITS)([]) == []
    for archived, value in ((many, ["a"]), (one, []), (one, "a")):
        with pytest.raises(InvalidValueError, match="`field` is archived and takes no values") as caught:
            writer_for(archived, LIMITS)(value)
        assert caught.value.code == "invalid_property"


@pytest.mark.parametrize("wire_type", ["select_str", "multiselect_str"])
def test_an_archived_option_is_read_and_given_to_nobody(wire_type: str) -> None:
    archived = (Option(ID, "old", "Old", enabled=False), Option(OTHER_ID, "new", "New"))
    select = Property(ID, "field", wire_type, "Field", options=archived)
    values = {"select_str": (ID, OTHER_ID), "multiselect_str": ([ID], [OTHER_ID])}[wire_type]
    assert (parser_for(select, LIMITS)("old"), parser_for(select, LIMITS)("new")) == values
    assert writer_for(select, LIMITS)("new") == values[1]
    with pytest.raises(InvalidValueError, match="is archived and is given to no record"):
        writer_for(select, LIMITS)("old")


def test_a_writer_takes_what_a_parser_takes() -> None:
    assert writer_for(prop("num"), LIMITS)("42") == 42
    assert writer_for(prop("multi_str"), LIMITS)("a") == ["a"]


def test_only_values_of_which_options_can_be_made_are_named_so() -> None:
    assert refusal("multiselect_str", "new").options == ("new",)
    assert refusal("multiselect_str", [None, "new"]).options == ()
    assert refusal("multiselect_str", "new").code == "invalid_option"


DOMAIN = KeyReference("primary_domain", "acme.org", 'primary_domain "acme.org"')


@pytest.mark.parametrize(
    ("wire_type", "value", "read"),
    [
        ("ref_organization", {"primary_domain": "acme.org"}, DOMAIN),
        ("ref_organization", {"id": ID.upper()}, ID),
        ("ref_organization", {"id": ID, "primary_domain": "acme.org"}, ID),
        ("multiref_organization", {"primary_domain": "acme.org"}, [DOMAIN]),
        ("multiref_organization", [{"primary_domain": "acme.org"}, ID, {"primary_domain": "acme.org"}], [DOMAIN, ID]),
    ],
)
def test_a_write_can_refer_by_key(wire_type: str, value: object, read: object) -> None:
    assert writer_for(prop(wire_type), LIMITS)(value) == read
    assert remover_for(prop(wire_type), LIMITS)(value) == read


@pytest.mark.parametrize("make", [writer_for, remover_for])
def test_what_has_no_key_is_not_referred_to_by_one(make: Callable[[Property, ValueLimits], Parser]) -> None:
    with pytest.raises(InvalidValueError, match="the id of a user, not an object"):
        make(prop("ref_user"), LIMITS)({"name": "Ann"})


def test_a_value_that_is_no_write_does_not_refer_by_key() -> None:
    assert "the id of an organization, not an object" in refusal("ref_organization", {"primary_domain": "x"}).message
