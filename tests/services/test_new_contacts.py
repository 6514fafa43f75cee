"""Contacts that imports make for addresses that nobody had: one for each, with what links it, or none at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prismd.core.notifications import ImportMoved
from prismd.core.properties.schema import Property
from prismd.core.records.lookups import Defaults
from prismd.core.records.writes import RecordBody
from prismd.services.realtime.notifications import changes_of_chunk
from prismd.services.records.find_or_create import find_or_create_identity
from prismd.services.records.reading import count_records
from prismd.services.records.writer import RecordWriter
from prismd.services.records.writes import create_record
from prismd.services.runtime import Runtime
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, Pool, connect
from prismd.store.connections.transactions import of_all_teams
from prismd.store.properties import insert_property
from tests.services.importing import Importer, told
from tests.services.test_import_costs import STATEMENTS_MAX, counted

Row = dict[str, Any]

ADDRESSES: Final = [
    "a@x.org",
    "A@x.org",
    " a@x.org",
    "b@x.org",
    "c@x.org",
    "known@x.org",
    "KNOWN@x.org",
    "two@x.org",
    "no@x",
]


@dataclass
class Person:
    linkedin: str | None
    keys: list[str]
    first_row: int | None = None


@dataclass
class Model:
    """What an import of people does, row by row: plain, slow, and written without a look at the real thing."""

    by: str | None
    on_match: str
    contacts: dict[str, list[str]]
    people: list[Person] = field(default_factory=list)

    def one(self, index: int, row: Row) -> tuple[str, int | None, list[str]]:
        given = row.get("email_addresses")
        operation = given["_op"] if isinstance(given, dict) else None
        tokens = (
            [] if given is None else given["values"] if operation else given if isinstance(given, list) else [given]
        )
        for token in tokens:
            known = self.contacts.get(key(token), [])
            if len(known) > 1:
                return "multiple_matches", None, []
            if not known and key(token).endswith("@x"):
                return "invalid_value", None, []
        keys = list(dict.fromkeys(map(key, tokens)))
        matches = self.matches(row, [] if operation == "remove" else keys)
        if len(matches) > 1:
            return "multiple_matches", None, []
        if not matches:
            person = Person(row.get("linkedin"), [] if operation == "remove" else keys, index)
            self.people.append(person)
            return "created", None, self.make(person, tokens)
        [person] = matches
        earlier, person.first_row = person.first_row, index if person.first_row is None else person.first_row
        before = (person.linkedin, list(person.keys))
        if self.on_match != "skip":
            self.write(person, row, keys, operation)
        changed = before != (person.linkedin, person.keys)
        return "updated" if changed else "existing", earlier, self.make(person, tokens)

    def matches(self, row: Row, keys: list[str]) -> list[Person]:
        if self.by == "linkedin":
            return [one for one in self.people if row.get("linkedin") and one.linkedin == row["linkedin"]]
        return [one for one in self.people if self.by and set(one.keys) & set(keys)]

    def write(self, person: Person, row: Row, keys: list[str], operation: str | None) -> None:
        fill = self.on_match == "fill"
        if "linkedin" in row and not (fill and person.linkedin):
            person.linkedin = row["linkedin"]
        if "email_addresses" not in row or (fill and person.keys):
            return
        if operation == "append":
            keys = [*person.keys, *(one for one in keys if one not in person.keys)]
        elif operation == "remove":
            keys = [one for one in person.keys if one not in keys]
        person.keys = keys

    def make(self, person: Person, tokens: list[str]) -> list[str]:
        made = []
        for one in person.keys:
            if one not in self.contacts:
                self.contacts[one] = [next(token for token in tokens if key(token) == one).strip()]
                made += self.contacts[one]
        return made


def key(address: str) -> str:
    return address.strip().lower()


TOKENS = st.lists(st.sampled_from(ADDRESSES), max_size=3)
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "linkedin": st.sampled_from(["in/1", "in/2", "in/3"]),
            "email_addresses": TOKENS
            | st.none()
            | st.sampled_from(ADDRESSES)
            | st.builds(
                lambda operation, values: {"_op": operation, "values": values},
                st.sampled_from(["append", "remove"]),
                TOKENS,
            ),
        },
    ),
    min_size=1,
    max_size=10,
)


@pytest.fixture
def teams(importer: Importer, make_team: Callable[[], int]) -> Callable[[], Importer]:
    """Return importers of new teams, with contacts that stand before."""

    def new() -> Importer:
        fresh = Importer(importer.connection, importer.runtime, make_team())
        fresh.at_once([{"email": "known@x.org"}, {"email": "two@x.org"}, {"email": "Two@x.org"}])
        return fresh

    return new


def people_of(importer: Importer) -> list[tuple[Any, list[str]]]:
    rows = importer.connection.execute(
        "SELECT id::text, object_type, properties FROM record WHERE team_id = %s AND deleted_at IS NULL ORDER BY id",
        (importer.team_id,),
    ).fetchall()
    emails = {id_: values["email"] for id_, kind, values in rows if kind == "contact"}
    found = [values for _, kind, values in rows if kind == "identity"]
    return [(one.get("linkedin"), [emails[id_] for id_ in one.get("email_addresses", [])]) for one in found]


def emails_of(importer: Importer) -> list[str]:
    rows = importer.connection.execute(
        "SELECT properties ->> 'email' FROM record WHERE team_id = %s AND object_type = 'contact'", (importer.team_id,)
    )
    return sorted(row[0] for row in rows)


def said(verdict: dict[str, Any]) -> tuple[str, int | None, list[str]]:
    outcome = "created" if verdict["created"] else "updated" if verdict["updated"] else "existing"
    made = [contact["email"] for contact in verdict.get("contacts_created", [])]
    return verdict["error"]["code"] if "error" in verdict else outcome, verdict.get("duplicate_of"), made


# A row that is skipped names an address before the row that links it; what is unlinked again was made all the same.
SKIPPED_FIRST: Final = [
    {"linkedin": "in/1"},
    {"linkedin": "in/1", "email_addresses": "A@x.org"},
    {"email_addresses": "a@x.org"},
]
UNLINKED_AGAIN: Final = [
    {"linkedin": "in/1", "email_addresses": ["a@x.org"]},
    {"linkedin": "in/1", "email_addresses": {"_op": "remove", "values": ["A@x.org", "b@x.org"]}},
    {"linkedin": "in/2", "email_addresses": {"_op": "append", "values": ["a@x.org"]}},
]


@example(SKIPPED_FIRST, 5, "linkedin", "skip").via("discovered failure")
@example(UNLINKED_AGAIN, 5, "linkedin", "update").via("discovered failure")
@given(
    ROWS,
    st.integers(1, 5),
    st.sampled_from([None, "linkedin", "email_addresses"]),
    st.sampled_from(["skip", "update", "fill"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_rows_make_what_the_model_makes_wherever_they_are_cut(
    teams: Callable[[], Importer], rows: list[Row], chunk: int, by: str | None, on_match: str
) -> None:
    model = Model(by, on_match, {"known@x.org": ["known@x.org"], "two@x.org": ["two@x.org", "Two@x.org"]})
    expected = [model.one(index, row) for index, row in enumerate(rows)]
    importer = teams()
    options = {"dedupe_by": by, "on_match": on_match}
    foreseen, forecast = importer.as_job(rows, "identity", chunk=chunk, dry_run=True, **options)
    assert people_of(importer) == []
    job, verdicts = importer.as_job(rows, "identity", chunk=chunk, **options)
    assert [said(verdict) for verdict in verdicts] == expected
    assert [said(verdict) for verdict in forecast] == expected
    assert people_of(importer) == [
        (person.linkedin, [self[0] for self in (model.contacts[one] for one in person.keys)]) for person in model.people
    ]
    assert emails_of(importer) == sorted(email for known in model.contacts.values() for email in known)
    made = sum(len(contacts) for _, _, contacts in expected)
    assert job.contacts_created == foreseen.contacts_created == made
    assert all(one["id"] is None for verdict in forecast for one in verdict.get("contacts_created", []))


def test_what_a_row_makes_is_a_record_as_any_other(importer: Importer) -> None:
    job, [verdict] = importer.as_job([{"email_addresses": [" Ada@x.org"]}], "identity", dedupe_by="email_addresses")
    [made] = verdict["contacts_created"]
    assert made["email"] == "Ada@x.org"
    assert importer.record(verdict["id"], "identity")["email_addresses"] == [made["id"]]
    assert importer.record(made["id"])["email"] == "Ada@x.org"
    found = importer.connection.execute(
        "SELECT import_id::text, import_row, version FROM record WHERE team_id = %s AND id = %s",
        (importer.team_id, made["id"]),
    ).fetchone()
    assert found == (job.id, 0, 1)
    [again] = importer.at_once([{"email": "ada@X.org"}], dedupe_by="email")
    assert (again["existing"], again["id"]) == (True, made["id"])


def test_whoever_listens_hears_of_the_contacts(importer: Importer) -> None:
    job, [verdict] = importer.as_job([{"email_addresses": ["ada@x.org"]}], "identity")
    moved = ImportMoved.of(job, 0)
    told_of = [(one.object_type, one.change, list(one.ids)) for one in changes_of_chunk(importer.transaction, moved)]
    contact = verdict["contacts_created"][0]["id"]
    assert told_of == [("contact", "created", [contact]), ("identity", "created", [verdict["id"]])]


def test_a_deleted_contact_is_nobody(importer: Importer) -> None:
    old = importer.at_once([{"email": "ada@x.org"}])[0]["id"]
    importer.connection.execute("UPDATE record SET deleted_at = now() WHERE id = %s", (old,))
    [verdict] = importer.at_once([{"email_addresses": ["ada@x.org"]}], "identity")
    assert verdict["contacts_created"][0]["id"] != old


def test_several_contacts_are_named(importer: Importer) -> None:
    ids = [one["id"] for one in importer.at_once([{"email": "a@x.org"}] * 4)]
    [verdict] = importer.at_once([{"email_addresses": ["A@x.org"]}], "identity")
    assert verdict["error"]["code"] == "multiple_matches"
    assert sum(one in verdict["error"]["message"] for one in ids) == 3
    assert "and others" in verdict["error"]["message"]


@pytest.mark.parametrize(
    ("object_type", "slug", "value"),
    [
        ("engagement", "contacts", ["a@x.org", "b@x.org"]),
        ("deal", "buyer", "a@x.org"),
        ("organization", "desks", {"_op": "append", "values": ["a@x.org"]}),
    ],
)
def test_every_reference_to_contacts_takes_addresses(
    importer: Importer, object_type: str, slug: str, value: Any
) -> None:
    for number, (kind, name, wire_type) in enumerate(
        [("deal", "buyer", "ref_contact"), ("organization", "desks", "multiref_contact")]
    ):
        prop = Property(f"0192000{number}-0000-7000-8000-000000000000", name, wire_type, name)
        insert_property(importer.connection, importer.team_id, kind, prop, now=importer.runtime.now())
    [verdict, again] = importer.at_once([{slug: value}, {slug: value}], object_type)
    stored = importer.record(verdict["id"], object_type)[slug]
    made = [contact["id"] for contact in verdict["contacts_created"]]
    assert stored == (made if isinstance(stored, list) else made[0])
    assert "contacts_created" not in again


def test_contacts_refer_to_contacts_that_are_there(importer: Importer) -> None:
    prop = Property("01920000-0000-7000-8000-000000000000", "boss", "ref_contact", "Boss")
    insert_property(importer.connection, importer.team_id, "contact", prop, now=importer.runtime.now())
    first = importer.at_once([{"email": "b@x.org"}])[0]["id"]
    one, other = importer.at_once([{"email": "a@x.org", "boss": "B@x.org"}, {"email": "c@x.org", "boss": "d@x.org"}])
    assert importer.record(one["id"])["boss"] == first
    assert (other["error"]["code"], "create it first" in other["error"]["message"]) == ("not_found", True)


def test_a_row_that_the_database_refuses_makes_no_contact(importer: Importer) -> None:
    importer.connection.execute(
        "ALTER TABLE record ADD CONSTRAINT no_moon CHECK (properties ->> 'country' IS DISTINCT FROM 'moon') NOT VALID"
    )
    try:
        rows: list[Row] = [
            {"email_addresses": ["a@x.org"], "country": "moon"},
            {"email_addresses": ["b@x.org"]},
            {"email_addresses": ["A@x.org", "b@x.org"]},
        ]
        verdicts = importer.at_once(rows, "identity")
    finally:
        importer.connection.execute("ALTER TABLE record DROP CONSTRAINT no_moon")
    assert [said(one) for one in verdicts] == [
        ("internal_error", None, []), ("created", None, ["b@x.org"]), ("created", None, ["A@x.org"])
    ]  # fmt: skip
    assert emails_of(importer) == ["A@x.org", "b@x.org"]


def test_a_retry_links_what_the_first_run_made(importer: Importer) -> None:
    rows: list[Row] = [{"email_addresses": ["a@x.org"]}, {"email_addresses": ["a@x.org"], "nope": 1}]
    importer.as_job(rows, "identity")
    [verdict] = importer.at_once([{"email_addresses": ["a@x.org"]}], "identity", dedupe_by="email_addresses")
    assert told([verdict]) == [(False, True, False, None, None)]
    assert emails_of(importer) == ["a@x.org"]


@pytest.mark.parametrize("options", [{}, {"dedupe_by": "email_addresses", "update_existing": True}], ids=str)
def test_the_statements_of_a_chunk_do_not_grow_with_its_addresses(importer: Importer, options: dict[str, Any]) -> None:
    def people(count: int, first: int) -> list[Row]:
        return [{"email_addresses": [f"p{number}@x.org"]} for number in range(first, first + count)]

    importer.at_once(people(1, 0), "identity", **options)
    with counted(importer.connection) as few:
        importer.at_once(people(5, 10), "identity", **options)
    with counted(importer.connection) as many:
        importer.at_once(people(500, 100), "identity", **options)
    assert len(many.statements) == len(few.statements) <= STATEMENTS_MAX + 12


def test_whoever_writes_at_the_same_time_makes_one_contact_for_an_address(
    pool: Pool, runtime: Runtime, make_team: Callable[[], int]
) -> None:
    """Imports of people, of deals and of contacts, single writes and look-ups, whose chunks wait for each other."""
    team_id, count = make_team(), 120
    addresses = [f"p{number}@x.org" for number in range(count)]
    with of_all_teams(pool) as connection:
        insert_property(
            connection, team_id, "deal", Property(runtime.new_id(), "buyer", "ref_contact", "Buyer"), now=runtime.now()
        )
    start = threading.Barrier(6)
    errors: list[BaseException] = []

    def run_import(connection: Connection, object_type: str, rows: list[Row], by: str | None) -> None:
        importer = Importer(connection, runtime, team_id)
        job_id = importer.submit(rows, object_type, chunk=9, dedupe_by=by)
        start.wait()
        while importer.job(job_id).status == "processing":
            importer.step()
        assert {one["error"]["code"] for one in importer.verdicts(job_id) if "error" in one} == set()

    def write_singly(connection: Connection, backwards: bool) -> None:  # noqa: FBT001 - one of two
        start.wait()
        for address in reversed(addresses) if backwards else addresses:
            with connection.transaction():
                if backwards:
                    find_or_create_identity(
                        Transaction(Session(runtime, team_id), connection),
                        address,
                        Defaults(b"{}", ".body", {"default": {}, "list": {}}),
                    )
                else:
                    writer = RecordWriter(Transaction(Session(runtime, team_id), connection), "deal")
                    create_record(writer, RecordBody(b'{"default":{"buyer":"%b"}}' % address.encode(), ".body", {}))

    def guarded(work: Callable[[Connection], None]) -> None:
        try:
            with connect(str(pool.conninfo), Settings(), autocommit=True) as connection:
                work(connection)
        except BaseException as error:
            errors.append(error)
            start.abort()
            raise

    people = [{"email_addresses": [one.upper()]} for one in addresses]
    works: list[Callable[[Connection], None]] = [
        lambda c: run_import(c, "identity", people, "email_addresses"),
        lambda c: run_import(c, "identity", people[::-1], "email_addresses"),
        lambda c: run_import(c, "deal", [{"buyer": f" {one}"} for one in addresses[::-1]], None),
        lambda c: run_import(c, "contact", [{"email": one} for one in addresses[60:] + addresses[:60]], "email"),
        lambda c: write_singly(c, backwards=True),
        lambda c: write_singly(c, backwards=False),
    ]
    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with of_all_teams(pool) as connection:
        assert count_records(Transaction(Session(runtime, team_id), connection), "contact") == count
        assert count_records(Transaction(Session(runtime, team_id), connection), "identity") == count
