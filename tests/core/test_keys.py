"""Keys: what compares equal, and that hashes never part what does."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prismd.core.keys import KeyRule, is_comparable, normalised
from prismd.core.schema import Property

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


@given(st.text(alphabet="aAbB ", min_size=1))
def test_with_case_only_trimming_is_ignored(text: str) -> None:
    assume(text.strip())
    assert EXACT.keys(text) == (text.strip(),)


@pytest.mark.parametrize("blank", [None, "", "  ", "\u2003"])
def test_a_blank_value_is_no_key(blank: str | None) -> None:
    assert FOLDING.keys(blank) == ()


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
    ("type_name", "comparable"),
    [("str", True), ("text", True), ("num", True), ("date", True), ("select_str", True), ("multi_str", True),
     ("ref_contact", True), ("multiref_contact", True), ("bool", False), ("multiselect_str", False),
     ("ref_organization", False), ("multiref_document", False)],
)  # fmt: skip
def test_which_types_can_be_keys(type_name: str, *, comparable: bool) -> None:
    assert is_comparable(Property("1", "slug", type_name, "Name")) is comparable


def test_what_the_server_sets_cannot_be_a_key() -> None:
    assert not is_comparable(Property("1", "slug", "date", "Name", read_only=True))
