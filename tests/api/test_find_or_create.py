"""Find-or-create: a person through the contact of an address, a company by its domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from prismd.api.records.shapes import FoundOrCreated
from tests.api.making import make_id

if TYPE_CHECKING:
    from tests.api.conftest import Api


def ask(api: Api, object_type: str, match: Any, **rest: Any) -> tuple[int, dict[str, Any]]:
    answer = api.send("POST", f"/{object_type}/find-or-create", json={"match": match, **rest})
    body: dict[str, Any] = answer.json()
    if answer.is_success:
        msgspec.convert(body, FoundOrCreated)
        assert body["created"] == (answer.status_code == 201)
        assert body["record"] == api.send("GET", f"/{object_type}/{body['record']['id']}").json()
        assert answer.headers["etag"]
    return answer.status_code, body


def test_a_person_is_made_with_a_contact_and_then_found(api: Api) -> None:
    defaults = {"full_name": "Ada", "birthday": "1815-12-10"}
    status, made = ask(api, "identity", {"email_address": "Ada@x.org"}, defaults=defaults)
    assert status == 201
    contact = api.send("GET", "/contact/by/email/ada@x.org").json()
    assert contact["default"]["email"] == "Ada@x.org"
    assert made["record"]["default"]["email_addresses"] == [contact["id"]]
    assert made["record"]["default"]["full_name"] == "Ada"
    defaults = {"full_name": "Other"}
    status, found = ask(api, "identity", {"email_address": " ADA@X.ORG "}, defaults=defaults)
    assert (status, found["record"]) == (200, made["record"])


def test_a_contact_that_is_there_is_taken(api: Api) -> None:
    contact, other = make_id(api, "contact", email="ada@x.org"), make_id(api, "contact", email="b@x.org")
    defaults = {"email_addresses": ["b@x.org", "ada@x.org"]}
    status, made = ask(api, "identity", {"email_address": "ada@x.org"}, defaults=defaults)
    assert (status, made["record"]["default"]["email_addresses"]) == (201, [other, contact])
    assert api.send("GET", "/contact/count").json() == {"total": 2}
    assert ask(api, "identity", {"email_address": "b@x.org"})[0] == 200


def test_the_address_itself_may_stand_among_the_defaults(api: Api) -> None:
    defaults = {"default": {"email_addresses": ["ada@x.org"]}}
    status, made = ask(api, "identity", {"email_address": "ada@x.org"}, defaults=defaults)
    assert (status, len(made["record"]["default"]["email_addresses"])) == (201, 1)


def test_a_company_is_made_and_then_found(api: Api) -> None:
    defaults = {"name": "Acme", "primary_domain": None}
    status, made = ask(api, "organization", {"primary_domain": "Acme.org"}, defaults=defaults)
    assert (status, made["record"]["default"]["primary_domain"]) == (201, "Acme.org")
    assert ask(api, "organization", {"primary_domain": "acme.org"}, defaults=None) == (
        200, made | {"created": False}
    )  # fmt: skip


def test_several_matches_are_a_conflict(api: Api) -> None:
    for _ in range(2):
        make_id(api, "organization", primary_domain="acme.org")
    contact = make_id(api, "contact", email="ada@x.org")
    for _ in range(2):
        make_id(api, "identity", email_addresses=[contact])
        make_id(api, "contact", email="eve@x.org")
    for object_type, match in [
        ("organization", {"primary_domain": "acme.org"}),
        ("identity", {"email_address": "ada@x.org"}),
        ("identity", {"email_address": "eve@x.org"}),
    ]:
        status, body = ask(api, object_type, match)
        assert (status, body["error"]["code"]) == (409, "multiple_matches")


def test_a_person_with_one_of_several_contacts_of_the_address_is_found(api: Api) -> None:
    make_id(api, "contact", email="eve@x.org")
    eve = make_id(api, "identity", email_addresses=[make_id(api, "contact", email="eve@x.org")])
    status, found = ask(api, "identity", {"email_address": "eve@x.org"})
    assert (status, found["record"]["id"]) == (200, eve)


def test_what_is_deleted_is_not_found(api: Api) -> None:
    _, made = ask(api, "identity", {"email_address": "ada@x.org"})
    api.send("DELETE", f"/identity/{made['record']['id']}")
    status, again = ask(api, "identity", {"email_address": "ada@x.org"})
    assert (status, again["record"]["id"] != made["record"]["id"]) == (201, True)
    assert api.send("GET", "/contact/count").json() == {"total": 1}


def test_a_refused_person_leaves_no_contact(api: Api) -> None:
    status, body = ask(api, "identity", {"email_address": "a@x.org"}, defaults={"full_name": 5})
    assert (status, body["error"]["errors"][0]["field"]) == (400, ".body.defaults.full_name")
    assert api.send("GET", "/contact/count").json() == {"total": 0}


def test_what_is_required_is_demanded_of_what_is_asked_for_alone(api: Api) -> None:
    for object_type in ("contact", "identity"):
        asked = {"name": "Badge", "type": "str", "required": True}
        assert api.send("POST", f"/{object_type}/properties", json=asked).status_code == 201
    status, body = ask(api, "identity", {"email_address": "a@x.org"})
    [problem] = body["error"]["errors"]
    assert (status, problem["field"], problem["code"]) == (400, ".body.defaults.badge", "missing_required")
    assert ask(api, "identity", {"email_address": "a@x.org"}, defaults={"default": {"badge": "1"}})[0] == 201


@pytest.mark.parametrize(
    ("object_type", "body", "field"),
    [
        ("identity", b"", ".body"),
        ("identity", b"[]", ".body"),
        ("identity", b"{}", ".body.match"),
        ("identity", b'{"match": []}', ".body.match"),
        ("identity", b'{"match": {}}', ".body.match.email_address"),
        ("identity", b'{"match": {"primary_domain": "x"}}', ".body.match.email_address"),
        ("identity", b'{"match": {"email_address": null}}', ".body.match.email_address"),
        ("identity", b'{"match": {"email_address": 5}}', ".body.match.email_address"),
        ("identity", b'{"match": {"email_address": " "}}', ".body.match.email_address"),
        ("identity", b'{"match": {"email_address": "ada"}}', ".body.match.email_address"),
        ("identity", b'{"match": {"email_address": "a@\\u0000"}}', ".body.match.email_address"),
        ("identity", b'{"match": {"email_address": "a@\\ud800"}}', ".body.match.email_address"),
        ("identity", b'{"match": {"email_address": "a@x.org"}, "defaults": []}', ".body.defaults"),
        ("identity", b'{"match": {"email_address": "a@x.org"}, "defaults": {"default": 5}}', ".body.defaults.default"),
        ("organization", b'{"match": {"email_address": "a@x.org"}}', ".body.match.primary_domain"),
        ("organization", b'{"match": {"primary_domain": ["x"]}}', ".body.match.primary_domain"),
        ("organization", b'{"match": {"primary_domain": "x.org"}, "defaults": {"nmae": 1}}', ".body.defaults.nmae"),
        (
            "organization",
            b'{"match": {"primary_domain": "x.org"}, "defaults": {"default": {"nmae": 1}}}',
            ".body.defaults.default.nmae",
        ),
        (
            "organization",
            b'{"match": {"primary_domain": "x.org"}, "defaults": {"extended": {}}}',
            ".body.defaults.extended",
        ),
        ("organization", b'{"match": {"primary_domain": "x.org"}, "default": {"name": "x"}}', ".body.default"),
        ("organization", b'{"match": {"primary_domain": "x.org", "name": "x"}}', ".body.match.name"),
    ],
)
def test_bad_input_says_where(api: Api, object_type: str, body: bytes, field: str) -> None:
    answer = api.send("POST", f"/{object_type}/find-or-create", content=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["errors"][0]["field"]) == (400, "invalid_request", field)


def test_what_is_wrong_is_wrong_also_where_the_record_is_there(api: Api) -> None:
    ask(api, "organization", {"primary_domain": "acme.org"})
    ask(api, "identity", {"email_address": "ada@x.org"})
    for object_type, match in [
        ("organization", {"primary_domain": "acme.org"}),
        ("identity", {"email_address": "ada@x.org"}),
    ]:
        for defaults in ({"nmae": "x"}, {"status": "no such"}, {"default": {"nmae": "x"}}, {"extended": {"x": 1}}):
            status, body = ask(api, object_type, match, defaults=defaults)
            assert (status, body["error"]["code"]) == (400, "invalid_request")


def test_defaults_are_slugs_whoever_made_them(api: Api) -> None:
    company = make_id(api, "organization", name="Acme")
    assert api.send("POST", "/identity/properties", json={"name": "Badge", "type": "num"}).status_code == 201
    listed = api.send("POST", "/lists", json={"template_id": "recruiting", "name": "Hires"}).json()["id"]
    defaults = {"badge": "12", "companies": [company], "default": {"city": "Rome"}, "list": {listed: {}}}
    status, made = ask(api, "identity", {"email_address": "ada@x.org"}, defaults=defaults)
    assert status == 201
    shown = made["record"]["default"]
    assert (shown["badge"], shown["companies"], shown["city"]) == (12, [company], "Rome")
    assert listed in made["record"]["list"]


@pytest.mark.parametrize("other", ["other.org", "", " ", "acme.org.", "www.acme.org"])
@pytest.mark.parametrize("nested", [False, True])
def test_no_company_is_made_that_its_own_domain_does_not_find(api: Api, other: str, nested: bool) -> None:  # noqa: FBT001 - a case
    values = {"primary_domain": other}
    defaults = {"default": values} if nested else values
    status, body = ask(api, "organization", {"primary_domain": "acme.org"}, defaults=defaults)
    field = ".body.defaults.default.primary_domain" if nested else ".body.defaults.primary_domain"
    assert (status, body["error"]["errors"][0]["field"]) == (400, field)
    assert api.send("GET", "/organization/count").json() == {"total": 0}


@pytest.mark.parametrize("same", ["acme.org", "ACME.org", " Acme.org "])
def test_the_domain_itself_may_stand_among_the_defaults(api: Api, same: str) -> None:
    for status in (201, 200):
        assert ask(api, "organization", {"primary_domain": "Acme.Org"}, defaults={"primary_domain": same})[0] == status


@pytest.mark.parametrize(
    "addresses", [None, [], {"_op": "remove", "values": ["ada@x.org"]}, {"_op": "append", "values": ["new@x.org"]}]
)
def test_a_person_who_is_made_has_the_address_whatever_the_defaults_say(api: Api, addresses: Any) -> None:
    _, made = ask(api, "identity", {"email_address": "ada@x.org"}, defaults={"email_addresses": addresses})
    status, found = ask(api, "identity", {"email_address": "ADA@x.org"}, defaults={"email_addresses": addresses})
    assert (status, found["record"]["id"]) == (200, made["record"]["id"])


def test_new_addresses_among_the_defaults_make_contacts_too(api: Api) -> None:
    defaults = {"email_addresses": ["b@x.org", "B@x.org", "ADA@x.org"]}
    status, made = ask(api, "identity", {"email_address": " Ada@x.org "}, defaults=defaults)
    assert status == 201
    addresses = [
        api.send("GET", f"/contact/{one}").json()["default"]["email"]
        for one in made["record"]["default"]["email_addresses"]
    ]
    assert addresses == ["b@x.org", "ADA@x.org"]
    for address in ("b@x.org", "ada@x.org"):
        assert ask(api, "identity", {"email_address": address})[0] == 200


@pytest.mark.parametrize(
    "address", ["ada@", "@x.org", "ada@@x.org", "ada b@x.org", "Ada <ada@x.org>", "ada@x", "x.org"]
)
def test_what_is_no_address_makes_nobody(api: Api, address: str) -> None:
    status, body = ask(api, "identity", {"email_address": address})
    [problem] = body["error"]["errors"]
    assert (status, problem["field"], problem["code"]) == (
        400,
        ".body.match.email_address",
        "format.openapi.validation",
    )
    status, body = ask(api, "identity", {"email_address": "a@x.org"}, defaults={"email_addresses": [address]})
    assert (status, body["error"]["errors"][0]["field"]) == (400, ".body.defaults.email_addresses")
    assert api.send("GET", "/contact/count").json() == {"total": 0}


@pytest.mark.parametrize("domain", ["Acme", "https://acme.org/", "acme.org/", "ada@acme.org", "acme .org", "acme.org."])
def test_what_is_no_domain_makes_no_company(api: Api, domain: str) -> None:
    status, body = ask(api, "organization", {"primary_domain": domain})
    [problem] = body["error"]["errors"]
    assert (status, problem["field"]) == (400, ".body.match.primary_domain")
    assert ("write acme.org" in problem["message"]) == (domain not in ("Acme", "acme .org"))
    assert api.send("GET", "/organization/count").json() == {"total": 0}


def test_several_contacts_are_named(api: Api) -> None:
    contacts = [make_id(api, "contact", email="eve@x.org") for _ in range(2)]
    _, body = ask(api, "identity", {"email_address": "eve@x.org"})
    assert all(one in body["error"]["message"] for one in contacts)


def test_other_types_have_none(api: Api) -> None:
    answer = api.send("POST", "/contact/find-or-create", json={"match": {"email": "a@x.org"}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_teams_are_apart(api: Api, serve: Callable[..., Api]) -> None:
    ask(api, "identity", {"email_address": "ada@x.org"})
    ask(api, "organization", {"primary_domain": "acme.org"})
    other = serve()
    assert ask(other, "identity", {"email_address": "ada@x.org"})[0] == 201
    assert ask(other, "organization", {"primary_domain": "acme.org"})[0] == 201
