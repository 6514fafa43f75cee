"""``prismd imports``: list, show, watch, cancel, retry and undo import jobs."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from prismd.cli.connection import BASE_URL, client_for, real_outside
from prismd.cli.importing.progress import meter_for
from prismd.cli.new_files import STDOUT, opened_anew
from prismd.cli.repaired_files import read_repaired, repaired_rows
from prismd.core.imports.job import State
from prismd.core.properties.schema import IMPORTABLE_TYPES
from prismd.core.wording.quoting import quoted
from prismd.importer.calls import ClientError, Outside, PrismClient
from prismd.importer.events import follow
from prismd.importer.failed_rows import run_repaired, write_failed_rows
from prismd.importer.imports import Job, poll_to_end
from prismd.importer.jobs import (
    ShownJob,
    cancel_job,
    decide_job,
    kept_records,
    list_jobs,
    problems_of,
    read_job,
    retry_job,
    undo_job,
)

SOME_ROWS_FAILED: Final = 1
COULD_NOT_RUN: Final = 2
INTERRUPTED: Final = 130
#: The most records listed that an undo kept.
_KEPT_SHOWN_MAX: Final = 20

_Command = Callable[..., None]


@click.group("imports", short_help="List, show, watch, cancel, retry and undo import jobs.")
def imports_command() -> None:
    """List, show, watch, cancel, retry and undo import jobs of a server.

    The API key is read from MICRO_API_KEY.
    """


def _reaching_a_server(command: _Command) -> _Command:
    options = (
        click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on stdout."),
        click.option("--base-url", metavar="URL", help=f"The server.  [default: $MICRO_BASE_URL or {BASE_URL}]"),
        click.option("--team", metavar="ID", help="The team.  [default: $MICRO_TEAM_ID]"),
        click.pass_context,
    )
    for option in reversed(options):
        command = option(command)
    return command


@imports_command.command("list")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only jobs in this state.")
@click.option("--type", "object_type", type=click.Choice(IMPORTABLE_TYPES), help="Only jobs of this type.")
@click.option("--limit", type=click.IntRange(1), default=25, show_default=True, help="Most jobs listed.")
@_reaching_a_server
def list_command(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401 - Click passes options of many types
    """List import jobs, newest first."""
    wanted = {"limit": str(given["limit"])}
    wanted |= {name: given[name] for name in ("state", "object_type") if given[name]}
    with _server(ctx, given) as client:
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
@_reaching_a_server
def show_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Show the state and counts of an import job."""
    with _server(ctx, given) as client:
        _print(read_job(client, job_id), as_json=given["as_json"])


@imports_command.command("cancel")
@click.argument("job_id", metavar="ID")
@_reaching_a_server
def cancel_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Cancel an import job; rows that are done stay done."""
    with _server(ctx, given) as client:
        _print(cancel_job(client, job_id), as_json=given["as_json"])


@imports_command.command("retry")
@click.argument("job_id", metavar="ID")
@click.option(
    "--rows",
    type=click.Path(path_type=Path),
    help="JSON lines of corrected rows, each with its input_index; other failed rows run as they were sent.",
)
@click.option("--not-attempted", is_flag=True, help="Run rows that were never attempted too.")
@_reaching_a_server
def retry_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Run the failed rows of an import job again, as a new job."""
    with _server(ctx, given) as client:
        body: dict[str, object] = {"not_attempted": given["not_attempted"]}
        if given["rows"]:
            body["objects"] = _rows(given["rows"])
        _print(retry_job(client, job_id, msgspec.json.encode(body)), as_json=given["as_json"])


@imports_command.command("problems")
@click.argument("job_id", metavar="ID")
@_reaching_a_server
def problems_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Show the problems of an import job by cause; the exit code is 0 if no row failed, 1 if some did, else 2."""
    with _server(ctx, given) as client:
        failed, groups = problems_of(client, job_id)
    if given["as_json"]:
        click.echo(json.dumps({"failed": failed, "groups": groups}, ensure_ascii=False))
    else:
        _print_problems(failed, groups)
    ctx.exit(SOME_ROWS_FAILED if failed else 0)


def _print_problems(failed: int, groups: list[dict[str, Any]]) -> None:
    click.echo(f"{failed:,} rows failed, for {len(groups):,} causes")
    for group in groups:
        where = f" {group['property']}" if group.get("property") else ""
        pattern = (
            " further values" if group.get("is_rest") else f" {quoted(group['pattern'])}" if group["pattern"] else ""
        )
        click.echo(f"{group['count']:>9,}  {group['code']}{where}{pattern}")
        click.echo(f"           {group['message']}")
        click.echo(
            f"           rows {', '.join(map(str, group['rows']))}{' …' if group['count'] > len(group['rows']) else ''}"
        )


@imports_command.command("failed-rows")
@click.argument("job_id", metavar="ID")
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), default="csv", show_default=True)
@click.option("-o", "--output", default=STDOUT, metavar="FILE", help="A new file.  [default: standard output]")
@_reaching_a_server
def failed_rows_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Write the failed rows of an import job as they were sent, with their problems, to repair them."""
    if given["as_json"]:
        raise click.UsageError("the rows are what is printed; leave --json out, or take --format ndjson")
    with _server(ctx, given) as client, opened_anew(given["output"]) as file:
        write_failed_rows(client, job_id, given["form"], file)


@imports_command.command("fix")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of FILE.")
@click.option("--delimiter", metavar="CHAR", help="Sign between cells.  [default: found in the header]")
@click.option(
    "--added",
    type=click.Choice(["refuse", "leave-out"]),
    default="refuse",
    show_default=True,
    help="What becomes of rows without a token, which somebody added.",
)
@_reaching_a_server
def fix_command(ctx: click.Context, /, file: Path, **given: Any) -> None:  # noqa: ANN401 - as above
    """Run the rows of a repaired file of failed rows, and no others, as a new job whose parent is theirs."""
    with _server(ctx, given) as client:
        found = read_repaired(file, given["encoding"], given["delimiter"])
        for note in found.notes(leaves_out=given["added"] == "leave-out"):
            click.echo(note, err=True)
        job = _ended(client, run_repaired(client, found.job_id, repaired_rows(client, found)))
        _print(job, as_json=given["as_json"])
    _exit_by(ctx, job)


@imports_command.command("decide")
@click.argument("job_id", metavar="ID")
@click.option("--property", "slug", required=True, metavar="SLUG", help="The property of the group.")
@click.option("--pattern", metavar="TEXT", help="The pattern of the group.  [default: all of the property]")
@click.option("--code", metavar="CODE", help="The code of the group.  [default: any]")
@click.option("--value", metavar="TEXT", help="Take this value instead.")
@click.option("--leave-out", is_flag=True, help="Leave the property out of these rows.")
@click.option("--make-option", is_flag=True, help="Make options of the unknown values.")
@_reaching_a_server
def decide_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Mend the failed rows of one cause by one decision: they run as a new job whose parent is theirs."""
    chosen = [name for name in ("leave_out", "make_option") if given[name]]
    chosen += ["map"] if given["value"] is not None else []
    if len(chosen) != 1:
        raise click.UsageError("give one of --value, --leave-out and --make-option")
    decision = {"property": given["slug"], "do": chosen[0]}
    decision |= {name: given[name] for name in ("pattern", "code", "value") if given[name] is not None}
    with _server(ctx, given) as client:
        job = _ended(client, decide_job(client, job_id, decision))
        _print(job, as_json=given["as_json"])
    _exit_by(ctx, job)


@imports_command.command("undo")
@click.argument("job_id", metavar="ID")
@click.option("--dry-run", is_flag=True, help="Judge every record, change nothing.")
@_reaching_a_server
def undo_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Undo an import job, or an undo; the exit code is 0 if all records went back, 1 if some were kept, else 2.

    ID is a job, or the change_set_id of a small import. What somebody changed since stays, and is listed.
    """
    with _server(ctx, given) as client:
        job = _watched(client, undo_job(client, job_id, dry_run=given["dry_run"]))
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
@_reaching_a_server
def watch_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Watch an import job until it ends; the exit code is 0 if all rows succeeded, 1 if some failed, else 2."""
    with _server(ctx, given) as client:
        job = _watched(client, read_job(client, job_id))
        _print(job, as_json=given["as_json"])
    _exit_by(ctx, job)


def _ended(client: PrismClient, job: ShownJob) -> ShownJob:
    return _watched(client, job) if job.get("job_id") else job


def _exit_by(ctx: click.Context, job: ShownJob) -> None:
    if job["status"] != "complete":
        ctx.exit(COULD_NOT_RUN)
    ctx.exit(SOME_ROWS_FAILED if job.get("failed") else 0)


def _watched(client: PrismClient, job: ShownJob) -> ShownJob:
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
def _server(ctx: click.Context, given: dict[str, Any]) -> Iterator[PrismClient]:
    """Yield a client; a failure prints one line and exits with 2."""
    try:
        with client_for(given, os.environ, ctx.find_object(Outside) or real_outside()) as client:
            yield client
    except ClientError as error:
        click.echo(f"{ctx.command_path}: {' '.join(str(error).split())}", err=True)
        ctx.exit(COULD_NOT_RUN)
    except KeyboardInterrupt:
        ctx.exit(INTERRUPTED)


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


def _print(job: ShownJob, *, as_json: bool) -> None:
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
