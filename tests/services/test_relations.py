"""References by key in imports: found, several, missing under each policy, in any order and wherever rows are cut."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prismd.core.notifications import ImportMoved
from prismd.services.realtime.notifications import changes_of_chunk
from prismd.services.runtime import Runtime
from prismd.settings import Settings
from prismd.store.connections.postgres import Pool, connect
from tests.services.importing import Importer
from tests.services.test_import_costs import STATEMENTS_MAX, counted

Row = dict[str, Any]

#: People refer to companies by both; the second is refused where nobody says otherwise.
FIRST: Final = "companies"
SECOND: Final = "work_history"
CONTACTS: Final = "email_addresses"

KEYS: Final = [
    {"primary_domain": "known.org"}, {"primary_domain": " KNOWN.org "}, {"name": "Known"}, {"name": "Twin"},
    {"primary_domain": "new.org"}, {"primary_domain": "New.ORG"}, {"name": "New"}, {"name": "new "},
    {"domains": "other.org"}, {"primary_domain": "no domain"}, {"employee_count": "many"}, {"nothing": "x"},
]  # fmt: skip
ADDRESSES: Final = ["a@x.org", {"email": "A@x.org"}, {"email": "b@x.org"}, {"email": "known@x.org"}, {"email": "no"}]


def tokens_in(given: Any) -> list[Any]:
    return list(given["values"] if isinstance(given, dict) else given)


def folded(value: Any) -> str:
    return str(value).strip().lower()


@dataclass
class Person:
    linkedin: str
    values: dict[str, list[str]]
    first_row: int


@dataclass
class Model:
    """What an import of people does with what they refer to, row by row: plain, slow, and by names instead of ids."""

    on_match: str
    policies: dict[str, str]
    companies: list[dict[str, list[str]]] = field(default_factory=list)
    contacts: list[str] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)

    def one(self, index: int, row: Row) -> tuple[str, list[str], list[str]]:
        """Return the outcome, what the row makes and what it leaves out."""
        made: list[Any] = []
        left: list[str] = []
        values: dict[str, list[str]] = {}
        for token in (one for slug in row if slug != "linkedin" for one in tokens_in(row[slug])):
            code = self.fault(token)
            if code:
                return code, [], []
        for slug in (slug for slug in row if slug != "linkedin"):
            given = row[slug]
            removes = isinstance(given, dict) and given.get("_op") == "remove"
            names = []
            absent: list[Any] = []
            for token in tokens_in(given):
                code, name = self.find(slug, token, made, removes=removes)
                if code:
                    return code, [], []
                if not name and not removes and token not in absent:  # said once of each
                    absent.append(token)
                    left.append(slug)
                names += [name] if name else []
            if names:
                values[slug] = list(dict.fromkeys(names))
        return self.write(index, row, values, made, left)

    def fault(self, token: Any) -> str:
        """Return what is wrong with a reference, whatever else there is."""
        if isinstance(token, str) or "email" in token:
            return ""
        [(key, value)] = token.items()
        there = [one for one in self.companies if folded(value) in one.get(key, [])]
        codes = {"nothing": "invalid_property", "employee_count": "invalid_value"}
        return codes.get(key) or ("multiple_matches" if len(there) > 1 else "")

    def find(self, slug: str, token: Any, made: list[Any], *, removes: bool) -> tuple[str, str]:
        policy = self.policies.get(slug, "refuse")
        known, new, fault = (self.contact if slug == CONTACTS else self.company)(token, policy, made)
        if not known and new is not None and not removes:
            made.append(new)
            known = new[1] if isinstance(new, tuple) else self.name(new)
        if known or removes or (policy == "empty" and fault == "not_found" and not isinstance(token, str)):
            return "", known
        return fault, ""

    def contact(self, token: Any, policy: str, made: list[Any]) -> tuple[str, Any, str]:
        address = folded(token if isinstance(token, str) else token["email"])
        # A contact that the row itself makes for an address is there for its addresses, and for keys that may make it.
        creates = isinstance(token, str) or policy == "create"
        known = address in self.contacts or (creates and ("contact", address) in made)
        makes = "@" in address and (isinstance(token, str) or policy == "create")
        return address if known else "", ("contact", address) if makes else None, "not_found"

    def company(self, token: Any, policy: str, made: list[Any]) -> tuple[str, Any, str]:
        [(key, value)] = token.items()
        there = [*self.companies, *(one for one in made if isinstance(one, dict))]
        known = next((self.name(one) for one in there if folded(value) in one.get(key, [])), "")
        new = {key: [folded(value)]} if policy == "create" and value != "no domain" else None
        return known, new, "invalid_value" if policy == "create" else "not_found"

    @staticmethod
    def name(company: dict[str, list[str]]) -> str:
        return str(sorted(company.items()))

    def write(
        self, index: int, row: Row, values: dict[str, list[str]], made: list[Any], left: list[str]
    ) -> tuple[str, list[str], list[str]]:
        def op(slug: str) -> str | None:
            given = row.get(slug)
            return given["_op"] if isinstance(given, dict) else None

        person = next((one for one in self.people if one.linkedin == row["linkedin"]), None)
        if person is None:
            person = Person(row["linkedin"], {s: v for s, v in values.items() if op(s) != "remove"}, index)
            self.people.append(person)
            return "created", self.keep(person, made), left
        before = {slug: list(names) for slug, names in person.values.items()}
        for slug, names in values.items() if self.on_match != "skip" else ():
            had = person.values.get(slug, [])
            if self.on_match == "fill" and had:
                continue
            now = names
            if op(slug) == "append":
                now = [*had, *(one for one in names if one not in had)]
            elif op(slug) == "remove":
                now = [one for one in had if one not in names]
            person.values[slug] = now
            if not now:
                del person.values[slug]
        if before == person.values:
            return "existing", [], [] if self.on_match == "skip" else left
        return "updated", self.keep(person, made), left

    def keep(self, person: Person, made: list[Any]) -> list[str]:
        linked = [name for names in person.values.values() for name in names]
        kept = [one for one in made if (self.name(one) if isinstance(one, dict) else one[1]) in linked]
        self.companies += [one for one in kept if isinstance(one, dict)]
        self.contacts += [one[1] for one in kept if not isinstance(one, dict)]
        return sorted(self.name(one) if isinstance(one, dict) else one[1] for one in kept)


def values_of(tokens: list[Any]) -> Any:
    some = st.lists(st.sampled_from(tokens), min_size=1, max_size=3)
    changes = st.builds(lambda op, values: {"_op": op, "values": values}, st.sampled_from(["append", "remove"]), some)
    return some | changes


ROWS = st.lists(
    st.fixed_dictionaries(
        {"linkedin": st.sampled_from(["in/1", "in/2", "in/3", "in/4"])},
        optional={FIRST: values_of(KEYS), SECOND: values_of(KEYS), CONTACTS: values_of(ADDRESSES)},
    ),
    min_size=1,
    max_size=8,
)
POLICIES = st.dictionaries(st.sampled_from([FIRST, SECOND, CONTACTS]), st.sampled_from(["refuse", "empty", "create"]))


@pytest.fixture
def teams(importer: Importer, make_team: Callable[[], int]) -> Callable[[], Importer]:
    """Return importers of new teams, with companies and a contact that stand before."""

    def new() -> Importer:
        fresh = Importer(importer.connection, importer.runtime, make_team())
        fresh.at_once(
            [{"primary_domain": "known.org", "name": "Known"}, {"name": "Twin"}, {"name": "twin"}], "organization"
        )
        fresh.at_once([{"email": "known@x.org"}])
        return fresh

    return new


def known() -> dict[str, Any]:
    companies = [{"primary_domain": ["known.org"], "name": ["known"]}, {"name": ["twin"]}, {"name": ["twin"]}]
    return {"companies": companies, "contacts": ["known@x.org"]}


def stored(importer: Importer) -> tuple[list[Any], list[str]]:
    """Return people with the names of what they refer to, and the names of all companies and contacts."""
    rows = importer.connection.execute(
        "SELECT id::text, object_type, properties FROM record WHERE team_id = %s ORDER BY id", (importer.team_id,)
    ).fetchall()
    names = {}
    for id_, kind, values in rows:
        if kind == "contact":
            names[id_] = folded(values["email"])
        if kind == "organization":
            some = {key: [folded(one) for one in (v if isinstance(v, list) else [v])] for key, v in values.items()}
            names[id_] = Model.name(some)
    people = [
        (
            one["linkedin"],
            {slug: [names[id_] for id_ in one[slug]] for slug in (FIRST, SECOND, CONTACTS) if slug in one},
        )
        for _, kind, one in rows
        if kind == "identity"
    ]
    return people, sorted(names.values())


def said(result: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    outcome = "created" if result["created"] else "updated" if result["updated"] else "existing"
    made = [folded(one["email"]) for one in result.get("contacts_created", [])]
    for one in result.get("references_created", []):
        assert one["object_type"] == "organization"
        assert one["property"] in (FIRST, SECOND)
        made.append(Model.name({key: [folded(value)] for key, value in one["key"].items()}))
    warnings = result.get("warnings", [])
    assert {one["code"] for one in warnings} <= {"reference_left_empty"}
    return (
        result["error"]["code"] if "error" in result else outcome,
        sorted(made),
        [one["property"] for one in warnings],
    )


CREATE: Final = {FIRST: "create", SECOND: "create", CONTACTS: "create"}
# The first row that refers to a company is skipped, refused, or asks for one that it may not make itself.
SKIPPED: Final = [
    {"linkedin": "in/1"},
    {"linkedin": "in/1", FIRST: [{"name": "New"}]},
    {"linkedin": "in/2", FIRST: [{"name": "new "}]},
    {"linkedin": "in/3", SECOND: [{"name": "NEW"}]},
]
REFUSED: Final = [
    {"linkedin": "in/1", FIRST: [{"name": "New"}, {"name": "Twin"}]},
    {"linkedin": "in/2", SECOND: [{"name": "New"}]},
    {"linkedin": "in/3", FIRST: [{"name": "New"}]},
    {"linkedin": "in/4", SECOND: [{"name": "New"}]},
]
BY_EMAIL: Final = [
    {"linkedin": "in/1", CONTACTS: [{"email": "A@x.org"}]},
    {"linkedin": "in/2", CONTACTS: ["a@x.org"]},
    {"linkedin": "in/3", CONTACTS: [{"email": "A@x.org"}, {"email": "known@x.org"}]},
]


@example(SKIPPED, 9, "skip", {FIRST: "create"})
@example([{"linkedin": "in/1", FIRST: [{"primary_domain": "new.org"}] * 2}], 1, "skip", {FIRST: "empty"})
@example([{"linkedin": "in/1", CONTACTS: ["a@x.org", {"email": "A@x.org"}]}], 9, "update", {})
@example([{"linkedin": "in/1", CONTACTS: ["a@x.org", {"email": "A@x.org"}]}], 9, "update", {CONTACTS: "empty"})
@example(REFUSED, 9, "update", {FIRST: "create"})
@example(REFUSED, 9, "update", {FIRST: "create", SECOND: "empty"})
@example(BY_EMAIL, 9, "update", {})
@example(BY_EMAIL, 9, "update", {CONTACTS: "empty"})
@given(ROWS, st.integers(1, 8), st.sampled_from(["skip", "update", "fill"]), POLICIES)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_rows_do_what_the_model_does_wherever_they_are_cut(
    teams: Callable[[], Importer], rows: list[Row], chunk: int, on_match: str, policies: dict[str, str]
) -> None:
    model = Model(on_match, policies, **known())
    expected = [model.one(index, row) for index, row in enumerate(rows)]
    importer = teams()
    options = {"dedupe_by": "linkedin", "on_match": on_match, "on_missing_reference": policies}
    before = stored(importer)
    foreseen, forecast = importer.as_job(rows, "identity", chunk=chunk, dry_run=True, **options)
    assert stored(importer) == before
    job, results = importer.as_job(rows, "identity", chunk=chunk, **options)
    assert [said(one) for one in results] == expected
    assert [said(one) for one in forecast] == expected
    people, names = stored(importer)
    assert people == [(one.linkedin, one.values) for one in model.people]
    assert names == sorted([*map(model.name, model.companies), *model.contacts])
    made = [name for _, some, _ in expected for name in some]
    for one in (job, foreseen):
        assert one.contacts_created + one.references_created == len(made)
        assert one.references_left_empty == sum(len(left) for _, _, left in expected)
    assert all(one["id"] is None for result in forecast for one in result.get("references_created", []))


def test_two_imports_at_once_create_each_company_once(
    pool: Pool, runtime: Runtime, make_team: Callable[[], int]
) -> None:
    """Imports of contacts, people and companies, whose chunks wait for each other and end in no deadlock."""
    team_id, count = make_team(), 60
    domains = [f"c{number}.org" for number in range(count)]
    start = threading.Barrier(4)
    errors: list[BaseException] = []

    def run_import(object_type: str, rows: list[Row], **options: Any) -> None:
        try:
            with connect(str(pool.conninfo), Settings(), autocommit=True) as connection:
                importer = Importer(connection, runtime, team_id)
                job_id = importer.submit(rows, object_type, chunk=7, **options)
                start.wait()
                while importer.job(job_id).status == "processing":
                    importer.step()
                assert [one["error"] for one in importer.verdicts(job_id) if "error" in one] == []
        except BaseException as error:
            errors.append(error)
            start.abort()
            raise

    create = {"on_missing_reference": "create"}
    contacts = [{"company": {"primary_domain": one.upper()}} for one in domains]
    people = [{"companies": [{"primary_domain": one}], "email_addresses": [f"a@{one}"]} for one in reversed(domains)]
    companies = [{"primary_domain": one} for one in domains[30:] + domains[:30]]
    works = [
        threading.Thread(target=run_import, args=("contact", contacts), kwargs=create),
        threading.Thread(target=run_import, args=("contact", contacts[::-1]), kwargs=create),
        threading.Thread(target=run_import, args=("identity", people), kwargs=create),
        threading.Thread(target=run_import, args=("organization", companies), kwargs={"dedupe_by": "primary_domain"}),
    ]
    for work in works:
        work.start()
    for work in works:
        work.join()
    assert errors == []
    with connect(str(pool.conninfo), Settings(), autocommit=True) as connection:
        rows = connection.execute(
            "SELECT lower(properties ->> 'primary_domain') FROM record WHERE team_id = %s AND object_type = %s",
            (team_id, "organization"),
        ).fetchall()
    assert sorted(rows) == sorted((one,) for one in domains)


def test_what_a_reference_creates_is_a_record_as_any_other(importer: Importer) -> None:
    job, [result] = importer.as_job([{"company": {"primary_domain": " Acme.org"}}], on_missing_reference="create")
    [made] = result["references_created"]
    assert made == {
        "property": "company", "object_type": "organization", "id": made["id"], "key": {"primary_domain": " Acme.org"}
    }  # fmt: skip
    assert importer.record(result["id"])["company"] == made["id"]
    assert importer.record(made["id"], "organization")["primary_domain"] == "Acme.org"
    found = importer.connection.execute(
        "SELECT import_id::text, import_row, version FROM record WHERE team_id = %s AND id = %s",
        (importer.team_id, made["id"]),
    ).fetchone()
    assert found == (job.id, 0, 1)
    [again] = importer.at_once([{"primary_domain": "acme.ORG"}], "organization", dedupe_by="primary_domain")
    assert (again["existing"], again["id"]) == (True, made["id"])
    told = [
        (one.object_type, one.change, list(one.ids))
        for one in changes_of_chunk(importer.transaction, ImportMoved.of(job, 0))
    ]
    assert told == [("organization", "created", [made["id"]]), ("contact", "created", [result["id"]])]


def test_an_empty_reference_leaves_the_value_that_a_record_has(importer: Importer) -> None:
    [acme] = importer.at_once([{"name": "Acme"}], "organization")
    rows: list[Row] = [{"email": "a@x.org", "company": {"name": "Acme"}}]
    importer.at_once(rows, dedupe_by="email")
    rows = [{"email": "a@x.org", "title": "Dr", "company": {"name": "Nobody"}}]
    options: Row = {"dedupe_by": "email", "on_match": "update", "on_missing_reference": {"company": "empty"}}
    [result] = importer.at_once(rows, **options)
    message = 'company: there is no organization with the name "Nobody", so the reference is left out'
    assert result["warnings"] == [{"code": "reference_left_empty", "message": message, "property": "company"}]
    record = importer.record(result["id"])
    assert (record["company"], record["title"]) == (acme["id"], "Dr")


def test_a_row_creates_so_many_records_and_no_more(importer: Importer) -> None:
    importer.runtime = replace(
        importer.runtime, settings=replace(importer.runtime.settings, references_created_per_row_max=2)
    )
    rows: list[Row] = [{"companies": [{"name": f"{count} {number}"} for number in range(count)]} for count in (2, 3)]
    fine, refused = importer.at_once(rows, "identity", on_missing_reference="create")
    assert len(fine["references_created"]) == 2
    assert (fine["created"], refused["error"]["code"]) == (True, "invalid_row")
    assert "would create 3 records for its references, the most is 2" in refused["error"]["message"]


@pytest.mark.parametrize("policy", ["refuse", "empty", "create"])
def test_the_statements_of_a_chunk_do_not_grow_with_its_relations(importer: Importer, policy: str) -> None:
    def rows(count: int, first: int) -> list[Row]:
        return [{"company": {"name": f"C{number}"}} for number in range(first, first + count)]

    importer.at_once(rows(1, 0), on_missing_reference=policy)
    with counted(importer.connection) as few:
        importer.at_once(rows(5, 10), on_missing_reference=policy)
    with counted(importer.connection) as many:
        importer.at_once(rows(500, 100), on_missing_reference=policy)
    assert len(many.statements) == len(few.statements) <= STATEMENTS_MAX + 8
