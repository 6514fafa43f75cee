"""Batches of updates and deletes: every item for itself, in order, and no more statements for more items."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from prismd.api.records.shapes import BatchResult
from prismd.core.properties.schema import IMPORTABLE_TYPES
from tests.statements import count_statements

if TYPE_CHECKING:
    from tests.api.conftest import Api

NOBODY = "00000000-0000-7000-8000-000000000000"


def made(api: Api, count: int = 1, object_type: str = "contact", **values: Any) -> list[str]:
    rows = [{"default": {"title": f"T{number}", **values}} for number in range(count)]
    if object_type not in {"contact", "document"}:
        rows = [{"default": values}] * count
    return [row["id"] for row in api.start(rows, object_type).json()["results"]] if count < 100 else _many(api, count)


def _many(api: Api, count: int) -> list[str]:
    return [record_id for _ in range(count // 50) for record_id in made(api, 50)]


def update(api: Api, items: Any, object_type: str = "contact", query: str = "") -> dict[str, Any]:
    answer = api.send("POST", f"/{object_type}/batch/update{query}", json={"items": items})
    return checked(answer)


def delete(api: Api, ids: Any, object_type: str = "contact") -> dict[str, Any]:
    return checked(api.send("POST", f"/{object_type}/batch/delete", json={"ids": ids}))


def checked(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    msgspec.convert(result, BatchResult)
    statuses = [item["status"] for item in result["results"]]
    succeeded = statuses.count("ok")
    total = len(statuses)
    assert result["summary"] == {"total": total, "succeeded": succeeded, "failed": total - succeeded}
    assert all(("error" in item) == (item["status"] == "error") for item in result["results"])
    return result


def title(api: Api, record_id: str) -> Any:
    return api.send("GET", f"/contact/{record_id}").json()["default"].get("title")


@pytest.mark.parametrize("object_type", IMPORTABLE_TYPES)
def test_records_of_every_type_but_events_are_written_in_batches(api: Api, object_type: str) -> None:
    [one, other] = made(api, 2, object_type)
    written = update(api, [{"id": one, "default": {"source_created_at": "2024-05-31"}}, {"id": other}], object_type)
    assert [item["status"] for item in written["results"]] == ["ok", "ok"]
    assert written["results"][0]["record"] == api.send("GET", f"/{object_type}/{one}").json()
    gone = delete(api, [one, other], object_type)
    assert [item["id"] for item in gone["results"]] == [one, other]
    assert api.send("GET", f"/{object_type}/count").json() == {"total": 0}
    assert api.send("POST", f"/{object_type}/{one}/restore").status_code == 200


def test_events_are_not(api: Api) -> None:
    for what, name in [("update", "items"), ("delete", "ids")]:
        answer = api.send("POST", f"/event/batch/{what}", json={name: []})
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_items_are_independent(api: Api) -> None:
    ids = made(api, 4)
    api.send("DELETE", f"/contact/{ids[3]}")
    items: list[Any] = [
        {"id": ids[0], "default": {"title": "A"}},
        {"id": ids[1], "default": {"title": 5}},
        {"id": NOBODY, "default": {"title": "B"}},
        {"id": "unknown"},
        {"id": ids[3]},
        {"default": {"title": "C"}},
        {"id": 7, "default": {}},
        {"id": None},
        {"id": "\0"},
        None,
        [],
        {"id": ids[1], "default": []},
        {"id": ids[1], "default": {"emial": "x"}},
        {"id": ids[1], "list": {NOBODY: {}}},
        {"id": ids[1], "default": {"company": NOBODY}},
        {"id": ids[2].upper(), "extended": {"title": "D"}},
        {"id": ids[2], "title": "E"},
    ]
    result = update(api, items)["results"]
    codes = [item.get("error", {}).get("code") for item in result]
    assert codes == [
        None, "invalid_value", "not_found", "not_found", "not_found", "invalid_request", "invalid_request",
        "invalid_request", "invalid_request", "invalid_request", "invalid_request", "invalid_request",
        "invalid_property", "not_found", "not_found", None, "invalid_request",
    ]  # fmt: skip
    assert [item["id"] for item in result] == [
        ids[0], ids[1], NOBODY, "unknown", ids[3], None, None, None, None, None, None, ids[1], ids[1], ids[1], ids[1],
        ids[2].upper(), ids[2],
    ]  # fmt: skip
    assert [title(api, record_id) for record_id in ids[:3]] == ["A", "T1", "D"]


def test_items_for_the_same_record_are_done_in_order(api: Api) -> None:
    [own] = made(api)
    result = update(
        api,
        [
            {"id": own, "default": {"title": "A", "city": "Rome"}},
            {"id": own, "default": {"title": 5}},
            {"id": own.upper(), "default": {"title": "B"}},
            {"id": own, "default": {"title": "B"}},
            {"id": own, "default": {"city": None}},
        ],
    )["results"]
    shown = [item["record"]["default"] for item in result if item["status"] == "ok"]
    assert [(values["title"], values.get("city")) for values in shown] == [
        ("A", "Rome"), ("B", "Rome"), ("B", "Rome"), ("B", None)
    ]  # fmt: skip
    assert api.send("GET", f"/contact/{own}").headers["etag"] == '"4"'
    assert api.send("GET", f"/contact/{own}").json()["default"] == shown[-1]
    deleted = delete(api, [own, own.upper(), 5, None, "unknown"])["results"]
    assert [item.get("error", {}).get("code") for item in deleted] == [
        None, "not_found", "invalid_request", "invalid_request", "not_found"
    ]  # fmt: skip
    assert [item["id"] for item in deleted] == [own, own.upper(), None, None, "unknown"]


def test_keys_follow_batches(api: Api) -> None:
    [one, other] = made(api, 2)
    assert api.send("GET", "/contact/by/email/a@x.org").status_code == 404
    update(api, [{"id": one, "default": {"email": "a@x.org"}}, {"id": other, "default": {"email": "b@x.org"}}])
    assert api.send("GET", "/contact/by/email/A@x.org").json()["id"] == one
    update(api, [{"id": one, "default": {"email": None}}, {"id": other, "default": {"email": "a@x.org"}}])
    assert api.send("GET", "/contact/by/email/a@x.org").json()["id"] == other


def test_required_values_are_demanded_of_items(api: Api) -> None:
    asked = {"name": "Badge", "type": "str", "required": True}
    assert api.send("POST", "/contact/properties", json=asked).status_code == 201
    [own] = made(api, badge="7")
    [item] = update(api, [{"id": own, "default": {"badge": None}}])["results"]
    assert item["error"]["code"] == "missing_required"


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("update", b"", ".body"),
        ("update", b"[]", ".body"),
        ("update", b"{", ".body"),
        ("update", b"{}", ".body.items"),
        ("update", b'{"items": {}}', ".body.items"),
        ("update", b'{"items": null}', ".body.items"),
        ("update", json.dumps({"items": [{}] * 101}).encode(), ".body.items"),
        ("delete", b"{}", ".body.ids"),
        ("delete", b'{"ids": "x"}', ".body.ids"),
        ("delete", json.dumps({"ids": ["x"] * 101}).encode(), ".body.ids"),
    ],
)
def test_a_batch_that_is_none_is_refused(api: Api, what: str, body: bytes, field: str) -> None:
    answer = api.send("POST", f"/contact/batch/{what}", content=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["errors"][0]["field"]) == (400, "invalid_request", field)


def test_an_empty_batch_does_nothing(api: Api) -> None:
    nothing = {"results": [], "summary": {"total": 0, "succeeded": 0, "failed": 0}}
    assert update(api, []) == nothing
    assert delete(api, []) == nothing


def test_how_many_items_there_may_be_is_a_setting(serve: Callable[..., Api]) -> None:
    api = serve(batch_items_max=2)
    assert api.send("POST", "/contact/batch/delete", json={"ids": ["x"] * 2}).status_code == 200
    assert api.send("POST", "/contact/batch/delete", json={"ids": ["x"] * 3}).status_code == 400


def test_records_of_another_team_are_not_there(api: Api, serve: Callable[..., Api]) -> None:
    [own], other = made(api), serve()
    codes = [
        update(other, [{"id": own, "default": {"title": "X"}}])["results"][0]["error"]["code"],
        delete(other, [own])["results"][0]["error"]["code"],
    ]
    assert codes == ["not_found", "not_found"]
    assert title(api, own) == "T0"


def test_a_batch_is_done_in_as_many_statements_as_one_item(api: Api) -> None:
    organization = made(api, 1, "organization", name="A")[0]
    api.start([{"default": {"email": "boss@x.org"}}])
    api.send("GET", "/contact/by/email/boss@x.org")
    ids = made(api, 100)

    def statements(what: str, count: int, step: int) -> int:
        values = {"title": f"New {step}", "company": organization}
        body = {
            "update": {
                "items": [{"id": one, "default": values | {"email": f"{step}-{one}@x.org"}} for one in ids[:count]]
            },
            "delete": {"ids": ids[-count:]},
        }[what]
        with count_statements(api.runtime) as sent:
            checked(api.send("POST", f"/contact/batch/{what}", json=body))
        return len(sent)

    statements("update", 100, 0)
    assert statements("update", 1, 1) == statements("update", 100, 2)
    one = statements("delete", 1, 4)
    assert statements("delete", 99, 5) == one
    assert api.send("GET", "/contact/count").json()["total"] <= 2
