"""``prismd export``: write all records that a query finds to a file, or to standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

import click
import msgspec

from prismd.cli.connection import BASE_URL, client_for, real_outside
from prismd.cli.exporting.outputs import OUTPUTS, CsvOutput, Output
from prismd.cli.importing.progress import meter_for
from prismd.cli.new_files import STDOUT, opened_anew
from prismd.core.exports.columns import mapping_of
from prismd.core.properties.schema import OBJECT_TYPES
from prismd.importer.calls import ClientError, Outside
from prismd.importer.exports import ExportRun

COULD_NOT_RUN: Final = 2
INTERRUPTED: Final = 130

_TEXTS: Final = ("ndjson", "csv")
_FORMATS: Final = tuple(OUTPUTS)
_SUFFIXES: Final = {".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".xlsx": "xlsx", ".parquet": "parquet"}
#: Members of a body; any other object is a query alone.
_OF_BODY: Final = ("query", "id", "deleted")


@click.command("export", short_help="Write all records that a query finds to a file.")
@click.option("--type", "object_type", type=click.Choice(OBJECT_TYPES), required=True, help="Type of the records.")
@click.option(
    "--query", "query_file", type=click.Path(path_type=Path), help="JSON of a query; without it, all records."
)
@click.option("--format", "form", type=click.Choice(_FORMATS), help="[default: by the name of FILE, or else ndjson]")
@click.option("-o", "--output", default=STDOUT, metavar="FILE", help="A new file.  [default: standard output]")
@click.option("--mapping", metavar="FILE", help="A new file with the mapping for `prismd import --map`.")
@click.option("--importable", is_flag=True, help="Only what an import takes: no ids of records, nothing read-only.")
@click.option("--no-keys", is_flag=True, help="References by id alone.")
@click.option("--apostrophes", is_flag=True, help="Protect cells of CSV that a spreadsheet takes for formulas.")
@click.option("--json", "as_json", is_flag=True, help="At the end print one JSON object on stdout; needs --output.")
@click.option("--base-url", metavar="URL", help=f"The server.  [default: $MICRO_BASE_URL or {BASE_URL}]")
@click.option("--team", metavar="ID", help="The team.  [default: $MICRO_TEAM_ID]")
@click.pass_context
def export_command(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401 - Click passes options of many types
    """Write all records that a query finds to a file, in the order of their creation.

    The file must not exist yet, and gets its name when it is complete. A broken connection is taken up again behind the
    last whole page. The API key is read from MICRO_API_KEY.
    """
    outside = ctx.find_object(Outside) or real_outside()
    try:
        form = _format(given)
        body = _body(given, form)
        with client_for(given, os.environ, outside) as client:
            summary = _exported(ExportRun(client, given["object_type"], body), given, form)
    except ClientError as error:
        click.echo(f"{ctx.command_path}: {' '.join(str(error).split())}", err=True)
        ctx.exit(COULD_NOT_RUN)
    except KeyboardInterrupt:
        click.echo("interrupted; nothing was written to the file", err=True)
        ctx.exit(INTERRUPTED)
    _tell(summary, as_json=given["as_json"])


def _exported(run: ExportRun, given: Mapping[str, Any], form: str) -> dict[str, Any]:
    began = run.client.outside.monotonic()
    with opened_anew(given["output"]) as file:
        output, rows = _write(run, file, given, form)
    if given["mapping"]:
        columns = run.head.columns if run.head else []
        with opened_anew(given["mapping"]) as file:
            file.write(msgspec.json.format(msgspec.json.encode(mapping_of(run.object_type, columns))) + b"\n")
    return {
        "file": None if given["output"] == STDOUT else given["output"],
        "mapping": given["mapping"],
        "type": run.object_type,
        "format": form,
        "records": rows,
        "left_out": run.head.left_out if run.head else [],
        "formulas": 0 if given["apostrophes"] else output.formulas,
        "apostrophes": given["apostrophes"],
        "breaks": run.breaks,
        "seconds": round(run.client.outside.monotonic() - began, 3),
    }


def _write(run: ExportRun, file: IO[bytes], given: Mapping[str, Any], form: str) -> tuple[Output, int]:
    meter = meter_for(sys.stderr, run.client.outside.monotonic)
    output: Output | None = None
    rows = 0
    try:
        for page in run.pages():
            if output is None:
                assert run.head is not None, run  # noqa: S101 - the head comes before each page
                meter.begin(f"exporting {run.object_type}", run.head.total or 0, "records")
                output = _output(run, file, given, form)
            output.write(page)
            rows += len(page)
            meter.show(rows)
        assert output is not None, run  # noqa: S101 - there is a page even without records
        output.close()
    finally:
        meter.close()
    return output, rows


def _output(run: ExportRun, file: IO[bytes], given: Mapping[str, Any], form: str) -> Output:
    columns = run.head.columns if run.head else []
    if form == "csv":
        return CsvOutput(file, columns, run.object_type, protects=given["apostrophes"])
    made: Output = OUTPUTS[form](file, columns, run.object_type)
    return made


def _format(given: Mapping[str, Any]) -> str:
    output = given["output"]
    form = str(given["form"] or _SUFFIXES.get(Path(output).suffix.lower(), "ndjson"))
    if output == STDOUT and form not in _TEXTS:
        raise ClientError(f"--format {form} needs --output FILE; only {' and '.join(_TEXTS)} go to standard output")
    if output == STDOUT and given["as_json"]:
        raise ClientError("--json needs --output FILE, because the records go to standard output")
    if given["mapping"] == STDOUT:
        raise ClientError("--mapping needs the name of a file")
    if given["apostrophes"] and form != "csv":
        raise ClientError(f"--apostrophes protects cells of CSV, and the format is {form}; leave it out")
    return form


def _body(given: Mapping[str, Any], form: str) -> dict[str, Any]:
    # A cell holds no object, so a reference that an import takes from it is an id.
    keys = not given["no_keys"] and (form == "ndjson" or not given["importable"])
    body: dict[str, Any] = {"importable": given["importable"], "keys": keys}
    path: Path | None = given["query_file"]
    if path is None:
        return body
    try:
        asked = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise ClientError(f"--query: {path} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClientError(f"--query: {path} is no JSON: {error}") from None
    if not isinstance(asked, dict):
        raise ClientError(f'--query: {path} must hold an object such as {{"filter": [{{"email": {{"=": "…"}}}}]}}')
    return body | (asked if any(name in asked for name in _OF_BODY) else {"query": asked})


def _tell(summary: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))
        return
    where = summary["file"] or "standard output"
    click.echo(f"{summary['records']:,} records exported to {where}", err=True)
    if summary["mapping"]:
        file = summary["file"] or "FILE"
        how = f"prismd import {file} --type {summary['type']} --map {summary['mapping']} --null text"
        if summary["format"] == "csv":
            how += f" --apostrophes {'strip' if summary['apostrophes'] else 'keep'}"
        click.echo(f"to read it back: {how}", err=True)
    if summary["left_out"]:
        click.echo(
            f"left out, as imports refuse them, or the API key may not read them: {', '.join(summary['left_out'])}",
            err=True,
        )
    if summary["formulas"]:
        click.echo(
            f"{summary['formulas']:,} cells look like formulas to a spreadsheet; --apostrophes protects them, and "
            "`prismd import --apostrophes strip` reads them back",
            err=True,
        )
