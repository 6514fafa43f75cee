"""The real application on a real HTTP server in this process, so that tests can turn its clock and see its data."""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
import uvicorn

from prismd.api.app import create_app
from prismd.api.http_protocol import HttpProtocol
from prismd.api.web_socket_protocol import OPTIONS, WebSocketProtocol
from prismd.services.runtime import Runtime, system_clock
from prismd.services.stepping import step_next
from prismd.services.teams import create_key, revoke_key
from prismd.settings import Settings
from prismd.store.postgres import connect


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
            own, done = self.team_id(), 0
            while steps is None or done < steps:
                step = step_next(connection, now=self.runtime.now(), new_id=self.runtime.new_id, settings=self.settings)
                if step is None:
                    break
                done += step.job.team_id == own

    def team_id(self) -> int:
        with self.runtime.pool.connection() as connection:
            row = connection.execute("SELECT id FROM team WHERE public_id = %s", (self.team,)).fetchone()
            assert row is not None
            return int(row[0])

    def make_key(self, team: str | None = None, *, revoked: bool = False) -> str:
        """Return a further key: of this team, or of a new one."""
        with self.runtime.pool.connection() as connection:
            made = create_key(
                connection,
                team=team or self.team,
                name="test",
                now=system_clock(),
                new_id=self.runtime.new_id,
                make_team=team is not None,
            )
            if revoked:
                revoke_key(connection, made.id, team=None, now=system_clock())
            return made.key


@pytest.fixture
def serve(runtime: Runtime, database_url: str) -> Iterator[Callable[..., Api]]:
    """Serve the application with other settings than the defaults, with another pool or clock."""
    running: list[tuple[uvicorn.Server, threading.Thread, httpx.Client]] = []

    def start(*, pool: Any = None, now: Any = None, **settings: Any) -> Api:
        own = Runtime(pool or runtime.pool, replace(Settings(), **settings), now or runtime.now, runtime.new_id)
        listener = socket.create_server(("127.0.0.1", 0))
        app = create_app(own)
        server = uvicorn.Server(
            uvicorn.Config(app, http=HttpProtocol, ws=WebSocketProtocol, log_level="critical", **OPTIONS)
        )
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        client = httpx.Client(timeout=60, trust_env=False)
        running.append((server, thread, client))
        # The client talks to the runtime of the test, also where the served one is broken on purpose.
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        api = Api(url, "", "", runtime, own.settings, database_url, client, app, server, thread)
        api.team = f"team-{secrets.token_hex(8)}"
        api.key = api.make_key(api.team)
        return api

    yield start
    for server, thread, client in running:
        client.close()
        server.should_exit = True
        thread.join()


@pytest.fixture
def api(serve: Callable[..., Api]) -> Api:
    """The application with the default settings."""
    return serve()
