"""The metrics page; it is made at most once a second, even if it is read more often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from litestar.types import Send

from prismd.api.http.scope_keys import CONNECTION_LIMITS
from prismd.api.limits.connections import ConnectionLimits
from prismd.api.monitoring.database_probe import DatabaseProbe
from prismd.api.monitoring.exposition import exposition
from prismd.database_errors import DatabaseAwayError
from prismd.services.monitoring.figures import Figures, look_up
from prismd.settings import Settings

PATH: Final = "/metrics"

#: One or two programs read metrics, so a few connections are enough, and no address can take all of them.
_CONNECTIONS_MAX: Final = 64
_PER_ADDRESS_MAX: Final = 16
_FRESH_S: Final = 1.0
_PLAIN: Final = "text/plain; charset=utf-8"
_READING: Final = ("GET", "HEAD")


class MetricsPage:
    """The ASGI application of the metrics page.

    Args:
        directory: The directory in which processes count.
        url: The database's connection string.
        settings: The settings, for the limits of connections and the retention times.
        now: Returns the time.
    """

    def __init__(self, directory: Path, url: str, settings: Settings, now: Callable[[], datetime]) -> None:
        self._directory = directory
        self._limits = ConnectionLimits(
            replace(settings, connections_max=_CONNECTIONS_MAX, connections_per_address_max=_PER_ADDRESS_MAX)
        )
        self._probe: DatabaseProbe[Figures] = DatabaseProbe(
            url, settings, now, lambda connection, at: look_up(connection, at, settings), fresh_s=_FRESH_S
        )
        self._made: dict[str, tuple[float, tuple[bytes, str]]] = {}
        self._making = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:  # noqa: ANN401 - the framework knows no lifespan
        """Answer one request, or serve the lifespan."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["path"] != PATH:
            await _answer(send, 404, *_plain(f"Metrics are at {PATH}"))
        elif scope["method"] not in _READING:
            await _answer(send, 405, *_plain(f"{PATH} is read with GET"), allow=b"GET, HEAD")
        else:
            accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
            await _answer(send, 200, *await self._page(accept.decode("latin-1")))

    async def _page(self, accept: str) -> tuple[bytes, str]:
        form = "openmetrics" if "application/openmetrics-text" in accept else "text"
        async with self._making:
            made_at, page = self._made.get(form, (0.0, (b"", "")))
            if not page[0] or asyncio.get_running_loop().time() - made_at > _FRESH_S:
                page = exposition(self._directory, await self._figures(), accept)
                self._made[form] = asyncio.get_running_loop().time(), page
            return page

    async def _figures(self) -> Figures | None:
        try:
            return await self._probe.ask()
        except DatabaseAwayError:
            return None

    async def _live(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as above
        scope.get("state", {})[CONNECTION_LIMITS] = self._limits
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._probe.close()
        await send({"type": "lifespan.shutdown.complete"})


def _plain(text: str) -> tuple[bytes, str]:
    return text.encode() + b"\n", _PLAIN


async def _answer(send: Send, status: int, body: bytes, media_type: str, allow: bytes = b"") -> None:
    headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(b"allow", allow)] if allow else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
