"""One of several API processes of ``prismd serve``; it answers requests on a socket that all of them share."""

from __future__ import annotations

import contextlib
import os
import socket

import click

from prismd.api.app import create_app
from prismd.api.limits.shared_memory import SharedMemory
from prismd.server.failure import told_in_one_line
from prismd.server.logs import configure_logs
from prismd.server.supervisor import is_orphan
from prismd.server.web_server import WebServer
from prismd.services.runtime import open_runtime
from prismd.settings import Settings
from prismd.telemetry import metrics, traces
from prismd.worker.stop import Stop


@click.command("api-process")
@click.option("--parent-pid", type=int, required=True)
@click.option("--number", type=int, required=True)
@click.option("--listener", type=int, required=True)
@click.option("--memory", type=int, required=True)
@click.option("--ready", type=int, required=True)
@told_in_one_line()
def api_process(parent_pid: int, number: int, listener: int, memory: int, ready: int) -> None:
    """Answer requests until asked to stop, or until `prismd serve`, which starts this process, is gone."""
    stop = Stop()
    stop.on_signals()
    settings = Settings.from_environment()
    configure_logs(settings)
    metrics.join(f"api-{number}")
    end_traces = traces.begin(settings, f"api-{number}")
    runtime = open_runtime(settings.database_url, settings)
    shared = SharedMemory(memory, processes=settings.processes, number=number)
    server = WebServer(
        create_app(runtime, watches_work=True, shared=shared),
        grace_s=settings.shutdown_s,
        ends=lambda: stop.is_set() or is_orphan(parent_pid),
        ready=lambda: _tell(ready, number),
        alone=False,
    )
    server.serve_on(socket.socket(fileno=listener))
    runtime.close()
    end_traces()
    # Everything is closed. Exit at once, because threads of abandoned requests would keep the process alive.
    os._exit(0)


def _tell(ready: int, number: int) -> None:
    # The server does not wait for a process that was restarted, so the pipe can be closed.
    with contextlib.suppress(OSError):
        os.write(ready, b"%d\n" % number)


if __name__ == "__main__":
    api_process()
