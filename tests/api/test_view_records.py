"""The records of views over HTTP and through the official client: filtered, sorted, and the pinned ones first."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from micro_so import AsyncMicro, Micro

from prismd.api.views.shapes import ViewRecordPage, ViewWithRecords
from prismd.core.views.definitions import VIEW_TYPES
from tests.refusals import refused
from tests.statements import count_statements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.api.conftest import Api

NOWHERE = "0190aaaa-0000-7000-8000-00000000000a"


def make_view(api: Api, object_type: str = "deal", **members: Any) -> str:
    body = {"name": "Mine", "view_type": "grid", **members}
    answer = api.send("POST", f"/{object_type}/views", json=body)
    assert answer.status_code == 201, answer.text
    return f"/{object_type}/views/{answer.json()['id']}"


def make_deals(api: Api, *amounts: int | None, **more: Any) -> list[str]:
    rows = [{"default": {"amount": amount, "name": f"Deal {amount}", **more}} for amount in amounts]
    return [row["id"] for row in api.start(rows, "deal").json()["results"]]


def page(api: Api, view: str, **query: Any) -> dict[str, Any]:
    answer = api.send("GET", f"{view}/records", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    msgspec.convert(found, ViewRecordPage)
    return found


def ids(api: Api, view: str, **query: Any) -> list[str]:
    """Return the ids of all records of a view, by following its cursors."""
    found: list[str] = []
    while True:
        one = page(api, view, **query)
        found += [row["id"] for row in one["data"]]
        if not one["has_more"]:
            assert one["next_cursor"] is None
            return found
        query = {"cursor": one["next_cursor"]}


def pin(api: Api, view: str, record_id: str, **headers: str) -> httpx.Response:
    return api.send("POST", f"{view}/records/{record_id}", headers=headers)


def unpin(api: Api, view: str, record_id: str) -> httpx.Response:
    return api.send("DELETE", f"{view}/records/{record_id}")


def order(api: Api, view: str, object_ids: Any, **headers: str) -> httpx.Response:
    return api.send("PATCH", f"{view}/records", json={"object_ids": object_ids}, headers=headers)


def done(answer: httpx.Response, status: int) -> None:
    assert (answer.status_code, answer.content) == (status, b""), answer.text


def test_a_view_shows_what_it_selects_filters_and_sorts(api: Api) -> None:
    [company] = api.start([{"default": {"name": "Acme"}}], "organization").json()["results"]
    small, large, none = make_deals(api, 5, 50, None, company=company["id"])
    view = make_view(
        api,
        select=["amount", "company.name"],
        filter=[{"amount": {">": 1}}, {"company.name": {"=": "Acme"}}],
        sort=[{"amount": "desc"}],
    )
    make_deals(api, 70)
    shown = {"company": {"id": company["id"], "properties": {"name": "Acme"}}}
    assert page(api, view) == {
        "data": [
            {"id": large, "properties": {"amount": 50, **shown}},
            {"id": small, "properties": {"amount": 5, **shown}},
        ],
        "has_more": False,
        "next_cursor": None,
    }
    assert api.send("PATCH", view, json={"combinator": "OR"}).status_code == 200
    assert {small, large, none} < set(ids(api, view))
    assert len(ids(api, view)) == 4


def test_a_view_without_a_selection_shows_everything(api: Api) -> None:
    [deal] = make_deals(api, 5)
    for view in (make_view(api), make_view(api, select=[])):
        [row] = page(api, view)["data"]
        assert (row["id"], row["properties"]["amount"], row["properties"]["name"]) == (deal, 5, "Deal 5")
        assert row["properties"]["created_at"]


def test_a_view_of_a_list_shows_its_members(api: Api) -> None:
    list_id = api.send("POST", "/lists", json={"template_id": "sales_deals"}).json()["id"]
    outside, inside, further = make_deals(api, 1, 2, 3)
    view = make_view(api, list_id=list_id, select=["app_stage", "amount"])
    for deal in (inside, further):
        answer = api.send("PATCH", f"/deal/{deal}", json={"list": {list_id: {}}})
        assert answer.status_code == 200, answer.text
    assert ids(api, view) == [inside, further]
    for deal in (outside, further):
        done(pin(api, view, deal), 201)
    assert ids(api, view) == [further, inside]


def test_pinned_records_come_first_in_their_order(api: Api) -> None:
    deals = make_deals(api, 1, 2, 3, 4, 5)
    view = make_view(api, sort=[{"amount": "desc"}])
    for deal in (deals[1], deals[3], deals[1].upper(), deals[0]):
        done(pin(api, view, deal), 201)
    expected = [deals[1], deals[3], deals[0], deals[4], deals[2]]
    assert ids(api, view) == ids(api, view, limit=1) == ids(api, view, limit=2) == expected
    assert [row["id"] for number in (1, 2, 3) for row in page(api, view, limit=2, page=number)["data"]] == expected
    # The order names some; the others keep their pins, and come after these.
    done(order(api, view, [deals[0].upper(), deals[3]]), 204)
    assert ids(api, view) == [deals[0], deals[3], deals[1], deals[4], deals[2]]
    done(order(api, view, []), 204)
    done(order(api, view, [deals[1]]), 204)
    assert ids(api, view) == [deals[1], deals[0], deals[3], deals[4], deals[2]]
    # What is not pinned yet has no place that could be another one.
    refused(order(api, view, [deals[3], deals[4]]), 400, "invalid_request", ".body.object_ids[1]")
    done(unpin(api, view, deals[0].upper()), 204)
    refused(order(api, view, [deals[0]]), 400, "invalid_request", ".body.object_ids[0]")
    assert ids(api, view) == [deals[1], deals[3], deals[4], deals[2], deals[0]]
    for deal in (deals[1], deals[3]):
        done(unpin(api, view, deal), 204)
    assert ids(api, view) == deals[::-1]
    # Pins belong to one view, and are nothing that its bundle shows.
    done(pin(api, view, deals[0]), 201)
    assert ids(api, make_view(api)) == deals
    assert api.send("GET", view).json()["updated_at"] == api.send("GET", view).json()["created_at"]


def test_the_filter_applies_to_pinned_records_too(api: Api) -> None:
    small, large = make_deals(api, 5, 50)
    view = make_view(api, filter=[{"amount": {">": 10}}])
    done(pin(api, view, small), 201)
    assert ids(api, view) == [large]
    api.send("PATCH", view, json={"filter": []})
    assert ids(api, view) == [small, large]


def test_a_deleted_record_keeps_its_pin(api: Api) -> None:
    first, second, third = make_deals(api, 1, 2, 3)
    view = make_view(api)
    for deal in (second, third):
        done(pin(api, view, deal), 201)
    assert api.send("DELETE", f"/deal/{third}").status_code == 204
    assert ids(api, view) == [second, first]
    refused(pin(api, view, third), 404, "not_found")
    # Its pin can be moved like any other.
    done(order(api, view, [third]), 204)
    assert ids(api, view) == [second, first]
    assert api.send("POST", f"/deal/{third}/restore").status_code == 200
    assert ids(api, view) == [third, second, first]
    assert api.send("DELETE", f"/deal/{third}").status_code == 204
    done(unpin(api, view, third), 204)
    api.send("POST", f"/deal/{third}/restore")
    assert ids(api, view) == [second, first, third]


def test_only_records_of_the_type_and_the_team_can_be_pinned(api: Api, serve: Callable[..., Api]) -> None:
    view, theirs = make_view(api), serve()
    [deal], [foreign] = make_deals(api, 1), make_deals(theirs, 1)
    [action] = api.start([{}], "action").json()["results"]
    for other in (foreign, action["id"], NOWHERE, "x", "query", "%ff"):
        refused(pin(api, view, other), 404, "not_found")
        refused(unpin(api, view, other), 404, "not_found")
    done(pin(api, view, deal), 201)
    for other in (foreign, action["id"], NOWHERE, "x", "", "\0"):
        refused(order(api, view, [deal, other]), 400, "invalid_request", ".body.object_ids[1]")
    refused(
        order(api, view, [deal, "x", deal.upper(), NOWHERE]), 400, "invalid_request",
        ".body.object_ids[1]", ".body.object_ids[2]", ".body.object_ids[3]",
    )  # fmt: skip
    assert ids(api, view) == [deal]
    assert ids(theirs, make_view(theirs)) == [foreign]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("", ".body"),
        ("[]", ".body"),
        ("{}", ".body.object_ids"),
        ('{"object_ids": null}', ".body.object_ids"),
        ('{"object_ids": "x"}', ".body.object_ids"),
        ('{"object_ids": [1]}', ".body.object_ids[0]"),
        ('{"object_ids": ["x", null]}', ".body.object_ids[1]"),
        ('{"object_ids": ["\\ud800"]}', ".body.object_ids[0]"),
    ],
)
def test_an_order_that_is_none_is_refused(api: Api, content: str, field: str) -> None:
    refused(api.send("PATCH", f"{make_view(api)}/records", content=content), 400, "invalid_request", field)


def test_there_is_an_end_to_pins(serve: Callable[..., Api]) -> None:
    api = serve(pinned_records_max=2)
    view, deals = make_view(api), make_deals(api, 1, 2, 3)
    for deal in (deals[1], deals[0]):
        done(pin(api, view, deal), 201)
    refused(pin(api, view, deals[2]), 400, "invalid_request", ".path.recordId")
    refused(order(api, view, deals), 400, "invalid_request", ".body.object_ids")
    done(pin(api, view, deals[0]), 201)
    assert ids(api, view) == [deals[1], deals[0], deals[2]]


def test_pins_at_once_are_all_kept(api: Api) -> None:
    view, deals = make_view(api), make_deals(api, *range(12))
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda deal: pin(api, view, deal), [*deals[6:], *deals[6:]]))
    assert {answer.status_code for answer in answers} == {201}
    assert set(ids(api, view)[:6]) == set(deals[6:])
    assert ids(api, view)[6:] == deals[:6]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", ".query.limit"),
        ("limit=2.0", ".query.limit"),
        ("page=0", ".query.page"),
        ("page=x", ".query.page"),
        ("page=99999999", ".query.page"),
        ("cursor=nope", ".query.cursor"),
        ("cursor=%01", ".query.cursor"),
    ],
)
def test_a_page_that_cannot_be_meant_is_refused(api: Api, query: str, field: str) -> None:
    view = make_view(api)
    refused(api.send("GET", f"{view}/records?{query}"), 400, "invalid_request", field)
    refused(api.send("GET", f"{view}?include=records&{query}"), 400, "invalid_request", field)
    # They belong to the records; without these nobody reads them.
    assert api.send("GET", f"{view}?{query}").status_code == 200


def test_a_cursor_is_good_for_its_own_view_as_it_was(api: Api, serve: Callable[..., Api]) -> None:
    deals, theirs = make_deals(api, 1, 2, 3), serve()
    view, other = make_view(api, sort=[{"amount": "asc"}]), make_view(api)
    cursor = page(api, view, limit=1)["next_cursor"]
    assert [row["id"] for row in page(api, view, cursor=cursor, limit=9, page=9)["data"]] == [deals[1]]
    make_deals(api, 0)
    assert ids(api, view, cursor=cursor) == deals[1:]
    for asking, path in ((api, other), (theirs, make_view(theirs, sort=[{"amount": "asc"}]))):
        answer = asking.send("GET", f"{path}/records", params={"cursor": cursor})
        refused(answer, 400, "invalid_request", ".query.cursor")
    done(pin(api, view, deals[2]), 201)
    refused(api.send("GET", f"{view}/records", params={"cursor": cursor}), 400, "invalid_request", ".query.cursor")


def test_a_page_has_fifty_records_unless_fewer_are_wanted(api: Api) -> None:
    view = make_view(api)
    make_deals(api, *range(52))
    for query, number in ({}, 50), ({"limit": 999}, 50), ({"limit": 7}, 7):
        assert len(page(api, view, **query)["data"]) == number
        both = api.send("GET", view, params={"include": "records", **query}).json()
        assert len(both["records"]["data"]) == number


def test_a_view_brings_its_records_if_wanted(api: Api) -> None:
    view, deals = make_view(api), make_deals(api, 1, 2, 3)
    done(pin(api, view, deals[2]), 201)
    bundle = api.send("GET", view).json()
    both = api.send("GET", f"{view}?include=records&limit=2").json()
    msgspec.convert(both, ViewWithRecords)
    assert both == {"view": bundle, "records": page(api, view, limit=2)}
    rest = api.send("GET", f"{view}?include=,records,&cursor={both['records']['next_cursor']}").json()
    assert [row["id"] for row in rest["records"]["data"]] == [deals[1]]
    assert api.send("GET", f"{view}?include=").json() == bundle
    refused(api.send("GET", f"{view}?include=record"), 400, "invalid_request", ".query.include")
    refused(api.send("GET", f"{view}?include=records,list"), 400, "invalid_request", ".query.include")


def test_a_repeat_under_a_key_is_a_replay(api: Api) -> None:
    view, deals = make_view(api), make_deals(api, 1, 2)
    key = {"idempotency-key": "pin"}
    done(pin(api, view, deals[1], **key), 201)
    done(unpin(api, view, deals[1]), 204)
    again = pin(api, view, deals[1], **key)
    done(again, 201)
    assert again.headers["idempotent-replay"] == "true"
    assert ids(api, view) == deals
    refused(pin(api, view, deals[0], **key), 409, "idempotency_key_mismatch")
    for deal in deals:
        done(pin(api, view, deal), 201)
    key = {"idempotency-key": "order"}
    done(order(api, view, deals[::-1], **key), 204)
    done(order(api, view, deals), 204)
    again = order(api, view, deals[::-1], **key)
    done(again, 204)
    assert again.headers["idempotent-replay"] == "true"
    assert ids(api, view) == deals


def test_statements_do_not_grow_with_pins_or_records(api: Api) -> None:
    view, deals = make_view(api, sort=[{"amount": "desc"}]), make_deals(api, *range(60))

    for deal in deals[:50]:
        done(pin(api, view, deal), 201)

    def counts(object_ids: Sequence[str]) -> list[int]:
        numbers = []
        sends: list[Callable[[], httpx.Response]] = [
            lambda: order(api, view, object_ids),
            lambda: pin(api, view, deals[-1]),
            lambda: api.send("GET", f"{view}/records?limit={len(object_ids)}"),
            lambda: unpin(api, view, deals[-1]),
        ]
        for send in sends:
            with count_statements(api.runtime) as sent:
                assert send().status_code < 300
            numbers.append(len(sent))
        return numbers

    counts(deals[:1])  # the first use of a view may prepare something
    assert counts(deals[:1]) == counts(deals[:50])


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("pin"), st.integers(0, 5)),
        st.tuples(st.just("unpin"), st.integers(0, 5)),
        st.tuples(st.just("order"), st.lists(st.integers(0, 5), unique=True)),
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("restore"), st.integers(0, 5)),
    ),
    max_size=12,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=OPERATIONS, descending=st.booleans(), limit=st.integers(1, 7))
def test_whatever_is_done_the_order_is_that_of_a_list(
    *, api: Api, operations: list[tuple[str, Any]], descending: bool, limit: int
) -> None:
    deals = make_deals(api, *range(6), status="lead")
    tag = api.runtime.new_id()
    for deal in deals:
        assert api.send("PATCH", f"/deal/{deal}", json={"default": {"name": tag}}).status_code == 200
    view = make_view(api, filter=[{"name": {"=": tag}}], sort=[{"amount": "desc" if descending else "asc"}])
    pinned: list[int] = []
    there = set(range(6))
    for name, what in operations:
        if name == "pin":
            assert pin(api, view, deals[what]).status_code == (201 if what in there else 404)
            pinned += [what] if what in there and what not in pinned else []
        elif name == "unpin":
            assert unpin(api, view, deals[what]).status_code == (204 if what in pinned else 404)
            pinned = [one for one in pinned if one != what]
        elif name == "order":
            fits = set(what) <= set(pinned)
            assert order(api, view, [deals[one] for one in what]).status_code == (204 if fits else 400)
            pinned = [*what, *(one for one in pinned if one not in what)] if fits else pinned
        elif name == "delete" and what in there:
            assert api.send("DELETE", f"/deal/{deals[what]}").status_code == 204
            there.remove(what)
        elif name == "restore":
            assert api.send("POST", f"/deal/{deals[what]}/restore").status_code == 200
            there.add(what)
    rest = sorted(there.difference(pinned), reverse=descending)
    expected = [deals[one] for one in (*(one for one in pinned if one in there), *rest)]
    assert ids(api, view, limit=limit) == expected


@pytest.mark.parametrize("object_type", VIEW_TYPES)
def test_the_official_client_pins_records(api: Api, object_type: Any) -> None:
    made = [api.send("POST", f"/{object_type}", json={"default": {}}).json()["id"] for _ in range(3)]
    view_id = make_view(api, object_type).rsplit("/", 1)[-1]
    with Micro(**_account(api), _strict_response_validation=True) as client:
        records = client.views.records
        for one in (made[2], made[1]):
            records.pin(one, view_object_type=object_type, view_id=view_id, idempotency_key=one)
        records.reorder(view_id, view_object_type=object_type, object_ids=[made[1], made[2]])
        first = records.list(view_id, view_object_type=object_type, limit=2)
        assert ([row["id"] for row in first.data], first.has_more) == ([made[1], made[2]], True)
        rest = records.list(view_id, view_object_type=object_type, cursor=first.next_cursor or "")
        assert ([row["id"] for row in rest.data], rest.has_more, rest.next_cursor) == ([made[0]], False, None)
        records.unpin(made[1], view_object_type=object_type, view_id=view_id)
        both: Any = client.views.get(view_id, view_object_type=object_type, include="records", page=1)
        assert [row["id"] for row in both.records.data] == [made[2], made[0], made[1]]


def test_the_asynchronous_client_pins_records(api: Api) -> None:
    deals = make_deals(api, 1, 2)
    view_id = make_view(api).rsplit("/", 1)[-1]

    async def use() -> list[Any]:
        async with AsyncMicro(**_account(api), _strict_response_validation=True) as client:
            records = client.views.records
            for deal in deals:
                await records.pin(deal, view_object_type="deal", view_id=view_id)
            await records.reorder(view_id, view_object_type="deal", object_ids=deals[::-1])
            await records.unpin(deals[0], view_object_type="deal", view_id=view_id)
            return [row["id"] for row in (await records.list(view_id, view_object_type="deal")).data]

    assert asyncio.run(use()) == [deals[1], deals[0]]


def _account(api: Api) -> dict[str, Any]:
    return {"api_key": api.key, "team_id": api.team, "base_url": api.url, "max_retries": 0}
