"""What the client's operations on imports, properties, views and realtime must do (contract, sections 10, 13 to 15)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any, Final

from tests.processes import PATIENCE_S
from tests.sdk.driver import Sdk, unique
from tests.sdk.kinds import KINDS
from tests.sdk.record_cases import refused

#: By operation of the client, what it must do.
OTHER_CASES: Final[dict[str, Callable[[Sdk], None]]] = {}

#: The types that the client can make views of.
VIEWED: Final = ("comment", "action", "deal", "engagement", "document", "event", "identity", "organization")
KIND: Final = KINDS["deal"]

_Check = Callable[[Sdk], None]


def _case(operation: str) -> Callable[[_Check], _Check]:
    def register(check: _Check) -> _Check:
        OTHER_CASES[operation] = check
        return check

    return register


@_case("prism.imports.get")
def get_import(sdk: Sdk) -> None:
    tag = uuid.uuid4()
    rows: list[Any] = [{"default": {"email": f"{number}-{tag}@example.org"}} for number in range(120)]
    accepted = sdk.raw("prism.objects.contacts.bulk_create", objects=rows, options={"dedupe_by": "email"})
    assert accepted.status == 202
    end = time.monotonic() + PATIENCE_S
    while (raw := sdk.raw("prism.imports.get", accepted.value.job_id)).value.status == "processing":
        assert time.monotonic() < end, "the job did not end"
        time.sleep(float(raw.headers["retry-after"]))
    job = raw.value
    assert (job.status, job.total, job.succeeded, len(job.results)) == ("complete", 120, 120, 120)
    contact = sdk("prism.objects.contacts.get", job.results[119].id)
    assert contact.default["email"] == rows[119]["default"]["email"]
    refused(404, "not_found", sdk, "prism.imports.get", str(uuid.uuid4()))


@_case("prism.properties.list")
def list_properties(sdk: Sdk) -> None:
    for name in (*KINDS, "comment"):
        listed = sdk("prism.properties.list", name)
        assert list(listed) == [name]
    some = sdk("prism.properties.list", "contact", term="email", autofill=False)
    assert 0 < len(some["contact"]) < len(sdk("prism.properties.list", "contact")["contact"])
    (email,) = (one for one in some["contact"].values() if one["slug"] == "email")
    assert (email["type"], email["native"], email["locked"], email["required"]) == ("str", True, False, False)


@_case("prism.properties.list_all")
def list_all_properties(sdk: Sdk) -> None:
    everything = sdk("prism.properties.list_all")
    assert {*KINDS, "comment"} <= set(everything)
    assert everything["deal"] == sdk("prism.properties.list", "deal")["deal"]
    some = sdk("prism.properties.list_all", term="amount")
    assert {one["slug"] for one in some["deal"].values()} == {"amount"}


def _view(sdk: Sdk, object_type: str = KIND.type, **fields: Any) -> Any:
    named = {"name": unique("View"), "view_type": "grid", **fields}
    return sdk("views.create", object_type, **named)


def _shown(sdk: Sdk) -> tuple[str, list[str]]:
    """Make four records and a view that shows them alone, and return its id and their ids in its order."""
    word = unique("Shown")
    made = KIND.make(sdk, *(KIND.sample(name=f"{word} {number}") for number in range(4)))
    view = _view(sdk, select=["name"], filter=[{"name": {"begins_with": word}}], sort=[{"name": "asc"}])
    return view.id, made


def _records(sdk: Sdk, view: str, **page: Any) -> list[str]:
    return [row["id"] for row in sdk("views.records.list", view, view_object_type=KIND.type, **page).data]


@_case("views.create")
def create_view(sdk: Sdk) -> None:
    for object_type in VIEWED:
        assert _view(sdk, object_type).id
    fields: dict[str, Any] = {
        "select": ["name", "company.name"],
        "filter": [{"amount": {">=": "1000"}}, {"status": {"in": ["lead", "won"]}}],
        "sort": [{"amount": "desc"}, {"name": "asc"}],
        "combinator": "OR",
        "group_by": "status",
        "group_hide_empty": True,
        "column_layout": {"name": {"width": 240}},
        "icon": "rocket",
        "sort_order": 3,
    }
    own = str(uuid.uuid4())
    made = sdk.raw("views.create", KIND.type, name="Big deals", view_type="kanban", id=own, **fields)
    assert made.status == 201
    view = made.value
    assert (view.id, view.name, view.view_type) == (own, "Big deals", "kanban")
    assert {name: getattr(view, name) for name in fields} == fields
    assert view.created_at
    assert sdk("views.get", view.id, view_object_type=KIND.type).to_dict() == view.to_dict()
    refused(400, "invalid_request", sdk, "views.create", KIND.type, name="x", view_type="grid", select=["no_such"])
    refused(405, "method_not_allowed", sdk, "views.create", "contact", name="x", view_type="grid")


@_case("views.get")
def get_view(sdk: Sdk) -> None:
    view, made = _shown(sdk)
    alone = sdk("views.get", view, view_object_type=KIND.type)
    assert (alone.id, alone.select) == (view, ["name"])
    both = sdk("views.get", view, view_object_type=KIND.type, include="records", limit=3)
    assert both.view.to_dict() == alone.to_dict()
    assert [row["id"] for row in both.records.data] == made[:3]
    assert both.records.has_more is True
    rest = sdk("views.get", view, view_object_type=KIND.type, include="records", cursor=both.records.next_cursor)
    assert [row["id"] for row in rest.records.data] == made[3:]
    refused(404, "not_found", sdk, "views.get", str(uuid.uuid4()), view_object_type=KIND.type)
    refused(404, "not_found", sdk, "views.get", view, view_object_type="document")


@_case("views.update")
def update_view(sdk: Sdk) -> None:
    view, made = _shown(sdk)
    changed = sdk("views.update", view, view_object_type=KIND.type, name="Renamed", sort=[{"name": "desc"}])
    assert (changed.name, changed.sort, changed.select) == ("Renamed", [{"name": "desc"}], ["name"])
    assert sdk("views.get", view, view_object_type=KIND.type).to_dict() == changed.to_dict()
    assert _records(sdk, view) == made[::-1]
    refused(400, "invalid_request", sdk, "views.update", view, view_object_type=KIND.type, filter=[{"no_such": {}}])
    refused(404, "not_found", sdk, "views.update", str(uuid.uuid4()), view_object_type=KIND.type, name="x")


@_case("views.delete")
def delete_view(sdk: Sdk) -> None:
    view, made = _shown(sdk)
    assert sdk.raw("views.delete", view, view_object_type=KIND.type).status == 204
    refused(404, "not_found", sdk, "views.get", view, view_object_type=KIND.type)
    refused(404, "not_found", sdk, "views.delete", view, view_object_type=KIND.type)
    assert sdk("prism.objects.deals.get", made[0]).id == made[0]


@_case("views.records.list")
def list_view_records(sdk: Sdk) -> None:
    view, made = _shown(sdk)
    page = sdk("views.records.list", view, view_object_type=KIND.type, limit=3)
    assert [row["id"] for row in page.data] == made[:3]
    assert page.data[0]["properties"].keys() == {"name"}
    rest = sdk("views.records.list", view, view_object_type=KIND.type, cursor=page.next_cursor)
    assert [row["id"] for row in rest.data] == made[3:]
    assert (page.has_more, rest.has_more, rest.next_cursor) == (True, False, None)
    assert _records(sdk, view, limit=2, page=2) == made[2:]
    refused(404, "not_found", sdk, "views.records.list", str(uuid.uuid4()), view_object_type=KIND.type)


@_case("views.records.pin")
def pin(sdk: Sdk) -> None:
    view, made = _shown(sdk)
    for record in (made[2], made[1]):
        assert sdk.raw("views.records.pin", record, view_object_type=KIND.type, view_id=view).status == 201
    assert _records(sdk, view) == [made[2], made[1], made[0], made[3]]
    refused(404, "not_found", sdk, "views.records.pin", str(uuid.uuid4()), view_object_type=KIND.type, view_id=view)


@_case("views.records.reorder")
def reorder(sdk: Sdk) -> None:
    view, made = _shown(sdk)
    for one in made[:2] + made[3:]:
        sdk("views.records.pin", one, view_object_type=KIND.type, view_id=view)
    order = [made[3], made[0]]
    assert sdk.raw("views.records.reorder", view, view_object_type=KIND.type, object_ids=order).status == 204
    assert _records(sdk, view) == [made[3], made[0], made[1], made[2]]
    sdk("views.records.reorder", view, view_object_type=KIND.type, object_ids=order[::-1])
    assert _records(sdk, view) == [made[0], made[3], made[1], made[2]]
    not_pinned: Any = {"view_object_type": KIND.type, "object_ids": [made[2]]}
    refused(400, "invalid_request", sdk, "views.records.reorder", view, **not_pinned)


@_case("views.records.unpin")
def unpin(sdk: Sdk) -> None:
    view, made = _shown(sdk)
    sdk("views.records.pin", made[3], view_object_type=KIND.type, view_id=view)
    assert _records(sdk, view)[0] == made[3]
    assert sdk.raw("views.records.unpin", made[3], view_object_type=KIND.type, view_id=view).status == 204
    assert _records(sdk, view) == made


@_case("realtime.create_ticket")
def create_ticket(sdk: Sdk) -> None:
    first, second = sdk("realtime.create_ticket"), sdk("realtime.create_ticket")
    assert first.expires_in > 0
    assert first.ticket != second.ticket
    assert first.ws_url.startswith("ws://127.0.0.1:")
