"""The endpoints of the contract that came after the client 0.8.0, or are in no client (contract, 11, 13, 14, 16)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from prismd.api.document.openapi import document
from reference import compatibility
from tests.refusals import error_of
from tests.sdk.driver import unique
from tests.sdk.kinds import KINDS

if TYPE_CHECKING:
    import httpx

    from tests.sdk.driver import Sdk

#: By method and path below the team, what the endpoint must do.
CASES: Final[dict[str, Callable[[Sdk], None]]] = {}
EVENT: Final = KINDS["event"]

_Check = Callable[["Sdk"], None]


def _case(*endpoints: str) -> Callable[[_Check], _Check]:
    def register(check: _Check) -> _Check:
        CASES.update(dict.fromkeys(endpoints, check))
        return check

    return register


def _said(answer: httpx.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def _listed(sdk: Sdk, object_type: str, **scope: str) -> dict[str, Any]:
    answer = sdk.send("GET", f"/{object_type}/properties", params=scope)
    found: dict[str, Any] = _said(answer, 200)[object_type]
    return found


@_case("POST /event", "PATCH /event/{id}")
def write_event(sdk: Sdk) -> None:
    sample = EVENT.sample()
    made = sdk.send("POST", "/event", json={"default": sample})
    event = _said(made, 201)["id"]
    patch = {**EVENT.changed, EVENT.cleared: None, "entry_points": {"_op": "append", "values": ["sip:1"]}}
    changed = sdk.send("PATCH", f"/event/{event}", json={"default": patch}, headers={"if-match": made.headers["etag"]})
    _said(changed, 200)
    read = sdk("prism.objects.events.get", event).default
    assert dict(EVENT.changed).items() <= read.items()
    assert read["entry_points"] == [*EVENT.values["entry_points"], "sip:1"]
    assert EVENT.cleared not in read
    stale = {"if-match": made.headers["etag"]}
    error_of(sdk.send("PATCH", f"/event/{event}", json={"default": patch}, headers=stale), 412, "precondition_failed")


@_case("DELETE /event/{id}", "POST /event/{id}/restore", "POST /event/{id}/duplicate")
def delete_event(sdk: Sdk) -> None:
    (event,) = EVENT.make(sdk, EVENT.sample())
    copy = _said(sdk.send("POST", f"/event/{event}/duplicate"), 201)["id"]
    assert copy != event
    assert sdk("prism.objects.events.get", copy).default["start"] == EVENT.values["start"]
    assert _said(sdk.send("DELETE", f"/event/{event}"), 204) is None
    error_of(sdk.send("GET", f"/event/{event}"), 404, "not_found")
    assert _said(sdk.send("POST", f"/event/{event}/restore"), 200)["id"] == event
    assert sdk("prism.objects.events.get", event).id == event


@_case("PUT /event/by/{slug}/{value}")
def upsert_event(sdk: Sdk) -> None:
    name = unique("Standup")
    made = _said(sdk.send("PUT", f"/event/by/name/{name}", json={"default": {"location": "London"}}), 201)
    again = _said(sdk.send("PUT", f"/event/by/name/{name}", json={"default": {"all_day": True}}), 200)
    assert again["id"] == made["id"]
    read = sdk("prism.objects.events.find", name, slug="name").default
    assert (read["name"], read["location"], read["all_day"]) == (name, "London", True)


@_case("POST /{objectType}/properties", "PATCH /{objectType}/properties/{propertyId}")
def define_property(sdk: Sdk) -> None:
    name = unique("Score")
    made = _said(sdk.send("POST", "/deal/properties", json={"name": name, "type": "num"}), 201)
    assert (made["name"], made["type"], made["native"], made["required"]) == (name, "num", False, False)
    assert _listed(sdk, "deal")[made["id"]] == made
    deal = sdk("prism.objects.deals.create", default={"name": "x", made["slug"]: "12.50"})
    assert sdk("prism.objects.deals.get", deal.id).default[made["slug"]] == 12.5
    error_of(sdk.send("POST", "/deal/properties", json={"name": name, "type": "str"}), 409, "name_taken")
    path, renamed = f"/deal/properties/{made['id']}", {"type": "num", "name": unique("Rank")}
    assert _said(sdk.send("PATCH", path, json=renamed), 200) == {**made, "name": renamed["name"]}
    error_of(sdk.send("PATCH", path, json={**renamed, "type": "str"}), 400, "invalid_request")


@_case("DELETE /{objectType}/properties/{propertyId}")
def delete_property(sdk: Sdk) -> None:
    made = _said(sdk.send("POST", "/deal/properties", json={"name": unique("Gone"), "type": "str"}), 201)
    deal = sdk("prism.objects.deals.create", default={made["slug"]: "held"})
    path = f"/deal/properties/{made['id']}"
    error_of(sdk.send("DELETE", path, params={"type": "str"}), 409, "property_in_use")
    sdk("prism.objects.deals.update", deal.id, default={made["slug"]: None})
    assert _said(sdk.send("DELETE", path, params={"type": "str"}), 204) is None
    assert made["id"] not in _listed(sdk, "deal")


@_case(
    "POST /{objectType}/properties/{propertyId}/options",
    "PATCH /{objectType}/properties/{propertyId}/options/{optionId}",
    "DELETE /{objectType}/properties/{propertyId}/options/{optionId}",
)
def options(sdk: Sdk) -> None:
    asked = {"name": unique("Colour"), "type": "select_str", "options": [{"value": "Red"}]}
    made = _said(sdk.send("POST", "/contact/properties", json=asked), 201)
    path, kind = f"/contact/properties/{made['id']}/options", {"type": "select_str"}
    blue = _said(sdk.send("POST", path, json={**kind, "value": "Dark blue", "color_scheme": "blue"}), 201)
    assert (blue["slug"], blue["value"], blue["color_scheme"]) == ("dark_blue", "Dark blue", "blue")
    contact = sdk("prism.objects.contacts.create", default={made["slug"]: "dark_blue"}).id
    changed = _said(sdk.send("PATCH", f"{path}/{blue['id']}", json={**kind, "value": "Navy", "slug": "navy"}), 200)
    assert (changed["slug"], changed["value"]) == ("navy", "Navy")
    assert sdk("prism.objects.contacts.get", contact).default[made["slug"]] == "navy"
    error_of(sdk.send("DELETE", f"{path}/{blue['id']}", params=kind), 409, "option_in_use")
    sdk("prism.objects.contacts.update", contact, default={made["slug"]: None})
    assert _said(sdk.send("DELETE", f"{path}/{blue['id']}", params=kind), 204) is None
    assert [one["value"] for one in _listed(sdk, "contact")[made["id"]]["options"]] == ["Red"]


@_case("POST /{objectType}/properties/validate")
def validate_properties(sdk: Sdk) -> None:
    asked = {"scope": {"type": "workspace"}, "operation": "create", "properties": {"name": "x", "amount": "12"}}
    assert _said(sdk.send("POST", "/deal/properties/validate", json=asked), 200) == {"valid": True, "errors": []}
    wrong = {**asked, "properties": {"amount": "much", "no_such": 1}}
    said = _said(sdk.send("POST", "/deal/properties/validate", json=wrong), 200)
    assert said["valid"] is False
    assert {error["code"] for error in said["errors"]} == {"invalid_type", "invalid_property"}
    assert all(error["field"] and error["message"] for error in said["errors"])


@_case("GET /{objectType}/views")
def list_views(sdk: Sdk) -> None:
    made = [sdk("views.create", "event", name=unique("View"), view_type="grid").id for _ in range(3)]
    seen: list[str] = []
    page: dict[str, Any] = {"next_cursor": None, "has_more": True}
    while page["has_more"]:
        params = {"limit": 2, **({"cursor": page["next_cursor"]} if page["next_cursor"] else {})}
        page = _said(sdk.send("GET", "/event/views", params=params), 200)
        seen += [view["id"] for view in page["data"]]
    assert page["next_cursor"] is None
    assert [one for one in seen if one in made] == made
    assert len(seen) == len(set(seen))
    _list_views_of_a_list(sdk)


def _list_views_of_a_list(sdk: Sdk) -> None:
    board = _said(sdk.send("POST", "/lists", json={"template_id": "sales_deals"}), 201)
    own = {"name": unique("View"), "view_type": "list"}
    of_list = _said(sdk.send("POST", "/deal/views", json={**own, "list_id": board["id"]}), 201)
    of_team = _said(sdk.send("POST", "/deal/views", json=own), 201)
    assert (of_list["team_id"], of_list["list_id"]) == (None, board["id"])
    assert (of_team["team_id"], of_team["list_id"]) == (sdk.team, None)
    for view, scope in ((of_list, {"list_id": board["id"]}), (of_team, {})):
        listed = _said(sdk.send("GET", "/deal/views", params={"limit": 50, **scope}), 200)["data"]
        assert {one["list_id"] for one in listed} == {view["list_id"]}
        renamed = _said(sdk.send("PATCH", f"/deal/views/{view['id']}", json={"name": "Renamed"}), 200)
        assert (renamed["list_id"], renamed["team_id"]) == (view["list_id"], view["team_id"])
    moved = {"list_id": board["id"]}
    error_of(sdk.send("PATCH", f"/deal/views/{of_team['id']}", json=moved), 400, "invalid_request")
    for kind in ("table", "board", "calendar"):
        asked = {**own, "view_type": kind}
        error_of(sdk.send("POST", "/deal/views", json=asked), 400, "invalid_request")


@_case("POST /lists", "GET /lists", "GET /lists/{listId}")
def lists(sdk: Sdk) -> None:
    asked = {"template_id": "custom", "name": unique("Pipeline"), "object_type": "deal"}
    made = _said(sdk.send("POST", "/lists", json=asked), 201)
    assert (made["name"], made["object_type"], made["team_id"]) == (asked["name"], "deal", sdk.team)
    assert _said(sdk.send("GET", f"/lists/{made['id']}"), 200) == made
    assert made in _said(sdk.send("GET", "/lists"), 200)["data"]
    assert [set(view) for view in made["views"]] == [{"id", "name"}] * 2
    grid, kanban = (_said(sdk.send("GET", f"/deal/views/{view['id']}"), 200) for view in made["views"])
    assert (grid["view_type"], kanban["view_type"], kanban["group_by"]) == ("grid", "kanban", "app_stage")
    error_of(sdk.send("GET", f"/lists/{uuid.uuid4()}"), 404, "not_found")
    own = {"name": "Weight", "type": "num", "list_id": made["id"]}
    weight = _said(sdk.send("POST", "/deal/properties", json=own), 201)["slug"]
    assert weight in {one["slug"] for one in _listed(sdk, "deal", list_id=made["id"]).values()}
    member = sdk("prism.objects.deals.create", default={"name": "In"}, list={made["id"]: {weight: 3}})
    sdk("prism.objects.deals.create", default={"name": "Out"})
    assert sdk("prism.objects.deals.get", member.id).list == {made["id"]: {weight: 3}}
    assert sdk("prism.objects.deals.count", list_id=made["id"]).total == 1
    rows = sdk("prism.objects.deals.list", list_id=made["id"], select=f"name,{weight}").data
    assert [(row.id, row.properties) for row in rows] == [(member.id, {"name": "In", weight: 3})]
    found = sdk(
        "prism.objects.deals.query", query={"select": [], "list_id": made["id"], "filter": [{weight: {">": "2"}}]}
    )
    assert [row.id for row in found.data] == [member.id]
    options: Any = {"list_id": made["id"], "dedupe_by": "name"}
    job = sdk("prism.objects.deals.bulk_create", objects=[{"default": {"name": unique("Row")}}], options=options)
    assert job.succeeded == 1
    assert sdk("prism.objects.deals.count", list_id=made["id"]).total == 2


@_case("GET /list-templates", "GET /list-templates/{templateId}")
def list_templates(sdk: Sdk) -> None:
    templates = {one["id"]: one for one in _said(sdk.send("GET", "/list-templates"), 200)["data"]}
    assert {"sales_deals", "recruiting", "custom"} <= set(templates)
    assert _said(sdk.send("GET", "/list-templates/recruiting"), 200) == templates["recruiting"]
    told = {"id", "name", "description", "icon", "object_type", "type", "supported_object_types"}
    for one in templates.values():
        assert told <= set(one)
        assert one["object_type"] is None or one["object_type"] in one["supported_object_types"]
    made = _said(sdk.send("POST", "/lists", json={"template_id": "sales_deals"}), 201)
    listed = _listed(sdk, "deal", list_id=made["id"]).values()
    assert {one["list_id"] for one in listed} == {made["id"]}
    assert made["id"] not in {one["list_id"] for one in _listed(sdk, "deal").values()}
    (stage,) = (one for one in listed if one["alias"] == "app_stage")
    scope = {"list_id": made["id"]}
    lead = _said(sdk.send("POST", "/deal", params=scope, json={"default": {"status": "lead"}}), 201)["id"]
    sdk("prism.objects.deals.update", lead, list={made["id"]: {"app_stage": "won"}})
    rows = sdk("prism.objects.deals.query", query={"select": ["status", "app_stage"], **scope}).data
    assert [(row.id, row.properties) for row in rows] == [(lead, {"status": "won", "app_stage": "won"})]
    options: Any = {**scope, "require_list_stage": True}
    job = sdk("prism.objects.deals.bulk_create", objects=[{"default": {"status": "lead"}}], options=options)
    assert (job.succeeded, job.failed) == (1, 0)
    assert stage["options"]
    error_of(sdk.send("GET", "/list-templates/no_such"), 404, "not_found")


@_case("POST /identity/find-or-create")
def find_or_create_person(sdk: Sdk) -> None:
    address = f"{uuid.uuid4()}@example.org"
    asked: Any = {"match": {"email_address": address}, "defaults": {"full_name": "Ada", "companies": []}}
    made = _said(sdk.send("POST", "/identity/find-or-create", json=asked), 201)
    assert made["created"] is True
    asked["match"] = {"email_address": address.upper()}
    again = _said(sdk.send("POST", "/identity/find-or-create", json=asked), 200)
    assert (again["created"], again["record"]["id"]) == (False, made["record"]["id"])
    (contact,) = sdk("prism.objects.identities.get", made["record"]["id"]).default["email_addresses"]
    assert sdk("prism.objects.contacts.get", contact).default["email"] == address
    asked["defaults"]["full_nmae"] = "Ada"
    error_of(sdk.send("POST", "/identity/find-or-create", json=asked), 400, "invalid_request")


@_case("POST /organization/find-or-create")
def find_or_create_company(sdk: Sdk) -> None:
    domain = f"{uuid.uuid4()}.example.org"
    asked = {"match": {"primary_domain": domain}, "defaults": {"name": "Engines Ltd"}}
    made = _said(sdk.send("POST", "/organization/find-or-create", json=asked), 201)
    again = _said(sdk.send("POST", "/organization/find-or-create", json=asked), 200)
    assert (made["created"], again["created"]) == (True, False)
    assert again["record"]["id"] == made["record"]["id"]
    sdk("prism.objects.organizations.create", default={"primary_domain": domain})
    error_of(sdk.send("POST", "/organization/find-or-create", json=asked), 409, "multiple_matches")


@_case("POST /comment", "POST /comment/query", "POST /comment/import")
def comments(sdk: Sdk) -> None:
    body, another = unique("Well done"), unique("Thanks")
    (company,) = KINDS["organization"].make(sdk, {"name": "Engines Ltd"})
    made = _said(sdk.send("POST", "/comment", json={"default": {"body": body, "companies": [company]}}), 201)
    job = _said(sdk.send("POST", "/comment/import", json={"objects": [{"default": {"body": another}}]}), 200)
    ask = {"select": ["body", "companies.name"], "filter": [{"body": {"in": [body, another]}}]}
    page = _said(sdk.send("POST", "/comment/query", json={"query": ask}), 200)
    assert [row["id"] for row in page["data"]] == [made["id"], job["results"][0]["id"]]
    (whole,) = page["data"][0]["properties"]["companies"]
    assert whole == {"id": company, "properties": {"name": "Engines Ltd"}}


@_case("POST /v2/prism/query/{teamId}/{objectType}")
def query_by_the_old_path(sdk: Sdk) -> None:
    name = unique("Deal")
    deal = sdk("prism.objects.deals.create", default={"name": name}).id
    query: Any = {"select": ["name", "amount", "company.name", "people.full_name"], "filter": [{"name": {"=": name}}]}
    page = _said(sdk.send("POST", f"/v2/prism/query/{sdk.team}/deal", json={"query": query}), 200)
    shown: dict[str, Any] = {"name": name, "amount": None, "company": None, "people": []}
    assert page["data"] == [{"id": deal, "properties": shown}]
    (row,) = sdk("prism.objects.deals.query", query=query).data
    assert (row.id, row.properties) == (deal, shown)


def test_every_selected_slug_is_in_what_the_client_reads(sdk: Sdk) -> None:
    """Later clients look for each slug that they selected, and take one that is absent for an unknown one."""
    company = sdk("prism.objects.organizations.create", default={"name": "Acme"}).id
    person = sdk("prism.objects.identities.create", default={"full_name": "Ada", "companies": [company]}).id
    select = "full_name,title,labels,companies.name,companies.domains,last_email.subject"
    shown = {
        "full_name": "Ada",
        "title": None,
        "labels": [],
        "companies": [{"id": company, "properties": {"name": "Acme", "domains": []}}],
        "last_email": None,
    }
    assert sdk("prism.objects.identities.get", person, select=select).default == shown
    (row,) = sdk("prism.objects.identities.query", query={"select": select.split(",")}, id=person).data
    assert row.properties == shown


#: What Micro's sample applications select, by the client's name of the type.
SELECTED_BY_APPLICATIONS: Final[dict[str, list[str]]] = {
    "events": [
        "name", "start", "end", "status", "attendees.contact.email", "attendees.contact.full_name",
        "attendees.contact.photo_url",
    ],
    "identities": [
        "full_name", "email_addresses.email", "email_addresses.email_address_type", "work_history.institution",
        "work_history.position", "work_history.start", "work_history.end", "work_history.organization.name",
        "education_history.institution", "education_history.degree", "education_history.start", "last_email.subject",
        "first_email.subject",
    ],
    "contacts": ["email", "first_email.subject", "last_email.subject"],
}  # fmt: skip


@pytest.mark.parametrize("resource", SELECTED_BY_APPLICATIONS)
def test_what_applications_select_is_there_and_empty(sdk: Sdk, resource: str) -> None:
    select = SELECTED_BY_APPLICATIONS[resource]
    made = sdk.send("POST", f"/{resource.replace('ies', 'y').removesuffix('s')}", json={"default": {}})
    record = _said(made, 201)["id"]
    roots = {path.partition(".")[0] for path in select}
    read = sdk(f"prism.objects.{resource}.get", record, select=",".join(select)).default
    (row,) = sdk(f"prism.objects.{resource}.query", query={"select": select}, id=record).data
    assert read.keys() == row.properties.keys() == roots
    assert all(value in (None, []) for value in (*read.values(), *row.properties.values()))


def test_guides_filter_by_options_that_a_workspace_need_not_have(sdk: Sdk) -> None:
    name = unique("Ada")
    ada = sdk("prism.objects.contacts.create", default={"full_name": name}).id
    own: Any = {"full_name": {"=": name}}
    for test, met in (({"in": ["investor"]}, []), ({"not_in": ["investor"]}, [ada]), ({"!=": "investor"}, [ada])):
        query: Any = {"select": [], "filter": [own, {"labels": test}]}
        assert [row.id for row in sdk("prism.objects.contacts.query", query=query).data] == met
    listed = sdk("prism.objects.contacts.list", extra_query={"full_name": name, "labels": "investor"})
    assert listed.data == []


def test_a_client_that_derives_the_team_from_the_key_is_served(sdk: Sdk) -> None:
    deal = _said(sdk.send("POST", "/v2/prism/deal", json={"default": {"name": "x"}}), 201)["id"]
    assert _said(sdk.send("GET", f"/v2/prism/deal/{deal}"), 200) == _said(sdk.send("GET", f"/deal/{deal}"), 200)


@pytest.mark.parametrize("endpoint", CASES)
def test_an_endpoint_that_came_later_does_what_the_contract_says(sdk: Sdk, endpoint: str) -> None:
    CASES[endpoint](sdk)


def test_every_endpoint_that_came_later_and_is_there_is_tried() -> None:
    assert set(CASES) == set(_there())


def _there() -> Iterator[str]:
    for one in compatibility.endpoints(document()):
        if one.since != compatibility.CLIENT and one.state != "no":
            for name in one.types or ("",):
                yield f"{one.method} {one.path.removeprefix('/v2/prism/{teamId}').replace('{type}', name)}"
