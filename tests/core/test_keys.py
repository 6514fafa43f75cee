"""Keys: what compares equal, and that hashes never part what does."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import Property
from prismd.core.queries.conditions import comparable
from prismd.core.records.keys import KeyRule, is_comparable, normalised
from prismd.core.values.blanks import UNSEEN, is_blank, trimmed
from prismd.core.values.property_values import InvalidValueError, ValueLimits, parser_for

FOLDING = KeyRule("contact", Property("1", "email", "str", "Email"), fold_case=True)
EXACT = KeyRule("contact", Property("1", "email", "str", "Email"), fold_case=False)


@pytest.mark.parametrize(
    ("one", "other"), [("Straße", "STRASSE"), ("e\u0301", "\u00c9"), ("  a ", "A"), ("ΑΣ", "ας"), ("\u00a0x", "X")]
)
def test_case_form_and_ends_do_not_tell_keys_apart(one: str, other: str) -> None:
    assert FOLDING.keys(one) == FOLDING.keys(other)
    assert FOLDING.hashes(one) == FOLDING.hashes(other)


@given(st.text(), st.text())
def test_equal_keys_have_equal_hashes(one: str, other: str) -> None:
    for rule in (FOLDING, EXACT):
        if rule.keys(one) == rule.keys(other):
            assert rule.hashes(one) == rule.hashes(other)


@given(st.none() | st.text() | st.lists(st.text(), max_size=3))
def test_keys_and_hashes_at_once_are_what_they_are_one_by_one(value: object) -> None:
    many = [KeyRule("contact", Property("1", "tags", "multi_str", "Tags"), fold_case=fold) for fold in (True, False)]
    for rule in many if isinstance(value, list) else (FOLDING, EXACT):
        assert rule.keys_and_hashes(value) == (rule.keys(value), rule.hashes(value))


@given(st.text())
def test_normalising_twice_changes_nothing_and_form_does_not_matter(text: str) -> None:
    once = normalised(text, fold_case=True)
    assert normalised(once, fold_case=True) == once
    assert normalised(unicodedata.normalize("NFD", text), fold_case=True) == once


@pytest.mark.parametrize("text", ["Ada", "\u00c9va", "E\u0301va", "Stra\u00dfe"])
def test_with_case_texts_are_compared_as_they_are_written(text: str) -> None:
    assert EXACT.keys(f" {text}") == (unicodedata.normalize("NFC", text),)


@given(st.text(alphabet="aAbB ", min_size=1))
def test_with_case_only_trimming_is_ignored(text: str) -> None:
    assume(text.strip())
    assert EXACT.keys(text) == (text.strip(),)


@pytest.mark.parametrize("blank", [None, "", "  ", "\u2003", "\ufeff", "\u200b \u2060", "\x85", "\xad"])
def test_a_blank_value_is_no_key(blank: str | None) -> None:
    assert FOLDING.keys(blank) == ()
    assert FOLDING.hashes(blank) == ()
    assert is_blank(blank or "")


#: As the Unicode Standard lists them, beside the code: White_Space, and the commonest of what no font shows.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
ZERO_WIDTH = (
    "\ufeff\u200b\u200c\u200d\u2060\u180e\xad\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c"
)


@pytest.mark.parametrize("unseen", [*WHITE_SPACE, *ZERO_WIDTH, "\x1c", "\x1d", "\x1e", "\x1f"])
def test_what_nobody_sees_at_either_end_does_not_tell_keys_apart(unseen: str) -> None:
    for text in (unseen + "a@b.c", "a@b.c" + unseen, unseen + " a@b.c" + unseen):
        for rule in (FOLDING, EXACT):
            assert rule.keys(text) == ("a@b.c",)
            assert rule.hashes(text) == rule.hashes("a@b.c")
    assert FOLDING.keys(f"a{unseen}b") != FOLDING.keys("ab")


@given(st.text(), st.text(alphabet=UNSEEN, max_size=4), st.text(alphabet=UNSEEN, max_size=4))
@example("é", "\ufeff", "\u200b")
def test_trimming_takes_the_ends_and_nothing_else(text: str, before: str, after: str) -> None:
    inner = trimmed(text)
    assert trimmed(before + inner + after) == inner
    assert inner in text
    assert text.strip(UNSEEN) == inner


def test_characters_that_are_seen_stay() -> None:
    for seen in ("\u0600a", "a\u0301", "\u2800", "a\ufffd", "-"):
        assert trimmed(seen) == seen


def test_a_day_and_the_moment_at_which_it_begins_are_one_key() -> None:
    rule = KeyRule("contact", native_schema("contact").properties["last_interaction_date"], fold_case=True)
    day, begin, later = "2024-05-31", "2024-05-31T00:00:00Z", "2024-05-31T00:00:01Z"
    assert rule.keys(day) == rule.keys(begin) != rule.keys(later)
    assert rule.hashes(day) == rule.hashes(begin) != rule.hashes(later)
    assert rule.keys_and_hashes(begin) == (rule.keys(day), rule.hashes(day))


def test_moments_of_one_day_are_one_key_of_a_property_of_days() -> None:
    rule = KeyRule("identity", native_schema("identity").properties["birthday"], fold_case=True)
    # Up to schema 0009 moments were kept of such properties, too.
    assert rule.keys("1990-05-31") == rule.keys("1990-05-31T22:00:00Z") != rule.keys("1990-06-01")


def _spellings(moment: datetime) -> list[str]:
    ahead = timezone(timedelta(hours=5, minutes=30))
    written = [moment.isoformat(), moment.isoformat().replace("+00:00", "Z"), moment.astimezone(ahead).isoformat(" ")]
    return [*written, moment.date().isoformat()]


moments = st.integers(24, 20_000).map(lambda hours: datetime.fromtimestamp(hours * 3_600, UTC))
written_values = {
    "date": moments.flatmap(lambda moment: st.sampled_from(_spellings(moment))),
    "num": st.sampled_from(["1", "1.0", "1e0", "10e-1", "-0", "0", "0.00", 1, 100, "1e2", "100.0", Decimal("1E+2")]),
    "bool": st.sampled_from([True, False, "true", "TRUE ", "\ufefffalse"]),
    "ref_organization": st.uuids().map(str).flatmap(lambda one: st.sampled_from([one, one.upper(), {"id": one}])),
}
LIMITS = ValueLimits(text_chars_max=100, list_values_max=10)


@pytest.mark.parametrize("wire_type", written_values)
@given(data=st.data())
def test_what_a_query_calls_equal_is_one_key_and_the_other_way_round(wire_type: str, data: st.DataObject) -> None:
    prop = Property("1", "field", wire_type, "Field")
    rule, parse = KeyRule("contact", prop, fold_case=True), parser_for(prop, LIMITS)
    one, other = (parse(data.draw(written_values[wire_type])) for _ in range(2))
    equal = comparable(prop, one) == comparable(prop, other)
    assert (rule.keys(one) == rule.keys(other)) == equal
    assert (rule.hashes(one) == rule.hashes(other)) == equal


CASED = "aAßẞ\u03a3\u03c3\u03c2\u0301 \ufeff"


@given(st.text(alphabet=CASED), st.text(alphabet=CASED))
@example("ΟΔΟΣ", "οδος")
@example("Straße", "STRASSE")
def test_texts_that_differ_by_case_or_ends_alone_are_one_key(one: str, other: str) -> None:
    assert FOLDING.keys(one.upper()) == FOLDING.keys(one.lower())
    if one == other:
        assert FOLDING.keys(one) == FOLDING.keys(f" {other}\u2060")


def test_of_the_dotted_and_the_dotless_i_folding_makes_no_i() -> None:
    """The exceptions that docs/imports.md names: full case folding, which knows no Turkish."""
    assert len({FOLDING.keys(text) for text in ("i", "\u0130", "\u0131")}) == len(("i", "İ", "dotless"))


@pytest.mark.parametrize("value", ["2024-5-3", "31/12/2024"])
def test_what_is_no_date_is_no_key(value: Any) -> None:
    with pytest.raises(InvalidValueError):
        parser_for(Property("1", "field", "date", "Field"), LIMITS)(value)


@pytest.mark.parametrize(
    ("one", "other"), [(42, Decimal("42.0")), (Decimal("1E+2"), 100), (Decimal("0.10"), Decimal("0.1"))]
)
def test_numbers_compare_as_numbers(one: int | Decimal, other: int | Decimal) -> None:
    rule = KeyRule("deal", Property("1", "amount", "num", "Amount"), fold_case=True)
    assert rule.keys(one) == rule.keys(other)


@given(st.lists(st.integers(-(10**34), 10**34), min_size=2, max_size=2, unique=True))
def test_numbers_that_differ_stay_apart(numbers: list[int]) -> None:
    rule = KeyRule("deal", Property("1", "amount", "num", "Amount"), fold_case=True)
    assert rule.keys(numbers[0]) != rule.keys(numbers[1])


def test_every_value_of_a_multi_value_key_counts_once() -> None:
    rule = KeyRule("organization", Property("1", "domains", "multi_str", "Domains"), fold_case=True)
    assert rule.keys(["A.com", "a.com ", "b.com", " "]) == ("a.com", "b.com")


def test_hashes_tell_types_and_properties_apart() -> None:
    other = KeyRule("contact", Property("2", "name", "str", "Name"), fold_case=True)
    elsewhere = KeyRule("identity", Property("3", "email", "str", "Email"), fold_case=True)
    assert len({*FOLDING.hashes("a"), *other.hashes("a"), *elsewhere.hashes("a")}) == len((FOLDING, other, elsewhere))


@pytest.mark.parametrize(
    ("slug", "wire_type", "value", "hashes"),
    [
        ("email", "str", "Ada@example.org", (-8056383879890587051,)),
        ("email", "str", "Stra\u00dfe ", (8065018823748710193,)),
        ("amount", "num", Decimal("1.50"), (-2445716599951197000,)),
        ("domains", "multi_str", ["a.org", " ", "B.org"], (-6955910573671057617, 349902839606032745)),
        ("day", "date", "2024-05-31", (4243482039642503220,)),
    ],
)
def test_hashes_are_those_that_databases_hold(
    slug: str, wire_type: str, value: object, hashes: tuple[int, ...]
) -> None:
    object_type = {"amount": "deal", "domains": "organization"}.get(slug, "contact")
    for fold_case in (True, False):
        rule = KeyRule(object_type, Property("1", slug, wire_type, "Name"), fold_case=fold_case)
        assert rule.hashes(value) == hashes
        assert rule.keys_and_hashes(value)[1] == hashes


@pytest.mark.parametrize(
    ("type_name", "comparable"),
    [("str", True), ("text", True), ("num", True), ("date", True), ("select_str", True), ("multi_str", True),
     ("ref_contact", True), ("multiref_contact", True), ("bool", False), ("multiselect_str", False),
     ("ref_organization", False), ("multiref_document", False)],
)  # fmt: skip
def test_which_types_can_be_keys(type_name: str, *, comparable: bool) -> None:
    assert is_comparable(Property("1", "slug", type_name, "Name")) is comparable


def test_what_the_server_sets_cannot_be_a_key() -> None:
    assert not is_comparable(Property("1", "slug", "date", "Name", read_only=True))
