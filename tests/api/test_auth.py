"""Who is let in, and that this is asked before anything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from prismd.services.api_keys.api_keys import WantedKey, create_key

if TYPE_CHECKING:
    from tests.api.conftest import Api
    from tests.conftest import Clock

ROUTES = [
    ("GET", "/imports"),
    ("GET", "/imports/unknown"),
    ("GET", "/imports/unknown/results"),
    ("POST", "/contact/import"),
    ("POST", "/nonsense/import"),
    ("POST", "/event/import"),
    ("GET", "/contact/unknown"),
    ("GET", "/contact/count"),
    ("GET", "/contact/by/nonsense/x"),
    ("GET", "/properties"),
    ("GET", "/contact/properties"),
    ("POST", "/contact/properties"),
    ("PATCH", "/contact/properties/unknown"),
    ("DELETE", "/contact/properties/unknown"),
    ("POST", "/contact/properties/unknown/options"),
    ("PATCH", "/contact/properties/unknown/options/unknown"),
    ("DELETE", "/contact/properties/unknown/options/unknown"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_asks_for_a_key_before_it_looks_at_the_request(api: Api, method: str, path: str) -> None:
    body = {"content": b"no json"} if method in {"POST", "PATCH"} else {}
    without = api.send(method, path, key=None, **body)
    assert (without.status_code, without.json()["error"]["code"]) == (401, "unauthorized")
    assert "www-authenticate" in without.headers
    wrong = api.send(method, path, key="wrong", **body)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "forbidden")


def test_an_empty_key_is_none(api: Api) -> None:
    assert api.http.get(api.url + api.path("/imports"), headers={"x-api-key": ""}).status_code == 401


@pytest.mark.parametrize("key", ["x" * 10_000, "ключ".encode(), b"\xff", "' OR true --"])
def test_a_strange_key_is_a_wrong_one(api: Api, key: Any) -> None:
    assert api.http.get(api.url + api.path("/imports"), headers={"x-api-key": key}).status_code == 403


def test_a_revoked_key_is_refused(api: Api) -> None:
    assert api.send("GET", "/imports", key=api.make_key(revoked=True)).status_code == 403
    assert api.send("GET", "/imports", key=api.make_key()).status_code == 200


@pytest.mark.parametrize("team", ["unknown", "%00", "%FF", "%2e%2e", "x" * 5000, "%F0%9F%98%80"])
def test_an_unknown_team_is_as_closed_as_another_one(api: Api, serve: Callable[..., Api], team: str) -> None:
    other = serve()
    for path in (f"/v2/prism/{team}/imports", f"/v2/prism/{other.team}/imports"):
        refused = api.send("GET", path)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")


def test_no_bearer_scheme_is_known(api: Api) -> None:
    headers = {"authorization": f"Bearer {api.key}"}
    assert api.http.get(api.url + api.path("/imports"), headers=headers).status_code == 401


def test_a_key_that_expires_is_refused_from_the_next_request_on(api: Api, clock: Clock) -> None:
    made = create_key(api.runtime, WantedKey(api.team, "short", lifetime=timedelta(minutes=5)))
    assert api.send("GET", "/imports", key=made.key).status_code == 200
    clock.advance(minutes=5)
    refused = api.send("GET", "/imports", key=made.key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    assert "the API key has expired on" in refused.json()["error"]["message"]
    assert api.send("GET", "/imports").status_code == 200
