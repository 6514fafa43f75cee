"""Imports as use cases, on a real database: what is written, what is said, and that cutting changes neither."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chaos.store import differing
from prismd.core.errors import PrismdError
from prismd.core.imports.request import parse_request
from prismd.services.imports import jobs
from prismd.services.imports.results import ResultsWanted, page_of_results
from prismd.services.records.reading import KeyValue, count_records, find_record
from prismd.services.runtime import Runtime
from prismd.services.session import Session, Transaction
from prismd.store.connections.postgres import Connection
from prismd.store.imports.jobs import JobsWanted
from tests.services.importing import LIMITS, Importer, told

ROWS: list[dict[str, Any]] = [
    {"email": "ann@x.org", "full_name": "Ann"},
    {"email": "ANN@x.org ", "full_name": "Ann B."},
    {"email": "bob@x.org", "nope": 1},
    {"email": None, "full_name": "No key"},
    {"email": "bob@x.org", "full_name": "Bob", "tags": []},
    {"email": "ann@x.org", "full_name": "Ann B."},
]


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
@pytest.mark.parametrize("on_match", ["skip", "update", "fill"])
def test_a_job_says_and_does_what_an_import_at_once_does(
    connection: Connection, runtime: Runtime, make_team: Callable[[], int], chunk: int, on_match: str
) -> None:
    connection.autocommit = True
    at_once, in_chunks = (Importer(connection, runtime, make_team()) for _ in range(2))
    for importer in (at_once, in_chunks):
        importer.at_once([{"email": "bob@X.org", "city": "Rome"}])
    expected = at_once.at_once(ROWS, dedupe_by="email", on_match=on_match)
    job, verdicts = in_chunks.as_job(ROWS, chunk=chunk, dedupe_by="email", on_match=on_match)

    assert told(verdicts) == told(expected)
    assert [v["input_index"] for v in verdicts] == list(range(len(ROWS)))
    assert (job.created, job.existing, job.failed) == (2, 3, 1)
    assert job.updated == sum(v["updated"] for v in verdicts)
    assert everything(connection, at_once.team_id) == everything(connection, in_chunks.team_id)


def everything(connection: Connection, team_id: int) -> list[Any]:
    """All that a team's imports left behind, ids and times apart."""
    records = "SELECT properties, version, import_row FROM record WHERE team_id = %s ORDER BY id"
    touches = """SELECT first_row, version_before, version_after, before, after FROM import_touch
                 WHERE team_id = %s ORDER BY first_row"""
    keys = """SELECT key_hash, r.properties FROM record_key k JOIN record r ON r.id = k.record_id
              WHERE k.team_id = %s ORDER BY key_hash"""
    found = [connection.execute(query, (team_id,)).fetchall() for query in (records, touches, keys)]
    found[1] = [(*touch[:3], *differing(*touch[3:])) for touch in found[1]]
    return found


@pytest.mark.parametrize("chunk", [1, 2, 100])
@pytest.mark.parametrize("on_match", ["skip", "update"])
def test_a_dry_run_forecasts_the_real_run_and_writes_no_record(importer: Importer, chunk: int, on_match: str) -> None:
    importer.at_once([{"email": "bob@x.org", "city": "Rome"}])
    rows = [*ROWS, {"email": "bob@x.org", "city": "Rom"}, {"email": "new@x.org", "seniority": "martian"}]
    options: dict[str, Any] = {"dedupe_by": "email", "on_match": on_match, "create_missing_options": True}
    _, forecast = importer.as_job(rows, chunk=chunk, dry_run=True, **options)
    assert count_records(importer.transaction, "contact") == 1
    _, real = importer.as_job(rows, chunk=chunk, **options)
    assert told(forecast) == told(real)
    made = [index for index, verdict in enumerate(real) if verdict["created"]]
    made_or_again = [v["input_index"] for v in forecast if v["created"] or v.get("duplicate_of") in made]
    assert not any(forecast[index]["id"] for index in made_or_again), "there is no record with that id"


@pytest.mark.parametrize("options", [{"dedupe_by": "email", "on_match": "update"}, {"dedupe_by": "seniority"}])
def test_a_dry_run_knows_a_missing_option_again_in_the_next_chunk(importer: Importer, options: dict[str, Any]) -> None:
    rows = [{"email": "ann@x.org", "seniority": "Martian"}] * 3
    _, forecast = importer.as_job(rows, chunk=1, dry_run=True, create_missing_options=True, **options)
    _, real = importer.as_job(rows, chunk=1, create_missing_options=True, **options)
    assert told(forecast) == told(real)


@pytest.mark.parametrize(
    ("slug", "why"), [("created_at", "set by the server alone"), ("tags", "of type multiselect_str"), ("mail", "email")]
)
def test_a_property_that_cannot_be_a_key_is_refused_with_the_reason(importer: Importer, slug: str, why: str) -> None:
    with pytest.raises(PrismdError, match=why):
        importer.at_once([{}], dedupe_by=slug)


def test_a_changed_key_is_found_under_its_new_value_alone(importer: Importer) -> None:
    importer.at_once([{"email": "old@x.org", "full_name": "Ann"}])
    importer.at_once([{"full_name": "Ann", "email": "new@x.org"}], dedupe_by="full_name", update_existing=True)
    verdicts = importer.at_once([{"email": "new@x.org"}, {"email": "old@x.org"}], dedupe_by="email")
    assert [v["existing"] for v in verdicts] == [True, False]


def test_records_that_were_there_before_a_property_became_a_key_are_matched(importer: Importer) -> None:
    importer.at_once([{"full_name": f"Person {n}"} for n in range(30)])
    verdicts = importer.at_once([{"full_name": "PERSON 7"}, {"full_name": "Person 31"}], dedupe_by="full_name")
    assert [v["existing"] for v in verdicts] == [True, False]


def test_a_deleted_record_is_not_matched(importer: Importer) -> None:
    importer.at_once([{"email": "ann@x.org"}], dedupe_by="email")
    importer.connection.execute("UPDATE record SET deleted_at = now() WHERE team_id = %s", (importer.team_id,))
    assert importer.at_once([{"email": "ann@x.org"}], dedupe_by="email")[0]["created"]


def test_a_missing_option_is_created_once_and_only_if_asked(importer: Importer) -> None:
    rows: list[dict[str, Any]] = [{"seniority": "Martian"}, {"seniority": "Martian"}, {"seniority": "Lunar", "nope": 1}]
    assert [v["error"]["code"] for v in importer.at_once(rows)] == [
        "invalid_option",
        "invalid_option",
        "invalid_option",
    ]
    verdicts = importer.at_once(rows, create_missing_options=True)
    assert [v["created"] for v in verdicts] == [True, True, False]
    seen = {importer.record(v["id"])["seniority"] for v in verdicts[:2]}
    assert seen == {"martian"}
    assert importer.at_once([{"seniority": "Lunar"}])[0]["error"]["code"] == "invalid_option"


def test_references_are_resolved_by_id_and_by_address(importer: Importer) -> None:
    contact = importer.at_once([{"email": "ann@x.org"}])[0]["id"]
    rows = [
        {"full_name": "by id", "email_addresses": [contact]},
        {"full_name": "by address", "email_addresses": ["ANN@X.org", contact]},
        {"full_name": "no address", "email_addresses": ["no@x"]},
        {"full_name": "gone", "email_addresses": ["00000000-0000-4000-8000-000000000000"]},
    ]
    verdicts = importer.at_once(rows, "identity", dedupe_by="email_addresses")
    assert told(verdicts) == [
        (True, False, False, None, None),
        (False, True, False, 0, None),
        (False, False, False, None, "invalid_value"),
        (False, False, False, None, "not_found"),
    ]
    assert importer.record(verdicts[0]["id"], "identity")["email_addresses"] == [contact]


def test_an_import_at_once_leaves_no_job_to_be_found(importer: Importer) -> None:
    importer.at_once([{"email": "ann@x.org"}])
    assert jobs.list_jobs(importer.transaction, JobsWanted(limit=10)) == []


def test_a_job_is_found_until_it_expires_and_by_its_team_alone(
    importer: Importer, make_team: Callable[[], int], clock: Any
) -> None:
    job, _ = importer.as_job([{"email": "ann@x.org"}])
    clock.advance(days=6, hours=23)
    assert importer.job(job.id) == job
    with pytest.raises(PrismdError, match="no import job"):
        jobs.get_job(Transaction(Session(importer.runtime, make_team()), importer.connection), job.id)
    clock.advance(hours=1)
    with pytest.raises(PrismdError, match="no import job"):
        importer.job(job.id)


def test_verdicts_are_paged_and_filtered(importer: Importer) -> None:
    rows = [{"email": f"{n % 7}@x.org"} if n % 5 else {"nope": n} for n in range(40)]
    job, verdicts = importer.as_job(rows, chunk=6, dedupe_by="email")
    for outcome in (None, "created", "existing", "updated", "failed"):
        for limit in (1, 3, 6, 100):
            pages, after = [], -1
            while True:
                asked = ResultsWanted(limit, 2**20, after, outcome)
                page = page_of_results(importer.transaction, job.id, asked)
                assert len(page.results) <= limit
                pages += page.results
                if page.next_after is None:
                    break
                after = page.next_after
            wanted = [v for v in verdicts if outcome in (None, word(v))]
            assert pages == wanted


def test_a_record_is_found_by_the_address_that_it_refers_to(importer: Importer) -> None:
    importer.at_once([{"email": "ann@x.org"}, {"email": "two@x.org"}, {"email": "TWO@x.org"}])
    person = importer.at_once([{"email_addresses": ["ann@x.org"]}], "identity")[0]["id"]

    def find(value: str) -> str:
        return find_record(importer.transaction, "identity", KeyValue("email_addresses", value)).id

    assert find(" Ann@X.org") == person
    for value, code in (("two@x.org", "multiple_matches"), ("three@x.org", "not_found"), ("x", "not_found")):
        with pytest.raises(PrismdError) as caught:
            find(value)
        assert caught.value.code == code


def word(verdict: dict[str, Any]) -> str:
    if "error" in verdict:
        return "failed"
    return "created" if verdict["created"] else "updated" if verdict["updated"] else "existing"


def test_find_compares_as_imports_compare(importer: Importer) -> None:
    importer.at_once([{"email": "Ann@x.org"}, {"email": "two@x.org"}, {"email": "TWO@x.org"}])
    found = find_record(importer.transaction, "contact", KeyValue("email", " ann@X.org"))
    assert found.properties["email"] == "Ann@x.org"
    for value, code in (("two@x.org", "multiple_matches"), ("three@x.org", "not_found")):
        with pytest.raises(PrismdError) as caught:
            find_record(importer.transaction, "contact", KeyValue("email", value))
        assert caught.value.code == code


def test_rows_are_stored_alike_however_they_are_spaced(importer: Importer) -> None:
    rows = [
        '{"default":{"email":"a@x.org","city":"Rome"}}',
        '{ "default" : {\n"email" : "b@x.org",\r\n\t"city":"Rome"} }',
        '{"default":{"email":"c@x.org","city":"R\\u006fme"}}',
        '{"default":{"email":"d@x.org","city":"Rome","first_interaction_date":"2024-01-31"}}',
    ]
    text = f'{{"objects": [{", ".join(rows)}], "options": {{"dedupe_by": "email"}}}}'
    with importer.connection.transaction():
        jobs.submit(
            importer.transaction,
            parse_request("contact", text.encode(), LIMITS),
        )
    stored = importer.connection.execute(
        "SELECT properties ->> 'email', properties ->> 'city' FROM record WHERE team_id = %s ORDER BY 1",
        (importer.team_id,),
    ).fetchall()
    assert stored == [(f"{name}@x.org", "Rome") for name in "abcd"]


@pytest.mark.parametrize("number", ["0.1", "1e-9", "-2.50", "12345678901234567890.125", "7"])
def test_a_number_that_became_a_key_after_its_record_was_made_is_found(importer: Importer, number: str) -> None:
    importer.at_once([{"name": "Ada Ltd", "employee_count": number}], "organization")
    [told] = importer.at_once([{"employee_count": number}], "organization", dedupe_by="employee_count")
    assert told["existing"]
