"""The stage of a list under its two names, over HTTP: what is written as one is read as the other (contract, 23)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.making import make_list, properties_of

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Api

NAMES = ("status", "app_stage")


@pytest.fixture
def flow(api: Api) -> str:
    return str(make_list(api, "deal_flow")["id"])


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def bodies(flow: str, stage: str) -> list[tuple[str, dict[str, Any]]]:
    """Return every way to write a stage, with the query string that it needs."""
    named: list[dict[str, Any]] = [{bucket: {name: stage}} for bucket in ("default", "list") for name in NAMES]
    alone: list[dict[str, Any]] = [{"list": {flow: {name: stage}}} for name in NAMES]
    both: list[dict[str, Any]] = [{"default": {"status": stage}, "list": {flow: {"app_stage": stage}}}]
    return [*((f"?list_id={flow}", body) for body in (*named, *alone, *both)), *(("", body) for body in alone)]


def check_stage(api: Api, flow: str, record: str, stage: str) -> None:
    """See to it that a record has a stage, wherever it is read."""
    whole = ok(api.send("GET", f"/deal/{record}?list_id={flow}"))
    assert (whole["default"]["status"], whole["list"]["app_stage"]) == (stage, stage)
    assert "status" not in ok(api.send("GET", f"/deal/{record}"))["default"]
    for name, shown in (("status", "default"), ("app_stage", "list")):
        one = ok(api.send("GET", f"/deal/{record}?list_id={flow}&select={name}"))
        assert one[shown] == {name: stage}
        for part in ({name: {"=": stage}}, {name: {"in": [stage]}}, {name: {"is_not_null": True}}):
            query = {"select": [*NAMES], "filter": [part, {"id": {"=": record}}], "sort": [{name: "asc"}]}
            found = ok(api.send("POST", "/deal/query", json={"query": {**query, "list_id": flow}}))["data"]
            assert found == [{"id": record, "properties": {"status": stage, "app_stage": stage}}]
        listed = ok(api.send("GET", f"/deal?list_id={flow}&{name}={stage}&select={name}&sort={name}"))["data"]
        assert {"id": record, "properties": {name: stage}} in listed
    [row] = ok(api.send("GET", f"/deal?list_id={flow}&id={record}"))["data"]
    assert (row["properties"]["status"], row["properties"]["app_stage"]) == (stage, stage)
    # Without the list the name means the native property, which nobody wrote.
    outside = {"select": ["status"], "filter": [{"id": {"=": record}}]}
    assert ok(api.send("POST", "/deal/query", json={"query": outside}))["data"][0]["properties"] == {"status": None}


def test_single_writes_know_both_names(api: Api, flow: str) -> None:
    for query, body in bodies(flow, "sourced"):
        record = ok(api.send("POST", f"/deal{query}", json=body), 201)["id"]
        check_stage(api, flow, record, "sourced")
    for query, body in bodies(flow, "invested"):
        ok(api.send("PATCH", f"/deal/{record}{query}", json=body))
        check_stage(api, flow, record, "invested")
        ok(api.send("PATCH", f"/deal/{record}?list_id={flow}", json={"default": {"status": None}}))
    for place in ("default", "list"):
        assert "status" not in ok(api.send("GET", f"/deal/{record}?list_id={flow}"))[place]
    made = ok(api.send("PUT", f"/deal/by/name/Upserted?list_id={flow}", json={"default": {"status": "passed"}}), 201)
    assert (made["default"]["status"], made["list"]["app_stage"]) == ("passed", "passed")


def test_a_stage_is_looked_up_under_both_names(api: Api, flow: str) -> None:
    record = ok(api.send("POST", "/deal", json={"list": {flow: {"app_stage": "sourced"}}}), 201)["id"]
    for name in NAMES:
        assert ok(api.send("GET", f"/deal/by/{name}/sourced?list_id={flow}"))["id"] == record
        upserted = api.send("PUT", f"/deal/by/{name}/sourced?list_id={flow}", json={"default": {"name": name}})
        assert ok(upserted)["id"] == record
    assert api.send("GET", "/deal/by/status/sourced").status_code == 404


def test_imports_know_both_names(api: Api, flow: str) -> None:
    rows = [body for query, body in bodies(flow, "Sourced") if query]
    job = ok(api.start(rows, "deal", list_id=flow, require_list_stage=True))
    for result in job["results"]:
        check_stage(api, flow, result["id"], "sourced")
    row = {"default": {"status": "On ice"}}
    job = ok(api.start([row, row], "deal", list_id=flow, create_missing_options=True, dedupe_by="status"))
    first, second = (result["id"] for result in job["results"])
    assert first == second
    check_stage(api, flow, first, "on_ice")
    native = next(prop for prop in properties_of(api, "deal") if prop["slug"] == "status")
    assert "on_ice" not in {option["slug"] for option in native["options"]}


def test_two_values_under_two_names_are_refused(api: Api, flow: str) -> None:
    body = {"default": {"status": "sourced"}, "list": {flow: {"app_stage": "passed"}}}
    nested = {"list": {flow: {"status": "sourced", "app_stage": "passed"}}}
    for one in (body, nested):
        answer = api.send("POST", f"/deal?list_id={flow}", json=one)
        assert answer.status_code == 400
        assert "two names" in answer.json()["error"]["message"]
        [result] = ok(api.start([one], "deal", list_id=flow))["results"]
        assert [error["code"] for error in result["errors"]] == ["invalid_row"]
    # Without the list, the two are two: what all records have, and the stage.
    lead = {"default": {"status": "lead"}, "list": {flow: {"app_stage": "passed"}}}
    record = ok(api.send("POST", "/deal", json=lead), 201)
    assert (record["default"]["status"], record["list"]) == ("lead", {flow: {"app_stage": "passed"}})
    assert ok(api.send("GET", f"/deal/{record['id']}?list_id={flow}"))["default"]["status"] == "passed"


def test_what_is_no_stage_is_refused_where_it_stands(api: Api, flow: str) -> None:
    answer = api.send("POST", f"/deal?list_id={flow}", json={"default": {"status": "lead"}})
    assert [error["field"] for error in answer.json()["error"]["errors"]] == [".body.default.status"]
    answer = api.send("POST", "/deal", json={"list": {flow: {"status": "lead"}}})
    assert [error["field"] for error in answer.json()["error"]["errors"]] == [f".body.list.{flow}.status"]


def test_what_was_read_with_the_list_can_be_sent_back_with_it(api: Api, flow: str) -> None:
    record = ok(api.send("POST", "/deal", json={"list": {flow: {"app_stage": "sourced"}}}), 201)["id"]
    read = api.send("GET", f"/deal/{record}?list_id={flow}")
    sent = {"default": {"status": read.json()["default"]["status"]}, "list": read.json()["list"]}
    answer = api.send("PATCH", f"/deal/{record}?list_id={flow}", json=sent)
    assert (ok(answer), answer.headers["etag"]) == (read.json(), read.headers["etag"])


def test_values_are_tried_under_both_names(api: Api, flow: str) -> None:
    def tried(**values: Any) -> list[str]:
        scope = {"type": "list", "list_id": flow}
        body = {"scope": scope, "operation": "create", "properties": values}
        return [error["code"] for error in ok(api.send("POST", "/deal/properties/validate", json=body))["errors"]]

    assert tried(status="sourced") == tried(app_stage="sourced") == tried(status="sourced", app_stage="sourced") == []
    assert tried(status="lead") == tried(app_stage="lead") == ["invalid_option"]
    assert tried(status="sourced", app_stage="passed") == ["invalid_row"]


def test_views_know_both_names(api: Api, flow: str) -> None:
    first, second = (
        ok(api.send("POST", "/deal", json={"list": {flow: {"app_stage": stage}}}), 201)["id"]
        for stage in ("sourced", "passed")
    )
    for name in NAMES:
        asked = {"select": [name], "filter": [{name: {"!=": "invested"}}], "sort": [{name: "desc"}], "group_by": name}
        view = ok(
            api.send("POST", "/deal/views", json={"name": "x", "view_type": "list", "list_id": flow, **asked}), 201
        )
        assert {part: view[part] for part in asked} == asked
        assert ok(api.send("GET", f"/deal/views/{view['id']}/records"))["data"] == [
            {"id": second, "properties": {name: "passed"}},
            {"id": first, "properties": {name: "sourced"}},
        ]


def test_a_list_gets_no_property_that_has_the_name_of_its_stage(api: Api, flow: str) -> None:
    asked = {"name": "Mine", "slug": "status", "type": "str", "list_id": flow}
    answer = api.send("POST", "/deal/properties", json=asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "slug_taken")
    assert "stage" in answer.json()["error"]["message"]
    derived = ok(api.send("POST", "/deal/properties", json={"name": "Status", "type": "str", "list_id": flow}), 201)
    assert derived["slug"] == "status_2"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["asc", "desc"])
def test_pages_by_stage_keep_their_place_while_stages_change(api: Api, flow: str, name: str, way: str) -> None:
    stage = {"type": "select_str", "list_id": flow}
    path = "/deal/properties/app_stage/options"
    stages = ["sourced", "passed", "first_meeting", "sourced", "due_diligence", "invested"]
    rows = [{"default": {"name": str(number), "status": slug}} for number, slug in enumerate(stages)]
    made = [result["id"] for result in ok(api.start(rows, "deal", list_id=flow))["results"]]
    query: dict[str, Any] = {"select": [], "list_id": flow, "sort": [{name: way}], "limit": 1}
    seen: list[str] = []
    places = iter([("sourced", 9), ("passed", 0), ("invested", 1)])
    while len(seen) < 20:
        page = ok(api.send("POST", "/deal/query", json={"query": query}))
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
        slug, place = next(places, ("", 0))
        if not slug:
            continue
        [prop] = [prop for prop in properties_of(api, "deal", list_id=flow) if prop["alias"]]
        options = {option["slug"]: option["id"] for option in prop["options"]}
        ok(api.send("PATCH", f"{path}/{options[slug]}", json={**stage, "sort_index": place}))
        ok(api.send("POST", path, json={**stage, "value": f"New {len(seen)}", "sort_index": 0}), 201)
        if "term_sheet" in options:
            assert api.send("DELETE", f"{path}/{options['term_sheet']}", params=stage).status_code == 204
        row = {"default": {"name": "later", "status": f"Aa {len(seen)}"}}
        assert ok(api.start([row], "deal", list_id=flow, create_missing_options=True))["created"] == 1
    assert sorted(one for one in seen if one in made) == made
    assert len(seen) == len(set(seen))
