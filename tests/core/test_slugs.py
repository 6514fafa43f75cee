"""Slugs: what names become, and that no two become the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.properties.slugs import SLUG_CHARS_MAX, is_slug, slug_for


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Favourite colour", "favourite_colour"),
        ("  R&D -- budget (€) ", "r_d_budget"),
        ("Größe", "grosse"),
        ("Crème brûlée", "creme_brulee"),
        ("Øresund", "oresund"),
        ("1-10", "1_10"),
        ("北京", "beijing"),
        ("Дата рождения", "data_rozhdeniya"),
        ("Τηλέφωνο", "tilefono"),
        ("العنوان", "lnwn"),
        ("\uff26ull \uff11", "full_1"),
        ("🔥", "fire"),
        ("--", "unnamed"),
        ("", "unnamed"),
        ("x" * 100, "x" * 64),
    ],
)
def test_names_become_slugs(name: str, slug: str) -> None:
    assert slug_for(name, ()) == slug


def test_a_taken_slug_is_numbered() -> None:
    taken: list[str] = []
    for _ in range(40):
        taken.append(slug_for("Tag", taken))
    assert taken == ["tag", *(f"tag_{number}" for number in range(2, 41))]


@given(st.text(), st.text(max_size=5))
def test_what_is_derived_is_a_slug_that_was_free(name: str, other: str) -> None:
    taken = {slug_for(other, ())}
    for _ in range(3):
        slug = slug_for(name, taken)
        assert is_slug(slug)
        assert slug not in taken
        taken.add(slug)


@pytest.mark.parametrize("text", ["", "_x", "A", "a b", "é", "a-b", "x" * (SLUG_CHARS_MAX + 1), "a\n", "\uff11"])
def test_other_texts_are_no_slugs(text: str) -> None:
    assert not is_slug(text)
