"""Properties over HTTP: every route, its shapes, its refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import micro_so
import msgspec
import pytest

from prismd.api.properties.shapes import PropertyDefinition, PropertyOption
from prismd.core.properties.native import native_schema
from prismd.core.properties.roles import DAY_ROLE, usual_role
from prismd.core.properties.schema import OBJECT_TYPES
from tests.refusals import refused

if TYPE_CHECKING:
    from tests.api.conftest import Api

if TYPE_CHECKING:
    from tests.api.conftest import Api
    from tests.processes import RunningServer

COLOUR = {"name": "Colour", "type": "select_str", "options": [{"value": "Red"}, {"value": "Dark blue"}]}


def define(api: Api, **asked: Any) -> dict[str, Any]:
    answer = api.send("POST", "/contact/properties", json=COLOUR | asked)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    msgspec.convert(made, PropertyDefinition)
    return made


def listed(api: Api, path: str = "/contact/properties") -> dict[str, Any]:
    answer = api.send("GET", path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_properties_of_a_type_are_listed_by_id(api: Api) -> None:
    made = define(api)
    answer = listed(api)
    assert list(answer) == ["contact"]
    assert answer["contact"][made["id"]] == made
    email = native_schema("contact").properties["email"]
    assert answer["contact"][email.id] == {
        "id": email.id, "slug": "email", "type": "str", "name": "Email", "native": True, "locked": False,
        "required": False, "read_only": False, "enabled": True, "icon": None, "list_id": None, "crm_id": None,
        "team_id": None, "alias": None, "role_id": usual_role("str"),
    }  # fmt: skip
    for prop_id, shown in answer["contact"].items():
        assert msgspec.convert(shown, PropertyDefinition).id == prop_id


def test_the_properties_of_all_types_are_listed_by_type(api: Api) -> None:
    answer = listed(api, "/properties")
    assert set(answer) == set(OBJECT_TYPES)
    assert all(len(answer[name]) == len(native_schema(name).properties) for name in OBJECT_TYPES)


def test_listings_can_be_searched_and_left_without_options(api: Api) -> None:
    define(api)
    found = listed(api, "/contact/properties?term=COLOUR&include_options=false&autofill=true")["contact"]
    assert [shown["slug"] for shown in found.values()] == ["colour"]
    assert all("options" not in shown for shown in found.values())
    everywhere = listed(api, "/properties?term=primary&include_options=true")
    assert [shown["slug"] for shown in everywhere["organization"].values()] == ["primary_domain"]


def test_a_type_without_records_has_no_properties(api: Api) -> None:
    assert listed(api, "/agent_site/properties") == {"agent_site": {}}
    refused(api.send("GET", "/contacts/properties"), 400, "invalid_request", ".path.objectType")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("list_id=x", ".query.list_id"),
        ("crm_id=x", ".query.crm_id"),
        ("autofill=perhaps", ".query.autofill"),
        ("include_options=1", ".query.include_options"),
        ("term=a&term=b", ".query.term"),
    ],
)
def test_listings_refuse_what_they_cannot_do(api: Api, query: str, field: str) -> None:
    refused(api.send("GET", f"/contact/properties?{query}"), 400, "invalid_request", field)
    refused(api.send("GET", f"/properties?{query}"), 400, "invalid_request", field)


def test_a_property_is_defined_changed_and_deleted(api: Api) -> None:
    made = define(api, icon="drop", slug="tint", role_id="0190aaaa-0000-7000-8000-00000000000a", required=True)
    assert made["slug"] == "tint"
    assert (made["native"], made["locked"], made["team_id"]) == (False, False, api.team)
    assert [option["slug"] for option in made["options"]] == ["red", "dark_blue"]
    path = f"/contact/properties/{made['id']}"
    patch = {"type": "select_str", "name": "Tint", "icon": None, "enabled": False, "slug": "tint", "list_id": None}
    answer = api.send("PATCH", path, json=patch)
    assert answer.status_code == 200
    assert answer.json() == made | {"name": "Tint", "icon": None, "enabled": False}
    assert made["id"] not in listed(api)["contact"]
    assert made["id"] not in listed(api, "/properties")["contact"]
    for name, value in (("slug", "other"), ("role_id", str(uuid4())), ("options", [])):
        changed = api.send("PATCH", path, json={"type": "select_str", name: value})
        refused(changed, 400, "invalid_request", f".body.{name}")
    gone = api.send("DELETE", f"{path}?type=select_str")
    assert (gone.status_code, gone.content) == (204, b"")
    assert made["id"] not in listed(api)["contact"]
    refused(api.send("DELETE", f"{path}?type=select_str"), 404, "not_found")
    refused(api.send("PATCH", path, json=patch), 404, "not_found")


def test_an_option_is_added_changed_and_deleted(api: Api) -> None:
    made = define(api)
    path = f"/contact/properties/{made['id']}/options"
    details = {"color_scheme": "g", "description": "d", "icon": "i", "option_group": "o", "sort_index": 7}
    answer = api.send("POST", path, json={"type": "select_str", "value": "Green"} | details)
    assert answer.status_code == 201
    option = answer.json()
    assert option == {
        "id": option["id"],
        "slug": "green",
        "value": "Green",
        "list_id": None,
        "crm_id": None,
    } | details | {"enabled": True}
    msgspec.convert(option, PropertyOption)
    changed = api.send("PATCH", f"{path}/{option['id']}", json={"type": "select_str", "slug": "lime", "icon": None})
    assert (changed.status_code, changed.json()) == (200, option | {"slug": "lime", "icon": None})
    assert listed(api)["contact"][made["id"]]["options"][-1] == changed.json()
    gone = api.send("DELETE", f"{path}/{option['id']}?type=select_str")
    assert (gone.status_code, gone.content) == (204, b"")
    refused(api.send("DELETE", f"{path}/{option['id']}?type=select_str"), 404, "not_found")
    refused(api.send("PATCH", f"{path}/{option['id']}", json={"type": "select_str"}), 404, "not_found")


def test_new_properties_and_options_take_values_at_once(api: Api) -> None:
    made = define(api)
    seniority = native_schema("contact").properties["seniority"]
    api.send("POST", f"/contact/properties/{seniority.id}/options", json={"type": "select_str", "value": "Sage"})
    rows = [{"default": {"colour": "Dark blue", "seniority": "sage"}}, {"default": {"colour": "Blue"}}]
    stored, failed = api.start(rows).json()["results"]
    assert "`red`, `dark_blue`" in failed["error"]["message"]
    record = api.send("GET", f"/contact/{stored['id']}").json()
    values = record.get("default", record.get("properties"))
    assert (values["colour"], values["seniority"]) == ("dark_blue", "sage")
    path = f"/contact/properties/{made['id']}"
    refused(api.send("DELETE", f"{path}?type=select_str"), 409, "property_in_use")
    blue = made["options"][1]["id"]
    refused(api.send("DELETE", f"{path}/options/{blue}?type=select_str"), 409, "option_in_use")
    renamed = api.send("PATCH", f"{path}/options/{blue}", json={"type": "select_str", "slug": "navy"})
    assert renamed.status_code == 200
    record = api.send("GET", f"/contact/{stored['id']}").json()
    assert record.get("default", record.get("properties"))["colour"] == "navy"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ".body"),
        (b"[]", ".body"),
        (b"{", ".body"),
        (b'{"name": "a", "name": "b", "type": "str"}', ".body"),
        (b"[" * 5000, ".body"),
        (b'{"type": "str"}', ".body.name"),
        (b'{"name": "a"}', ".body.type"),
        (b'{"name": 5, "type": "str"}', ".body.name"),
        (b'{"name": "\\ud800", "type": "str"}', ".body.name"),
        (b'{"name": "a\\u0000", "type": "str"}', ".body.name"),
        (b'{"name": "a", "type": "\\ud800"}', ".body.type"),
        (b'{"name": "a", "type": "jsonb"}', ".body.type"),
        (b'{"name": "a", "type": "str", "slug": "A B"}', ".body.slug"),
        (b'{"name": "a", "type": "str", "required": "yes"}', ".body.required"),
        (b'{"name": "a", "type": "str", "list_id": "x"}', ".body.list_id"),
        (b'{"name": "a", "type": "str", "crm_id": "x"}', ".body.crm_id"),
        (b'{"name": "a", "type": "str", "options": [{"value": "x"}]}', ".body.options"),
        (b'{"name": "a", "type": "select_str", "options": [{"value": "x"}, {}]}', ".body.options[1].value"),
        (b'{"name": "a", "type": "select_str", "options": [{"value": "x", "sort_index": 1e400}]}',
         ".body.options[0].sort_index"),
        (b'{"name": "a", "type": "select_str", "options": [{"value": "x", "sort_index": 99999999999999999999999}]}',
         ".body.options[0].sort_index"),
        (b'{"name": "a", "type": "select_str", "options": {}}', ".body.options"),
    ],
)  # fmt: skip
def test_a_bad_definition_is_refused_with_its_field(api: Api, body: bytes, field: str) -> None:
    refused(api.send("POST", "/contact/properties", content=body), 400, "invalid_request", field)
    assert len(listed(api)["contact"]) == len(native_schema("contact").properties)


def test_names_and_slugs_that_are_taken_are_conflicts_that_clients_do_not_repeat(api: Api) -> None:
    define(api)
    by_name = api.send("POST", "/contact/properties", json={"name": "COLOUR", "type": "str"})
    refused(by_name, 409, "name_taken")
    assert '"Colour" (`colour`)' in by_name.json()["error"]["message"]
    assert by_name.headers["x-should-retry"] == "false"
    [made] = [one for one in listed(api)["contact"].values() if one["slug"] == "colour"]
    holder = {"id": made["id"], "slug": "colour", "type": "select_str"}
    assert by_name.json()["error"]["details"] == holder
    by_slug = api.send("POST", "/contact/properties", json={"name": "Other", "type": "str", "slug": "colour"})
    refused(by_slug, 409, "slug_taken")
    assert by_slug.json()["error"]["details"] == holder
    assert all(text in by_slug.json()["error"]["message"] for text in holder.values())
    again = api.send(
        "POST", f"/contact/properties/{made['id']}/options", json={"type": "select_str", "value": " RED\u200b"}
    )
    refused(again, 409, "name_taken")
    red = made["options"][0]
    assert again.json()["error"]["details"] == {"id": red["id"], "slug": "red", "type": "select_str"}
    refused(api.send("POST", "/contact/properties", json={"name": "email", "type": "str"}), 409, "name_taken")
    assert api.send("POST", "/deal/properties", json=COLOUR).status_code == 201


def test_the_type_locates_and_native_properties_stay(api: Api) -> None:
    made = define(api)
    path = f"/contact/properties/{made['id']}"
    refused(api.send("PATCH", path, json={"name": "x"}), 400, "invalid_request", ".body.type")
    refused(api.send("PATCH", path, json={"type": "str"}), 400, "invalid_request", ".body.type")
    refused(api.send("DELETE", path), 400, "invalid_request", ".query.type")
    refused(api.send("DELETE", f"{path}?type=str"), 400, "invalid_request", ".query.type")
    refused(api.send("DELETE", f"{path}?type=select_str&list_id=x"), 400, "invalid_request", ".query.list_id")
    email = native_schema("contact").properties["email"].id
    native = f"/contact/properties/{email}"
    refused(api.send("PATCH", native, json={"type": "str", "name": "x"}), 400, "invalid_request", ".path.propertyId")
    refused(api.send("DELETE", f"{native}?type=str"), 400, "invalid_request", ".path.propertyId")
    option = {"type": "str", "value": "x"}
    refused(api.send("POST", f"{native}/options", json=option), 400, "invalid_request", ".path.propertyId")


@pytest.mark.parametrize(
    "property_id", ["app_stage", "nothing", "a%2Fb", "%00", "%ff", "0190aaaa-0000-7000-8000-00000000000a"]
)
def test_unknown_properties_are_not_found(api: Api, property_id: str) -> None:
    path = f"/contact/properties/{property_id}"
    refused(api.send("PATCH", path, json={"type": "str"}), 404, "not_found")
    refused(api.send("DELETE", f"{path}?type=str"), 404, "not_found")
    refused(api.send("POST", f"{path}/options", json={"type": "str", "value": "x"}), 404, "not_found")
    refused(api.send("DELETE", f"{path}/options/x?type=str"), 404, "not_found")


def test_another_teams_property_is_not_found(api: Api, serve: Callable[..., Api]) -> None:
    made = define(serve())
    refused(api.send("PATCH", f"/contact/properties/{made['id']}", json={"type": "select_str"}), 404, "not_found")
    assert made["id"] not in listed(api)["contact"]


def test_a_definition_is_made_once_under_its_idempotency_key(api: Api) -> None:
    headers = {"idempotency-key": str(uuid4())}
    body = json.dumps(COLOUR)

    def define_again(content: str = body) -> httpx.Response:
        return api.send("POST", "/contact/properties", content=content, headers=headers)

    first, second = define_again(), define_again()
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotent-replay"] == "true"
    refused(define_again(body + " "), 409, "idempotency_key_mismatch")


def test_there_is_a_most_of_properties_and_options(serve: Callable[..., Api]) -> None:
    api = serve(properties_per_type_max=1, options_per_property_max=2)
    made = define(api)
    refused(api.send("POST", "/contact/properties", json={"name": "b", "type": "str"}), 400, "invalid_request", ".body")
    path = f"/contact/properties/{made['id']}/options"
    refused(api.send("POST", path, json={"type": "select_str", "value": "x"}), 400, "invalid_request", ".body")


def test_of_many_who_define_the_same_at_once_one_succeeds(api: Api) -> None:
    def define_once(_: int) -> int:
        return api.send("POST", "/contact/properties", json=COLOUR).status_code

    with ThreadPoolExecutor(5) as threads:
        assert sorted(threads.map(define_once, range(5))) == [201, 409, 409, 409, 409]


def test_the_official_client_reads_properties(server: RunningServer) -> None:
    with micro_so.Micro(
        base_url=server.url, api_key=server.key, team_id=server.team, _strict_response_validation=True
    ) as client:
        assert client.prism.properties.list("contact", term="email")
        assert client.prism.properties.list_all(autofill=False)


def rows_of(api: Api, *values: dict[str, Any], **options: Any) -> list[Any]:
    answer = api.start([{"default": one} for one in values], "contact", **options)
    return [row["id"] if row["created"] else row["error"]["code"] for row in answer.json()["results"]]


def test_what_is_archived_is_not_listed_takes_nothing_new_and_stays_readable(api: Api) -> None:
    made = define(api)
    path = f"/contact/properties/{made['id']}"
    text = api.send("POST", "/contact/properties", json={"name": "Remark", "type": "str"}).json()
    [record] = rows_of(api, {"colour": "red", "remark": "kept"})
    red = made["options"][0]
    assert api.send("PATCH", f"{path}/options/{red['id']}", json={"type": "select_str", "enabled": False}).is_success
    assert [one["slug"] for one in listed(api)["contact"][made["id"]]["options"]] == ["dark_blue"]
    for name in ("red", "Red", red["id"]):
        for options in ({}, {"create_missing_options": True}):
            assert rows_of(api, {"colour": name}, **options) == ["invalid_option"]
    gone = {"type": "str", "enabled": False}
    assert api.send("PATCH", f"/contact/properties/{text['id']}", json=gone).is_success
    assert text["id"] not in listed(api)["contact"]
    assert rows_of(api, {"remark": "new"}) == ["invalid_property"]
    refusal = api.send("PATCH", f"/contact/{record}", json={"default": {"remark": "new"}})
    refused(refusal, 400, "invalid_request", ".body.default.remark")
    assert "archived" in refusal.json()["error"]["message"]
    shown = api.send("GET", f"/contact/{record}").json()["default"]
    assert (shown["colour"], shown["remark"]) == ("red", "kept")
    query = {"query": {"select": ["colour", "remark"], "filter": [{"colour": {"=": "red"}}, {"remark": {"=": "kept"}}]}}
    [row] = api.send("POST", "/contact/query", json=query).json()["data"]
    assert row["properties"] == {"colour": "red", "remark": "kept"}
    taken = api.send("POST", "/contact/properties", json={"name": "remark", "type": "str"})
    refused(taken, 409, "name_taken")
    assert "archived" in taken.json()["error"]["message"]
    assert api.send("PATCH", f"/contact/{record}", json={"default": {"remark": None}}).is_success
    assert api.send("PATCH", f"/contact/properties/{text['id']}", json=gone | {"enabled": True}).is_success
    assert len(rows_of(api, {"remark": "new"})[0]) == len(record)


def test_an_upsert_makes_no_record_with_what_is_archived(api: Api) -> None:
    made = define(api)
    red = made["options"][0]
    path = f"/contact/properties/{made['id']}"
    [held] = rows_of(api, {"colour": "dark_blue"})
    api.send("PATCH", f"{path}/options/{red['id']}", json={"type": "select_str", "enabled": False})
    for name, body in (("red", {}), ("Red", {"default": {"colour": "dark_blue"}}), (red["id"], {"default": {}})):
        refused(api.send("PUT", f"/contact/by/colour/{name}", json=body), 400, "invalid_request", ".path.value")
    api.send("PATCH", path, json={"type": "select_str", "enabled": False})
    # One that has the value goes on having it, and is found by it.
    changed = api.send("PUT", "/contact/by/colour/dark_blue", json={"default": {"title": "Dr"}})
    assert (changed.status_code, changed.json()["id"]) == (200, held)
    api.send("DELETE", f"/contact/{held}")
    refusal = api.send("PUT", "/contact/by/colour/dark_blue", json={})
    refused(refusal, 400, "invalid_request", ".path.value")
    assert "archived" in refusal.json()["error"]["message"]
    assert api.send("GET", "/contact/count").json() == {"total": 0}


def test_of_an_archived_array_values_can_only_be_removed(api: Api) -> None:
    made = api.send("POST", "/contact/properties", json={"name": "Words", "type": "multi_str"}).json()
    [record] = rows_of(api, {"words": ["a", "b"]})
    assert api.send(
        "PATCH", f"/contact/properties/{made['id']}", json={"type": "multi_str", "enabled": False}
    ).is_success
    for change, status in (
        ({"_op": "append", "values": ["c"]}, 400), (["c"], 400), ({"_op": "remove", "values": ["a"]}, 200), ([], 200),
    ):  # fmt: skip
        answer = api.send("PATCH", f"/contact/{record}", json={"default": {"words": change}})
        assert answer.status_code == status, answer.text


def test_a_birthday_stays_the_day_that_was_written(api: Api) -> None:
    written = {"born": "1990-05-31", "east": "1990-05-31T00:00:00+02:00", "west": "1990-05-31T23:30:00-05:00"}
    rows = [{"default": {"full_name": name, "birthday": day}} for name, day in written.items()]
    made = api.start(rows, "identity").json()["results"]
    for one in made:
        assert api.send("GET", f"/identity/{one['id']}").json()["default"]["birthday"] == "1990-05-31"
    for operator, value, count in (
        ("=", "1990-05-31", 3), ("=", "1990-05-31T22:00:00Z", 3), ("<", "1990-05-31T10:00:00Z", 0),
        ("<", "1990-06-01", 3), (">=", "1990-05-31T23:00:00+14:00", 3), ("between", ["1990-05-31", "1990-05-31"], 3),
    ):  # fmt: skip
        query = {"query": {"select": [], "filter": [{"birthday": {operator: value}}]}}
        assert len(api.send("POST", "/identity/query", json=query).json()["data"]) == count, (operator, value)
    again = api.start(
        [{"default": {"birthday": "1990-05-31T12:00:00+09:00"}}], "identity", dedupe_by="birthday"
    ).json()["results"]
    assert again[0]["error"]["code"] == "multiple_matches"
    api.send("DELETE", f"/identity/{made[0]['id']}")
    api.send("DELETE", f"/identity/{made[1]['id']}")
    found = api.send("GET", "/identity/by/birthday/1990-05-31T03:00:00-08:00")
    assert found.json()["id"] == made[2]["id"]


def test_a_date_property_can_be_made_one_of_days(api: Api) -> None:
    body = {"name": "Anniversary", "type": "date", "role_id": DAY_ROLE}
    assert api.send("POST", "/contact/properties", json=body).json()["role_id"] == DAY_ROLE
    assert api.send("POST", "/contact/properties", json={"name": "Seen", "type": "date"}).json()["role_id"] == (
        usual_role("date")
    )
    midnight = "2024-05-31T00:00:00+02:00"
    [record] = rows_of(api, {"anniversary": midnight, "seen": midnight})
    shown = api.send("GET", f"/contact/{record}").json()["default"]
    assert (shown["anniversary"], shown["seen"]) == ("2024-05-31", "2024-05-30T22:00:00Z")


def test_a_day_and_the_moment_at_which_it_begins_find_the_same_record(api: Api) -> None:
    [record] = rows_of(api, {"last_interaction_date": "2024-05-31"})
    for written in ("2024-05-31T00:00:00Z", "2024-05-31T02:00:00+02:00", "2024-05-31"):
        found = api.send("GET", f"/contact/by/last_interaction_date/{written}")
        assert found.json()["id"] == record, found.text
        row = {"default": {"last_interaction_date": written}}
        [verdict] = api.start([row], "contact", dedupe_by="last_interaction_date").json()["results"]
        assert (verdict["existing"], verdict["id"]) == (True, record)
    assert len(rows_of(api, {"last_interaction_date": "2024-05-31T00:00:01Z"}, dedupe_by="last_interaction_date")) == 1


def test_a_record_goes_on_holding_an_archived_option(api: Api) -> None:
    body = {"name": "Marks", "type": "multiselect_str", "options": [{"value": "Old"}, {"value": "New"}]}
    made = api.send("POST", "/contact/properties", json=body).json()
    [record, other] = rows_of(api, {"marks": ["old"]}, {"marks": ["new"]})
    archive = {"type": "multiselect_str", "enabled": False}
    path = f"/contact/properties/{made['id']}/options/{made['options'][0]['id']}"
    assert api.send("PATCH", path, json=archive).is_success
    for marks in (["old"], ["old", "new"], {"_op": "append", "values": ["old", "new"]}):
        answer = api.send("PATCH", f"/contact/{record}", json={"default": {"marks": marks}})
        assert answer.status_code == 200, answer.text
    assert answer.json()["default"]["marks"] == ["old", "new"]
    for marks in (["old"], ["new", "old"], {"_op": "append", "values": ["old"]}):
        answer = api.send("PATCH", f"/contact/{other}", json={"default": {"marks": marks}})
        refused(answer, 400, "invalid_request", ".body.default.marks")
    assert api.send("PATCH", f"/contact/{record}", json={"default": {"marks": ["new"]}}).is_success
    refused(
        api.send("PATCH", f"/contact/{record}", json={"default": {"marks": ["old"]}}),
        400, "invalid_request", ".body.default.marks",
    )  # fmt: skip
