"""``prismd worker``: a process that carries out import jobs."""

from __future__ import annotations

from contextlib import ExitStack

import click

from prismd.server.failure import Failure, told_in_one_line
from prismd.server.logs import configure_logs
from prismd.server.metrics_server import begin_metrics
from prismd.server.supervisor import is_orphan
from prismd.services.runtime import system_clock, thread_ids
from prismd.settings import Settings
from prismd.store.migrate import check_schema
from prismd.telemetry import metrics, traces
from prismd.worker.loop import Surroundings, run
from prismd.worker.stop import Stop


@click.command("worker", short_help="Carry out import jobs of the PostgreSQL at PRISMD_DATABASE_URL.")
@click.option("--parent-pid", type=int, hidden=True, help="End when this process is no longer the parent.")
@click.option("--name", default="worker", hidden=True, help="Name of the process in metrics and traces.")
@told_in_one_line()
def worker_command(parent_pid: int | None, name: str) -> None:
    """Carry out import jobs of the PostgreSQL at PRISMD_DATABASE_URL.

    `prismd serve` starts workers of its own (--workers); this command is for more of them, on this or other machines.
    On SIGTERM or Ctrl-C a worker finishes its chunk and ends; another worker continues the job.
    """
    stop = Stop()
    stop.on_signals()
    settings = Settings.from_environment()
    configure_logs(settings)
    if not settings.database_url:
        raise Failure("`prismd worker` needs PRISMD_DATABASE_URL; on the embedded PostgreSQL, use `prismd serve`")
    around = Surroundings(
        settings.database_url, settings, system_clock, thread_ids(), stop, lambda: is_orphan(parent_pid)
    )
    with ExitStack() as stack:
        if parent_pid is None:
            check_schema(settings.database_url, settings)
            if server := begin_metrics(settings, name, stack):
                server.start(settings.database_url, stack)
        else:
            # The server that started this worker serves its metrics and has checked the schema. So this worker does not
            # fail if the database is away; it waits for it.
            metrics.join(name)
        stack.callback(traces.begin(settings, name))
        run(around)
