"""``prismd imports problems``, ``failed-rows``, ``fix`` and ``decide``: from failed rows to mended ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click

from prismd.cli.job_commands import (
    SOME_ROWS_FAILED,
    ended_job,
    exit_by,
    print_job,
    reaching_a_server,
    server_of,
)
from prismd.cli.new_files import STDOUT, opened_anew
from prismd.cli.repaired_files import read_repaired, repaired_rows
from prismd.core.wording.quoting import quoted
from prismd.importer.failed_rows import run_repaired, write_failed_rows
from prismd.importer.jobs import decide_job, problems_of


@click.command("problems")
@click.argument("job_id", metavar="ID")
@reaching_a_server
def problems_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - Click passes options of many types
    """Show the problems of an import job by cause; the exit code is 0 if no row failed, 1 if some did, else 2."""
    with server_of(ctx, given) as client:
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


@click.command("failed-rows")
@click.argument("job_id", metavar="ID")
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), default="csv", show_default=True)
@click.option("-o", "--output", default=STDOUT, metavar="FILE", help="A new file.  [default: standard output]")
@reaching_a_server
def failed_rows_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - Click passes options of many types
    """Write the failed rows of an import job as they were sent, with their problems, to repair them."""
    if given["as_json"]:
        raise click.UsageError("the rows are what is printed; leave --json out, or take --format ndjson")
    with server_of(ctx, given) as client, opened_anew(given["output"]) as file:
        write_failed_rows(client, job_id, given["form"], file)


@click.command("fix")
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
@reaching_a_server
def fix_command(ctx: click.Context, /, file: Path, **given: Any) -> None:  # noqa: ANN401 - Click passes options of many types
    """Run the rows of a repaired file of failed rows, and no others, as a new job whose parent is theirs."""
    with server_of(ctx, given) as client:
        found = read_repaired(file, given["encoding"], given["delimiter"])
        for note in found.notes(leaves_out=given["added"] == "leave-out"):
            click.echo(note, err=True)
        job = ended_job(client, run_repaired(client, found.job_id, repaired_rows(client, found)))
        print_job(job, as_json=given["as_json"])
    exit_by(ctx, job)


@click.command("decide")
@click.argument("job_id", metavar="ID")
@click.option("--property", "slug", required=True, metavar="SLUG", help="The property of the group.")
@click.option("--pattern", metavar="TEXT", help="The pattern of the group.  [default: all of the property]")
@click.option("--code", metavar="CODE", help="The code of the group.  [default: any]")
@click.option("--value", metavar="TEXT", help="Take this value instead.")
@click.option("--leave-out", is_flag=True, help="Leave the property out of these rows.")
@click.option("--make-option", is_flag=True, help="Make options of the unknown values.")
@reaching_a_server
def decide_command(ctx: click.Context, /, job_id: str, **given: Any) -> None:  # noqa: ANN401 - Click passes options of many types
    """Mend the failed rows of one cause by one decision: they run as a new job whose parent is theirs."""
    chosen = [name for name in ("leave_out", "make_option") if given[name]]
    chosen += ["map"] if given["value"] is not None else []
    if len(chosen) != 1:
        raise click.UsageError("give one of --value, --leave-out and --make-option")
    decision = {"property": given["slug"], "do": chosen[0]}
    decision |= {name: given[name] for name in ("pattern", "code", "value") if given[name] is not None}
    with server_of(ctx, given) as client:
        job = ended_job(client, decide_job(client, job_id, decision))
        print_job(job, as_json=given["as_json"])
    exit_by(ctx, job)


MENDING: Final = (problems_command, failed_rows_command, fix_command, decide_command)
