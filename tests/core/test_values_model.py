"""Any value at all is stored or refused as a model says that writes the rules as plainly as they can be."""

from __future__ import annotations

import json
import string
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.properties.roles import DAY_ROLE
from prismd.core.properties.schema import Option, Property
from prismd.core.values.blanks import UNSEEN
from prismd.core.values.property_values import InvalidValueError, ValueLimits, parser_for

LIMITS = ValueLimits(text_chars_max=50, list_values_max=4)
OPTIONS = (Option("0190aaaa-0000-7000-8000-00000000000a", "0", "1"),)


def parse(wire_type: str, value: object) -> object:
    options = OPTIONS if "select" in wire_type else ()
    return parser_for(Property(OPTIONS[0].id, "field", wire_type, "Field", options=options), LIMITS)(value)


REFUSE = object()


def model_text(value: Any) -> Any:
    if type(value) is not str or len(value) > LIMITS.text_chars_max:
        return REFUSE
    return REFUSE if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value) else value


def model_number(value: Any) -> Any:
    if isinstance(value, str):
        written = value.strip(UNSEEN)
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
    written = value.strip(UNSEEN) if type(value) is str else ""
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
        with pytest.raises(InvalidValueError) as caught:
            parse(wire_type, value)
        caught.value.message.encode()
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


days = st.dates(min_value=date(1, 1, 2), max_value=date(9999, 12, 30)).map(date.isoformat)
times = st.from_regex(
    r"([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?([Zz]|[+-]([01][0-9]|2[0-3])(:[0-5][0-9])?)?)?",
    fullmatch=True,
)


@given(day=days, time=times, ends=st.text(alphabet=UNSEEN, max_size=2))
@example(day="1990-05-31", time="T00:00:00+02:00", ends="")
@example(day="1990-05-31", time="T23:30:00-05:00", ends="\ufeff")
def test_a_day_is_kept_as_it_is_written_whatever_stands_behind_it(day: str, time: str, ends: str) -> None:
    prop = Property(OPTIONS[0].id, "field", "date", "Field", role_id=DAY_ROLE)
    assert parser_for(prop, LIMITS)(f"{ends}{day}{time}{ends}") == day


class ModelOption(NamedTuple):
    id: str
    slug: str
    label: str


def model_option(options: list[ModelOption], text: str) -> str | None:
    """What a text means: an id, then a label that one option has, then a slug; what two share means neither."""
    for names in ([one.id for one in options], [one.label for one in options], [one.slug for one in options]):
        meant = [option.id for option, name in zip(options, names, strict=True) if name == text]
        if meant:
            return meant[0] if len(meant) == 1 else None
    return None


names = st.sampled_from(["a", "b", "a_b", "a_2"])
labels = names | st.sampled_from(["A", "a b", "B!"])
model_options = st.lists(st.tuples(names, labels), max_size=4, unique_by=lambda one: one[0])


@given(pairs=model_options, text=names | st.sampled_from(["A", "a b", "B!", "c", OPTIONS[0].id[:-1] + "0"]))
@example(pairs=[("a", "b"), ("b", "a")], text="a")
@example(pairs=[("a", "A"), ("b", "A")], text="A")
@example(pairs=[("a", "a"), ("b", "a")], text="a")
def test_a_text_means_the_option_that_the_model_says(pairs: list[tuple[str, str]], text: str) -> None:
    options = [ModelOption(OPTIONS[0].id[:-1] + str(index), *pair) for index, pair in enumerate(pairs)]
    prop = Property(OPTIONS[0].id, "field", "select_str", "Field", options=tuple(Option(*one) for one in options))
    expected = model_option(options, text)
    if expected is not None:
        assert parser_for(prop, LIMITS)(text) == expected
        return
    with pytest.raises(InvalidValueError) as caught:
        parser_for(prop, LIMITS)(text)
    assert caught.value.code == "invalid_option"
