"""The real application on a real HTTP server in this process, so that tests can turn its clock and see its data."""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import httpx
import pytest
import uvicorn

from prismd.api.app import create_app
from prismd.api.http.http_protocol import HttpProtocol
from prismd.api.http.web_socket_protocol import OPTIONS, WebSocketProtocol
from prismd.core.api_keys.scopes import Scope, Scopes
from prismd.services.api_keys.api_keys import WantedKey, create_key, revoke_key
from prismd.services.imports.stepping import step_next
from prismd.services.runtime import Runtime, system_clock, system_ids
from prismd.settings import Settings
from prismd.store.connections.postgres import Pool, connect
from tests.conftest import sole
from tests.pipeline_switch import SETTINGS


@dataclass
class Api:
    """A client of a served application, with a team and key of its own."""

    url: str
    team: str
    key: str
    runtime: Runtime
    settings: Settings
    database_url: str
    http: httpx.Client = field(repr=False)
    app: Any = field(repr=False)
    server: uvicorn.Server = field(repr=False)
    thread: threading.Thread = field(repr=False)

    def send(self, method: str, path: str, *, key: str | None = "", **request: Any) -> httpx.Response:
        """Send a request to a path under the team (``/contact/…``), or to an absolute one (``/v2/…``, ``/healthz``)."""
        whole = path if path.startswith(("/v2/", "/healthz", "/docs", "/openapi.json", "/nowhere")) else self.path(path)
        headers = dict(request.pop("headers", {}))
        if key is not None:
            headers["x-api-key"] = key or self.key
        return self.http.request(method, self.url + whole, headers=headers, **request)

    def path(self, path: str) -> str:
        return f"/v2/prism/{self.team}{path}"

    def start(self, rows: list[Any], object_type: str = "contact", **options: Any) -> httpx.Response:
        """Send an import; options named ``idempotency_key`` become the header."""
        key = options.pop("idempotency_key", None)
        body = {"objects": rows, **({"options": options} if options else {})}
        headers = {} if key is None else {"idempotency-key": key}
        return self.send("POST", f"/{object_type}/import", content=json.dumps(body), headers=headers)

    def work(self, steps: int | None = None) -> None:
        """Do what workers do: so many chunks of this team, or all there are; jobs of other teams take their turns."""
        with connect(self.database_url, self.runtime.settings) as connection:
            connection.autocommit = True
            worker = sole(replace(self.runtime, settings=self.settings), connection)
            own, done = self.team_id(), 0
            while steps is None or done < steps:
                step = step_next(worker)
                if step is None:
                    break
                done += step.job.team_id == own

    def team_id(self) -> int:
        with self.runtime.of_all_teams() as connection:
            row = connection.execute("SELECT id FROM team WHERE public_id = %s", (self.team,)).fetchone()
            assert row is not None
            return int(row[0])

    def make_key(self, team: str | None = None, *scopes: str, revoked: bool = False) -> str:
        """Return a further key: of this team, or of a new one; good for everything, or for some scopes."""
        runtime = replace(self.runtime, now=system_clock)
        wanted = WantedKey(team or self.team, "test", team is not None, Scopes.of(scopes or Scope))
        made = create_key(runtime, wanted)
        if revoked:
            revoke_key(runtime, made.id, team=None)
        return made.key


def start_serving(served: Runtime, runtime: Runtime, database_url: str) -> Api:
    """Serve the application, and return a client without a team.

    Args:
        served: What the application runs with.
        runtime: What the client looks behind it with, also where the served one is broken on purpose.
        database_url: Of both.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(served)
    server = uvicorn.Server(
        uvicorn.Config(app, http=HttpProtocol, ws=WebSocketProtocol, log_level="critical", **OPTIONS)
    )
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    client = httpx.Client(timeout=60, trust_env=False)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    return Api(url, "", "", runtime, served.settings, database_url, client, app, server, thread)


def stop_serving(api: Api) -> None:
    api.http.close()
    api.server.should_exit = True
    api.thread.join()


def with_team(api: Api) -> Api:
    """Give a client a team and a key of its own."""
    api.team = f"team-{secrets.token_hex(8)}"
    api.key = api.make_key(api.team)
    return api


@pytest.fixture
def serve(runtime: Runtime, database_url: str) -> Iterator[Callable[..., Api]]:
    """Serve the application with other settings than the defaults, with another pool or clock, or for itself."""
    running: list[Api] = []

    def start(*, pool: Any = None, now: Any = None, **settings: Any) -> Api:
        own = Runtime(pool or runtime.pool, replace(SETTINGS, **settings), now or runtime.now, runtime.new_id)
        running.append(start_serving(own, runtime, database_url))
        return with_team(running[-1])

    yield start
    for api in running:
        stop_serving(api)


@dataclass
class Standing:
    """An application that serves one test after the other, by the clock of each."""

    api: Api
    now: Callable[[], datetime] = system_clock


@pytest.fixture(scope="session")
def standing(pool: Pool, database_url: str) -> Iterator[Standing]:
    made: list[Standing] = []
    runtime = Runtime(pool, SETTINGS, lambda: made[0].now(), system_ids())  # noqa: PLW0108 - tests change it
    made.append(Standing(start_serving(runtime, runtime, database_url)))
    yield made[0]
    stop_serving(made[0].api)


@pytest.fixture
def api(standing: Standing, runtime: Runtime) -> Api:
    """The application with the default settings; whoever stops it or looks inside it takes ``serve`` instead."""
    standing.now = runtime.now
    return with_team(replace(standing.api, runtime=runtime))
