"""``prismd serve``: the web server, its workers and, unless another one is named, its own PostgreSQL."""

from __future__ import annotations

import os
import shlex
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click
import psycopg
import structlog

from prismd.cli.exposure import is_readable, public_url, what_to_do
from prismd.cli.failure import told_in_one_line
from prismd.cli.listener import listen, url_of
from prismd.cli.logs import configure_logs
from prismd.cli.supervisor import Supervisor
from prismd.services.runtime import Runtime, open_runtime
from prismd.services.teams import Bootstrap, bootstrap
from prismd.settings import Settings
from prismd.store.embedded import EmbeddedPostgres
from prismd.store.migrate import migrate
from prismd.store.postgres import DatabaseAwayError, DatabaseUnusableError
from prismd.worker.stop import Stop

if TYPE_CHECKING:
    from litestar.types import ASGIApp

    from prismd.cli.web_server import WebServer

#: With the time that requests get, and the stop of PostgreSQL, this stays under five seconds.
_WORKERS_S: Final = 3.0
_WATCH_S: Final = 0.25
#: Waits for a PostgreSQL that does not answer while the server starts.
_START_WAITS_S: Final = (0.1, 0.2, 0.4, 0.8, 1.6)

_Result = TypeVar("_Result")

_LOG = structlog.get_logger()


@click.command("serve", short_help="Run the server.")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.  [default: 8400]")
@click.option("--data-dir", type=click.Path(), help="Directory of the embedded PostgreSQL.  [default: data]")
@click.option("--workers", type=click.IntRange(0), help="Processes that carry out import jobs.  [default: 1]")
@told_in_one_line()
def serve_command(host: str | None, port: int | None, data_dir: str | None, workers: int | None) -> None:
    """Run the server until SIGTERM or Ctrl-C.

    It keeps its records in an embedded PostgreSQL in the data directory, or in the one at PRISMD_DATABASE_URL. At the
    first start it makes a team and an API key and prints them, this once; MICRO_TEAM_ID and MICRO_API_KEY are taken
    instead where they are set, and such a key is not printed.
    """
    stop = Stop()
    stop.on_signals()
    settings = Settings.from_environment(host=host, port=port, data_dir=data_dir, workers=workers)
    configure_logs(settings.log_level)
    if is_readable(settings):
        _LOG.warning("keys and records can be read on the network", listens_on=settings.host, advice=what_to_do())
    with ExitStack() as stack:
        try:
            _serve(settings, stop, stack)
        except (DatabaseUnusableError, psycopg.OperationalError):
            # A start that was given up is no failure.
            if not stop.is_set():
                raise
    sys.stdout.flush()
    sys.stderr.flush()
    # All is in order; threads of requests that were given up must not hold the process.
    os._exit(0)


def _serve(settings: Settings, stop: Stop, stack: ExitStack) -> None:
    listener = stack.enter_context(listen(settings.host, settings.port))
    # The web framework loads while PostgreSQL starts.
    loading = stack.enter_context(ThreadPoolExecutor(1)).submit(_load_web)
    url = settings.database_url or _start_embedded(settings, stop, stack)
    _persistently(lambda: migrate(url, settings), stop)
    runtime = open_runtime(url, settings)
    stack.callback(runtime.pool.close, 0.1)
    made = _persistently(lambda: _bootstrapped(runtime), stop)
    supervisor = Supervisor(settings.workers, {**os.environ, "PRISMD_DATABASE_URL": url})
    stack.callback(supervisor.stop, _WORKERS_S)
    create_app, web_server = loading.result()
    server = web_server(
        create_app(runtime, watches_work=True),
        grace_s=settings.shutdown_s,
        stop=stop,
        ready=lambda: _announce(url_of(listener), public_url(settings), made),
        stopping=supervisor.terminate,
    )
    supervisor.start()
    server.serve_on(listener)


def _bootstrapped(runtime: Runtime) -> Bootstrap | None:
    with runtime.pool.connection() as connection:
        return bootstrap(connection, os.environ, now=runtime.now(), new_id=runtime.new_id)


def _persistently(work: Callable[[], _Result], stop: Stop) -> _Result:
    # PostgreSQL may be restarting just now; whether it is away for good shows soon.
    for wait_s in _START_WAITS_S:
        try:
            return work()
        except (DatabaseAwayError, psycopg.OperationalError):
            stop.wait(wait_s)
            if stop.is_set():
                raise
    return work()


def _start_embedded(settings: Settings, stop: Stop, stack: ExitStack) -> str:
    embedded = EmbeddedPostgres(
        Path(settings.data_dir),
        buffers_mib=settings.postgres_buffers_mib,
        user=settings.postgres_user,
        given_up=stop.is_set,
    )
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
                _LOG.warning("PostgreSQL ended unasked and was started again")
        except DatabaseUnusableError as error:
            _LOG.error("PostgreSQL is down", error=str(error))
        stop.wait(_WATCH_S)


def _load_web() -> tuple[Callable[..., ASGIApp], type[WebServer]]:
    from prismd.api.app import create_app  # noqa: PLC0415 - in a thread of its own, as it takes half a second
    from prismd.cli.web_server import WebServer  # noqa: PLC0415 - as above

    return create_app, WebServer


def _announce(url: str, public: str, made: Bootstrap | None) -> None:
    lines = [f"prismd is ready at {url} (its API: {url}/docs)", f"export MICRO_BASE_URL={public or url}"]
    if made:
        lines.append(f"export MICRO_TEAM_ID={shlex.quote(made.team)}")
        lines.append(
            "# MICRO_API_KEY is as you gave it" if made.given else f"export MICRO_API_KEY={shlex.quote(made.key)}"
        )
    else:
        lines += ["# teams and keys are as they were; for another key: prismd keys create"]
    click.echo("\n".join(lines))
