"""Which conditions of a query can be looked up by keys, in which order, and under which hashes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import LISTS_KEY, OBJECT_TYPES
from prismd.core.queries.key_lookups import KeyLookup, key_hashes, key_lookups
from prismd.core.queries.parsing import QueryLimits, QueryReader
from prismd.core.records.keys import KeyRule
from prismd.core.values.property_values import ValueLimits

SCHEMAS: Final = {name: native_schema(name) for name in OBJECT_TYPES}
READER: Final = QueryReader(SCHEMAS, "identity", None, QueryLimits(ValueLimits(100, 100), 9, 9, 9, 9), "")
LIST: Final = "00000000-0000-7000-8000-00000000a115"


def lookups(*conditions: dict[str, Any], combinator: str = "AND", **others: Any) -> list[list[str]]:
    """Return the paths by which a query can be looked up, from the far end on."""
    query = READER.read({"filter": list(conditions), "combinator": combinator})
    return [[_told(one) for one in choices] for choices in key_lookups(replace(query, **others))]


def _told(lookup: KeyLookup) -> str:
    return " < ".join(f"{object_type}.{prop.key}" for object_type, prop in lookup.steps)


ADA: Final = {"first_name": {"=": "Ada"}}
SENIOR: Final = {"seniority": {"=": SCHEMAS["identity"].properties["seniority"].options[0].slug}}
ACME: Final = {"email_addresses.company.name": {"in": ["Acme", "Ajax"]}}


def test_of_several_conditions_the_one_that_fewest_records_share_is_looked_up_first() -> None:
    assert lookups(SENIOR, ADA) == [["identity.first_name", "identity.seniority"]]


def test_a_path_is_looked_up_from_its_far_end() -> None:
    assert lookups(ACME) == [["organization.name < contact.company < identity.email_addresses"]]


def test_where_one_entry_of_a_filter_is_enough_each_is_looked_up_by_itself() -> None:
    assert lookups(ADA, SENIOR, combinator="OR") == [["identity.first_name"], ["identity.seniority"]]
    assert lookups(ADA, {"about": {"contains": "x"}}, combinator="OR") == [["identity.first_name"], []]


def test_the_members_of_a_list_are_looked_up_last() -> None:
    assert lookups(ADA, list_id=LIST) == [["identity.first_name", f"identity.{LISTS_KEY}"]]
    assert lookups(list_id=LIST, combinator="OR") == [[f"identity.{LISTS_KEY}"]]


@pytest.mark.parametrize(
    "condition",
    [
        {"first_name": {"!=": "Ada"}},
        {"first_name": {"contains": "Ada"}},
        {"first_name": {"is_null": False}},
        {"years_of_experience": {">": 3}},
        {"id": {"=": LIST}},
        {"created_at": {"=": "2026-01-01T00:00:00Z"}},
        {"last_email.subject": {"=": "Hello"}},
    ],
    ids=str,
)
def test_what_says_nothing_of_keys_is_not_looked_up(condition: dict[str, Any]) -> None:
    assert lookups(condition) == [[]]


def test_records_that_are_named_by_their_ids_are_not_looked_up() -> None:
    assert lookups(ADA, ids=(LIST,)) == [[]]


def test_hashes_are_those_that_records_are_kept_under() -> None:
    prop = SCHEMAS["identity"].properties["first_name"]
    rule = KeyRule("identity", prop, fold_case=True)
    assert key_hashes("identity", prop, ["Ada", "ADA", "Bob"]) == [*rule.hashes("ada"), *rule.hashes("bob")]
    assert key_hashes("identity", prop, ["Ada", " "]) is None
    assert key_hashes("identity", prop, []) == []
    born = SCHEMAS["identity"].properties["birthday"]
    assert key_hashes("identity", born, ["1815-12-10T00:00:00"]) == list(
        KeyRule("identity", born, fold_case=True).hashes("1815-12-10")
    )
