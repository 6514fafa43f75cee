"""Calls operations of the official client by name, in its synchronous or its asynchronous form."""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import httpx
from micro_so import AsyncMicro, Micro

from tests.processes import eventually

if TYPE_CHECKING:
    from tests.processes import RunningServer

FORMS: Final = ("synchronous", "asynchronous")


@dataclass(frozen=True)
class Raw:
    """An answer with what the client does not show: its status and headers."""

    status: int
    headers: httpx.Headers
    value: Any


@dataclass
class Sdk:
    """The official client, which checks every answer strictly, and what was called of it."""

    client: Any
    runner: asyncio.Runner
    called: set[str] = field(default_factory=set)

    def __call__(self, operation: str, *arguments: Any, **named: Any) -> Any:
        """Call an operation, such as ``prism.objects.contacts.get``, and return what the client makes of the answer."""
        self.called.add(operation)
        return self._done(attrgetter(operation)(self.client)(*arguments, **named))

    def raw(self, operation: str, *arguments: Any, **named: Any) -> Raw:
        """Call an operation, and return status and headers as well."""
        self.called.add(operation)
        resource, _, method = operation.rpartition(".")
        raw = self._done(getattr(attrgetter(resource)(self.client).with_raw_response, method)(*arguments, **named))
        return Raw(raw.http_response.status_code, raw.headers, self._done(raw.parse()))

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send what the client has no operation for, to a path under the team or an absolute one."""
        whole = path if path.startswith("/v2/") else f"/v2/prism/{self.team}{path}"
        headers = {"x-api-key": self.client.api_key, **request.pop("headers", {})}
        return httpx.request(method, f"{self._url}{whole}", headers=headers, timeout=60, trust_env=False, **request)

    def settle(self) -> None:
        """Wait until no import runs any more, so that nothing changes but by this test."""
        eventually(lambda: not self._imports("queued") and not self._imports("running"))

    @property
    def team(self) -> str:
        return str(self.client.team_id)

    @cached_property
    def _url(self) -> str:
        return str(self.client.base_url).rstrip("/")

    def _imports(self, state: str) -> Any:
        return self.send("GET", "/imports", params={"state": state}).json()["data"]

    def _done(self, value: Any) -> Any:
        return self.runner.run(_awaited(value)) if inspect.isawaitable(value) else value


@contextmanager
def opened(server: RunningServer, form: str) -> Iterator[Sdk]:
    """Open the client in one of its forms."""
    how: dict[str, Any] = {
        "api_key": server.key,
        "team_id": server.team,
        "base_url": server.url,
        "max_retries": 0,
        "_strict_response_validation": True,
    }
    with asyncio.Runner() as runner:
        if form == "synchronous":
            with Micro(**how) as client:
                yield Sdk(client, runner)
        else:
            asynchronous = AsyncMicro(**how)
            yield Sdk(asynchronous, runner)
            runner.run(asynchronous.close())


def operations(client: Any) -> set[str]:
    """Return the names of all operations that a client has."""
    return {f"{root}.{name}" for root in ("prism", "views", "realtime") for name in _methods(getattr(client, root))}


def unique(word: str) -> str:
    """Return a text that no other test has."""
    return f"{word} {uuid.uuid4()}"


def _methods(resource: Any) -> Iterator[str]:
    for name in (name for name in dir(type(resource)) if not name.startswith(("_", "with_"))):
        attribute = inspect.getattr_static(type(resource), name)
        if inspect.isfunction(attribute):
            yield name
        else:
            yield from (f"{name}.{inner}" for inner in _methods(getattr(resource, name)))


async def _awaited(value: Any) -> Any:
    return await value
