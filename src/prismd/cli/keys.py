"""``prismd keys``: make, list and revoke API keys."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import click

from prismd.cli.database import database
from prismd.cli.failure import Failure, told_in_one_line
from prismd.services import teams
from prismd.services.runtime import system_clock, system_ids
from prismd.settings import Settings
from prismd.store.postgres import Connection, connect
from prismd.store.teams import StoredKey

_DATA_DIR = click.option("--data-dir", type=click.Path(), help="Directory of the embedded PostgreSQL.")


@click.group("keys", short_help="Make, list and revoke API keys.")
def keys_command() -> None:
    """Make, list and revoke API keys.

    On the database at PRISMD_DATABASE_URL, else on the embedded one of the data directory, whether or not
    `prismd serve` is running on it.
    """


@keys_command.command("create")
@click.option("--team", help="Id of the team, as in paths; may be left out where there is only one.")
@click.option("--new-team", is_flag=True, help="Make the team; without --team it gets a new id.")
@click.option("--name", default="", help="What to call the key in the list.")
@_DATA_DIR
@told_in_one_line()
def create_command(team: str | None, new_team: bool, name: str, data_dir: str | None) -> None:  # noqa: FBT001 - Click passes flags so
    """Make an API key and print it, this once, with its team, as lines for a shell."""
    with _connection(data_dir) as connection:
        made = teams.create_key(
            connection, team=team, name=name, now=system_clock(), new_id=system_ids(), make_team=new_team
        )
    click.echo(f"export MICRO_TEAM_ID={shlex.quote(made.team)}\nexport MICRO_API_KEY={shlex.quote(made.key)}")


@keys_command.command("list")
@click.option("--team", help="Id of the team, as in paths; without it, keys of all teams are listed.")
@_DATA_DIR
@told_in_one_line()
def list_command(team: str | None, data_dir: str | None) -> None:
    """List API keys, oldest first, with the last characters of each."""
    with _connection(data_dir) as connection:
        for key in teams.list_keys(connection, team):
            click.echo(_line(key))


@keys_command.command("revoke")
@click.argument("key_id", metavar="ID")
@click.option("--team", help="Id of the team that the key must belong to.")
@_DATA_DIR
@told_in_one_line()
def revoke_command(key_id: str, team: str | None, data_dir: str | None) -> None:
    """Refuse an API key from now on; ID is its id in the list."""
    with _connection(data_dir) as connection:
        if not teams.revoke_key(connection, key_id, team=team, now=system_clock()):
            raise Failure(f"there is no key with id {key_id!r}{f' in team {team!r}' if team else ''}")
    click.echo(f"revoked {key_id}")


@contextmanager
def _connection(data_dir: str | None) -> Iterator[Connection]:
    settings = Settings.from_environment(data_dir=data_dir)
    with database(settings) as url, connect(url, settings) as connection:
        yield connection


def _line(key: StoredKey) -> str:
    state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "good"
    return (
        f"{key.id}  team {key.team}  …{key.hint:4}  made {key.created_at:%Y-%m-%d %H:%M}  {state}  {key.name}".rstrip()
    )
