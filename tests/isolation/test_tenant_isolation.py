"""No route shows a team anything of another, changes anything of it, or tells its ids from ids that never were."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from websockets.sync.client import connect

from prismd.api.document.operations import OPERATIONS
from tests.isolation.cases import CASES, IN_PATH, WITHOUT_IDS, Pick, route
from tests.isolation.world import TEXTS, Ghost, Rows, World, new_team, new_world, reading
from tests.processes import PATIENCE_S

if TYPE_CHECKING:
    from prismd.api.document.operation import Operation
    from tests.processes import RunningServer

TEAM_OPERATIONS = [operation for operation in OPERATIONS if operation.path.startswith("/v2/")]
WITH_IDS = [one for one in TEAM_OPERATIONS if route(one.method, one.path) in CASES]
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


@dataclass
class Teams:
    """Two teams of one server.

    Args:
        theirs: The team that nothing may be seen of.
        ours: The team that asks.
        read: Returns what the database holds of theirs.
        before: What that was when both were complete.
        held: Returns what the database holds of ours.
    """

    theirs: World
    ours: World
    read: Callable[[], Rows]
    before: Rows
    held: Callable[[], Rows]


@pytest.fixture(scope="module")
def teams(server: RunningServer) -> Iterator[Teams]:
    with httpx.Client(timeout=60, trust_env=False) as http:
        theirs, ours = (new_world(server, http) for _ in range(2))
        with reading(server.database_url, theirs.team) as read, reading(server.database_url, ours.team) as held:
            yield Teams(theirs, ours, read, read(), held)


def _types(operation: Operation) -> list[str]:
    return [name for name in operation.object_types if name in TEXTS]


def _request(operation: Operation, pick: Pick, object_type: str) -> dict[str, Any]:
    path = operation.path
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{name}}}", _in_path(name, pick, object_type))
    case = CASES.get(route(operation.method, operation.path))
    return {"method": operation.method, "path": path, **(case(pick, object_type) if case else {})}


def _in_path(name: str, pick: Pick, object_type: str) -> str:
    if name in IN_PATH:
        return pick(IN_PATH[name], object_type)
    if name in ("value", "name"):
        return pick("value")
    return {"teamId": pick.own.team, "objectType": object_type, "slug": TEXTS[object_type]}.get(name, "custom")


def _shown(answer: httpx.Response) -> str:
    return answer.text + json.dumps(dict(answer.headers))


def _meaning(answer: httpx.Response, sent: list[str]) -> tuple[int, str]:
    """Return what an answer says, whatever the ids and times in it."""
    text = answer.text
    for one in sent:
        text = text.replace(one, "ID")
    return answer.status_code, MOMENT.sub("TIME", ID.sub("ID", text))


def _discloses_nothing(teams: Teams, request: dict[str, Any], answer: httpx.Response) -> None:
    said, shown = json.dumps(request), _shown(answer)
    assert answer.status_code < 500
    for secret in (teams.theirs.name, teams.theirs.team, *teams.theirs.every_id()):
        assert secret not in shown or secret in said, secret


def test_every_route_has_a_case() -> None:
    routes = {route(operation.method, operation.path) for operation in TEAM_OPERATIONS}
    assert routes == set(CASES) | WITHOUT_IDS
    assert not set(CASES) & WITHOUT_IDS


@pytest.mark.parametrize("operation", WITH_IDS, ids=lambda operation: operation.name)
def test_an_id_of_another_team_is_as_good_as_none(teams: Teams, operation: Operation) -> None:
    @given(st.data())
    @settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def try_one(data: st.DataObject) -> None:
        chosen: list[int] = []

        def draw(below: int) -> int:
            chosen.append(data.draw(st.integers(0, below - 1)))
            return chosen[-1]

        object_type = data.draw(st.sampled_from(_types(operation)))
        pick = Pick(draw, teams.ours, teams.theirs)
        request = _request(operation, pick, object_type)
        assume(pick.used)
        again = iter(chosen)
        ghosts = Pick(lambda _: next(again), teams.ours, Ghost(teams.theirs))
        vain = _request(operation, ghosts, object_type)
        answer, other = teams.ours.send(**request), teams.ours.send(**vain)
        _discloses_nothing(teams, request, answer)
        assert _meaning(answer, pick.used) == _meaning(other, ghosts.used)
        if all(one in request["path"] for one in pick.used) and pick.used != [teams.theirs.name]:
            assert answer.status_code in {404, 405}
        assert teams.read() == teams.before

    try_one()
    held = "\n".join(row for table in ("record", "list", "property", "property_option") for row in teams.held()[table])
    assert not [one for one in teams.theirs.every_id() if one in held]


@pytest.mark.parametrize("operation", TEAM_OPERATIONS, ids=lambda operation: operation.name)
def test_the_path_of_another_team_is_forbidden(teams: Teams, operation: Operation) -> None:
    if "{teamId}" not in operation.path:
        return
    pick = Pick(lambda below: below - 1, teams.theirs, teams.theirs)
    for object_type in _types(operation):
        request = _request(operation, pick, object_type)
        answer = teams.theirs.send(**request, key=teams.ours.key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
        _discloses_nothing(teams, request, answer)
    assert teams.read() == teams.before


def test_what_a_team_lists_is_its_own(server: RunningServer, teams: Teams) -> None:
    with httpx.Client(timeout=60, trust_env=False) as http:
        ours = new_world(server, http)
        for operation in TEAM_OPERATIONS:
            if operation.method == "GET" and not {*re.findall(r"{(\w+)}", operation.path)} & {
                *IN_PATH,
                "value",
                "name",
            }:
                for object_type in _types(operation):
                    path = operation.path.replace("{teamId}", ours.team).replace("{objectType}", object_type)
                    answer = ours.send("GET", path.replace("{templateId}", "custom"))
                    assert answer.status_code == 200
                    _discloses_nothing(teams, {}, answer)


def test_the_realtime_stream_tells_a_team_nothing_of_another(server: RunningServer) -> None:
    with httpx.Client(timeout=60, trust_env=False) as http:
        theirs, ours = (new_team(server, http) for _ in range(2))
        ticket = ours.send("POST", "/v2/realtime/ticket").json()
        with connect(f"{ticket['ws_url']}?token={ticket['ticket']}", proxy=None) as socket:
            assert json.loads(socket.recv(PATIENCE_S))["type"] == "hello"
            theirs.send("POST", "/contact/import", json={"objects": [{}] * 3})
            theirs.send("POST", "/deal", json={"default": {"name": theirs.name}})
            own = ours.send("POST", "/deal", json={"default": {"name": ours.name}}).json()["id"]
            told = json.loads(socket.recv(PATIENCE_S))
        assert (told["type"], told["ids"]) == ("records", [own])


def test_two_teams_may_choose_the_same_id_for_a_view(server: RunningServer) -> None:
    with httpx.Client(timeout=60, trust_env=False) as http:
        theirs, ours = (new_team(server, http) for _ in range(2))
        body, path = {"id": str(uuid.uuid4()), "view_type": "grid"}, "/deal/views"
        made = [team.send("POST", path, json={**body, "name": team.name}) for team in (theirs, ours)]
        assert [answer.status_code for answer in made] == [201, 201]
        own = f"{path}/{body['id']}"
        deal = ours.send("POST", "/deal", json={"default": {"name": ours.name}}).json()["id"]
        with reading(server.database_url, theirs.team) as read:
            before = read()
            assert ours.send("PATCH", own, json={"name": "ours"}).json()["name"] == "ours"
            assert ours.send("POST", f"{own}/records/{deal}").status_code == 201
            assert ours.send("DELETE", own).status_code == 204
            assert read() == before
        assert theirs.send("GET", own).json()["name"] == theirs.name
