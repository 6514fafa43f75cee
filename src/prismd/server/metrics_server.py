"""The metrics server: serves the metrics of all processes of one server, at an address and in a thread of its own."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import structlog

from prismd.server.failure import Failure
from prismd.server.listener import listen, url_of
from prismd.services.runtime import system_clock
from prismd.settings import Settings
from prismd.telemetry import metrics

_LOG: Final = structlog.get_logger()

#: Seconds that a running scrape gets at the end.
_END_S: Final = 1.0


class MetricsServer:
    """The address of the metrics page, and the directory in which processes count.

    Args:
        listener: The listening socket.
        directory: The private directory of the processes' files.
        settings: The settings, for limits.
    """

    def __init__(self, listener: socket.socket, directory: Path, settings: Settings) -> None:
        self._listener = listener
        self._directory = directory
        self._settings = settings
        self.url = f"{url_of(listener)}/metrics"

    def start(self, database_url: str, stack: ExitStack) -> None:
        """Answer scrapes until the stack is left.

        Args:
            database_url: The database's connection string.
            stack: Stops the server when it is left.
        """
        import uvicorn  # noqa: PLC0415 - loaded only where metrics are served

        from prismd.api.http.http_protocol import HttpProtocol  # noqa: PLC0415 - as above
        from prismd.api.monitoring.metrics_page import MetricsPage  # noqa: PLC0415 - as above

        page = MetricsPage(self._directory, database_url, self._settings, system_clock)
        server = uvicorn.Server(
            uvicorn.Config(
                page,
                http=HttpProtocol,
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=round(_END_S),
            )
        )
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[self._listener])), name="prismd-metrics", daemon=True
        )
        thread.start()

        def end() -> None:
            server.should_exit = True
            thread.join(_END_S)

        stack.callback(end)


def begin_metrics(settings: Settings, name: str, stack: ExitStack) -> MetricsServer | None:
    """Begin to count, and return the metrics server; None if the settings name no port for it.

    Args:
        settings: The settings, for the address.
        name: Name of this process in the metrics.
        stack: Closes the socket and removes the files at the end.

    Raises:
        Failure: The address is not available, or the disk has no room for the files.
    """
    if not settings.metrics_port:
        return None
    listener = stack.enter_context(listen(settings.metrics_host, settings.metrics_port, "PRISMD_METRICS_PORT"))
    try:
        directory = Path(tempfile.mkdtemp(prefix="prismd-metrics-"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        metrics.begin(directory, name)
    except OSError as error:
        raise Failure(f"metrics cannot be counted in {tempfile.gettempdir()}: {error.strerror}") from error
    return MetricsServer(listener, directory, settings)
