"""Grants over HTTP and through the official client: kept, given back, refused where they make no sense."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from micro_so import AsyncMicro, Micro

from prismd.api.grants.shapes import RecordGrant
from prismd.core.grants import GRANTED_TYPES, LEVELS
from prismd.core.properties.schema import IMPORTABLE_TYPES, OBJECT_TYPES, UNHELD_TYPES
from tests.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.conftest import Api

NOWHERE = "0190aaaa-0000-7000-8000-00000000000a"
GRANT: dict[str, Any] = {
    "team_id": {"my team": "a", "other": "r"},
    "team_group_id": [{"sales": "w"}],
    "user_id": [{"ada": "a"}, {"grace": "r", "joan": "w"}],
}
EMPTY: dict[str, Any] = {"team_id": {}, "team_group_id": [], "user_id": []}


def made(api: Api, object_type: str = "deal") -> str:
    """Make a record of any type; events cannot be imported, so theirs is made behind the API's back."""
    if object_type in IMPORTABLE_TYPES:
        return str(api.start([{}], object_type).json()["results"][0]["id"])
    record_id = api.runtime.new_id()
    with api.runtime.of_all_teams() as connection:
        connection.execute(
            "INSERT INTO record (team_id, object_type, id, version, created_at, updated_at, properties)"
            " VALUES (%s, %s, %s, 1, now(), now(), '{}')",
            (api.team_id(), object_type, record_id),
        )
    return record_id


def of(record_id: str, object_type: str = "deal") -> str:
    return f"/{object_type}/{record_id}/grant"


def put(api: Api, record_id: str, grant: Any, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.send("PUT", of(record_id), content=json.dumps(grant), headers=named)


@pytest.mark.parametrize("object_type", GRANTED_TYPES)
def test_until_one_is_put_the_team_has_all(api: Api, object_type: str) -> None:
    path = of(made(api, object_type), object_type)
    answer = api.send("GET", path)
    assert (answer.status_code, answer.json()) == (200, EMPTY | {"team_id": {api.team: "a"}})
    assert api.send("PUT", path, json=GRANT).json() == GRANT
    assert msgspec.convert(api.send("GET", path).json(), RecordGrant)
    assert api.send("GET", path).json() == GRANT


def test_a_grant_takes_the_place_of_the_whole_one_before(api: Api) -> None:
    record_id = made(api)
    put(api, record_id, GRANT)
    assert put(api, record_id, {"user_id": [{"ada": "r"}]}).json() == EMPTY | {"user_id": [{"ada": "r"}]}
    assert put(api, record_id, dict.fromkeys(EMPTY)).json() == EMPTY
    assert api.send("GET", of(record_id)).json() == EMPTY
    # Nobody has anything, and every key goes on: grants are kept, not acted on.
    assert api.send("GET", f"/deal/{record_id}").status_code == 200
    assert api.send("GET", of(made(api))).json()["team_id"] == {api.team: "a"}


@pytest.mark.parametrize("object_type", sorted({*OBJECT_TYPES, *UNHELD_TYPES}.difference(GRANTED_TYPES)))
def test_other_types_have_no_grants(api: Api, object_type: str) -> None:
    refused(api.send("GET", of(NOWHERE, object_type)), 405, "method_not_allowed")
    refused(api.send("PUT", of(NOWHERE, object_type), json=GRANT), 405, "method_not_allowed")


def test_a_record_that_is_not_there_has_no_grant(api: Api, serve: Callable[..., Api]) -> None:
    mine, theirs = made(api), serve()
    put(api, mine, GRANT)
    with api.runtime.of_all_teams() as connection:
        deleted = made(api)
        connection.execute("UPDATE record SET deleted_at = now() WHERE id = %s", (deleted,))
    for asking, record_id in ((api, NOWHERE), (api, "query"), (api, "x%00"), (api, deleted), (theirs, mine)):
        refused(asking.send("GET", of(record_id)), 404, "not_found")
        refused(put(asking, record_id, GRANT), 404, "not_found")
    refused(api.send("GET", of(mine, "document")), 404, "not_found")
    refused(api.send("PUT", of(mine, "document"), json=GRANT), 404, "not_found")
    refused(api.send("GET", of(mine, "deals")), 400, "invalid_request", ".path.objectType")
    assert api.send("GET", of(mine.upper())).json() == GRANT


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], ".body"),
        (None, ".body"),
        ({"team_id": []}, ".body.team_id"),
        ({"team_id": False}, ".body.team_id"),
        ({"team_id": "my team"}, ".body.team_id"),
        ({"team_id": {"t": "x"}}, ".body.team_id.t"),
        ({"team_id": {"t": "R"}}, ".body.team_id.t"),
        ({"team_id": {"t": None}}, ".body.team_id.t"),
        ({"team_id": {"t": ["r"]}}, ".body.team_id.t"),
        ({"team_id": {"": "r"}}, ".body.team_id"),
        ({"team_id": {"a" * 256: "r"}}, ".body.team_id"),
        ({"team_id": {"a\0b": "r"}}, ".body.team_id"),
        ({"team_id": {"\ud800": "r"}}, ".body.team_id"),
        ({"team_group_id": {"g": "r"}}, ".body.team_group_id"),
        ({"team_group_id": "g"}, ".body.team_group_id"),
        ({"team_group_id": [{"g": "r"}, "g"]}, ".body.team_group_id[1]"),
        ({"team_group_id": [{}]}, ".body.team_group_id[0]"),
        ({"team_group_id": [{"g": 1}]}, ".body.team_group_id[0].g"),
        ({"user_id": 0}, ".body.user_id"),
        ({"user_id": [None]}, ".body.user_id[0]"),
        ({"user_id": [{"u": "r", "v": ""}]}, ".body.user_id[0].v"),
        ({"user_id": [{"u": "r"}, {"v": "r", "u": "w"}]}, ".body.user_id[1].u"),
        ({"user_id": [{"u": "r"}], "team_group_id": [{str(n): "r" for n in range(1_000)}]}, ".body"),
    ],
)
def test_what_is_no_grant_is_refused_and_changes_nothing(api: Api, body: Any, field: str) -> None:
    record_id = made(api)
    put(api, record_id, GRANT)
    refused(put(api, record_id, body), 400, "invalid_request", field)
    assert api.send("GET", of(record_id)).json() == GRANT


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"team_id": {"t": "r", "t": "w"}}', b"[" * 100_000])
def test_a_body_that_cannot_be_read_is_refused(api: Api, content: bytes) -> None:
    refused(api.send("PUT", of(made(api)), content=content), 400, "invalid_request", ".body")


def test_as_many_ids_as_there_may_be(serve: Callable[..., Api]) -> None:
    api = serve(grant_ids_max=3)
    record_id = made(api)
    most: Any = {"team_id": {"a": "r"}, "team_group_id": [{"a": "r"}], "user_id": [{"a": "r"}]}
    assert put(api, record_id, most).json() == most
    refused(put(api, record_id, most | {"team_id": {"a": "r", "b": "r"}}), 400, "invalid_request", ".body")


def test_a_repeat_under_a_key_is_a_replay(api: Api) -> None:
    record_id = made(api)
    first = put(api, record_id, GRANT, idempotency_key="k")
    put(api, record_id, EMPTY)
    again = put(api, record_id, GRANT, idempotency_key="k")
    assert (again.json(), again.headers["idempotent-replay"]) == (first.json(), "true")
    assert api.send("GET", of(record_id)).json() == EMPTY
    refused(put(api, record_id, EMPTY, idempotency_key="k"), 409, "idempotency_key_mismatch")


@pytest.mark.parametrize("object_type", GRANTED_TYPES)
def test_the_official_client_reads_and_puts_grants(api: Api, object_type: str) -> None:
    record_id = made(api, object_type)
    options: Any = {"api_key": api.key, "team_id": api.team, "base_url": api.url, "max_retries": 0}
    with Micro(**options, _strict_response_validation=True) as client:
        grants: Any = getattr(client.prism.objects, f"{object_type}s").grant
        assert grants.get(record_id).team_id == {api.team: "a"}
        for level in LEVELS:
            grant = grants.update(record_id, body_team_id={"t": level}, user_id=[{"u": level}], idempotency_key=level)
            assert (grant.team_id, grant.team_group_id, grant.user_id) == ({"t": level}, [], [{"u": level}])
        assert grants.get(record_id).to_dict() == grant.to_dict()

    async def read() -> Any:
        async with AsyncMicro(**options, _strict_response_validation=True) as client:
            of_type: Any = getattr(client.prism.objects, f"{object_type}s").grant
            await of_type.update(record_id, team_group_id=[{"g": "w"}])
            return await of_type.get(record_id)

    assert asyncio.run(read()).to_dict() == EMPTY | {"team_group_id": [{"g": "w"}]}
