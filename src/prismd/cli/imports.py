"""``prismd imports``: list, show, watch, cancel, retry and undo import jobs."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from prismd.cli.job_commands import (
    COULD_NOT_RUN,
    SOME_ROWS_FAILED,
    exit_by,
    print_job,
    reaching_a_server,
    server_of,
    watched,
)
from prismd.cli.mending import MENDING
from prismd.core.imports.job import State
from prismd.core.properties.schema import IMPORTABLE_TYPES
from prismd.importer.calls import ClientError
from prismd.importer.jobs import (
    ShownJob,
    cancel_job,
    kept_records,
    list_jobs,
    read_job,
    retry_job,
    undo_job,
)

#: The most records listed that an undo kept.
_KEPT_SHOWN_MAX: Final = 20


@click.group("imports", short_help="List, show, watch, cancel, retry and undo import jobs.")
def imports_command() -> None:
    """List, show, watch, cancel, retry and undo import jobs of a server.

    The API key is read from MICRO_API_KEY.
    """


for command in MENDING:
    imports_command.add_command(command)


@imports_command.command("list")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only jobs in this state.")
@click.option("--type", "object_type", type=click.Choice(IMPORTABLE_TYPES), help="Only jobs of this type.")
@click.option("--limit", type=click.IntRange(1), default=25, show_default=True, help="Most jobs listed.")
@reaching_a_server
def list_command(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401 - Click passes options of many types
    """List import jobs, newest first."""
    wanted = {"limit": str(given["limit"])}
    wanted |= {name: given[name] for name in ("state", "object_type") if given[name]}
    with server_of(ctx, given) as client:
        jobs = list_jobs(client, wanted)
    if given["as_json"]:
        click.echo(json.dumps(jobs, ensure_ascii=False))
    for job in [] if given["as_json"] else jobs:
        done = f"{job.get('processed', 0):,} of {job.get('total', 0):,}"
        click.echo(
            f"{job.get('job_id')}  {job.get('state', ''):<9}  {job.get('object_type', ''):<12}  {done:>19} rows  "
            f"{job.get('failed', 0):>7,} failed  {job.get('created_at', '')}"
        )


@imports_command.command("show")
@click.argument("job_id", metavar="ID")
@reaching_a_server
def show_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Show the state and counts of an import job."""
    with server_of(ctx, given) as client:
        print_job(read_job(client, job_id), as_json=given["as_json"])


@imports_command.command("cancel")
@click.argument("job_id", metavar="ID")
@reaching_a_server
def cancel_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Cancel an import job; rows that are done stay done."""
    with server_of(ctx, given) as client:
        print_job(cancel_job(client, job_id), as_json=given["as_json"])


@imports_command.command("retry")
@click.argument("job_id", metavar="ID")
@click.option(
    "--rows",
    type=click.Path(path_type=Path),
    help="JSON lines of corrected rows, each with its input_index; other failed rows run as they were sent.",
)
@click.option("--not-attempted", is_flag=True, help="Run rows that were never attempted too.")
@reaching_a_server
def retry_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Run the failed rows of an import job again, as a new job."""
    with server_of(ctx, given) as client:
        body: dict[str, object] = {"not_attempted": given["not_attempted"]}
        if given["rows"]:
            body["objects"] = _rows(given["rows"])
        print_job(retry_job(client, job_id, msgspec.json.encode(body)), as_json=given["as_json"])


@imports_command.command("undo")
@click.argument("job_id", metavar="ID")
@click.option("--dry-run", is_flag=True, help="Judge every record, change nothing.")
@reaching_a_server
def undo_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Undo an import job, or an undo; the exit code is 0 if all records went back, 1 if some were kept, else 2.

    ID is a job, or the change_set_id of a small import. What somebody changed since stays, and is listed.
    """
    with server_of(ctx, given) as client:
        job = watched(client, undo_job(client, job_id, dry_run=given["dry_run"]))
        kept = list(itertools.islice(kept_records(client, job["job_id"]), _KEPT_SHOWN_MAX + 1))
    if given["as_json"]:
        click.echo(json.dumps(job, ensure_ascii=False))
    else:
        _print_undo(job, kept)
    if job["status"] != "complete":
        ctx.exit(COULD_NOT_RUN)
    ctx.exit(SOME_ROWS_FAILED if kept else 0)


@imports_command.command("watch")
@click.argument("job_id", metavar="ID")
@reaching_a_server
def watch_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Watch an import job until it ends; the exit code is 0 if all rows succeeded, 1 if some failed, else 2."""
    with server_of(ctx, given) as client:
        job = watched(client, read_job(client, job_id))
        print_job(job, as_json=given["as_json"])
    exit_by(ctx, job)


def _print_undo(job: ShownJob, kept: list[dict[str, Any]]) -> None:
    counts = {name: int(count) for name, count in job["undo"].items() if name != "undoes"}
    preview = ", a preview that changes nothing" if job.get("dry_run") else ""
    click.echo(f"{job['job_id']}  {job['state']}{preview}")
    click.echo(f"  {job['processed']:,} of {job['total']:,} records: {counts['reverted']:,} reverted,")
    click.echo(
        f"  {counts['partly_reverted']:,} partly reverted, {counts['kept']:,} kept, {counts['gone']:,} gone already, "
        f"{counts['failed']:,} failed"
    )
    for result in kept[:_KEPT_SHOWN_MAX]:
        for one in result.get("kept", ()):
            click.echo(f"  {result['object_type']} {result['id']}: {_why_kept(one)}")
    if len(kept) > _KEPT_SHOWN_MAX:
        click.echo(f"  and more; GET imports/{job['job_id']}/results?outcome=kept lists them all")
    if error := job.get("error"):
        click.echo(f"  {error.get('code')}: {error.get('message')}")


def _why_kept(kept: dict[str, Any]) -> str:
    what = kept.get("property") or "the record"
    if referrer := kept.get("referred_to_by"):
        return f"{what} stays, {referrer['object_type']} {referrer['id']} refers to it"
    if message := kept.get("message"):
        return f"{what} stays as it is: {message}"
    by = kept.get("changed_by")
    if by is None:
        return f"{what} stays, it was changed since"
    who = f"key {by['key_id']}" if by.get("key_id") else "the server"
    return f"{what} stays, changed by {who} at {by['at']} ({by['kind']} {by['change_set_id']})"


def _rows(path: Path) -> list[msgspec.Raw]:
    try:
        lines = path.read_bytes().splitlines()
        return [msgspec.json.decode(line, type=msgspec.Raw) for line in lines if line.strip()]
    except OSError as error:
        raise ClientError(f"{path} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ClientError(f"{path} holds a line that is no JSON: {error}") from None
