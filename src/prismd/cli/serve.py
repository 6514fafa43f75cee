"""``prismd serve``: the web server, its workers and, unless the settings name another one, its own PostgreSQL."""

from __future__ import annotations

import os
import shlex
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
import psycopg
import structlog

from prismd.cli.database import embedded_postgres
from prismd.database_errors import DatabaseAwayError, DatabaseUnusableError
from prismd.embedded.server import EmbeddedPostgres
from prismd.server.api_processes import ApiProcesses
from prismd.server.exposure import is_readable, public_url, what_to_do
from prismd.server.failure import told_in_one_line
from prismd.server.listener import listen, url_of
from prismd.server.logs import configure_logs
from prismd.server.metrics_server import begin_metrics
from prismd.server.supervisor import Program, Supervisor
from prismd.services.api_keys.authentication import Bootstrap, bootstrap
from prismd.services.runtime import SoleRuntime, open_runtime, system_clock, thread_ids
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, connect, connections_allowed, connections_needed
from prismd.store.connections.row_security import is_superuser
from prismd.store.migrate import migrate
from prismd.telemetry import metrics, traces
from prismd.telemetry.declared import POSTGRES_RESTARTS
from prismd.worker.stop import Stop

if TYPE_CHECKING:
    from litestar.types import ASGIApp

    from prismd.server.web_server import WebServer

#: Seconds that workers get at a stop. With requests and PostgreSQL, a stop takes less than five seconds.
_WORKERS_S: Final = 3.0
_WATCH_S: Final = 0.25
#: Waits between attempts to reach PostgreSQL while the server starts, in seconds.
_START_WAITS_S: Final = (0.1, 0.2, 0.4, 0.8, 1.6)

_Result = TypeVar("_Result")

_LOG = structlog.get_logger()


@click.command("serve", short_help="Run the server.")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.  [default: 8400]")
@click.option("--data-dir", type=click.Path(), help="Directory of the embedded PostgreSQL.  [default: data]")
@click.option("--workers", type=click.IntRange(0), help="Processes that carry out import jobs.  [default: 1]")
@click.option("--processes", type=click.IntRange(1), help="Processes that answer requests.  [default: 1]")
@told_in_one_line()
def serve_command(**options: Any) -> None:  # noqa: ANN401 - settings of any type, by name
    """Run the server until SIGTERM or Ctrl-C.

    It keeps its records in an embedded PostgreSQL in the data directory, or in the one at PRISMD_DATABASE_URL. At the
    first start it makes a team and an API key, and prints them only then. If MICRO_TEAM_ID and MICRO_API_KEY are set,
    it takes these instead, and does not print the key.
    """
    stop = Stop()
    stop.on_signals()
    settings = Settings.from_environment(**options)
    configure_logs(settings)
    with ExitStack() as stack:
        try:
            _serve(settings, stop, stack)
        except (DatabaseUnusableError, psycopg.OperationalError):
            # A stop during the start is not a failure.
            if not stop.is_set():
                raise
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is closed. Exit at once, because threads of abandoned requests would keep the process alive.
    os._exit(0)


def _serve(settings: Settings, stop: Stop, stack: ExitStack) -> None:
    listener = stack.enter_context(listen(settings.host, settings.port))
    if is_readable(settings):
        _LOG.warning("keys and records can be read on the network", listens_on=settings.host, advice=what_to_do())
    metrics_server = begin_metrics(settings, "server", stack)
    # Begin here even if other processes answer, so that a wrong setting is reported before they start.
    stack.callback(traces.begin(settings, "server"))
    # The web framework loads while PostgreSQL starts.
    loading = stack.enter_context(ThreadPoolExecutor(1)).submit(_load_web) if settings.processes == 1 else None
    url = settings.database_url or _start_embedded(settings, stop, stack)
    _persistently(lambda: migrate(url, settings), stop)
    made = _persistently(lambda: _prepared(url, settings), stop)
    if metrics_server:
        metrics_server.start(url, stack)
    environment = {**os.environ, **replace(settings, database_url=url).as_environment()}
    workers = Supervisor(settings.workers, Program("worker", _worker, environment))
    stack.callback(workers.stop, _WORKERS_S)

    def ready() -> None:
        _announce(url_of(listener), public_url(settings), metrics_server.url if metrics_server else "", made)

    if loading is None:
        processes = ApiProcesses(settings, environment, listener, stop, stack)
        workers.start()
        processes.serve(ready=ready, stopping=workers.terminate)
        return
    create_app, web_server = loading.result()
    runtime = open_runtime(url, settings)
    stack.callback(runtime.close)
    app, grace_s = create_app(runtime, watches_work=True), settings.shutdown_s
    server = web_server(app, grace_s=grace_s, ends=stop.is_set, ready=ready, stopping=workers.terminate)
    workers.start()
    server.serve_on(listener)


def _worker(number: int) -> list[str]:
    return ["prismd.cli.main", "worker", "--name", f"worker-{number}"]


def _prepared(url: str, settings: Settings) -> Bootstrap | None:
    with connect(url, settings, autocommit=True) as connection:
        _warn_of_few_connections(connection, settings)
        _warn_of_superuser(connection)
        return bootstrap(SoleRuntime(connection, settings, system_clock, thread_ids()), os.environ)


def _warn_of_few_connections(connection: Connection, settings: Settings) -> None:
    needed, allowed = connections_needed(settings), connections_allowed(connection)
    if allowed < needed:
        advice = "raise its max_connections, or lower PRISMD_DATABASE_CONNECTIONS_MAX"
        _LOG.warning(
            "PostgreSQL takes fewer connections than this server may open",
            taken=allowed,
            opened_at_most=needed,
            advice=advice,
        )


def _warn_of_superuser(connection: Connection) -> None:
    if is_superuser(connection):
        advice = "use a login of its own, that owns its database and is none (docs/safety.md)"
        _LOG.warning("prismd's login to PostgreSQL is a superuser, which it need not be", advice=advice)


def _persistently(work: Callable[[], _Result], stop: Stop) -> _Result:
    # PostgreSQL may be restarting, so try a few times.
    for wait_s in _START_WAITS_S:
        try:
            return work()
        except (DatabaseAwayError, psycopg.OperationalError):
            stop.wait(wait_s)
            if stop.is_set():
                raise
    return work()


def _start_embedded(settings: Settings, stop: Stop, stack: ExitStack) -> str:
    embedded = embedded_postgres(settings, given_up=stop.is_set)
    stack.callback(embedded.stop)
    url = embedded.start()
    watch = threading.Thread(target=_keep_running, args=(embedded, stop))
    watch.start()
    stack.callback(watch.join)
    stack.callback(stop.set)
    return url


def _keep_running(embedded: EmbeddedPostgres, stop: Stop) -> None:
    while not stop.is_set():
        try:
            if embedded.revive():
                metrics.add(POSTGRES_RESTARTS)
                _LOG.warning("PostgreSQL ended unasked and was started again")
            embedded.cut_log()
        except DatabaseUnusableError as error:
            _LOG.error("PostgreSQL is down", error=str(error))
        except OSError as error:
            _LOG.warning("the log of PostgreSQL cannot be kept as it should", error=str(error))
        stop.wait(_WATCH_S)


def _load_web() -> tuple[Callable[..., ASGIApp], type[WebServer]]:
    from prismd.api.app import create_app  # noqa: PLC0415 - loading takes half a second, so a thread does it
    from prismd.server.web_server import WebServer  # noqa: PLC0415 - as above

    return create_app, WebServer


def _announce(url: str, public: str, metrics_url: str, made: Bootstrap | None) -> None:
    lines = [f"prismd is ready at {url} (its API: {url}/docs)", f"export MICRO_BASE_URL={public or url}"]
    if made:
        lines.append(f"export MICRO_TEAM_ID={shlex.quote(made.team)}")
        lines.append(
            "# MICRO_API_KEY is as you gave it" if made.given else f"export MICRO_API_KEY={shlex.quote(made.key)}"
        )
    else:
        lines += ["# teams and keys are as they were; for another key: prismd keys create"]
    if metrics_url:
        lines += [f"# metrics are read at {metrics_url}"]
    click.echo("\n".join(lines))
