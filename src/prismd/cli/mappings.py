"""``prismd mappings``: list, show and delete the mappings that a team saved on its server."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
import msgspec

from prismd.cli.connection import BASE_URL, client_for, real_outside
from prismd.cli.importing.refusals import COULD_NOT_RUN, complain, shown
from prismd.importer.calls import ClientError, Outside
from prismd.importer.mappings import ServerMappings

_Command = Callable[..., None]
_NAME: Final = click.argument("name", metavar="NAME")


@click.group("mappings", short_help="List, show and delete the team's saved mappings.")
def mappings_command() -> None:
    """List, show and delete the mappings that the team saved on the server.

    `prismd import --save-mapping NAME` saves one, and `--map NAME` takes it. The API key is read from MICRO_API_KEY.
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


@mappings_command.command("list")
@_reaching_a_server
def list_command(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401 - Click passes options of many types
    """List the saved mappings by name."""
    with _mappings(ctx, given) as mappings:
        found = mappings.listed()
    if given["as_json"]:
        click.echo(json.dumps(found, ensure_ascii=False))
    for one in [] if given["as_json"] else found:
        kind = one.get("object_type") or "any type"
        click.echo(shown(f"{one['name']}  version {one['version']}  {kind}  {one['updated_at']}"))


@mappings_command.command("show")
@_NAME
@click.option("--version", type=click.IntRange(1), metavar="N", help="An earlier version.  [default: the newest]")
@_reaching_a_server
def show_command(ctx: click.Context, /, name: str, version: int | None, **given: Any) -> None:  # noqa: ANN401 - as above
    """Print a saved mapping, as `--map FILE` takes it; with --json, with the facts about it."""
    with _mappings(ctx, given) as mappings:
        found = mappings.read(name, version)
        if found is None:
            which = "" if version is None else f" in version {version}"
            raise ClientError(f"the server has no mapping {name!r}{which}; `prismd mappings list` shows all")
    text = json.dumps(found if given["as_json"] else found.get("document"), ensure_ascii=False)
    click.echo(text if given["as_json"] else msgspec.json.format(text, indent=2))


@mappings_command.command("delete")
@_NAME
@_reaching_a_server
def delete_command(ctx: click.Context, /, name: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Delete a saved mapping with all its versions; what was imported by it stays."""
    with _mappings(ctx, given) as mappings:
        mappings.delete(name)
    click.echo(json.dumps({"name": name, "deleted": True}) if given["as_json"] else shown(f"{name} is deleted."))


@contextmanager
def _mappings(ctx: click.Context, given: dict[str, Any]) -> Iterator[ServerMappings]:
    try:
        with client_for(given, os.environ, ctx.find_object(Outside) or real_outside()) as client:
            yield ServerMappings(client)
    except ClientError as error:
        complain("mappings", str(error))
        ctx.exit(COULD_NOT_RUN)
