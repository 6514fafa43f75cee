"""References by key over HTTP: every write names a record by one of its properties, and hears what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from prismd.api.document.shapes import ImportJob
from tests.statements import count_statements

if TYPE_CHECKING:
    from tests.api.conftest import Api

ACME = {"primary_domain": "acme.org"}


def sent(api: Api, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = api.send(method, path, **({} if body is None else {"json": body}))
    assert answer.status_code == status, answer.text
    return answer.json()


def made(api: Api, object_type: str, **values: Any) -> str:
    return str(sent(api, "POST", f"/{object_type}", {"default": values}, 201)["id"])


def imported(api: Api, rows: list[dict[str, Any]], object_type: str = "contact", **options: Any) -> list[Any]:
    answer = api.start([{"default": row} for row in rows], object_type, **options)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


def company(api: Api, contact_id: str) -> Any:
    return sent(api, "GET", f"/contact/{contact_id}")["default"].get("company")


@pytest.mark.parametrize(
    "key",
    [{"primary_domain": "acme.org"}, {"primary_domain": " ACME.org "}, {"name": "acme GmbH"}, {"domains": "acme.com"},
     {"employee_count": 42}, {"employee_count": "42.0"}, {"stage": "Won"}, {"start_date": "2024-05-31"}],
    ids=str,
)  # fmt: skip
def test_every_write_takes_a_reference_by_key(api: Api, key: dict[str, Any]) -> None:
    values = {"primary_domain": "acme.org", "name": "Acme GmbH", "domains": ["acme.com", "acme.net"]}
    acme = made(api, "organization", **values, employee_count=42, stage="won", start_date="2024-05-31")
    made(api, "organization", primary_domain="other.org", domains=["other.net"], employee_count=4, stage="lost")
    contact = made(api, "contact", email="a@x.org", company=key)
    assert company(api, contact) == acme
    sent(api, "PATCH", f"/contact/{contact}", {"default": {"company": None}})
    sent(api, "PATCH", f"/contact/{contact}", {"default": {"company": key}})
    assert company(api, contact) == acme
    new = sent(api, "PUT", "/contact/by/email/b@x.org", {"default": {"company": key}}, 201)["id"]
    other = made(api, "contact", email="c@x.org")
    batch = {"items": [{"id": new, "default": {"company": None}}, {"id": other, "default": {"company": key}}]}
    assert sent(api, "POST", "/contact/batch/update", batch)["summary"]["succeeded"] == 2
    assert (company(api, new), company(api, other)) == (None, acme)
    [row] = imported(api, [{"company": key}])
    assert company(api, row["id"]) == acme


def test_values_of_several_references_take_keys_beside_ids(api: Api) -> None:
    acme, other = made(api, "organization", name="Acme"), made(api, "organization", name="Other")
    third = made(api, "organization", name="Third")
    person = made(api, "identity", companies=[{"name": "ACME"}, other, {"id": third}, {"name": "Acme"}])
    path = f"/identity/{person}"

    def companies(value: Any) -> list[str]:
        return list(sent(api, "PATCH", path, {"default": {"companies": value}})["default"].get("companies", []))

    assert sent(api, "GET", path)["default"]["companies"] == [acme, other, third]
    assert companies({"_op": "remove", "values": [{"name": "acme"}, {"name": "nobody"}]}) == [other, third]
    assert companies({"_op": "append", "values": [{"name": "Acme"}]}) == [other, third, acme]
    assert companies({"name": "Third"}) == [third]


def test_people_are_found_by_the_addresses_of_their_contacts(api: Api) -> None:
    ada = made(api, "identity", full_name="Ada", email_addresses=["ada@x.org", "ada@work.example"])
    made(api, "identity", full_name="Bob", email_addresses=["bob@x.org"])
    [row, missing] = imported(
        api,
        [{"people": [{"email_addresses": "ADA@work.example"}]}, {"people": [{"email_addresses": "no@x.org"}]}],
        "deal",
    )
    assert sent(api, "GET", f"/deal/{row['id']}")["default"]["people"] == [ada]
    assert missing["error"]["code"] == "not_found"


FAULTS: dict[str, tuple[Any, str, str]] = {
    "missing": ({"primary_domain": "nobody.org"}, "not_found", 'no organization with the primary_domain "nobody.org"'),
    "no such property": ({"primary_domian": "acme.org"}, "invalid_property", 'did you mean "primary_domain"?'),
    "no key": ({"created_at": "2024-05-31"}, "invalid_property", "no organization can be found by created_at; use"),
    "of a reference": ({"team": "x"}, "invalid_property", "no organization can be found by team"),
    "wrong kind": ({"employee_count": "many"}, "invalid_value", "`employee_count` must be a number"),
    "no option": ({"stage": "Gone"}, "invalid_option", "`stage`"),
    "blank": ({"name": " "}, "invalid_value", "a blank name names no organization"),
    "nothing": ({}, "invalid_value", "names one property"),
    "two": ({"name": "Acme", "primary_domain": "acme.org"}, "invalid_value", 'object of 2 members ("name"'),
    "a change": ({"_op": "append"}, "invalid_value", "holds one value"),
    "underscore": ({"_name": "Acme"}, "invalid_value", "names one property"),
    "no text": ({"name": None}, "invalid_value", "must be a text or a number, not null"),
    "nested": ({"name": {"name": "Acme"}}, "invalid_value", "must be a text or a number, not an object"),
    "a flag": ({"name": True}, "invalid_value", "must be a text or a number, not true"),
    "NUL": ({"name": "a\0b"}, "invalid_value", "NUL"),
    "surrogate": ({"name": "a\ud800"}, "invalid_value", "surrogate"),
    "slug of nothing": ({"a\ud800\0": "x"}, "invalid_property", "has no property"),
    "several": ({"name": "Twice"}, "multiple_matches", "2 records of type organization have the name"),
    "an array": ([{"name": "Acme"}], "invalid_value", "company"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_the_row_s_and_the_request_s(api: Api, name: str) -> None:
    value, code, words = FAULTS[name]
    made(api, "organization", name="Acme", primary_domain="acme.org")
    twins = [made(api, "organization", name="Twice"), made(api, "organization", name="twice")]
    [row, fine] = imported(api, [{"company": value}, {"company": {"name": "Acme"}}])
    assert (row["error"]["code"], row["id"], fine["created"]) == (code, None, True)
    assert words in row["error"]["message"]
    assert [one["property"] for one in row["errors"]] == ["company"]
    if code == "multiple_matches":
        assert all(twin in row["error"]["message"] for twin in twins)
    answer = api.send("POST", "/contact", content=json.dumps({"default": {"company": value}}))
    assert answer.status_code == 400, answer.text
    [problem] = answer.json()["error"]["errors"]
    assert (problem["field"], problem["code"]) == (".body.default.company", code)
    assert words in problem["message"]


def test_of_many_that_are_meant_a_few_are_named(api: Api) -> None:
    twins = [made(api, "organization", name="Twin") for _ in range(6)]
    [row] = imported(api, [{"company": {"name": "Twin"}}])
    assert "more than 3 records of type organization have the name" in row["error"]["message"]
    assert sum(twin in row["error"]["message"] for twin in twins) == 3


def test_deleted_records_are_not_meant(api: Api) -> None:
    acme = made(api, "organization", name="Acme")
    assert imported(api, [{"company": {"name": "Acme"}}])[0]["created"]
    assert api.send("DELETE", f"/organization/{acme}").status_code == 204
    assert imported(api, [{"company": {"name": "Acme"}}])[0]["error"]["code"] == "not_found"
    other = made(api, "organization", name="ACME")
    assert company(api, imported(api, [{"company": {"name": "Acme"}}])[0]["id"]) == other


def test_a_value_that_a_record_no_longer_has_does_not_mean_it(api: Api) -> None:
    acme = made(api, "organization", name="Acme", domains=["a.org", "b.org"])
    rows = [{"company": {"name": "Acme"}}, {"company": {"domains": "a.org"}}]
    assert all(one["created"] for one in imported(api, rows))
    sent(api, "PATCH", f"/organization/{acme}", {"default": {"name": "Acme 2", "domains": ["b.org"]}})
    assert [one["error"]["code"] for one in imported(api, rows)] == ["not_found"] * 2


def test_what_is_read_with_properties_can_still_be_sent_back(api: Api) -> None:
    acme = made(api, "organization", name="Acme")
    [row] = imported(api, [{"company": {"id": acme, "properties": {"name": "other"}}}])
    assert company(api, row["id"]) == acme


def test_values_are_tried_by_the_same_rule(api: Api) -> None:
    made(api, "organization", name="Acme")
    for name, codes in (("ACME", []), ("Nobody", ["not_found"])):
        body = {"scope": {"type": "workspace"}, "operation": "create", "properties": {"company": {"name": name}}}
        answer = sent(api, "POST", "/contact/properties/validate", body)
        assert [one["code"] for one in answer["errors"]] == codes


def test_a_key_that_may_not_read_companies_cannot_find_them_by_key(api: Api) -> None:
    acme = made(api, "organization", name="Acme")
    key = api.make_key(api.team, "write:contact", "import:contact")
    answer = api.send("POST", "/contact", key=key, json={"default": {"company": {"name": "Acme"}}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "missing_scope")
    assert '"read:organization"' in answer.json()["error"]["message"]
    assert api.send("POST", "/contact", key=key, json={"default": {"company": acme}}).status_code == 201
    for rows in (2, 150):
        objects = [{"default": {"company": {"name": "Acme"}}}] * (rows - 1) + [{"default": {"company": acme}}]
        answer = api.send("POST", "/contact/import", key=key, json={"objects": objects})
        if answer.status_code == 202:
            api.work()
            answer = api.send("GET", f"/imports/{answer.json()['job_id']}")
        assert (answer.json()["succeeded"], answer.json()["failed"]) == (1, rows - 1)
        first = answer.json()["results"][0]["error"]
        assert first["code"] == "missing_scope"
        assert '"read:organization"' in first["message"]


COSTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "the same property": lambda number: {"company": {"name": f"C{number}"}},
    "several types": lambda number: {
        "company": {"primary_domain": f"{number}.org"},
        "mutual_connections": [{"email_addresses": f"{number}@x.org"}, {"linkedin": f"in/{number}"}],
    },
}


@pytest.mark.parametrize("what", COSTS)
def test_look_ups_take_as_many_statements_for_one_row_as_for_a_hundred(api: Api, what: str) -> None:
    imported(api, [{"name": f"C{number}", "primary_domain": f"{number}.org"} for number in range(99)], "organization")
    people = [{"linkedin": f"in/{number}", "email_addresses": [f"{number}@x.org"]} for number in range(99)]
    assert all(row["created"] for row in imported(api, people, "identity"))
    imported(api, [COSTS[what](0)])  # what becomes a key does so once
    counted = []
    for numbers in (range(1), range(99)):
        with count_statements(api.runtime) as statements:
            assert all(row["created"] for row in imported(api, [COSTS[what](number) for number in numbers]))
        counted.append(len(statements))
    assert counted[0] == counted[1]
    with count_statements(api.runtime) as statements:
        imported(api, [{"email": "a@x.org"}])
    assert counted[1] <= len(statements) + {"the same property": 3, "several types": 7}[what]


WRONG_POLICIES: dict[str, tuple[Any, str, str]] = {
    "a word": ("make", "", "expected one of refuse, empty, create"),
    "a number": (1, "", "expected one of refuse, empty, create, found a number"),
    "a word of a slug": ({"company": "make"}, ".company", "expected one of refuse, empty, create"),
    "no slug": ({"compny": "empty"}, ".compny", 'contact has no property "compny"; did you mean "company"?'),
    "no reference": ({"email": "empty"}, ".email", "email is no reference that rows can write; name one of"),
    "no reference to records": ({"last_email": "empty"}, ".last_email", "is no reference"),
    "read only": ({"created_by": "empty"}, ".created_by", "is no reference"),
    "events": ({"next_calendar_event": "create"}, ".next_calendar_event", "imports create no records of type event"),
}


@pytest.mark.parametrize("name", WRONG_POLICIES)
def test_a_policy_that_means_nothing_is_refused(api: Api, name: str) -> None:
    policy, place, words = WRONG_POLICIES[name]
    answer = api.start([{"default": {}}], on_missing_reference=policy)
    assert answer.status_code == 400, answer.text
    [problem] = answer.json()["error"]["errors"]
    assert problem["field"] == f".body.options.on_missing_reference{place}"
    assert words in problem["message"]


@pytest.mark.parametrize("rows", [1, 150])
def test_missing_companies_are_created_once_and_told(api: Api, rows: int) -> None:
    objects = [{"default": {"company": {"name": f"C{number % 3}"}}} for number in range(rows)]
    answer = api.start(objects, on_missing_reference={"company": "create"})
    if answer.status_code == 202:
        assert answer.json()["references_created"] == 0
        api.work()
        answer = api.send("GET", f"/imports/{answer.json()['job_id']}")
    job = msgspec.convert(answer.json(), ImportJob, strict=False)
    assert job.references_created == min(rows, 3) == sent(api, "GET", "/organization/count")["total"]
    assert isinstance(job.results, list)
    assert isinstance(job.results[0].references_created, list)
    [made] = job.results[0].references_created
    assert sent(api, "GET", f"/organization/{made.id}")["default"]["name"] == "C0"


def test_missing_contacts_are_created_by_their_address_alone(api: Api) -> None:
    rows: list[dict[str, Any]] = [{"contacts": [{"email": "a@x.org"}, "A@x.org"]}, {"contacts": [{"linkedin": "in/1"}]}]
    fine, refused = imported(api, rows, "engagement", on_missing_reference="create")
    assert [one["email"] for one in fine["contacts_created"]] == ["a@x.org"]
    assert refused["error"]["code"] == "not_found"
    assert "no contact is created but by an email address" in refused["error"]["message"]


@pytest.mark.parametrize("text", ["acme", "https://acme.org/", "ac me.org"])
def test_no_company_is_created_for_what_is_no_domain(api: Api, text: str) -> None:
    [row] = imported(api, [{"company": {"primary_domain": text}}], on_missing_reference="create")
    assert row["error"]["code"] == "invalid_value"
    assert sent(api, "GET", "/organization/count")["total"] == 0


def test_to_create_companies_takes_the_scope_to_import_them(api: Api) -> None:
    key = api.make_key(api.team, "read", "import:contact", "import:identity")
    rows = {"objects": [{"default": {"company": {"name": "Acme"}}}], "options": {"on_missing_reference": "create"}}
    answer = api.send("POST", "/contact/import", key=key, json=rows)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "missing_scope")
    rows["options"] = {"on_missing_reference": {"company": "empty"}}
    [row] = api.send("POST", "/contact/import", key=key, json=rows).json()["results"]
    assert (row["created"], row["warnings"][0]["code"]) == (True, "reference_left_empty")
