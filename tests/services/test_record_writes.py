"""Writes of records against a model: a dictionary to which patches are applied one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from prismd.core.errors import PrismdError
from prismd.core.notifications import RecordsChanged
from prismd.core.records.batches import BatchItem
from prismd.core.records.writes import read_record_body
from prismd.services.records.batches import update_records
from prismd.services.records.deleted import NamedRecord, NamedRecords, delete_record, purge_records, restore_record
from prismd.services.records.findable import make_findable
from prismd.services.records.reading import KeyValue, find_record, get_record, records_with
from prismd.services.records.shown import RecordView
from prismd.services.records.writer import RecordWriter
from prismd.services.records.writes import LookedUp, create_record, update_record, upsert_record
from prismd.services.runtime import Runtime
from prismd.services.session import Session, Transaction

TEXTS = st.sampled_from(["", " ", "a", "A", "é", "É", "b"])
DOMAINS = st.lists(st.sampled_from(["a.org", "b.org", "c.org"]), max_size=3)
CHANGES = st.builds(
    lambda operation, values: {"_op": operation, "values": values}, st.sampled_from(["append", "remove"]), DOMAINS
)
PATCHES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | TEXTS,
        "summary": st.none() | TEXTS,
        "employee_count": st.none() | st.integers(-5, 5) | st.just(Decimal("0.50")),
        "domains": st.none() | DOMAINS | CHANGES,
        "type": st.none() | st.sampled_from(["customer", "partner"]),
    },
)
AUDIT = {"created_at", "updated_at", "last_updated_at"}

Model = dict[str, Any]


def applied(model: Model, patch: dict[str, Any]) -> Model:
    """The reference meaning of a patch, as plainly as it can be said."""
    after = dict(model)
    for slug, value in patch.items():
        new = value
        if isinstance(value, dict):
            current = model.get(slug, [])
            if value["_op"] == "remove":
                new = [one for one in current if one not in value["values"]]
            else:
                new = list(current)
                for one in value["values"]:
                    if one not in new:
                        new.append(one)
        if new in (None, []):
            after.pop(slug, None)
        else:
            after[slug] = new
    return after


def body(patch: dict[str, Any], bucket: str = "default") -> Any:
    return read_record_body(json.dumps({bucket: patch}, default=float).encode())


def shown(view: RecordView) -> Model:
    return {slug: value for slug, value in view.properties.items() if slug not in AUDIT}


@pytest.fixture
def writer(runtime: Runtime, connection: Connection[Any], make_team: Callable[[], int]) -> Callable[[], RecordWriter]:
    team_id = make_team()
    return lambda: RecordWriter(Transaction(Session(runtime, team_id), connection), "organization")


@pytest.fixture
def found(writer: Callable[[], RecordWriter]) -> Callable[[str, str], set[str]]:
    """How many records are found by a value: none, one, or several of unknown ids."""
    one = writer()
    for slug in ("domains", "name"):
        # Outside the transactions of the tests, which a read cannot commit.
        make_findable(one.transaction, "organization", one.schema.properties[slug], tells_apart=True)

    def find(slug: str, value: str) -> set[str]:
        try:
            view = find_record(one.transaction, "organization", KeyValue(slug, value))
        except PrismdError as error:
            return {error.code}
        return {view.id}

    return find


@given(patches=st.lists(PATCHES, min_size=1, max_size=8))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_sequence_of_patches_does_what_it_does_to_a_dictionary(
    writer: Callable[[], RecordWriter], found: Callable[[str, str], set[str]], patches: list[dict[str, Any]]
) -> None:
    with writer().transaction.connection.transaction(force_rollback=True):
        model = applied({}, patches[0])
        view, version = create_record(writer(), body(patches[0])), 1
        own = view.id
        for patch in patches[1:]:
            after = applied(model, patch)
            version += after != model
            model = after
            view = update_record(writer(), own, body(patch, "extended"))
            assert (shown(view), view.version) == (model, version)
        read = get_record(writer().transaction, "organization", own)
        assert read == view
        assert (shown(read), read.version) == (model, version)
        for domain in ("a.org", "b.org", "c.org"):
            assert found("domains", domain.upper()) == ({own} if domain in model.get("domains", []) else {"not_found"})
        name = model.get("name", "").strip()
        for text in ("a", "É", "b"):
            assert found("name", text) == ({own} if name.casefold() == text.casefold() else {"not_found"})


@given(patches=st.lists(st.tuples(st.integers(0, 2), PATCHES), min_size=1, max_size=12))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_batch_does_what_its_items_do_one_after_the_other(
    writer: Callable[[], RecordWriter], found: Callable[[str, str], set[str]], patches: list[tuple[int, dict[str, Any]]]
) -> None:
    with writer().transaction.connection.transaction(force_rollback=True):
        ids = [create_record(writer(), body({})).id for _ in range(3)]
        models: list[Model] = [{}, {}, {}]
        versions = [1, 1, 1]
        expected = []
        for number, patch in patches:
            after = applied(models[number], patch)
            versions[number] += after != models[number]
            models[number] = after
            expected.append((ids[number], after, versions[number]))
        outcomes = update_records(writer(), [BatchItem(ids[number], body(patch)) for number, patch in patches])
        views = [outcome.record for outcome in outcomes]
        assert [(view.id, shown(view), view.version) for view in views if view is not None] == expected
        for own, model, version in zip(ids, models, versions, strict=True):
            read = get_record(writer().transaction, "organization", own)
            assert (shown(read), read.version) == (model, version)
        for domain in ("a.org", "b.org", "c.org"):
            having = {own for own, model in zip(ids, models, strict=True) if domain in model.get("domains", [])}
            assert found("domains", domain) == (
                {"multiple_matches"} if len(having) > 1 else having or {"not_found"}
            )  # fmt: skip


def test_nothing_is_deleted_while_an_upsert_looks(
    runtime: Runtime, writer: Callable[[], RecordWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup, one = LookedUp("name", "Acme"), writer()
    first, made = upsert_record(one, lookup, body({}))
    one.transaction.connection.commit()

    def look_and_lose(*asked: Any) -> Any:
        found = records_with(*asked)
        with runtime.of_all_teams() as other, other.transaction(force_rollback=True):
            other.execute("SET LOCAL lock_timeout = '20ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                delete_record(
                    Transaction(Session(runtime, one.transaction.team_id), other), NamedRecord("organization", first.id)
                )
        return found

    monkeypatch.setattr("prismd.services.records.writes.records_with", look_and_lose)
    second, made_again = upsert_record(writer(), lookup, body({}))
    assert (made, made_again, second.id) == (True, False, first.id)


def test_every_write_is_told_once_and_no_other(
    runtime: Runtime, writer: Callable[[], RecordWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, ...]] = []
    connection, team_id = writer().transaction.connection, writer().transaction.team_id

    def tell(_: Transaction, changed: RecordsChanged, _made: object = None) -> None:
        assert (changed.team_id, changed.object_type) == (team_id, "organization")
        told.append((changed.change, *changed.ids))

    for module in ("realtime.notifications", "records.deleted"):
        monkeypatch.setattr(f"prismd.services.{module}.tell_of", tell)

    def news(write: Callable[[], Any]) -> list[tuple[str, ...]]:
        told.clear()
        write()
        return list(told)

    own = create_record(writer(), body({})).id
    named = NamedRecord("organization", own)
    made: list[str] = []
    assert news(lambda: made.append(create_record(writer(), body({})).id)) == [("created", *made)]
    assert news(lambda: update_record(writer(), own, body({"name": "A"}))) == [("updated", own)]
    assert news(lambda: update_record(writer(), own, body({"name": "A"}))) == []
    assert news(lambda: restore_record(Transaction(Session(runtime, team_id), connection), named)) == []
    assert news(lambda: delete_record(Transaction(Session(runtime, team_id), connection), named)) == [("deleted", own)]
    assert news(lambda: restore_record(Transaction(Session(runtime, team_id), connection), named)) == [
        ("restored", own)
    ]
    items = [BatchItem(own, body({"name": name})) for name in ("B", "C")]
    assert news(lambda: update_records(writer(), items)) == [("updated", own)]
    batch = NamedRecords("organization", [BatchItem(own), BatchItem(own)])
    assert news(lambda: purge_records(Transaction(Session(runtime, team_id), connection), batch)) == []
    delete_record(Transaction(Session(runtime, team_id), connection), named)
    assert news(lambda: purge_records(Transaction(Session(runtime, team_id), connection), batch)) == [("purged", own)]
