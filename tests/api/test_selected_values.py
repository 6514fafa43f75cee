"""What is selected by name is there in every answer, through references too, and also where prismd keeps nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from prismd.core.properties.schema import OBJECT_TYPES
from prismd.core.properties.unkept import unkept_paths
from tests.api.making import make_id
from tests.statements import count_statements

if TYPE_CHECKING:
    from tests.api.conftest import Api

QUERIES_PAGE = Path(__file__).parents[2] / "docs" / "queries.md"


def row_of(api: Api, object_type: str, record_id: str, select: list[str]) -> dict[str, Any]:
    body = {"query": {"select": select}, "id": record_id}
    answer = api.send("POST", f"/{object_type}/query", json=body)
    assert answer.status_code == 200, answer.text
    [row] = answer.json()["data"]
    listed = api.send("GET", f"/{object_type}?select={','.join(select)}&id={record_id}").json()["data"]
    assert listed == [row]
    properties: dict[str, Any] = row["properties"]
    return properties


def read(api: Api, object_type: str, record_id: str, select: list[str]) -> dict[str, Any]:
    answer = api.send("GET", f"/{object_type}/{record_id}", params={"select": ",".join(select)})
    assert answer.status_code == 200, answer.text
    default: dict[str, Any] = answer.json()["default"]
    return default


def test_what_has_no_value_is_null_or_an_empty_array(api: Api) -> None:
    person = make_id(api, "identity")
    select = [
        "full_name",
        "seniority",
        "birthday",
        "first_degree",
        "labels",
        "roles",
        "companies",
        "next_calendar_event",
    ]
    empty = dict.fromkeys(select) | {"labels": [], "roles": [], "companies": []}
    assert row_of(api, "identity", person, select) == empty
    assert read(api, "identity", person, select) == empty
    whole = api.send("GET", f"/identity/{person}").json()["default"]
    assert set(whole) == {"created_at", "updated_at", "last_updated_at"}
    [listed] = api.send("GET", f"/identity?id={person}").json()["data"]
    assert listed["properties"] == whole


def test_what_is_empty_at_the_end_of_a_path_is_there_too(api: Api) -> None:
    acme, blank = make_id(api, "organization", name="Acme"), make_id(api, "organization")
    select = ["companies.name", "companies.domains", "next_calendar_event.name", "next_calendar_event.organizer.email"]
    person = make_id(api, "identity", companies=[acme, blank])
    shown: dict[str, Any] = {
        "companies": [
            {"id": acme, "properties": {"name": "Acme", "domains": []}},
            {"id": blank, "properties": {"name": None, "domains": []}},
        ],
        "next_calendar_event": None,
    }
    assert row_of(api, "identity", person, select) == shown
    assert read(api, "identity", person, select) == shown
    event = make_id(api, "event")
    api.send("PATCH", f"/identity/{person}", json={"default": {"companies": None, "next_calendar_event": event}})
    shown = {
        "companies": [],
        "next_calendar_event": {"id": event, "properties": {"name": None, "organizer": None}},
    }
    assert row_of(api, "identity", person, select) == shown
    assert read(api, "identity", person, select) == shown


@pytest.mark.parametrize("object_type", OBJECT_TYPES)
def test_every_property_of_every_type_can_be_selected_and_is_there(api: Api, object_type: str) -> None:
    record = make_id(api, object_type)
    slugs = [one["slug"] for one in api.send("GET", f"/{object_type}/properties").json()[object_type].values()]
    assert set(read(api, object_type, record, slugs)) == set(slugs)
    assert set(row_of(api, object_type, record, slugs)) == set(slugs)


def test_a_record_is_read_by_paths_as_a_query_shows_them(api: Api) -> None:
    acme = make_id(api, "organization", name="Acme")
    contact = make_id(api, "contact", email="ada@x.org", company=acme)
    person = make_id(api, "identity", full_name="Ada", email_addresses=[contact], companies=[acme])
    paths = ["full_name", "email_addresses.email", "email_addresses.company.name"]
    shown = {
        "full_name": "Ada",
        "email_addresses": [
            {
                "id": contact,
                "properties": {"email": "ada@x.org", "company": {"id": acme, "properties": {"name": "Acme"}}},
            }
        ],
    }
    assert read(api, "identity", person, paths) == row_of(api, "identity", person, paths) == shown
    found = api.send("GET", f"/identity/by/full_name/ada?select={','.join(paths)}").json()
    assert found == {"id": person, "default": shown}
    # Without a path through it a reference is an id, as it always is in a record; one seen from its other side too.
    assert read(api, "identity", person, ["email_addresses", "companies"]) == {
        "email_addresses": [contact],
        "companies": [acme],
    }
    assert read(api, "organization", acme, ["people", "contacts.identities.full_name"]) == {
        "people": [person],
        "contacts": [
            {
                "id": contact,
                "properties": {"identities": [{"id": person, "properties": {"full_name": "Ada"}}]},
            }
        ],
    }
    assert read(api, "identity", person, ["id"]) == {}


@pytest.mark.parametrize(
    "path", ["companies.nmae", "nmae", "full_name.x", "companies..name", "companies.", ".", "a.b.c.d.e.f"]
)
def test_a_path_that_leads_nowhere_is_refused(api: Api, path: str) -> None:
    person = make_id(api, "identity", full_name="Ada")
    for where in (f"/identity/{person}", "/identity/by/full_name/Ada", f"/identity/{uuid4()}"):
        refused = api.send("GET", where, params={"select": path})
        assert (refused.status_code, refused.json()["error"]["errors"][0]["field"]) == (400, ".query.select")


def test_more_paths_than_a_query_may_have_are_refused(api: Api) -> None:
    person = make_id(api, "identity")
    refused = api.send("GET", f"/identity/{person}", params={"select": ",".join(["full_name"] * 1_001)})
    assert (refused.status_code, refused.json()["error"]["errors"][0]["code"]) == (400, "maxItems.openapi.validation")


def test_what_a_list_holds_is_there_too(api: Api) -> None:
    made_list = api.send("POST", "/lists", json={"template_id": "sales_deals"}).json()["id"]
    asked = {"name": "Buddy", "type": "ref_organization", "list_id": made_list}
    buddy = api.send("POST", "/deal/properties", json=asked).json()["slug"]
    acme = make_id(api, "organization", name="Acme")
    deal = api.send("POST", f"/deal?list_id={made_list}", json={"list": {buddy: acme}}).json()["id"]
    select = f"name,app_stage,{buddy}.name"
    answer = api.send("GET", f"/deal/{deal}?list_id={made_list}&select={select}").json()
    shown = {"app_stage": None, buddy: {"id": acme, "properties": {"name": "Acme"}}}
    assert answer == {"id": deal, "default": {"name": None}, "list": shown}
    stranger = make_id(api, "deal", name="x")
    answer = api.send("GET", f"/deal/{stranger}?list_id={made_list}&select={select}").json()
    assert answer == {"id": stranger, "default": {"name": "x"}, "list": {"app_stage": None, buddy: None}}


def test_views_show_what_they_select(api: Api) -> None:
    deal = make_id(api, "deal", name="x")
    view = {"name": "v", "view_type": "grid", "select": ["name", "amount", "company.name", "people"]}
    view_id = api.send("POST", "/deal/views", json=view).json()["id"]
    [row] = api.send("GET", f"/deal/views/{view_id}/records").json()["data"]
    assert row == {"id": deal, "properties": {"name": "x", "amount": None, "company": None, "people": []}}


def test_the_number_of_statements_does_not_grow_with_the_references(api: Api) -> None:
    def statements(count: int) -> int:
        acme = make_id(api, "organization", name="Acme")
        api.start([{"default": {"company": acme}} for _ in range(count)])
        path = f"/organization/{acme}?select=contacts.email,contacts.company.name"
        api.send("GET", path)
        with count_statements(api.runtime) as sent:
            assert len(api.send("GET", path).json()["default"]["contacts"]) == count
        return len(sent)

    assert statements(1) == statements(40)


def test_what_multiplies_behind_references_is_refused(serve: Callable[..., Api]) -> None:
    api = serve(nested_rows_max=30)
    acme = make_id(api, "organization", name="Acme")
    contacts = [make_id(api, "contact", company=acme) for _ in range(6)]
    path = "contacts.company.contacts.email"
    for few in ("contacts.email", "contacts.company.name"):
        assert len(read(api, "organization", acme, [few])["contacts"]) == 6
    body = {"query": {"select": [path]}}
    for refused in (
        api.send("GET", f"/organization/{acme}?select={path}"),
        api.send("POST", "/organization/query", json=body),
    ):
        assert refused.status_code == 400
        assert "more than 30 records inside others" in refused.json()["error"]["message"]
    # The same records in fewer places are no more than they were.
    assert len(api.send("POST", "/contact/query", json={"query": {"select": ["company.name"]}}).json()["data"]) == len(
        contacts
    )


def test_every_path_that_is_always_empty_is_on_the_page() -> None:
    page = QUERIES_PAGE.read_text(encoding="utf-8")
    section = page.partition("### Paths that are always empty")[2].partition("\n## ")[0]
    named = set(re.findall(r"[a-z_]+", section))
    for path in unkept_paths():
        assert path.removesuffix(".*").rpartition(".")[2] in named, path


#: What applications select, by type, and how it is shown of a record that has every reference on the way.
KEPT_NOWHERE: list[tuple[str, str, str, Any]] = [
    ("event", "attendees.contact.email", "attendees", {"contact": None}),
    ("event", "attendees.contact.full_name", "attendees", {"contact": None}),
    ("event", "attendees.contact.photo_url", "attendees", {"contact": None}),
    ("event", "attendee.contact.first_name", "attendee", []),
    ("identity", "email_addresses.email_address_type", "email_addresses", {"email_address_type": None}),
    ("identity", "work_history.institution", "work_history", {"institution": None}),
    ("identity", "work_history.position", "work_history", {"position": None}),
    ("identity", "work_history.start", "work_history", {"start": None}),
    ("identity", "work_history.end", "work_history", {"end": None}),
    ("identity", "work_history.organization.name", "work_history", {"organization": None}),
    ("identity", "education_history.institution", "education_history", []),
    ("identity", "education_history.degree", "education_history", []),
    ("identity", "education_history.organization.name", "education_history", []),
    ("identity", "education_history", "education_history", []),
    ("identity", "last_email.subject", "last_email", {"subject": None}),
    ("identity", "first_email.subject", "first_email", {"subject": None}),
    ("contact", "last_email.subject", "last_email", {"subject": None}),
    ("contact", "first_email.subject", "first_email", {"subject": None}),
    ("contact", "email_address_type", "email_address_type", None),
]


def with_references(api: Api, object_type: str) -> tuple[str, dict[str, str]]:
    """Make a record that has a value of each reference on the ways above, and return their ids by slug."""
    linked = {
        "event": {"attendees": str(uuid4())},
        "contact": {"first_email": str(uuid4()), "last_email": str(uuid4())},
        "identity": {
            "email_addresses": make_id(api, "contact", email=f"{uuid4()}@x.org"),
            "work_history": make_id(api, "organization", name="Acme"),
            "first_email": str(uuid4()),
            "last_email": str(uuid4()),
        },
    }[object_type]
    several = ("attendees", "email_addresses", "work_history")
    values = {slug: [one] if slug in several else one for slug, one in linked.items()}
    return make_id(api, object_type, **values), linked


@pytest.mark.parametrize(("object_type", "path", "slug", "properties"), KEPT_NOWHERE, ids=str)
def test_what_prismd_keeps_nothing_of_is_empty_and_no_error(
    api: Api, object_type: str, path: str, slug: str, properties: Any
) -> None:
    record, linked = with_references(api, object_type)
    shown = properties
    if slug in linked:
        shown = {"id": linked[slug], "properties": properties}
        shown = [shown] if slug in ("attendees", "email_addresses", "work_history") else shown
    assert row_of(api, object_type, record, [path]) == {slug: shown}
    assert read(api, object_type, record, [path]) == {slug: shown}
    without = make_id(api, object_type)
    for test, met in (
        ({"is_null": True}, True),
        ({"is_not_null": True}, False),
        ({"=": str(uuid4())}, False),
        ({"!=": str(uuid4())}, True),
    ):
        text = "2024-05-31" if path.endswith((".start", ".end")) else next(iter(test.values()))
        asked = {operator: text if operator in ("=", "!=") else value for operator, value in test.items()}
        body = {"query": {"select": [], "filter": [{path: asked}]}, "id": [record, without]}
        answer = api.send("POST", f"/{object_type}/query", json=body)
        assert answer.status_code == 200, answer.text
        assert [row["id"] for row in answer.json()["data"]] == ([record, without] if met else [])


@pytest.mark.parametrize("object_type", ["event", "identity"])
def test_a_view_can_name_what_prismd_keeps_nothing_of(api: Api, object_type: str) -> None:
    record, _ = with_references(api, object_type)
    select = [path for kind, path, _, _ in KEPT_NOWHERE if kind == object_type]
    # What can have several values cannot be sorted by, empty or not.
    sort = [{"last_email.subject": "asc"}, {"deleted_at": "desc"}] if object_type == "identity" else []
    view = {
        "name": "v",
        "view_type": "grid",
        "select": select,
        "filter": [
            {select[0]: {"is_null": True}},
            {select[-1]: {"!=": str(uuid4())}},
            {"deleted_at": {"is_null": True}},
        ],
        "sort": sort,
    }
    made_view = api.send("POST", f"/{object_type}/views", json=view)
    assert made_view.status_code == 201, made_view.text
    bundle = made_view.json()
    assert [bundle[name] for name in ("select", "filter", "sort")] == [
        view[name] for name in ("select", "filter", "sort")
    ]
    [row] = api.send("GET", f"/{object_type}/views/{bundle['id']}/records").json()["data"]
    assert row == {"id": record, "properties": row_of(api, object_type, record, select)}


def test_what_prismd_keeps_nothing_of_is_sorted_by_as_nothing(api: Api) -> None:
    people = [make_id(api, "identity", full_name=name) for name in ("b", "a")]
    query = {"select": [], "sort": [{"last_email.subject": "desc"}, {"full_name": "asc"}], "limit": 1}
    first = api.send("POST", "/identity/query", json={"query": query}).json()
    second = api.send("POST", "/identity/query", json={"query": {**query, "cursor": first["next_cursor"]}}).json()
    assert [page["data"][0]["id"] for page in (first, second)] == people[::-1]


def test_ids_that_are_none_lead_nowhere_and_break_nothing(api: Api) -> None:
    """References to what prismd holds none of take any text that looks like an id, and none of them is looked up."""
    event = make_id(api, "event", attendees=[str(uuid4())])
    assert read(api, "event", event, ["attendees.contact.company.name"])["attendees"][0]["properties"] == {
        "contact": None
    }


def test_a_property_of_the_team_goes_before_what_is_kept_nowhere(api: Api) -> None:
    asked = {"name": "Position", "type": "str", "slug": "position"}
    assert api.send("POST", "/organization/properties", json=asked).status_code == 201
    acme = make_id(api, "organization", position="first")
    person = make_id(api, "identity", work_history=[acme])
    shown = {"work_history": [{"id": acme, "properties": {"position": "first"}}]}
    assert read(api, "identity", person, ["work_history.position"]) == shown
    body = {"query": {"select": [], "filter": [{"work_history.position": {"=": "first"}}]}}
    assert [row["id"] for row in api.send("POST", "/identity/query", json=body).json()["data"]] == [person]


def test_what_prismd_keeps_nothing_of_is_in_no_list_of_properties_and_cannot_be_written(api: Api) -> None:
    listed = api.send("GET", "/properties").json()
    slugs = {(kind, one["slug"]) for kind, props in listed.items() for one in props.values()}
    own = [tuple(path.split(".")) for path in unkept_paths() if path.count(".") == 1]
    assert own
    assert not slugs & set(own)
    refused = api.send("POST", "/contact", json={"default": {"email_address_type": "human"}})
    assert refused.json()["error"]["errors"][0]["code"] == "invalid_property"
