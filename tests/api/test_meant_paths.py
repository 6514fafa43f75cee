"""Paths in another form than the contract's: without a team, the old one of queries, and routes that prismd lacks."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from prismd.api.document.openapi import document
from prismd.api.http.known_routes import route_of
from prismd.api.http.meant_paths import MeantPath, meant_path
from prismd.core.properties.schema import OBJECT_TYPES, UNHELD_TYPES
from reference import compatibility

if TYPE_CHECKING:
    from tests.api.conftest import Api

QUERY: dict[str, Any] = {"query": {"select": ["email"], "filter": [{"email": {"=": "ada@x.org"}}]}}


@pytest.fixture(params=["a-team", "query", "contact", "imports", "with space/ü"])
def named(api: Api, request: pytest.FixtureRequest) -> Api:
    """An application whose team has such a name, that no other test has."""
    # One database serves all tests, so a name can be there: its records are those of other tests then.
    api.team = request.param
    api.key = api.make_key(api.team)
    api.team = quote(api.team, safe="")
    return api


def made(api: Api, path: str, **values: Any) -> str:
    answer = api.send("POST", path, json={"default": values})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


# --- the old path of queries ---


def test_the_old_path_of_queries_means_the_new_one(named: Api) -> None:
    address = f"{uuid4()}@x.org"
    ada = made(named, "/contact", email=address)
    asked = {"query": {"select": ["email"], "filter": [{"email": {"=": address}}]}, "include_total": True}
    old = named.send("POST", f"/v2/prism/query/{named.team}/contact", json=asked)
    new = named.send("POST", "/contact/query", json=asked)
    assert old.status_code == new.status_code == 200, old.text
    assert old.json() == new.json()
    assert old.json()["data"] == [{"id": ada, "properties": {"email": address}}]


@pytest.mark.parametrize("object_type", OBJECT_TYPES)
def test_every_type_has_the_old_path(api: Api, object_type: str) -> None:
    answer = api.send("POST", f"/v2/prism/query/{api.team}/{object_type}", json={"query": {"select": []}})
    assert answer.json()["data"] == []


def test_what_is_wrong_with_an_old_query_is_said_as_of_a_new_one(api: Api) -> None:
    path = f"/v2/prism/query/{api.team}"
    for object_type, body, status in (
        ("contact", {"query": {"select": ["nope"]}}, 400),
        ("contact", {"query": {"select": []}, "filter": []}, 400),
        ("nonsense", QUERY, 400),
        ("agent_site", QUERY, 405),
    ):
        old = api.send("POST", f"{path}/{object_type}", json=body).json()["error"]
        new = api.send("POST", f"/{object_type}/query", json=body)
        assert (new.status_code, new.json()["error"]["message"]) == (status, old["message"])
    assert api.send("POST", f"{path}/contact?x=1", json=QUERY).status_code == 400
    assert api.send("POST", f"{path}/contact", key=None, json=QUERY).status_code == 401
    assert api.send("POST", "/v2/prism/query/another/contact", json=QUERY).status_code == 403
    refused = api.send("GET", f"{path}/contact")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST, OPTIONS")


def test_a_team_that_is_called_query_has_all_its_routes(api: Api) -> None:
    api.team = "query"
    api.key = api.make_key(api.team)
    ada = made(api, "/contact", full_name="Ada")
    assert api.send("GET", f"/contact/{ada}").json()["id"] == ada
    assert api.send("PATCH", f"/contact/{ada}", json={"default": {"title": "x"}}).status_code == 200
    assert api.send("GET", "/contact/count").json()["total"] >= 1
    assert api.start([{"default": {"full_name": "Bob"}}]).json()["created"] == 1
    assert api.send("POST", "/contact/query", json=QUERY).status_code == 200
    assert api.send("GET", "/lists").status_code == 200
    assert api.send("GET", f"/lists/{uuid4()}").status_code == 404
    assert api.send("GET", "/contact/properties").status_code == 200
    assert api.send("POST", "/deal/views", json={"name": "v", "view_type": "grid"}).status_code == 201
    for method, path in (("POST", "/nonsense/import"), ("GET", f"/nonsense/{ada}")):
        assert api.send(method, path, json={}).json()["error"]["errors"][0]["field"] == ".path.objectType"


# --- without a team ---


def bare(path: str) -> str:
    return f"/v2/prism{path}"


def test_without_a_team_the_team_of_the_key_is_meant(named: Api) -> None:
    address = f"{uuid4()}@x.org"
    made_one = named.send("POST", bare("/contact"), json={"default": {"email": address}})
    assert made_one.status_code == 201, made_one.text
    ada = made_one.json()["id"]
    assert named.send("GET", f"/contact/{ada}").json()["default"]["email"] == address
    assert named.send("GET", bare(f"/contact/{ada}")).headers["etag"] == '"1"'
    assert named.send("GET", bare(f"/contact/by/email/{address}")).json()["id"] == ada
    assert named.send("GET", bare(f"/contact?email={address}")).json()["data"][0]["id"] == ada
    query = {"query": {"select": [], "filter": [{"email": {"=": address}}]}}
    assert named.send("POST", bare("/contact/query"), json=query).json()["data"][0]["id"] == ada
    assert named.send("GET", bare("/contact/count")).json() == named.send("GET", "/contact/count").json()
    assert named.send("PATCH", bare(f"/contact/{ada}"), json={"default": {"title": "x"}}).status_code == 200
    assert named.send("GET", bare("/contact/properties")).json().keys() == {"contact"}
    assert set(OBJECT_TYPES) <= set(named.send("GET", bare("/properties")).json())
    listed = named.send("POST", bare("/lists"), json={"template_id": "sales_deals"}).json()
    assert (
        named.send("GET", bare(f"/lists/{listed['id']}")).json() == named.send("GET", f"/lists/{listed['id']}").json()
    )
    assert named.send("GET", bare("/list-templates/custom")).status_code == 200
    view = named.send("POST", bare("/deal/views"), json={"name": "v", "view_type": "grid"}).json()
    assert named.send("GET", bare(f"/deal/views/{view['id']}/records")).status_code == 200
    assert named.send("DELETE", bare(f"/contact/{ada}")).status_code == 204


def test_an_import_without_a_team_says_where_its_job_is(named: Api) -> None:
    accepted = named.send("POST", bare("/contact/import"), json={"objects": [{}] * 100})
    assert accepted.status_code == 202
    location = accepted.headers["location"]
    assert location == named.path(f"/imports/{accepted.json()['job_id']}")
    for where in (location, bare(f"/imports/{accepted.json()['job_id']}")):
        assert named.send("GET", where).json()["job_id"] == accepted.json()["job_id"]
    assert named.send("POST", bare(f"/imports/{accepted.json()['job_id']}/cancel")).status_code == 200


def test_another_team_is_never_reached_without_a_team(api: Api, serve: Callable[..., Api]) -> None:
    stranger = serve()
    ada = made(stranger, "/contact", full_name="Ada")
    assert api.send("GET", bare(f"/contact/{ada}")).status_code == 404
    assert api.send("GET", bare("/contact"), key=None).status_code == 401
    assert api.send("GET", bare("/contact"), key="wrong").status_code == 403
    assert api.send("GET", "/v2/prism/-/contact").status_code == 403, "no team is called so"


def test_a_path_that_can_be_read_with_a_team_is_read_so() -> None:
    words = [*OBJECT_TYPES, *UNHELD_TYPES, "imports", "lists", "list-templates", "properties", "query", str(uuid4())]
    for team in words:
        for object_type in OBJECT_TYPES:
            for rest in ("", f"/{uuid4()}", "/count", "/query", "/by/email/x", "/batch/update"):
                path = f"/v2/prism/{team}/{object_type}{rest}"
                assert meant_path("GET", path) == MeantPath(path)
        for collection in ("imports", "lists", "list-templates", "imports/x", "lists/x", "lists/x/y"):
            path = f"/v2/prism/{team}/{collection}"
            assert meant_path("GET", path) == MeantPath(path)


@pytest.mark.parametrize(
    "path",
    ["/v2/prism", "/v2/prism/", "/v2/prism/team", "/v2/prism/team/contact", "/v2/prism//contact",
     "/v2/prism/%00/contact",
     "/v2/realtime/ticket", "/healthz", "/docs", "/v2/prism/query", "/v2/prism/query/contact", "/v2/prism/%FF",
     "/v2/prism/query/team/contact/x"],
)  # fmt: skip
def test_any_other_path_stays_as_it_is(path: str) -> None:
    for method in ("GET", "POST"):
        assert meant_path(method, path) == MeantPath(path)


# --- which methods a path takes ---


def test_options_and_405_name_all_methods_of_every_route(api: Api) -> None:
    routed: dict[str, set[str]] = {}
    for route in api.app._app.routes:
        path = route.path_format.replace("{team_id}", api.team)
        path = path.replace("{object_type}", "deal").replace("{view_id}", "x").replace("{template_id}", "x")
        path = "/".join("x" if part.startswith("{") else part for part in path.split("/"))
        routed.setdefault(path, set()).update(set(route.methods) | ({"HEAD"} if "GET" in route.methods else set()))
    assert len(routed) > 30
    # These two exist for one type each, and not for deals.
    routed = {path: methods for path, methods in routed.items() if not path.endswith("/find-or-create")}
    for path, methods in routed.items():
        options = api.send("OPTIONS", path, key=None)
        assert options.status_code == 204, path
        refused = api.send("PROPFIND" if path.startswith("/docs") else "TRACE", path)
        assert refused.status_code == 405
        assert set(refused.headers["allow"].split(", ")) == methods, path
        if path.startswith("/v2/"):
            assert options.headers["allow"] == refused.headers["allow"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/contact", "GET, HEAD, POST, OPTIONS"),
        ("/contact/x", "GET, HEAD, PATCH, DELETE, OPTIONS"),
        ("/contact/import", "POST, OPTIONS"),
        ("/event/import", "OPTIONS"),
        ("/event/batch/update", "OPTIONS"),
        ("/agent_site/count", "OPTIONS"),
        ("/contact/views", "OPTIONS"),
        ("/contact/x/grant", "OPTIONS"),
        ("/deal/x/grant", "GET, HEAD, PUT, OPTIONS"),
        ("/identity/find-or-create", "POST, OPTIONS"),
        ("/contact/by/email/a%2Fb", "GET, HEAD, PUT, OPTIONS"),
        ("/lists/x", "GET, HEAD, OPTIONS"),
    ],
)
def test_what_a_type_does_not_allow_is_in_no_answer(api: Api, path: str, methods: str) -> None:
    for form in (api.path(path), bare(path)):
        assert api.send("OPTIONS", form).headers["allow"] == methods
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = api.send(method, path, json={})
        if method not in methods:
            assert (answer.status_code, answer.headers["allow"]) == (405, methods), method


def test_options_of_nothing_is_nothing(api: Api) -> None:
    assert route_of("/nowhere") is None
    assert api.send("OPTIONS", "/nowhere").status_code == 404


# --- routes that prismd lacks ---


def absent() -> list[tuple[str, str, str]]:
    """Return method, path and reason of every endpoint that the table of the contract has and prismd has not."""
    return [
        (one.method, one.path.replace("{type}", name), one.why)
        for one in compatibility.endpoints(document())
        if one.state == "no"
        for name in one.types or ("",)
    ]


def concrete(api: Api, path: str) -> str:
    path = path.replace("{teamId}", api.team).replace("{objectType}", "deal")
    return "/".join(str(uuid4()) if part.startswith("{") else part for part in path.split("/"))


@pytest.mark.parametrize(("method", "path", "why"), absent())
def test_a_route_that_prismd_lacks_says_so_by_any_method(api: Api, method: str, path: str, why: str) -> None:
    assert why
    for one in (method, "GET", "POST", "DELETE", "OPTIONS", "PATCH"):
        refused = api.send(one, concrete(api, path), json={})
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (404, "not_found")
        assert why in error["message"]
        assert "COMPATIBILITY.md" in error["message"]
        assert error["request_id"] == refused.headers["x-request-id"]


def test_a_route_that_prismd_lacks_says_so_without_a_team_too(api: Api) -> None:
    message = api.send("GET", bare("/deal/triggered_automations")).json()["error"]["message"]
    assert "prismd does not serve it" in message


@pytest.mark.parametrize(
    ("path", "instead"),
    [
        ("/v1/prism/{teamId}/contact", "/v2"),
        ("/v1/prism/query/{teamId}/contact", "/v2"),
        ("/v2/prism/metadata/properties/{teamId}/contact", "/v2/prism/{teamId}/{objectType}/properties"),
        ("/v2/prism/{teamId}/view/deal/{viewId}/records", "/v2/prism/{teamId}/{objectType}/views/{viewId}/records"),
    ],
)
def test_a_path_of_an_earlier_version_names_the_one_to_use(api: Api, path: str, instead: str) -> None:
    refused = api.http.get(api.url + concrete(api, path), headers={"x-api-key": api.key})
    assert refused.status_code == 404
    assert instead in refused.json()["error"]["message"]


def test_every_endpoint_of_the_contract_is_told_from_a_record(api: Api) -> None:
    """No answer to a path of the contract speaks of a record whose id is a word of the path."""
    with compatibility.ENDPOINTS.open(encoding="utf-8", newline="") as file:
        rows = [(row["method"], row["path"], row["types"].split()[:1]) for row in csv.DictReader(file, delimiter="\t")]
    for method, path, types in rows:
        whole = concrete(api, path.replace("{type}", types[0] if types else "deal"))
        message = api.send(method, whole, json={}).json().get("error", {}).get("message", "")
        words = {part for part in Path(path).parts if "{" not in part and part not in ("/", "v2", "prism")}
        assert not [word for word in words if f'the id "{word}"' in message], (method, path, message)
