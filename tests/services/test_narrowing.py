"""Narrowing a query by keys only reads; a property becomes a key in one place, and that is committed at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final
from unittest.mock import patch

import pytest

from prismd.core.errors import PrismdError
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import OBJECT_TYPES
from prismd.core.queries.parsing import QueryReader
from prismd.core.queries.tree import Query
from prismd.core.records.keys import KeyRule
from prismd.services.queries import narrowing
from prismd.services.queries.narrowing import Narrowing, NotFindableError
from prismd.services.queries.pages import PageWanted, query_limits, run_query
from prismd.services.records.findable import make_findable
from prismd.services.records.reading import KeyValue, find_record
from prismd.services.runtime import Runtime
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store.records import record_keys
from prismd.store.records.record_writes import insert_new
from prismd.store.records.records import StoredRecord

SCHEMAS: Final = {name: native_schema(name) for name in OBJECT_TYPES}
SETTINGS: Final = Settings()


@pytest.fixture
def session(runtime: Runtime, make_team: Callable[[], int]) -> Session:
    """A session of a team of its own."""
    return Session(runtime, make_team())


def asked(*conditions: dict[str, Any]) -> Query:
    return QueryReader(SCHEMAS, "contact", None, query_limits(SETTINGS), "").read({"filter": list(conditions)})


def make(session: Session, object_type: str, **values: Any) -> str:
    with session.transaction() as own:
        record = StoredRecord(own.new_id(), 1, own.now(), own.now(), values)
        insert_new(own.connection, own.team_id, object_type, [record], now=own.now())
    return record.id


def keys_of(transaction: Transaction, object_type: str) -> set[str]:
    return set(record_keys.keys_in_use(transaction.connection, transaction.team_id, object_type))


def hashes(transaction: Transaction, query: Query, keys_max: int = 32) -> Sequence[int] | None:
    return Narrowing(transaction.connection, transaction.team_id, keys_max).hashes(query)


def test_narrowing_says_which_keys_it_lacks_and_makes_none(session: Session) -> None:
    with session.transaction() as own:
        with pytest.raises(NotFindableError) as lacking:
            hashes(own, asked({"title": {"=": "Boss"}}))
        assert (lacking.value.object_type, lacking.value.prop.key) == ("contact", "title")
        assert keys_of(own, "contact") == set()


def test_with_as_many_keys_as_there_may_be_a_query_goes_without_another(session: Session) -> None:
    with session.transaction() as own:
        make_findable(own, "contact", SCHEMAS["contact"].properties["city"])
        query = asked({"title": {"=": "Boss"}})
        assert hashes(own, query, 1) is None
        both = asked({"title": {"=": "Boss"}}, {"city": {"=": "Bern"}})
        rule = KeyRule("contact", SCHEMAS["contact"].properties["city"], fold_case=True)
        assert hashes(own, both, 1) == list(rule.hashes("Bern"))


def test_the_keys_of_a_path_are_made_one_after_the_other_and_stay_if_the_query_fails(session: Session) -> None:
    acme = make(session, "organization", name="Acme")
    ada = make(session, "contact", company=acme)
    query = asked({"company.name": {"=": "Acme"}})
    with session.transaction() as own:
        page = run_query(own, query, PageWanted(5), schemas=SCHEMAS)
        own.connection.rollback()
    assert [json.loads(bytes(row))["id"] for row in page.rows] == [ada]
    with session.transaction() as own:
        assert keys_of(own, "organization") == {"name"}
        assert keys_of(own, "contact") == {"company"}


def test_a_reference_to_too_many_records_is_not_gone_by(session: Session) -> None:
    for _ in range(3):
        make(session, "organization", name="Acme")
    boss = {"title": {"=": "Boss"}}
    with session.transaction() as own, patch.object(narrowing, "_TARGETS_MAX", 2):
        for object_type, slug in (("organization", "name"), ("contact", "company"), ("contact", "title")):
            make_findable(own, object_type, SCHEMAS[object_type].properties[slug])
        assert hashes(own, asked({"company.name": {"=": "Acme"}})) is None
        rule = KeyRule("contact", SCHEMAS["contact"].properties["title"], fold_case=True)
        both = asked({"company.name": {"=": "Acme"}}, boss)
        assert hashes(own, both) == list(rule.hashes("Boss"))


def test_making_findable_commits_and_lets_go_of_the_lock(session: Session) -> None:
    with session.transaction() as own:
        make_findable(own, "contact", SCHEMAS["contact"].properties["title"])
        with session.transaction() as other:
            other.connection.execute("SET LOCAL lock_timeout = '1s'")
            assert keys_of(other, "contact") == {"title"}
            record_keys.lock_type(other.connection, other.team_id, "contact")
        own.connection.rollback()


def test_what_is_looked_for_by_a_property_stays_findable_though_nothing_has_the_value(session: Session) -> None:
    with session.transaction() as own:
        with pytest.raises(PrismdError, match="no contact has"):
            find_record(own, "contact", KeyValue("title", "Boss"))
        own.connection.rollback()
    with session.transaction() as own:
        assert record_keys.keys_in_use(own.connection, own.team_id, "contact") == {"title": True}
