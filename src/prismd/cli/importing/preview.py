"""`prismd preview`: show how a file is read and what its columns become, and send nothing."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import msgspec

from prismd.cli.connection import client_for, real_outside
from prismd.cli.importing.doubts import told
from prismd.cli.importing.refusals import COULD_NOT_RUN, IN_DOUBT, OneLineCommand, complain, shown
from prismd.cli.importing.saved_mappings import SavedMappings, mapping_directory
from prismd.cli.importing.shown_table import column_lines, table_lines
from prismd.cli.importing.table_options import kept_file, shown_name, table_options, type_option
from prismd.cli.importing.table_order import table_order
from prismd.core.mapping.targets import Targets, targets_of
from prismd.core.properties.native import native_schema
from prismd.core.tables.questions import Question
from prismd.files.deciding.asking import InDoubtError, NobodyToAsk, counted
from prismd.files.deciding.table_facts import column_facts, table_facts
from prismd.files.deciding.table_mapping import Mapper, TableMapping, columns_of
from prismd.files.deciding.table_order import OrderError
from prismd.files.deciding.table_reading import OpenedTable, TableReader
from prismd.files.rows import FileProblemError
from prismd.importer.calls import ClientError, Outside, PrismClient
from prismd.importer.imports import properties_of, targets_from
from prismd.importer.mappings import ServerMappings


@click.command("preview", cls=OneLineCommand)
@click.argument("file", type=click.Path(path_type=Path))
@type_option
@table_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else, on stdout.")
@click.option("--base-url", metavar="URL", help="The server.  [default: $MICRO_BASE_URL]")
@click.option("--team", metavar="ID", help="The team.  [default: $MICRO_TEAM_ID]")
@click.pass_context
def preview_command(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401 - Click passes options of many types
    """Show how FILE is read and what its columns become.

    Nothing is sent. Without MICRO_API_KEY the columns are compared with the properties that every team has. The exit
    code is 0 if nothing is in doubt, 3 if something is, and 2 if the file cannot be read.
    """
    try:
        with ExitStack() as stack:
            opened, mapping = _looked_at(ctx, given, stack)
            questions = [*opened.questions, *mapping.questions]
            if given["as_json"]:
                click.echo(_as_json(opened, mapping, questions))
            else:
                for line in _lines(given, opened, mapping, questions):
                    click.echo(shown(line))
    except InDoubtError as error:
        for line in told(error.questions):
            click.echo(shown(line), err=True)
        ctx.exit(IN_DOUBT)
    except (FileProblemError, ClientError, OrderError) as error:
        complain("preview", f"{shown_name(given['file'])}: {error}")
        ctx.exit(COULD_NOT_RUN)
    ctx.exit(IN_DOUBT if questions else 0)


def _looked_at(ctx: click.Context, given: dict[str, Any], stack: ExitStack) -> tuple[OpenedTable, TableMapping]:
    explicit = [name for name in given if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]
    order = table_order(given, explicit)
    path = stack.enter_context(kept_file(given["file"], sys.stdin.buffer))
    is_input = path != given["file"]
    reader = TableReader(order, given["form"], given["encoding"], NobodyToAsk(), stack, standard_input=is_input)
    opened = reader.opened(path)
    directory = mapping_directory(os.environ)
    if not os.environ.get("MICRO_API_KEY"):
        targets = targets_of(native_schema(given["object_type"]))
        return opened, Mapper(order, given["object_type"], targets, SavedMappings(directory)).looked_at(opened)
    with client_for(given, os.environ, ctx.find_object(Outside) or real_outside()) as client:
        saved = SavedMappings(directory, ServerMappings(client), given["object_type"])
        return opened, Mapper(order, given["object_type"], _targets(client, given), saved).looked_at(opened)


def _targets(client: PrismClient, given: dict[str, Any]) -> Targets:
    properties = properties_of(client, given["object_type"])
    return targets_of(native_schema(given["object_type"])) if properties is None else targets_from(properties)


def _lines(
    given: dict[str, Any], opened: OpenedTable, mapping: TableMapping, questions: list[Question]
) -> Iterator[str]:
    yield from table_lines(opened)
    yield ""
    if mapping.document is not None:
        yield f"The columns become what {given['map'][0]} says."
    yield from column_lines(columns_of(opened), mapping.taken) if mapping.document is None else ()
    yield ""
    if questions:
        yield f"{counted(len(questions))} open; `prismd import` asks on a terminal, or takes these flags:"
        yield from told(questions)
    else:
        yield "Nothing is in doubt. This imports it:"
        yield f"  {shlex.join(['prismd', 'import', *sys.argv[2:]])}"


def _as_json(opened: OpenedTable, mapping: TableMapping, questions: list[Question]) -> str:
    columns = [
        {
            **column_facts(column),
            "becomes": taken.slug if (taken := mapping.taken.get(at)) else None,
            "reason": taken.reason if taken else None,
        }
        for at, column in enumerate(columns_of(opened))
    ]
    found = {**table_facts(opened), "questions": questions, "notes": opened.notes, "columns": columns}
    return msgspec.json.encode(found).decode()
