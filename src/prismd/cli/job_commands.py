"""What commands about import jobs share: options, the server, watching a job to its end, and showing it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import click

from prismd.cli.connection import BASE_URL, client_for, real_outside
from prismd.cli.importing.progress import meter_for
from prismd.importer.calls import ClientError, Outside, PrismClient
from prismd.importer.events import follow
from prismd.importer.imports import Job, poll_to_end
from prismd.importer.jobs import ShownJob, read_job

SOME_ROWS_FAILED: Final = 1
COULD_NOT_RUN: Final = 2
INTERRUPTED: Final = 130

Command = Callable[..., None]


def reaching_a_server(command: Command) -> Command:
    """Give a command the options of all that ask a server."""
    options = (
        click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on stdout."),
        click.option("--base-url", metavar="URL", help=f"The server.  [default: $MICRO_BASE_URL or {BASE_URL}]"),
        click.option("--team", metavar="ID", help="The team.  [default: $MICRO_TEAM_ID]"),
        click.pass_context,
    )
    for option in reversed(options):
        command = option(command)
    return command


def ended_job(client: PrismClient, job: ShownJob) -> ShownJob:
    """Return a new job at its end; one that was answered at once has ended already."""
    return watched(client, job) if job.get("job_id") else job


def exit_by(ctx: click.Context, job: ShownJob) -> None:
    """End the command by the outcome of a job: 0 if all rows succeeded, 1 if some failed, else 2."""
    if job["status"] != "complete":
        ctx.exit(COULD_NOT_RUN)
    ctx.exit(SOME_ROWS_FAILED if job.get("failed") else 0)


def watched(client: PrismClient, job: ShownJob) -> ShownJob:
    """Show the progress of a job until it ends, and return it."""
    if job["status"] != "processing":
        return job
    meter = meter_for(sys.stderr, client.outside.monotonic)
    verb, unit = ("undoing", "records") if "undo" in job else ("importing", "rows")
    meter.begin(f"{verb} {job.get('object_type', 'records')}", job.get("total", 0), unit)

    def show(now: Job) -> None:
        meter.show(now.processed or 0, f"{now.failed:,} failed" if now.failed else "")

    try:
        if not follow(client, job["job_id"], show):
            poll_to_end(client, job["job_id"], show)
    finally:
        meter.close()
    return read_job(client, job["job_id"])


@contextmanager
def server_of(ctx: click.Context, given: dict[str, Any]) -> Iterator[PrismClient]:
    """Yield a client; a failure prints one line and exits with 2."""
    try:
        with client_for(given, os.environ, ctx.find_object(Outside) or real_outside()) as client:
            yield client
    except ClientError as error:
        click.echo(f"{ctx.command_path}: {' '.join(str(error).split())}", err=True)
        ctx.exit(COULD_NOT_RUN)
    except KeyboardInterrupt:
        ctx.exit(INTERRUPTED)


def print_job(job: ShownJob, *, as_json: bool) -> None:
    """Print a job, for people or as JSON."""
    if as_json:
        click.echo(json.dumps(job, ensure_ascii=False))
        return
    counts = {name: int(job.get(name) or 0) for name in ("total", "processed", "created", "existing", "updated")}
    click.echo(f"{job.get('job_id') or 'done at once'}  {job.get('state') or job['status']}")
    click.echo(f"  {counts['processed']:,} of {counts['total']:,} rows done, {job.get('failed') or 0:,} failed")
    click.echo(
        f"  {counts['created']:,} created, {counts['existing']:,} existing, {counts['updated']:,} of them updated"
    )
    for name in ("object_type", "parent_job_id", "created_at", "updated_at", "expires_at"):
        if job.get(name):
            click.echo(f"  {name} {job[name]}")
    if error := job.get("error"):
        click.echo(f"  {error.get('code')}: {error.get('message')}")
