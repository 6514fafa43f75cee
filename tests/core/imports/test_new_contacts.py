"""Contacts that addresses make, before anything is stored: which rows make which, and in what time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from prismd.core.properties.native import native_schema
from prismd.core.records.merging import ArrayChange, ArrayOperation, merged
from prismd.core.records.new_contacts import NewContact, NewContacts
from prismd.core.records.references import Reference, references_of
from prismd.core.records.rows import RefusedRow, Row, Rows
from tests.bounded_work import bounded_work

KNOWN: dict[Reference, list[str]] = {("contact", "known@x.org"): ["k"], ("contact", "two@x.org"): ["1", "2"]}


def contacts() -> NewContacts:
    ids = map(str, count(100))
    return NewContacts(native_schema("identity"), lambda: next(ids))


def row(*addresses: str) -> Row:
    return Row({"email_addresses": list(addresses)})


def linked(made: NewContacts, rows: Rows) -> Iterator[Any]:
    """Yield what each row makes, where each is written to a record of its own."""
    wanted = references_of(rows, {"email_addresses": "contact"})
    for one in made.resolve(rows, {**{key: [] for key in wanted}, **KNOWN}):
        yield None if isinstance(one, RefusedRow) else made.link(one, merged({}, one.values))


def test_the_first_row_that_links_an_address_makes_its_contact_as_it_spells_it() -> None:
    remove = Row({"email_addresses": ArrayChange(ArrayOperation.REMOVE, ["A@x.org", "c@x.org"])})
    rows: Rows = [
        remove,
        row("two@x.org", "a@x.org"),
        row("A@x.org", "a@x.org", "known@x.org"),
        row("a@x.org", " b@x.org"),
    ]
    assert list(linked(contacts(), rows)) == [[], None, [NewContact("100", "A@x.org")], [NewContact("101", "b@x.org")]]


@pytest.mark.parametrize("address", ["a@", "a@@x.org", "a b@x.org", "a@x"])
def test_what_is_no_address_makes_none(address: str) -> None:
    made = contacts()
    [refused] = made.resolve([row(address)], {("contact", address): []})
    assert isinstance(refused, RefusedRow)
    assert refused.problems[0].code == "invalid_value"
    assert not made


def test_many_new_addresses_take_time_in_proportion() -> None:
    rows: Rows = [row(f"p{number}@x.org", f"q{number}@x.org") for number in range(50_000)]
    with bounded_work():
        made = list(linked(contacts(), rows))
    assert sum(map(len, made)) == 100_000
