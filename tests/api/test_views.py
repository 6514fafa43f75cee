"""Views over HTTP and through the official client: made, listed, read, changed, deleted, and refused with a reason."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import micro_so
import msgspec
import pytest
from micro_so import AsyncMicro, Micro

from prismd.api.views.shapes import ViewBundle, ViewPage
from prismd.core.properties.schema import OBJECT_TYPES, UNHELD_TYPES
from prismd.core.views.definitions import DEPTH_MAX, MEMBERS, VIEW_TYPES
from tests.api.making import make_list
from tests.refusals import refused
from tests.statements import count_statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.conftest import Api

NOWHERE = "0190aaaa-0000-7000-8000-00000000000a"
MINIMAL: dict[str, Any] = {"name": "All", "view_type": "grid"}
FULL: dict[str, Any] = {
    "name": "Größte Deals 🎉",
    "view_type": "kanban",
    "select": ["name", "amount", "company.name"],
    "filter": [{"status": {"!=": "lost"}}, {"amount": {">": "10"}}, {"company.name": {"is_null": False}}],
    "sort": [{"amount": "desc"}, {"company.name": "asc"}],
    "combinator": "OR",
    "user_id": "me",
    "icon": "star",
    "group_by": "status",
    "group_sort": "asc",
    "group_hide_empty": True,
    "group_hidden_option_ids": [NOWHERE, {"x": 1.50}],
    "aggregation_prop_def_id": NOWHERE,
    "aggregation_type": "sum",
    "column_layout": {"width": {"name": 3, "amount": 2.5}, "a": [1, [2, None]]},
    "sort_order": -7,
}
EMPTY: dict[str, Any] = {
    **dict.fromkeys(MEMBERS), "list_id": None, "select": [], "filter": [], "sort": [], "combinator": "AND",
}  # fmt: skip


def make_view(api: Api, object_type: str = "deal", **members: Any) -> dict[str, Any]:
    answer = api.send("POST", f"/{object_type}/views", content=json.dumps(MINIMAL | members))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    msgspec.convert(made, ViewBundle)
    return made


def list_of(api: Api, template: str = "sales_deals") -> str:
    return str(make_list(api, template)["id"])


def read(api: Api, path: str) -> dict[str, Any]:
    answer = api.send("GET", path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def without_times(view: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in view.items() if name not in {"created_at", "updated_at", "id", "team_id"}}


@pytest.mark.parametrize("object_type", VIEW_TYPES)
def test_every_type_but_contact_has_views(api: Api, object_type: str) -> None:
    made = make_view(api, object_type)
    assert without_times(made) == EMPTY | MINIMAL
    assert (made["team_id"], made["list_id"], made["updated_at"]) == (api.team, None, made["created_at"])
    assert read(api, f"/{object_type}/views/{made['id']}") == made
    assert read(api, f"/{object_type}/views") == {"data": [made], "has_more": False, "next_cursor": None}


@pytest.mark.parametrize("object_type", sorted({*OBJECT_TYPES, *UNHELD_TYPES}.difference(VIEW_TYPES)))
def test_other_types_have_none(api: Api, object_type: str) -> None:
    views, one = f"/{object_type}/views", f"/{object_type}/views/{NOWHERE}"
    routes = [("POST", views), ("GET", views), ("GET", one), ("PATCH", one), ("DELETE", one)]
    routes += [(method, f"{one}/records") for method in ("GET", "PATCH")]
    routes += [(method, f"{one}/records/{NOWHERE}") for method in ("POST", "DELETE")]
    for method, path in routes:
        body: dict[str, Any] = {} if method == "DELETE" else {"json": MINIMAL}
        refused(api.send(method, path, **body), 405, "method_not_allowed")


def test_a_view_is_kept_as_it_was_sent(api: Api) -> None:
    list_id = list_of(api)
    made = make_view(api, **FULL, list_id=list_id.upper())
    assert without_times(made) == FULL | {"list_id": list_id}
    assert made["team_id"] is None
    answer = api.send("PATCH", f"/deal/views/{made['id']}", json={**FULL, "list_id": list_id.upper()})
    assert (answer.status_code, answer.json()) == (200, made)


def test_free_forms_keep_their_order_and_their_digits(api: Api) -> None:
    layout = '{"width":{"name":3,"amount":1E+300},"a":[1.50,[123456789012345678901234567890,null]]}'
    content = f'{{"name":"a","view_type":"list","column_layout":{layout},"group_hidden_option_ids":{layout}}}'
    made = api.send("POST", "/deal/views", content=content).json()["id"]
    text = api.send("GET", f"/deal/views/{made}").text
    assert f'"column_layout":{layout}' in text
    assert f'"group_hidden_option_ids":{layout}' in text


def test_what_the_server_sets_is_the_servers(api: Api) -> None:
    sent: dict[str, Any] = {"team_id": "somebody else", "created_at": "2001-01-01", "updated_at": 7}
    made = make_view(api, **sent)
    assert made["team_id"] == api.team
    assert datetime.fromisoformat(made["created_at"]) > datetime(2020, 1, 1, tzinfo=UTC)
    answer = api.send("PATCH", f"/deal/views/{made['id']}", json=sent)
    assert (answer.status_code, answer.json()) == (200, made)


def test_the_id_can_be_chosen_once(api: Api, serve: Callable[..., Api]) -> None:
    made = make_view(api, id=NOWHERE.upper())
    assert made["id"] == NOWHERE
    for object_type in ("deal", "action"):
        answer = api.send("POST", f"/{object_type}/views", json=MINIMAL | {"id": NOWHERE, "name": "Second"})
        refused(answer, 409, "id_taken")
    assert read(api, f"/deal/views/{NOWHERE}") == made
    assert read(api, "/action/views")["data"] == []
    theirs = make_view(serve(), id=NOWHERE, name="Theirs")
    assert theirs["name"] == "Theirs"
    assert read(api, f"/deal/views/{NOWHERE.upper()}")["name"] == "All"


def test_a_patch_changes_what_it_names(api: Api, serve: Callable[..., Api]) -> None:
    clock = [api.runtime.now()]
    api = serve(now=lambda: clock[0])
    made = make_view(api, **FULL)
    path = f"/deal/views/{made['id']}"
    clock[0] += timedelta(seconds=1)
    assert api.send("PATCH", path, json={}).json() == made
    assert api.send("PATCH", path, json={"name": made["name"], "filter": made["filter"]}).json() == made
    changed = api.send("PATCH", path, json={"name": "New", "select": ["status"], "sort": []}).json()
    assert changed == made | {
        "name": "New", "select": ["status"], "sort": [], "updated_at": changed["updated_at"],
    }  # fmt: skip
    later = datetime.fromisoformat(changed["updated_at"]) - datetime.fromisoformat(made["updated_at"])
    assert later == timedelta(seconds=1)
    assert read(api, path) == changed


def test_null_clears(api: Api) -> None:
    made = make_view(api, **FULL)
    cleared = dict.fromkeys((*(name for name in MEMBERS if name not in MINIMAL), "list_id"))
    answer = api.send("PATCH", f"/deal/views/{made['id']}", json=cleared)
    assert without_times(answer.json()) == EMPTY | {"name": FULL["name"], "view_type": FULL["view_type"]}


def test_a_view_is_deleted_and_its_records_stay(api: Api) -> None:
    made = make_view(api)
    [record] = api.start([{}], "deal").json()["results"]
    assert api.send("POST", f"/deal/views/{made['id']}/records/{record['id']}").status_code == 201
    gone = api.send("DELETE", f"/deal/views/{made['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    refused(api.send("DELETE", f"/deal/views/{made['id']}"), 404, "not_found")
    refused(api.send("GET", f"/deal/views/{made['id']}"), 404, "not_found")
    assert api.send("GET", f"/deal/{record['id']}").status_code == 200


def test_what_is_not_there_or_somebody_elses_is_not_found(api: Api, serve: Callable[..., Api]) -> None:
    mine, theirs = make_view(api), serve()
    [record] = theirs.start([{}], "deal").json()["results"]
    tries = [(api, "deal", NOWHERE), (api, "deal", "views"), (api, "deal", "%ff"), (api, "action", mine["id"])]
    for asking, object_type, view_id in [*tries, (theirs, "deal", mine["id"])]:
        path = f"/{object_type}/views/{view_id}"
        refused(asking.send("GET", path), 404, "not_found")
        refused(asking.send("GET", f"{path}?include=records"), 404, "not_found")
        refused(asking.send("PATCH", path, json={"name": "Stolen"}), 404, "not_found")
        refused(asking.send("DELETE", path), 404, "not_found")
        refused(asking.send("GET", f"{path}/records"), 404, "not_found")
        refused(asking.send("PATCH", f"{path}/records", json={"object_ids": []}), 404, "not_found")
        refused(asking.send("POST", f"{path}/records/{record['id']}"), 404, "not_found")
        refused(asking.send("DELETE", f"{path}/records/{record['id']}"), 404, "not_found")
    assert read(api, f"/deal/views/{mine['id']}") == mine
    assert read(theirs, "/deal/views")["data"] == []


TOO_DEEP: Any = "x"
for _ in range(DEPTH_MAX):
    TOO_DEEP = [TOO_DEEP]

BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, ".body.name"),
    ({"name": ""}, ".body.name"),
    ({"name": " \n"}, ".body.name"),
    ({"name": 7}, ".body.name"),
    ({"name": "a" * 256}, ".body.name"),
    ({"name": "a\0"}, ".body.name"),
    ({"name": "\ud800"}, ".body.name"),
    ({"view_type": ""}, ".body.view_type"),
    ({"view_type": ["grid"]}, ".body.view_type"),
    *(({"view_type": other}, ".body.view_type") for other in ("table", "board", "Grid", "grid ", "calendar", None)),
    ({"list_id": 7}, ".body.list_id"),
    ({"list_id": "my list"}, ".body.list_id"),
    ({"list_id": NOWHERE}, ".body.list_id"),
    ({"select": "name"}, ".body.select"),
    ({"select": ["name", 1]}, ".body.select[1]"),
    ({"select": ["nam"]}, ".body.select[0]"),
    ({"select": ["company.nam"]}, ".body.select[0]"),
    ({"select": ["name.company"]}, ".body.select[0]"),
    ({"select": ["\ud800"]}, ".body.select"),
    ({"select": ["name"] * 501}, ".body.select"),
    ({"filter": {"name": {"=": "a"}}}, ".body.filter"),
    ({"filter": [{"nam": {"=": "a"}}]}, ".body.filter[0]"),
    ({"filter": [{"name": {"==": "a"}}]}, ".body.filter[0].name.=="),
    ({"filter": [{"name": "a"}]}, ".body.filter[0].name"),
    ({"filter": [{"name": {"=": "a"}, "amount": {"=": 1}}]}, ".body.filter[0]"),
    ({"filter": [{"amount": {">": "much"}}]}, ".body.filter[0].amount.>"),
    ({"filter": [{"name": {"like_regex": "\ud800"}}]}, ".body.filter"),
    ({"filter": [{"name": {"is_null": {"\0": [1]}}}]}, ".body.filter"),
    ({"filter": [{"name": {"like_regex": "a"}}, {"name": {"like_regex": "("}}]}, ".body.filter"),
    ({"sort": ["name"]}, ".body.sort[0]"),
    ({"sort": [{"name": "up"}]}, ".body.sort[0].name"),
    ({"sort": [{"people": "asc"}]}, ".body.sort[0]"),
    ({"sort": [{"nam": "asc"}]}, ".body.sort[0]"),
    ({"combinator": "XOR"}, ".body.combinator"),
    ({"combinator": ["AND"]}, ".body.combinator"),
    ({"group_by": "nam"}, ".body.group_by"),
    ({"group_by": 1}, ".body.group_by"),
    ({"group_by": "\0"}, ".body.group_by"),
    ({"group_sort": {}}, ".body.group_sort"),
    ({"group_sort": "\ud800"}, ".body.group_sort"),
    ({"group_hide_empty": "true"}, ".body.group_hide_empty"),
    ({"group_hidden_option_ids": "x"}, ".body.group_hidden_option_ids"),
    ({"group_hidden_option_ids": [["\0"]]}, ".body.group_hidden_option_ids"),
    ({"group_hidden_option_ids": TOO_DEEP}, ".body.group_hidden_option_ids"),
    ({"aggregation_prop_def_id": 1}, ".body.aggregation_prop_def_id"),
    ({"aggregation_type": "a" * 256}, ".body.aggregation_type"),
    ({"column_layout": []}, ".body.column_layout"),
    ({"column_layout": {"a": {"\0": 1}}}, ".body.column_layout"),
    ({"column_layout": {"a": ["\ud800"]}}, ".body.column_layout"),
    ({"sort_order": "1"}, ".body.sort_order"),
    ({"sort_order": 1.5}, ".body.sort_order"),
    ({"sort_order": 2**31}, ".body.sort_order"),
    ({"sort_order": True}, ".body.sort_order"),
    ({"user_id": []}, ".body.user_id"),
    ({"icon": 1}, ".body.icon"),
    ({"icon": "a\0"}, ".body.icon"),
]


@pytest.mark.parametrize(("wrong", "field"), BAD)
def test_what_cannot_be_kept_is_refused(api: Api, wrong: dict[str, Any], field: str) -> None:
    made = make_view(api)
    content = json.dumps(MINIMAL | wrong)
    refused(api.send("POST", "/deal/views", content=content), 400, "invalid_request", field)
    refused(api.send("PATCH", f"/deal/views/{made['id']}", content=json.dumps(wrong)), 400, "invalid_request", field)
    assert read(api, "/deal/views")["data"] == [made]


def test_a_kind_of_view_that_is_none_is_told_which_there_are(api: Api) -> None:
    for method, path in (("POST", "/deal/views"), ("PATCH", f"/deal/views/{make_view(api)['id']}")):
        message = api.send(method, path, json=MINIMAL | {"view_type": "table"}).json()["error"]["message"]
        assert message == '.body.view_type: expected one of grid, list, kanban, found the text "table"'


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ".body"),
        (b"[]", ".body"),
        (b'{"name": "a", "name": "b", "view_type": "grid"}', ".body"),
        (b"[" * 100_000, ".body"),
        (b'{"column_layout": {"a": ' + b"[" * 900 + b"]" * 900 + b'}, "name": "a", "view_type": "list"}', None),
        (b'{"name": "a"}', ".body.view_type"),
        (b'{"view_type": "grid"}', ".body.name"),
        (b'{"name": "a", "view_type": "grid", "id": "mine"}', ".body.id"),
        (b'{"name": "a", "view_type": "grid", "id": 7}', ".body.id"),
    ],
)
def test_a_body_that_makes_no_view_is_refused(api: Api, body: bytes, field: str | None) -> None:
    answer = api.send("POST", "/deal/views", content=body)
    refused(answer, 400, "invalid_request", field or answer.json()["error"]["errors"][0]["field"])


def test_the_layout_of_columns_can_be_as_large_as_a_body(api: Api) -> None:
    layout = {"text": "x" * 900_000}
    assert make_view(api, column_layout=layout)["column_layout"] == layout
    answer = api.send("POST", "/deal/views", json=MINIMAL | {"column_layout": {"text": "x" * 2**20}})
    refused(answer, 413, "payload_too_large")


def test_a_view_of_a_list_can_name_its_properties(api: Api) -> None:
    list_id, other = list_of(api), list_of(api, "recruiting")
    asked: dict[str, Any] = {"select": ["app_stage"]}
    refused(api.send("POST", "/deal/views", json=MINIMAL | asked), 400, "invalid_request", ".body.select[0]")
    made = make_view(api, list_id=list_id, **asked, group_by="app_stage")
    path = f"/deal/views/{made['id']}"
    assert read(api, path) == made
    refused(api.send("POST", "/deal/views", json=MINIMAL | {"list_id": other}), 400, "invalid_request", ".body.list_id")


def test_a_view_never_moves(api: Api) -> None:
    first, second = list_of(api), list_of(api)
    own, free = make_view(api, list_id=first), make_view(api)
    for view, elsewhere in ((own, second), (own, None), (own, NOWHERE), (free, first)):
        path = f"/deal/views/{view['id']}"
        moved = {"list_id": elsewhere, "name": "Moved"}
        refused(api.send("PATCH", path, json=moved), 400, "invalid_request", ".body.list_id")
        assert read(api, path) == view
        assert api.send("PATCH", path, json={"list_id": view["list_id"]}).json() == view


def test_a_list_of_another_team_is_none(api: Api, serve: Callable[..., Api]) -> None:
    theirs = list_of(serve())
    refused(
        api.send("POST", "/deal/views", json=MINIMAL | {"list_id": theirs}), 400, "invalid_request", ".body.list_id"
    )
    refused(api.send("GET", f"/deal/views?list_id={theirs}"), 404, "not_found")


def test_views_are_listed_in_pages(api: Api, serve: Callable[..., Api]) -> None:
    make_view(api, "action"), make_view(serve())
    made = [make_view(api, name=str(number)) for number in range(7)]
    found: list[Any] = []
    page = read(api, "/deal/views?limit=3")
    while True:
        msgspec.convert(page, ViewPage)
        found += page["data"]
        assert page["has_more"] == (page["next_cursor"] is not None) == (len(found) < 7)
        if not page["has_more"]:
            break
        # The cursor brings its limit along; limit and page beside it say nothing.
        page = read(api, f"/deal/views?cursor={page['next_cursor']}&limit=1&page=9")
    assert found == made
    assert read(api, "/deal/views?limit=3&page=3")["data"] == made[6:]
    assert read(api, "/deal/views?limit=3&page=4") == {"data": [], "has_more": False, "next_cursor": None}
    assert len(read(api, "/deal/views?limit=999")["data"]) == 7


def test_views_of_one_list(api: Api) -> None:
    first, second = list_of(api), list_of(api)
    made = [make_view(api, list_id=one) for one in (first, second, None, first, first)]
    assert read(api, "/deal/views")["data"] == [made[2]]
    seeded = read(api, f"/deal/views?list_id={first}&limit=2")["data"]
    assert [view["id"] for view in seeded] == [view["id"] for view in read(api, f"/lists/{first}")["views"]][:2]
    for view in seeded:
        assert api.send("DELETE", f"/deal/views/{view['id']}").status_code == 204
    page = read(api, f"/deal/views?list_id={first.upper()}&limit=2")
    assert page["data"] == [made[0], made[3]]
    rest = read(api, f"/deal/views?list_id={first.upper()}&cursor={page['next_cursor']}")
    assert (rest["data"], rest["has_more"]) == ([made[4]], False)
    answer = api.send("GET", f"/deal/views?cursor={page['next_cursor']}")
    refused(answer, 400, "invalid_request", ".query.cursor")
    shown = read(api, f"/lists/{first}")["views"]
    assert [view["id"] for view in shown] == [made[0]["id"], made[3]["id"], made[4]["id"]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", ".query.limit"),
        ("limit=x", ".query.limit"),
        ("page=0", ".query.page"),
        ("page=-1", ".query.page"),
        ("page=1.5", ".query.page"),
        ("page=²", ".query.page"),
        ("page=99999999", ".query.page"),
        ("page=1000000000000000000000000", ".query.page"),
        ("page=1&page=2", ".query.page"),
        ("cursor=nope", ".query.cursor"),
        ("cursor=%ff", ".query.cursor"),
        ("cursor=a&cursor=b", ".query.cursor"),
        ("list_id=a&list_id=b", ".query.list_id"),
    ],
)
def test_a_listing_that_cannot_be_meant_is_refused(api: Api, query: str, field: str) -> None:
    refused(api.send("GET", f"/deal/views?{query}"), 400, "invalid_request", field)


def test_a_cursor_is_good_for_its_own_listing(api: Api, serve: Callable[..., Api]) -> None:
    for _ in range(2):
        make_view(api)
    cursor = read(api, "/deal/views?limit=1")["next_cursor"]
    for asking, path in ((api, "/action/views"), (serve(), "/deal/views")):
        refused(asking.send("GET", f"{path}?cursor={cursor}"), 400, "invalid_request", ".query.cursor")


def test_there_is_an_end_to_views_also_for_those_who_hurry(serve: Callable[..., Api]) -> None:
    api = serve(views_max=3)
    make_view(api, "action")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: api.send("POST", "/deal/views", json=MINIMAL), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [400] * 5
    assert len(read(api, "/deal/views")["data"]) == 3


def test_a_property_deleted_later_does_not_lock_the_view_up(api: Api) -> None:
    prop = api.send("POST", "/deal/properties", json={"name": "Score", "type": "num"}).json()
    made = make_view(api, filter=[{"name": {"is_not_null": True}}, {"score": {">": 1}}])
    assert api.send("DELETE", f"/deal/properties/{prop['id']}?type=num").status_code == 204
    path = f"/deal/views/{made['id']}"
    answer = api.send("GET", f"{path}/records")
    refused(answer, 400, "invalid_request", ".view.filter[1]")
    assert "score" in answer.json()["error"]["message"]
    refused(api.send("GET", f"{path}?include=records"), 400, "invalid_request", ".view.filter[1]")
    assert read(api, path) == made
    assert api.send("PATCH", path, json={"name": "Renamed"}).json()["name"] == "Renamed"
    refused(api.send("PATCH", path, json={"sort": [{"name": "asc"}]}), 400, "invalid_request", ".body.filter[1]")
    assert api.send("PATCH", path, json={"filter": []}).status_code == 200
    assert read(api, f"{path}/records")["data"] == []


def test_a_repeat_under_a_key_is_a_replay(api: Api) -> None:
    def send(method: str, path: str, body: Any, key: str) -> httpx.Response:
        return api.send(method, path, json=body, headers={"idempotency-key": key})

    first, second = (send("POST", "/deal/views", MINIMAL, "make") for _ in range(2))
    assert (second.json(), second.headers["idempotent-replay"]) == (first.json(), "true")
    assert len(read(api, "/deal/views")["data"]) == 1
    path = f"/deal/views/{first.json()['id']}"
    changed = send("PATCH", path, {"name": "b"}, "change")
    send("PATCH", path, {"name": "c"}, "again")
    assert send("PATCH", path, {"name": "b"}, "change").json() == changed.json()
    assert read(api, path)["name"] == "c"
    refused(send("PATCH", path, {"name": "d"}, "change"), 409, "idempotency_key_mismatch")


def test_two_patches_at_once_lose_nothing(api: Api) -> None:
    path = f"/deal/views/{make_view(api)['id']}"
    changes: list[dict[str, Any]] = [{"name": "b"}, {"icon": "i"}, {"sort_order": 3}, {"group_by": "status"}]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda change: api.send("PATCH", path, json=change), changes))
    assert {answer.status_code for answer in answers} == {200}
    view = read(api, path)
    assert (view["name"], view["icon"], view["sort_order"], view["group_by"]) == ("b", "i", 3, "status")


def test_a_page_of_views_takes_as_many_statements_as_one_view(api: Api) -> None:
    make_view(api)
    with count_statements(api.runtime) as one:
        read(api, "/deal/views")
    for _ in range(20):
        make_view(api, list_id=None)
    with count_statements(api.runtime) as many:
        assert len(read(api, "/deal/views")["data"]) == 21
    assert len(many) == len(one)


@pytest.mark.parametrize("object_type", VIEW_TYPES)
def test_the_official_client_manages_views(api: Api, object_type: Any) -> None:
    with Micro(**_account(api), _strict_response_validation=True) as client:
        made = client.views.create(
            object_type, name="Mine", view_type="grid", sort_order=1, sort=[{"created_at": "desc"}],
            column_layout={"a": 1}, idempotency_key="k",
        )  # fmt: skip
        assert (made.name, made.team_id, made.combinator, made.sort) == (
            "Mine",
            api.team,
            "AND",
            [{"created_at": "desc"}],
        )
        changed = client.views.update(made.id or "", view_object_type=object_type, name="Ours", group_by=None)
        assert changed.to_dict() == made.to_dict() | {"name": "Ours", "updated_at": changed.updated_at}
        found: Any = client.views.get(made.id or "", view_object_type=object_type)
        assert found.to_dict() == changed.to_dict()
        both: Any = client.views.get(made.id or "", view_object_type=object_type, include="records", limit=5)
        assert (both.view.to_dict(), both.records.data, both.records.has_more) == (changed.to_dict(), [], False)
        client.views.delete(made.id or "", view_object_type=object_type)
        with pytest.raises(micro_so.NotFoundError):
            client.views.get(made.id or "", view_object_type=object_type)


def test_the_asynchronous_client_manages_views(api: Api) -> None:
    async def manage() -> None:
        async with AsyncMicro(**_account(api), _strict_response_validation=True) as client:
            made = await client.views.create("event", name="Mine", view_type="grid")
            changed = await client.views.update(made.id or "", view_object_type="event", select=["created_at"])
            found: Any = await client.views.get(made.id or "", view_object_type="event")
            assert found.to_dict() == changed.to_dict()
            await client.views.delete(made.id or "", view_object_type="event")

    asyncio.run(manage())
    assert read(api, "/event/views")["data"] == []


def _account(api: Api) -> dict[str, Any]:
    return {"api_key": api.key, "team_id": api.team, "base_url": api.url, "max_retries": 0}
