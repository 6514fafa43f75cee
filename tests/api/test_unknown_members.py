"""No request says anything in vain: what means nothing, at any depth of a body or in a query string, is refused."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from prismd.api.document.operation import Operation
from prismd.api.document.operations import OPERATIONS

if TYPE_CHECKING:
    from tests.api.conftest import Api

UNKNOWN = "unknown_member"
#: What tables hold of a team that a request could have changed.
TABLES = ("record", "record_grant", "property", "property_option", "list", "view", "import_job", "realtime_ticket")
#: Levels at which any name can stand, and those of which an import tells row by row, or by its contract not at all.
FREE = {
    ("startImport", ".body"),
    ("startImport", ".body.objects[0]"),
    ("startImport", ".body.objects[0].default"),
    ("retryImport", ".body.objects[0]"),
    ("retryImport", ".body.objects[0].default"),
    ("validateValues", ".body.properties"),
    ("createView", ".body.column_layout"),
    ("updateView", ".body.column_layout"),
}


@dataclass(frozen=True)
class World:
    """A team in which every operation has something to work with."""

    api: Api
    contact: str
    deal: str
    list_id: str
    property_id: str
    option_id: str
    view_id: str
    job_id: str
    done_id: str
    file_id: str

    @classmethod
    def of(cls, api: Api) -> World:
        def made(path: str, body: Any) -> Any:
            answer = api.send("POST", path, json=body)
            assert answer.status_code in {200, 201}, answer.text
            return answer.json()

        prop = {"name": "Tier", "type": "select_str", "options": [{"value": "One"}]}
        tier = made("/contact/properties", prop)
        job = api.start([{"default": {"created_at": "never"}}] * 100).json()["job_id"]
        done = api.start([{"default": {"title": "A"}}] * 100).json()["job_id"]
        api.work()
        assert api.send("PUT", "/mappings/known", json={"version": 1}).status_code == 200
        return cls(
            api,
            contact=made("/contact", {"default": {"email": "ada@example.org"}})["id"],
            deal=made("/deal", {"default": {"name": "Big"}})["id"],
            list_id=made("/lists", {"template_id": "custom", "object_type": "deal"})["id"],
            property_id=tier["id"],
            option_id=tier["options"][0]["id"],
            view_id=made("/deal/views", {"name": "All", "view_type": "grid"})["id"],
            job_id=job,
            done_id=done,
            file_id=api.send("POST", "/files?name=a.csv", content=b"Name\nAda\n").json()["id"],
        )

    def path(self, operation: Operation) -> str:
        kind = BODIES.get(operation.name, ("deal", None))[0]
        record = self.contact if kind == "contact" else self.deal
        parts = {
            "teamId": self.api.team, "objectType": kind, "recordId": record, "listId": self.list_id,
            "propertyId": self.property_id, "optionId": self.option_id, "viewId": self.view_id,
            "jobId": self.done_id if operation.name == "undoImport" else self.job_id, "fileId": self.file_id,
            "slug": "email" if kind == "contact" else "name", "value": "new@example.org", "templateId": "custom",
            "name": "known",
        }  # fmt: skip
        return operation.path.format_map(parts)

    def body(self, operation: Operation) -> Any:
        make = BODIES[operation.name][1] if operation.name in BODIES else None
        return {} if make is None else make(self)

    def state(self) -> list[str]:
        """Return all that there is of the team."""
        with self.api.runtime.of_all_teams() as connection:
            team = self.api.team_id()
            return [
                str(row[0])
                for table in TABLES
                for row in connection.execute(
                    f"SELECT t::text FROM {table} AS t WHERE team_id = %s ORDER BY 1", (team,)
                )
            ]


#: The object type that an operation is tried with, and a body that it takes.
BODIES: dict[str, tuple[str, Callable[[World], Any] | None]] = {
    "startImport": ("contact", lambda _: {"objects": [{"default": {"title": "A"}}], "options": {"on_match": "fill"}}),
    "retryImport": ("contact", lambda _: {"objects": [{"input_index": 0, "default": {}}], "not_attempted": True}),
    "decideImport": ("contact", lambda _: {"property": "created_at", "do": "leave_out"}),
    "undoImport": ("contact", lambda _: {"dry_run": True}),
    "exportRecords": ("deal", lambda _: {"query": {"filter": [{"name": {"=": "A"}}]}}),
    "createRecord": ("deal", lambda world: {"default": {"name": "N"}, "list": {world.list_id: {}}, "extended": {}}),
    "updateRecord": ("deal", lambda world: {"default": {"name": "N"}, "list": {world.list_id: {}}, "extended": {}}),
    "upsertRecord": ("contact", lambda _: {"default": {"full_name": "N"}, "list": {}, "extended": {}}),
    "updateRecords": ("deal", lambda world: {"items": [{"id": world.deal, "default": {"name": "N"}, "extended": {}}]}),
    "deleteRecords": ("deal", lambda world: {"ids": [world.deal]}),
    "restoreRecords": ("deal", lambda world: {"ids": [world.deal]}),
    "purgeRecords": ("deal", lambda world: {"ids": [world.deal]}),
    "queryRecords": (
        "deal",
        lambda _: {"query": {"select": [], "filter": [{"name": {"=": "A"}}], "sort": [{"name": "asc"}]}, "id": []},
    ),
    "findOrCreateRecord": (
        "organization",
        lambda _: {"match": {"primary_domain": "a.org"}, "defaults": {"name": "A", "default": {}, "list": {}}},
    ),
    "putGrant": (
        "deal",
        lambda world: {"team_id": {world.api.team: "r"}, "team_group_id": [{"g": "w"}], "user_id": [{"u": "a"}]},
    ),
    "putMapping": (
        "contact",
        lambda _: {
            "version": 1,
            "type": "contact",
            "rules": [{"to": "email", "from": ["Mail"], "steps": [{"do": "email"}]}],
            "leave_out": ["Notes"],
        },
    ),
    "createProperty": ("contact", lambda _: {"name": "P", "type": "select_str", "options": [{"value": "One"}]}),
    "updateProperty": ("contact", lambda _: {"type": "select_str", "name": "Other"}),
    "createOption": ("contact", lambda _: {"type": "select_str", "value": "Two"}),
    "updateOption": ("contact", lambda _: {"type": "select_str", "value": "Two"}),
    "validateValues": ("contact", lambda _: {"scope": {"type": "workspace"}, "operation": "create", "properties": {}}),
    "createList": ("deal", lambda _: {"template_id": "custom", "object_type": "deal"}),
    "createView": (
        "deal",
        lambda _: {
            "name": "V", "view_type": "grid", "column_layout": {"a": 1},
            "filter": [{"name": {"=": "A"}}], "sort": [{"name": "asc"}],
        },
    ),
    "updateView": ("deal", lambda _: {"name": "V", "column_layout": {}, "filter": [{"name": {"=": "A"}}]}),
    "orderViewRecords": ("deal", lambda world: {"object_ids": [world.deal]}),
}  # fmt: skip

#: A file is taken as it is, so its body has no members.
WRITES = [one for one in OPERATIONS if one.method in {"POST", "PUT", "PATCH"} and not one.raw_body]
DELETIONS = [one for one in OPERATIONS if one.method == "DELETE"]
OTHERS = [one for one in OPERATIONS if one.path.startswith("/v2/") and not one.any_parameter]


def levels(value: Any, field: str = ".body") -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield every object in a body: where it stands, and what leads to it."""
    if isinstance(value, dict):
        yield field, lambda whole: whole
        for name, inner in value.items():
            for below, lead in levels(inner, f"{field}.{name}"):
                yield below, lambda whole, name=name, lead=lead: lead(whole[name])  # type: ignore[misc]
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            for below, lead in levels(inner, f"{field}[{index}]"):
                yield below, lambda whole, index=index, lead=lead: lead(whole[index])  # type: ignore[misc]


def test_every_write_that_takes_a_body_is_tried() -> None:
    assert {one.name for one in WRITES if one.body is not None} == BODIES.keys()


@pytest.mark.parametrize("operation", WRITES, ids=lambda one: one.name)
def test_an_unknown_member_at_any_level_is_refused_and_changes_nothing(api: Api, operation: Operation) -> None:
    world = World.of(api)
    before, whole = world.state(), world.body(operation)
    tried = 0
    for field, lead in levels(whole):
        if (operation.name, field) in FREE:
            continue
        body = copy.deepcopy(whole)
        lead(body)[UNKNOWN] = 1
        answer = api.send(operation.method, world.path(operation), content=json.dumps(body), headers=JSON)
        if operation.name == "updateRecords" and field != ".body":
            # An item is refused for itself.
            assert answer.json()["summary"]["failed"] == 1, (field, answer.text)
            message = answer.json()["results"][0]["error"]["message"]
        else:
            assert answer.status_code == 400, (field, answer.text)
            message = answer.json()["error"]["message"]
        assert "unknown_member" in message or "minProperties" in answer.text or "one member" in message, (
            field,
            message,
        )
        tried += 1
    assert tried or operation.name == "startImport"
    assert world.state() == before


@pytest.mark.parametrize("operation", DELETIONS, ids=lambda one: one.name)
def test_a_deletion_takes_no_body_and_changes_nothing_with_one(api: Api, operation: Operation) -> None:
    world = World.of(api)
    before = world.state()
    path = world.path(operation) + ("?type=select_str" if "{propertyId}" in operation.path else "")
    for body in ({UNKNOWN: 1}, {"ids": [world.deal]}, {"type": "select_str"}):
        answer = api.send("DELETE", path, content=json.dumps(body), headers=JSON)
        assert answer.status_code == 400, answer.text
        [error] = answer.json()["error"]["errors"]
        assert error["field"] == f".body.{next(iter(body))}"
        assert "takes none" in error["message"]
    assert world.state() == before


@pytest.mark.parametrize("operation", WRITES, ids=lambda one: one.name)
def test_the_same_body_without_it_is_taken(api: Api, operation: Operation) -> None:
    world = World.of(api)
    if operation.name in {"orderViewRecords", "pinViewRecord"}:
        assert api.send("POST", f"/deal/views/{world.view_id}/records/{world.deal}").status_code == 201
    body = json.dumps(world.body(operation))
    answer = api.send(operation.method, world.path(operation), content=body, headers=JSON)
    ended = operation.name == "cancelImport"  # as the import has ended
    assert answer.status_code in ({409} if ended else {200, 201, 202, 204}), answer.text


@pytest.mark.parametrize("operation", OTHERS, ids=lambda one: one.name)
def test_an_unknown_parameter_is_refused_and_changes_nothing(api: Api, operation: Operation) -> None:
    world = World.of(api)
    before = world.state()
    body = json.dumps(world.body(operation)) if operation.method != "GET" else None
    for name in (UNKNOWN, "filter", "limt", "idempotency_key"):
        path = f"{world.path(operation)}?{name}=1"
        answer = api.send(operation.method, path, content=body, headers=JSON)
        assert answer.status_code == 400, answer.text
        [error] = answer.json()["error"]["errors"]
        assert (error["field"], error["code"]) == (f".query.{name}", "additionalProperties.openapi.validation")
        assert f'the query string has no field "{name}"' in error["message"]
    assert world.state() == before


def test_a_parameter_of_a_stranger_says_nothing_about_the_route(api: Api) -> None:
    assert api.send("GET", "/contact/count?unknown=1", key=None).status_code == 401


JSON = {"content-type": "application/json"}

#: A body, and what is said of it.
MISPLACED = [
    ({"email": "a@b.org"}, '.body.email: a record has no field "email"; put property values inside "default"'),
    ({"properties": {}}, '.body.properties: a record has no field "properties"; put property values inside "default"'),
    ({"defualt": {}}, '.body.defualt: a record has no field "defualt"; did you mean "default"?'),
    (
        {"default": {"full_name": "A"}, "Default": {}},
        '.body.Default: a record has no field "Default"; did you mean "default"?',
    ),
    ({"\ud800": {}}, None),
    ({"": {}}, '.body.: a record has no field ""; put property values inside "default"'),
]


@pytest.mark.parametrize(("body", "message"), MISPLACED)
@pytest.mark.parametrize("how", ["create", "update", "upsert", "batch"])
def test_values_beside_the_buckets_are_refused_as_imports_refuse_them(
    api: Api, how: str, body: Any, message: str | None
) -> None:
    made = api.send("POST", "/contact", json={}).json()["id"]
    if how == "create":
        answer = api.send("POST", "/contact", content=json.dumps(body))
    elif how == "update":
        answer = api.send("PATCH", f"/contact/{made}", content=json.dumps(body))
    elif how == "upsert":
        answer = api.send("PUT", "/contact/by/email/new@b.org", content=json.dumps(body))
    else:
        answer = api.send("POST", "/contact/batch/update", content=json.dumps({"items": [{"id": made, **body}]}))
        [result] = answer.json()["results"]
        assert result["error"]["code"] == "invalid_request"
        assert message is None or result["error"]["message"] == message.replace(".body", ".body.items[0]")
        return
    assert answer.status_code == 400, answer.text
    assert message is None or answer.json()["error"]["message"] == message
    assert api.send("GET", "/contact/count").json() == {"total": 1}


def test_an_empty_body_stays_allowed(api: Api) -> None:
    made = api.send("POST", "/contact", json={})
    assert made.status_code == 201
    assert api.send("PATCH", f"/contact/{made.json()['id']}", json={}).headers["etag"] == made.headers["etag"]
    assert api.send("PUT", "/contact/by/email/a@b.org", json={}).status_code == 201


@pytest.mark.parametrize("body", [{"team_ids": {}}, {"team_group": [{"g": "r"}]}, {"group_id": []}, {"default": {}}])
def test_a_misspelt_group_does_not_empty_a_grant(api: Api, body: Any) -> None:
    deal = api.send("POST", "/deal", json={"default": {"name": "Big"}}).json()["id"]
    put = {"team_id": {api.team: "r"}, "user_id": [{"u": "a"}], "team_group_id": []}
    assert api.send("PUT", f"/deal/{deal}/grant", json=put).json() == put
    answer = api.send("PUT", f"/deal/{deal}/grant", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert api.send("GET", f"/deal/{deal}/grant").json() == put


@pytest.mark.parametrize(
    ("body", "field", "hint"),
    [
        ({"query": {"select": []}, "filter": [{"email": {"=": "a"}}]}, ".body.filter", 'put it inside "query"'),
        ({"query": {"select": []}, "sort": []}, ".body.sort", 'put it inside "query"'),
        ({"query": {"select": [], "deleted": True}}, ".body.query.deleted", 'beside "query"'),
        ({"query": {"select": [], "filters": []}}, ".body.query.filters", 'did you mean "filter"?'),
        ({"select": []}, ".body.select", 'put it inside "query"'),
    ],
)
def test_what_stands_beside_a_query_is_told_where_it_belongs(api: Api, body: Any, field: str, hint: str) -> None:
    answer = api.send("POST", "/contact/query", json=body)
    assert answer.status_code == 400
    [error] = answer.json()["error"]["errors"]
    assert error["field"] == field
    assert hint in error["message"]


def test_a_body_may_name_the_record_that_it_writes_and_no_other(api: Api) -> None:
    one = api.send("POST", "/contact", json={"default": {"email": "a@b.org"}}).json()["id"]
    other = str(uuid.uuid4())
    assert api.send("PATCH", f"/contact/{one}", json={"id": one.upper(), "default": {}}).status_code == 200
    assert api.send("PUT", "/contact/by/email/a@b.org", json={"id": one}).status_code == 200
    for method, path, body in [
        ("PATCH", f"/contact/{one}", {"id": other}),
        ("PATCH", f"/contact/{one}", {"id": None}),
        ("PUT", "/contact/by/email/a@b.org", {"id": other}),
        ("PUT", "/contact/by/email/c@b.org", {"id": one}),
        ("POST", "/contact", {"id": one}),
    ]:
        answer = api.send(method, path, json=body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["errors"][0]["field"] == ".body.id"
    assert api.send("GET", "/contact/count").json() == {"total": 1}
