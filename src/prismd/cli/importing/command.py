"""`prismd import`: import the rows of a file into any Prism server, with a result for every row and none twice."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from prismd.cli.connection import BASE_URL, client_for, real_outside
from prismd.cli.importing.doubts import TerminalAsker, told
from prismd.cli.importing.import_run import Run
from prismd.cli.importing.interruption import kept_interrupts, settle
from prismd.cli.importing.order import Order
from prismd.cli.importing.progress import meter_for
from prismd.cli.importing.refusals import COULD_NOT_RUN, IN_DOUBT, OneLineCommand, complain, shown
from prismd.cli.importing.results_file import check_name
from prismd.cli.importing.saved_mappings import SavedMappings, mapping_directory
from prismd.cli.importing.table_options import kept_file, shown_name, table_options, type_option
from prismd.cli.importing.table_order import delimiter_of, table_order
from prismd.files.deciding.asking import InDoubtError, NobodyToAsk
from prismd.files.rows import FileProblemError
from prismd.files.standard_input import NAME, SHOWN
from prismd.importer.batches import BATCH_ROWS
from prismd.importer.calls import ClientError, Outside, StuckError
from prismd.importer.journal import Journals, journal_directory
from prismd.importer.mappings import ServerMappings
from prismd.importer.run import READ_AHEAD, READ_AHEAD_MAX

SOME_ROWS_FAILED: Final = 1
INTERRUPTED: Final = 130

_GOES_ON: Final = "the same command again goes on from there and doubles nothing"
_BATCH_ROWS_MAX: Final = 100_000


@click.command("import", cls=OneLineCommand)
@click.argument("file", type=click.Path(path_type=Path))
@type_option
@click.option("--dedupe-by", metavar="SLUG", help="Property that tells whether a row is a record that exists already.")
@click.option("--case-sensitive", is_flag=True, help="Compare that property with regard to case.")
@click.option("--update-existing", is_flag=True, help="Update matched records; the same as --on-match update.")
@click.option(
    "--on-match",
    type=click.Choice(["skip", "update", "fill"]),
    help="What to do with a matched record: leave it, update it, or fill only what it lacks.  [default: skip]",
)
@click.option("--require-key", is_flag=True, help="A row without a value to de-duplicate by fails.")
@click.option("--create-missing-options", is_flag=True, help="Unknown values of select properties become options.")
@click.option("--dry-run", is_flag=True, help="Judge every row, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end, and nothing else, on stdout.")
@click.option(
    "--failed",
    type=click.Path(path_type=Path),
    help="Where failed rows go; never onto a file that is there.  [default: FILE.failed.csv, or the next free name]",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    help="Write what became of each row to this file, CSV or NDJSON by its name.",
)
@click.option(
    "--on-contradiction",
    type=click.Choice(["refuse", "stop"]),
    default="refuse",
    show_default=True,
    help="What a row does that cannot be read as decided: it is refused alone, or nothing is sent at all.",
)
@click.option("--again", is_flag=True, help="Begin anew where an earlier run of this import stopped.")
@table_options
@click.option(
    "--multi-separator",
    metavar="CHAR",
    default=";",
    show_default=True,
    help='Sign between values in one CSV cell; "json" if such cells are JSON arrays.',
)
@click.option("--clear-token", metavar="TEXT", help="A CSV cell with this text erases; blank cells never do.")
@click.option(
    "--apostrophes",
    type=click.Choice(["strip", "keep"]),
    help="Take away or send apostrophes that protect CSV cells from spreadsheets.  [default: strip in files of failed "
    "rows, else refuse]",
)
@click.option(
    "--batch-rows",
    type=click.IntRange(1, _BATCH_ROWS_MAX),
    default=BATCH_ROWS,
    show_default=True,
    help="Most rows of one request.",
)
@click.option(
    "--read-ahead",
    type=click.IntRange(0, READ_AHEAD_MAX),
    default=READ_AHEAD,
    show_default=True,
    help="Most requests that are read and mapped while the server works on one.",
)
@click.option("--base-url", metavar="URL", help=f"The server.  [default: $MICRO_BASE_URL or {BASE_URL}]")
@click.option("--team", metavar="ID", help="The team.  [default: $MICRO_TEAM_ID]")
@click.pass_context
def import_command(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401 - Click passes options of many types
    """Import the rows of FILE into a Prism server.

    FILE is CSV, JSON, NDJSON, XLSX, XLS, ODS, Parquet, Arrow or vCards, or - for standard input; `prismd preview` shows
    how it is read. The API key is read from MICRO_API_KEY. The exit code is 0 if all rows succeeded, 1 if some failed,
    2 if the import could not run or did not finish, and 3 if something about the file is in doubt and nobody can be
    asked. After a broken connection, give the same command again: it continues where it stopped and doubles nothing.
    """
    explicit = [name for name in given if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    asks = sys.stdin.isatty() and sys.stderr.isatty() and not given["as_json"] and given["file"] != NAME
    asker = TerminalAsker(_tell, _read) if asks else NobodyToAsk()
    outside = ctx.find_object(Outside) or real_outside()
    meter = meter_for(sys.stderr, outside.monotonic)
    run, settled = None, ""
    try:
        with (
            kept_interrupts() as check,
            kept_file(given["file"], sys.stdin.buffer) as path,
            client_for(given, os.environ, outside) as client,
        ):
            order = _order(given, explicit, path)
            run = Run(
                order,
                client,
                Journals(journal_directory(os.environ)),
                meter,
                _tell,
                asker,
                SavedMappings(mapping_directory(os.environ), ServerMappings(client), order.object_type),
                shows=asks,
                arguments=["prismd", *sys.argv[1:]],
                check=check,
            )
            try:
                summary = run.carry_out(outside)
            except KeyboardInterrupt:
                meter.close()
                if run.job_under_way:
                    settled = settle(client, run.job_under_way)
                raise
    except InDoubtError as error:
        meter.close()
        _complain(f"{shown_name(given['file'])}: {error}, and nothing was sent; give one of the flags for each")
        for line in told(error.questions):
            _tell(line)
        ctx.exit(IN_DOUBT)
    except FileProblemError as error:
        meter.close()
        _complain(f"{shown_name(given['file'])}: {error}")
        ctx.exit(COULD_NOT_RUN)
    except ClientError as error:
        meter.close()
        standing = run.standing if run else ""
        how = _GOES_ON if standing and not isinstance(error, StuckError) else ""
        _complain("; ".join(filter(None, [str(error), standing, how])))
        ctx.exit(COULD_NOT_RUN)
    except KeyboardInterrupt:
        meter.close()
        _complain(
            f"interrupted; {f'{run.standing}; {settled or _GOES_ON}' if run and run.standing else 'nothing was sent'}"
        )
        ctx.exit(INTERRUPTED)
    meter.close()
    for line in [summary.as_json()] if given["as_json"] else summary.lines():
        click.echo(line)
    ctx.exit(SOME_ROWS_FAILED if summary.tally.failed else 0)


def _order(given: Mapping[str, Any], explicit: Sequence[str], path: Path) -> Order:
    _check_outputs(given["file"], given)
    if not given["multi_separator"]:
        raise ClientError("--multi-separator needs at least one character")
    return Order(
        file=path,
        object_type=given["object_type"],
        options=_options(given),
        form=given["form"],
        encoding=given["encoding"],
        delimiter=delimiter_of(given["delimiter"]),
        separator=given["multi_separator"],
        clear_token=given["clear_token"],
        ignore_unknown_columns=given["ignore_unknown_columns"],
        batch_rows=given["batch_rows"],
        read_ahead=given["read_ahead"],
        nulls_are_blank=_null_in_json(given["null"]) == "keep",
        apostrophes=given["apostrophes"],
        failed=given["failed"],
        results=given["results"],
        again=given["again"],
        stops=given["on_contradiction"] == "stop",
        table=table_order(given, explicit),
        explicit=frozenset(explicit),
        standard_input=SHOWN if path != given["file"] else None,
    )


def _null_in_json(given: Sequence[str]) -> str:
    return next((text for text in reversed(given) if text in ("clear", "keep")), "clear")


def _check_outputs(file: Path, given: Mapping[str, Any]) -> None:
    outputs = {f"--{name}": given[name].absolute() for name in ("failed", "results") if given[name]}
    for flag, path in outputs.items():
        if path == file.absolute():
            raise ClientError(f"{flag} names the file to import itself; give another name")
        if not path.parent.is_dir():
            raise ClientError(f"{flag}: there is no directory {path.parent}; make it first")
    if len(set(outputs.values())) < len(outputs):
        raise ClientError("--failed and --results name the same file; give two names")
    if given["results"]:
        check_name(given["results"])


def _options(given: Mapping[str, Any]) -> dict[str, object]:
    """Return the import's options; defaults are left out, because other servers may not know them."""
    on_match = given["on_match"] or ("update" if given["update_existing"] else "skip")
    if given["update_existing"] and on_match != "update":
        raise ClientError(f"--on-match {on_match} contradicts --update-existing; give one of the two")
    if given["dedupe_by"] is None:
        for name in ("case_sensitive", "update_existing", "on_match", "require_key"):
            if given[name]:
                raise ClientError(f"--{name.replace('_', '-')} needs --dedupe-by, which says what matches")
    options: dict[str, object] = {}
    if given["dedupe_by"] is not None:
        options |= {"dedupe_by": given["dedupe_by"], "caseInsensitive": not given["case_sensitive"]}
    if on_match == "update":
        options["update_existing"] = True
    elif on_match == "fill":
        options["on_match"] = "fill"
    return options | {name: True for name in ("require_key", "create_missing_options", "dry_run") if given[name]}


def _tell(sentence: str) -> None:
    click.echo(shown(sentence), err=True)


def _read(prompt: str) -> str:
    try:
        return str(click.prompt(prompt, prompt_suffix="", default="", show_default=False, err=True))
    except click.Abort:
        raise KeyboardInterrupt from None


def _complain(sentence: str) -> None:
    complain("import", sentence)
