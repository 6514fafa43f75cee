"""Imports into lists over HTTP: who is in the list afterwards, with which values, and what is said of each row."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.conftest import Api
from tests.api.making import define, make_list

UNKNOWN = "01920000-0000-7000-8000-000000000000"


@pytest.fixture
def flow(api: Api) -> str:
    """A list of deals with a number of its own."""
    list_id = str(make_list(api, "deal_flow")["id"])
    define(api, list_id=list_id)
    return list_id


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


def outcomes(answer: httpx.Response) -> list[str]:
    return [
        row["error"]["code"]
        if row.get("error")
        else "created" if row["created"] else "updated" if row["updated"] else "existing"
        for row in results(answer)
    ]  # fmt: skip


def stored(api: Api) -> list[tuple[int, dict[str, Any]]]:
    """Return version and properties of all records of the team, as they are stored, oldest first."""
    with api.runtime.of_all_teams() as connection:
        rows = connection.execute(
            "SELECT version, properties FROM record WHERE team_id = %s ORDER BY import_id, import_row", (api.team_id(),)
        ).fetchall()
    return [(row[0], row[1]) for row in rows]


def members(api: Api, list_id: str, object_type: str = "deal") -> list[str]:
    body = {"query": {"select": ["name"], "list_id": list_id, "limit": 50, "sort": [{"name": "asc"}]}}
    answer = api.send("POST", f"/{object_type}/query", json=body)
    assert answer.status_code == 200, answer.text
    return [row["properties"].get("name") for row in answer.json()["data"]]


def deal(name: str, **own: Any) -> dict[str, Any]:
    return {"default": {"name": name}, **({"list": own} if own else {})}


def test_every_row_is_put_into_the_list_that_is_named(api: Api, flow: str) -> None:
    rows = [deal("A", weight=3, app_stage="sourced"), deal("B"), {"default": {"name": "C", "app_stage": "Invested"}}]
    assert outcomes(api.start(rows, "deal", list_id=flow)) == ["created"] * 3
    assert outcomes(api.start([deal("D")], "deal")) == ["created"]
    assert members(api, flow) == ["A", "B", "C"]
    shown = [
        api.send("GET", f"/deal/{row['id']}").json()
        for row in results(api.start([deal("E", weight=1)], "deal", crm_id=flow))
    ]
    assert shown[0]["list"] == {flow: {"weight": 1}}
    stages = [properties.get(f"{flow}/app_stage") for _, properties in stored(api)]
    assert [stage is not None for stage in stages] == [True, False, True, False, False]


def test_rows_can_name_their_lists_themselves(api: Api, flow: str) -> None:
    other = str(make_list(api, "sales_deals")["id"])
    rows = [
        {"default": {"name": "A"}, "list": {flow: {"weight": 2}, other.upper(): {"app_stage": "won"}}},
        {"default": {"name": "B"}, "list": {other: {}}},
        {"default": {"name": "C"}, "list": {UNKNOWN: {}}},
        {"default": {"name": "D"}, "list": {"weight": 2}},
        {"default": {"name": "E"}, "list": {flow: {"wieght": 2, "app_stage": "nope"}}},
    ]
    answer = api.start(rows, "deal")
    assert outcomes(answer) == ["created", "created", "not_found", "invalid_row", "invalid_property"]
    assert (members(api, flow), members(api, other)) == (["A"], ["A", "B"])
    errors = results(answer)[4]["errors"]
    assert [(error["property"], error["code"]) for error in errors] == [
        ("wieght", "invalid_property"), ("app_stage", "invalid_option")
    ]  # fmt: skip
    assert "/" not in json.dumps(errors)


@pytest.mark.parametrize("on_match", ["skip", "update", "fill"])
def test_what_a_row_matches_is_put_into_the_list_too(api: Api, flow: str, on_match: str) -> None:
    api.start([deal("A"), deal("B")], "deal")
    rows = [{"default": {"name": "a", "amount": 7}, "list": {"weight": 3}}]
    first = api.start(rows, "deal", dedupe_by="name", list_id=flow, on_match=on_match)
    assert outcomes(first) == ["updated"]
    written: dict[str, dict[str, Any]] = {
        "skip": {"name": "A"},
        "update": {"name": "a", "amount": 7, f"{flow}/weight": 3},
        "fill": {"name": "A", "amount": 7, f"{flow}/weight": 3},
    }
    assert stored(api)[0] == (2, {**written[on_match], "/lists": [flow]})
    again = api.start(rows, "deal", dedupe_by="name", list_id=flow, on_match=on_match)
    assert outcomes(again) == ["existing"]
    assert stored(api)[0][0] == 2
    # A second list takes nothing of the first away, also where only gaps are filled.
    other = str(make_list(api, "deal_flow")["id"])
    assert outcomes(api.start([deal("A")], "deal", dedupe_by="name", list_id=other, on_match=on_match)) == ["updated"]
    assert stored(api)[0][1]["/lists"] == [flow, other]


def test_what_rows_are_told_apart_by_can_be_the_lists_own(api: Api, flow: str) -> None:
    define(api, name="Everywhere", slug="weight")
    assert outcomes(api.start([deal("A", weight=1), deal("B", weight=2)], "deal", list_id=flow)) == ["created"] * 2
    rows = [deal("C", weight="2"), {"default": {"name": "D", "weight": 2}}, deal("E", weight=2)]
    answer = api.start(rows, "deal", list_id=flow, dedupe_by="weight")
    assert outcomes(answer) == ["existing", "created", "existing"]
    assert [row.get("duplicate_of") for row in results(answer)] == [None, None, 0]
    # Without the list, the slug is that of all records.
    assert outcomes(api.start([{"default": {"weight": 2}}], "deal", dedupe_by="weight")) == ["existing"]
    assert outcomes(api.start([{"default": {"weight": 1}}], "deal", dedupe_by="weight")) == ["created"]
    missing = api.start([deal("F")], "deal", list_id=flow, dedupe_by="weight", require_key=True)
    assert outcomes(missing) == ["missing_key"]
    assert results(missing)[0]["errors"][0]["property"] == "weight"
    by_stage = api.start([deal("G", app_stage="passed")] * 2, "deal", list_id=flow, dedupe_by="app_stage")
    assert outcomes(by_stage) == ["created", "existing"]


def test_a_key_means_what_it_meant_when_the_import_was_accepted(serve: Callable[..., Api]) -> None:
    api = serve(rows_per_chunk=50)
    flow = str(make_list(api, "deal_flow")["id"])
    define(api, name="Code", type="str", slug="code")
    rows = [{"default": {"code": f"c{number % 50}"}} for number in range(150)]
    job = api.start(rows, "deal", list_id=flow, dedupe_by="code").json()["job_id"]
    api.work(1)
    define(api, name="Own", type="str", slug="code", list_id=flow)
    api.work()
    done = api.send("GET", f"/imports/{job}").json()
    assert (done["status"], done["created"], done["existing"]) == ("complete", 50, 100)


def test_a_stage_can_be_demanded_of_every_row(api: Api, flow: str) -> None:
    rows = [
        deal("A", app_stage="sourced"),
        deal("B"),
        deal("C", app_stage=None),
        {"list": {flow: {"app_stage": "passed"}}},
    ]
    answer = api.start(rows, "deal", list_id=flow, require_list_stage=True)
    assert outcomes(answer) == ["created", "missing_required", "missing_required", "created"]
    assert results(answer)[1]["errors"][0]["property"] == "app_stage"


def test_options_that_a_list_lacks_can_be_made(api: Api, flow: str) -> None:
    rows = [deal("A", app_stage="On ice"), deal("B", app_stage="On ice")]
    assert outcomes(api.start(rows, "deal", list_id=flow)) == ["invalid_option"] * 2
    answer = api.start(rows, "deal", list_id=flow, create_missing_options=True)
    assert outcomes(answer) == ["created"] * 2
    record = api.send("GET", f"/deal/{results(answer)[0]['id']}", params={"list_id": flow}).json()
    assert record["list"] == {"app_stage": "on_ice"}
    other = str(make_list(api, "deal_flow")["id"])
    assert outcomes(api.start(rows, "deal", list_id=other)) == ["invalid_option"] * 2


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"list_id": UNKNOWN}, "list_id"),
        ({"crm_id": UNKNOWN}, "list_id"),
        ({"list_id": "nope"}, "list_id"),
        ({"list_id": 7}, "list_id"),
        ({"require_list_stage": True}, "require_list_stage"),
    ],
)
def test_options_that_name_no_list_are_refused(api: Api, options: dict[str, Any], field: str) -> None:
    answer = api.start([deal("A")], "deal", **options)
    assert answer.status_code == 400
    assert [problem["field"] for problem in answer.json()["error"]["errors"]] == [f".body.options.{field}"]
    assert stored(api) == []


def test_a_list_of_another_type_or_team_is_refused(api: Api, serve: Callable[..., Api], flow: str) -> None:
    theirs = str(make_list(serve(), "deal_flow")["id"])
    for object_type, list_id in (("deal", theirs), ("contact", flow), ("document", flow)):
        answer = api.start([{}], object_type, list_id=list_id)
        assert answer.status_code == 400
        assert answer.json()["error"]["errors"][0]["field"] == ".body.options.list_id"
    assert outcomes(api.start([{"list": {theirs: {}}}], "deal")) == ["not_found"]
    assert outcomes(api.start([{"list": {flow: {}}}], "document")) == ["not_found"]
    assert stored(api) == []


def test_lists_of_two_teams_with_one_id_never_mix(api: Api, serve: Callable[..., Api], flow: str) -> None:
    other = serve()
    copied = str(make_list(other, "deal_flow")["id"])
    define(other, list_id=copied)
    with api.runtime.of_all_teams() as connection:
        team = other.team_id()
        connection.execute("INSERT INTO list SELECT team_id, %s, object_type, template_id, name, description, icon,"
                           " created_at FROM list WHERE team_id = %s", (flow, team))  # fmt: skip
        connection.execute("UPDATE property SET list_id = %s WHERE team_id = %s", (flow, team))
    options = {"list_id": flow, "dedupe_by": "weight", "on_match": "update"}
    assert outcomes(api.start([deal("Ours", weight=1)], "deal", **options)) == ["created"]
    assert outcomes(other.start([deal("Theirs", weight=1)], "deal", **options)) == ["created"]
    assert (members(api, flow), members(other, flow)) == (["Ours"], ["Theirs"])
    assert outcomes(other.start([deal("Theirs again", weight=1)], "deal", **options)) == ["updated"]
    assert (members(api, flow), members(other, flow)) == (["Ours"], ["Theirs again"])


def test_a_job_its_dry_run_and_its_retry_say_the_same(serve: Callable[..., Api]) -> None:
    api = serve(rows_per_chunk=40)
    flow = str(make_list(api, "deal_flow")["id"])
    define(api, list_id=flow)
    assert outcomes(api.start([deal("Deal 7"), deal("Deal 8")], "deal")) == ["created"] * 2
    rows = [deal(f"Deal {number % 80}", weight=number % 3 or "x") for number in range(120)]
    options = {"dedupe_by": "name", "list_id": flow}

    def run(**more: Any) -> dict[str, Any]:
        job = api.start(rows, "deal", **options, **more).json()["job_id"]
        api.work()
        return dict(api.send("GET", f"/imports/{job}").json())

    before = stored(api)
    dry = run(dry_run=True)
    assert stored(api) == before
    real = run()
    numbers = ("created", "existing", "updated", "failed")
    assert [dry[number] for number in numbers] == [real[number] for number in numbers]
    assert (real["failed"], real["updated"]) == (40, 2)
    assert [row.get("duplicate_of") for row in dry["results"]] == [row.get("duplicate_of") for row in real["results"]]
    touches = before_images(api, real["job_id"])
    assert [(before.get("/lists"), after.get("/lists")) for before, after in touches] == [(None, [flow])] * 2

    mended = {"objects": [{"input_index": 0, **deal("Deal new", weight=9)}]}
    retried = api.send("POST", f"/imports/{real['job_id']}/retry", content=json.dumps(mended)).json()
    assert (retried["total"], retried["failed"], retried["created"]) == (40, 39, 1)
    assert f"{flow}/weight" in stored(api)[-1][1]
    assert all(properties["/lists"] == [flow] for _, properties in stored(api))


def before_images(api: Api, job: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    with api.runtime.of_all_teams() as connection:
        return connection.execute(
            "SELECT before, after FROM import_touch WHERE team_id = %s AND job_id = %s AND after IS NOT NULL",
            (api.team_id(), job),
        ).fetchall()
