"""References by key: what an object must have to name one record, and what is said of any other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from prismd.core.values.errors import InvalidValueError
from prismd.core.values.key_references import KeyReference, key_reference

CHARS_MAX = 20


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ({"primary_domain": "acme.org"}, 'primary_domain "acme.org"'),
        ({"name_": "Acme"}, 'name_ "Acme"'),
        ({"number": 5}, "number 5"),
        ({"number": Decimal("5.50")}, "number 5.50"),
        ({"name": "x" * CHARS_MAX}, f'name "{"x" * CHARS_MAX}"'),
    ],
)
def test_one_member_names_a_record(reference: dict[str, Any], shown: str) -> None:
    [(slug, value)] = reference.items()
    found = key_reference("company", reference, CHARS_MAX)
    assert (found.slug, found.value, found.shown) == (slug, value, shown)


def test_two_references_are_the_same_by_slug_and_value_alone() -> None:
    assert KeyReference("domain", "a.org", "one") == KeyReference("domain", "a.org", "other")
    assert KeyReference("domain", "a.org", "one") != KeyReference("domain", "b.org", "one")


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ({}, "an object of 0 members; a reference by key names one property"),
        ({"a": "x", "b": "y"}, 'an object of 2 members ("a", "b"); a reference'),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, 'an object of 4 members ("a", "b", "c"); a reference'),
        ({"_id": "x"}, '("_id"); a reference'),
        ({"name": True}, "`company.name` must be a text or a number, not true"),
        ({"name": None}, "`company.name` must be a text or a number, not null"),
        ({"name": ["x"]}, "`company.name` must be a text or a number, not a list"),
        ({"name": "x" * (CHARS_MAX + 1)}, "it has 21 characters and may have at most 20"),
        ({"name": "a\0b"}, "a NUL character"),
    ],
)
def test_any_other_object_is_refused_with_what_it_has(reference: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        key_reference("company", reference, CHARS_MAX)
    assert "`company" in refused.value.message
    assert told in refused.value.message
