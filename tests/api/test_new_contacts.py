"""Plain addresses over HTTP: every write of a person takes them, and makes the contact where there is none."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from prismd.api.document.shapes import ImportJob
from tests.statements import count_statements

if TYPE_CHECKING:
    from tests.api.conftest import Api


def sent(api: Api, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = api.send(method, path, **({} if body is None else {"json": body}))
    assert answer.status_code == status, answer.text
    return answer.json()


def addresses(api: Api, person: dict[str, Any]) -> list[str]:
    ids = person["default"].get("email_addresses", [])
    return [sent(api, "GET", f"/contact/{one}")["default"]["email"] for one in ids]


def contacts(api: Api) -> int:
    return int(sent(api, "GET", "/contact/count")["total"])


def change(operation: str, *values: str) -> dict[str, Any]:
    return {"default": {"email_addresses": {"_op": operation, "values": list(values)}}}


def test_creating_and_changing_a_person(api: Api) -> None:
    body = {"default": {"full_name": "Ada", "email_addresses": [" Ada@x.org", "ADA@X.org", "ada@work.example"]}}
    person = sent(api, "POST", "/identity", body, 201)
    assert addresses(api, person) == ["Ada@x.org", "ada@work.example"]
    path = f"/identity/{person['id']}"
    assert addresses(api, sent(api, "PATCH", path, change("append", "ada@X.ORG", "new@x.org"))) == [
        "Ada@x.org", "ada@work.example", "new@x.org"
    ]  # fmt: skip
    assert addresses(api, sent(api, "PATCH", path, change("remove", "NEW@x.org", "ada@work.example"))) == ["Ada@x.org"]
    assert addresses(api, sent(api, "PATCH", path, {"default": {"email_addresses": ["b@x.org"]}})) == ["b@x.org"]
    assert contacts(api) == 4


def test_removing_an_unknown_address_changes_nothing(api: Api) -> None:
    person = sent(api, "POST", "/identity", {"default": {"email_addresses": ["ada@x.org"]}}, 201)
    path = f"/identity/{person['id']}"
    before = api.send("GET", path)
    after = api.send("PATCH", path, json=change("remove", "nobody@x.org"))
    assert (after.status_code, after.json(), after.headers["etag"]) == (200, before.json(), before.headers["etag"])
    assert contacts(api) == 1


@pytest.mark.parametrize(
    "value", ["ada@", ["ada@@x.org"], {"_op": "append", "values": ["Ada <ada@x.org>"]}, "a" * 250 + "@x.org"]
)
def test_what_is_no_address_is_refused_and_makes_nothing(api: Api, value: Any) -> None:
    error = sent(api, "POST", "/identity", {"default": {"email_addresses": value}}, 400)["error"]
    [problem] = error["errors"]
    assert (problem["field"], problem["code"]) == (".body.default.email_addresses", "invalid_value")
    assert "expected an address such as ada@example.org" in problem["message"]
    assert contacts(api) == 0


def test_a_contact_whose_address_is_none_is_linked_by_it_all_the_same(api: Api) -> None:
    contact = sent(api, "POST", "/contact", {"default": {"email": "Ada <ada@intranet>"}}, 201)["id"]
    person = sent(api, "POST", "/identity", {"default": {"email_addresses": ["ada <ADA@intranet>"]}}, 201)
    assert person["default"]["email_addresses"] == [contact]


def test_a_write_that_is_refused_makes_no_contact(api: Api) -> None:
    body = {"default": {"email_addresses": ["ada@x.org"], "full_name": 5}}
    sent(api, "POST", "/identity", body, 400)
    person = sent(api, "POST", "/identity", {}, 201)
    answer = api.send(
        "PATCH", f"/identity/{person['id']}", json=change("append", "a@x.org"), headers={"if-match": '"7"'}
    )
    assert answer.status_code == 412
    assert contacts(api) == 0


def test_an_upsert_by_an_address_makes_both_and_then_finds_them(api: Api) -> None:
    path = "/identity/by/email_addresses/Ada%40x.org"
    made = sent(api, "PUT", path, {"default": {"full_name": "Ada"}}, 201)
    assert addresses(api, made) == ["Ada@x.org"]
    again = sent(api, "PUT", path.lower(), {"default": {"full_name": "Ada King"}})
    assert (again["id"], contacts(api)) == (made["id"], 1)
    sent(api, "PUT", "/identity/by/email_addresses/ada%40", {}, 400)
    assert contacts(api) == 1


def test_an_item_of_a_batch_makes_contacts_only_if_it_is_done(api: Api) -> None:
    one, other = (sent(api, "POST", "/identity", {}, 201)["id"] for _ in range(2))
    items = [
        {"id": one, "default": {"email_addresses": ["a@x.org"], "full_name": 5}},
        {"id": one, **change("append", "A@x.org", "b@x.org")},
        {"id": other, **change("append", "a@x.org")},
        {"id": "00000000-0000-4000-8000-000000000000", **change("append", "c@x.org")},
    ]
    answer = sent(api, "POST", "/identity/batch/update", {"items": items})
    assert [result["status"] for result in answer["results"]] == ["error", "ok", "ok", "error"]
    assert addresses(api, sent(api, "GET", f"/identity/{one}")) == ["A@x.org", "b@x.org"]
    assert addresses(api, sent(api, "GET", f"/identity/{other}")) == ["A@x.org"]
    assert contacts(api) == 2


def test_writes_cost_the_same_however_many_contacts_they_make(api: Api) -> None:
    person = sent(api, "POST", "/identity", {"default": {"email_addresses": ["first@x.org"]}}, 201)["id"]

    def cost(count: int, name: str) -> int:
        values = [f"{name}{number}@x.org" for number in range(count)]
        with count_statements(api.runtime) as statements:
            sent(api, "PATCH", f"/identity/{person}", change("append", *values))
        return len(statements)

    assert cost(1, "a") == cost(50, "b")


def test_events_and_custom_references_take_addresses_too(api: Api) -> None:
    event = sent(api, "POST", "/event", {"default": {"organizer": "ada@x.org", "creator": "ADA@x.org"}}, 201)
    assert event["default"]["organizer"] == event["default"]["creator"]
    sent(api, "POST", "/deal/properties", {"name": "Buyers", "type": "multiref_contact"}, 201)
    deal = sent(api, "POST", "/deal", {"default": {"buyers": ["Ada@x.org", "b@x.org"]}}, 201)
    assert deal["default"]["buyers"][0] == event["default"]["organizer"]
    assert contacts(api) == 2


ROWS = [
    {"default": {"full_name": "Ada", "email_addresses": ["ada@x.org", "=1+1@x.org"]}},
    {"default": {"full_name": "Ada", "email_addresses": ["ADA@x.org"]}},
    {"default": {"full_name": "Bob", "email_addresses": "bob@"}},
]


def test_the_result_of_a_row_says_which_contacts_it_made(api: Api) -> None:
    foreseen = api.start(ROWS, "identity", dedupe_by="email_addresses", dry_run=True).json()
    assert contacts(api) == 0
    job = api.start(ROWS, "identity", dedupe_by="email_addresses").json()
    for one in (foreseen, job):
        msgspec.convert(one, ImportJob)
        assert (one["created"], one["existing"], one["failed"], one["contacts_created"]) == (1, 1, 1, 2)
        assert [contact["email"] for contact in one["results"][0]["contacts_created"]] == ["ada@x.org", "=1+1@x.org"]
        assert not any("contacts_created" in result for result in one["results"][1:])
    assert [contact["id"] for contact in foreseen["results"][0]["contacts_created"]] == [None, None]
    person = sent(api, "GET", f"/identity/{job['results'][0]['id']}")
    assert [one["id"] for one in job["results"][0]["contacts_created"]] == person["default"]["email_addresses"]


def test_results_of_a_job_say_so_in_every_form(api: Api) -> None:
    rows = [*ROWS, *({"default": {"email_addresses": [f"p{number}@x.org"]}} for number in range(100))]
    job_id = api.start(rows, "identity").json()["job_id"]
    api.work()
    job = sent(api, "GET", f"/imports/{job_id}")
    assert job["contacts_created"] == 102
    path = f"/imports/{job_id}/results"
    lines = api.send("GET", path, headers={"accept": "application/x-ndjson"}).text.splitlines()
    assert [json.loads(line) for line in lines] == job["results"]
    table = list(csv.DictReader(io.StringIO(api.send("GET", path, headers={"accept": "text/csv"}).text)))
    assert [row["contacts_created"] for row in table[:4]] == ["ada@x.org =1+1@x.org", "", "", "p0@x.org"]
    [risky] = api.start([{"default": {"email_addresses": ["=1@x.org"]}}], "identity").json()["results"]
    assert risky["contacts_created"][0]["email"] == "=1@x.org"


def test_a_repeated_request_makes_nothing_twice(api: Api) -> None:
    for path, body in [
        ("/identity/import", {"objects": ROWS}),
        ("/identity", {"default": {"email_addresses": ["c@x.org"]}}),
    ]:
        answers = [
            api.send("POST", path, json=body, headers={"idempotency-key": path.replace("/", "")}) for _ in range(2)
        ]
        assert answers[0].content == answers[1].content
    assert contacts(api) == 3


def test_teams_are_apart(api: Api, serve: Callable[..., Api]) -> None:
    theirs = sent(api, "POST", "/contact", {"default": {"email": "ada@x.org"}}, 201)["id"]
    other = serve()
    person = sent(other, "POST", "/identity", {"default": {"email_addresses": ["ada@x.org"]}}, 201)
    job = other.start([{"default": {"email_addresses": ["ada@x.org"]}}], "identity").json()
    assert person["default"]["email_addresses"] != [theirs]
    assert (contacts(api), contacts(other), job["contacts_created"]) == (1, 1, 0)
    assert sent(api, "GET", f"/contact/{theirs}?select=identities")["default"]["identities"] == []
