"""``prismd keys``: make, list, rotate and revoke API keys."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click

from prismd.cli.database import database
from prismd.cli.durations import DURATION
from prismd.core.api_keys.scopes import Scope, Scopes, UnknownScopeError
from prismd.server.failure import told_in_one_line
from prismd.services.api_keys import api_keys
from prismd.services.api_keys.api_keys import NewKey, WantedKey
from prismd.services.runtime import SoleRuntime, system_clock, thread_ids
from prismd.settings import Settings
from prismd.store.api_keys import StoredKey
from prismd.store.connections.postgres import connect

_DATA_DIR = click.option("--data-dir", type=click.Path(), help="Directory of the embedded PostgreSQL.")
_OVERLAP_USUAL = "7d"


@click.group("keys", short_help="Make, list, rotate and revoke API keys.")
def keys_command() -> None:
    """Make, list, rotate and revoke API keys.

    They work on the database at PRISMD_DATABASE_URL, or else on the embedded one of the data directory, whether or not
    `prismd serve` runs on it.
    """


@keys_command.command("create")
@click.option("--team", help="Id of the team, as in paths; may be left out where there is only one.")
@click.option("--new-team", is_flag=True, help="Make the team; without --team it gets a new id.")
@click.option("--name", default="", help="Name of the key in the list and in the audit log.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="What the key may do: read, write, import or admin, on all object types or on one, such as read:contact; can "
    "be given several times. Without it, everything.",
)
@click.option("--expires-in", type=DURATION, help="How long the key is good, such as 90d or 12h; without it, for ever.")
@_DATA_DIR
@told_in_one_line()
def create_command(  # noqa: PLR0917 - Click passes each option so
    team: str | None,
    new_team: bool,  # noqa: FBT001 - Click passes flags so
    name: str,
    scopes: tuple[str, ...],
    expires_in: timedelta | None,
    data_dir: str | None,
) -> None:
    """Make an API key and print it with its team, as lines for a shell; the key is shown only now."""
    try:
        granted = Scopes.of(scopes or Scope)
    except UnknownScopeError as error:
        raise click.BadParameter(str(error), param_hint="--scope") from error
    with _runtime(data_dir) as runtime:
        made = api_keys.create_key(runtime, WantedKey(team, name, new_team, granted, expires_in))
    _print(made)


@keys_command.command("list")
@click.option("--team", help="Id of the team, as in paths; without it, keys of all teams are listed.")
@_DATA_DIR
@told_in_one_line()
def list_command(team: str | None, data_dir: str | None) -> None:
    """List API keys, oldest first: the last characters, scopes, last use and expiry of each."""
    now = system_clock()
    with _runtime(data_dir) as runtime:
        for key in api_keys.list_keys(runtime.connection, team):
            click.echo(_line(key, now))


@keys_command.command("rotate")
@click.argument("key_id", metavar="ID")
@click.option("--team", help="Id of the team that the key must belong to.")
@click.option(
    "--overlap",
    type=DURATION,
    default=_OVERLAP_USUAL,
    show_default=True,
    help="How long the old key stays good besides the new one, such as 24h; 0s ends it at once.",
)
@_DATA_DIR
@told_in_one_line()
def rotate_command(key_id: str, team: str | None, overlap: timedelta, data_dir: str | None) -> None:
    """Make a key that replaces another, with its name, scopes and lifetime; both are good for a while."""
    with _runtime(data_dir) as runtime:
        rotated = api_keys.rotate_key(runtime, key_id, team=team, overlap=overlap)
    _print(rotated.new)
    click.echo(f"{key_id} is good until {_minute(rotated.old_until)}", err=True)


@keys_command.command("revoke")
@click.argument("key_id", metavar="ID")
@click.option("--team", help="Id of the team that the key must belong to.")
@_DATA_DIR
@told_in_one_line()
def revoke_command(key_id: str, team: str | None, data_dir: str | None) -> None:
    """Revoke an API key; ID is its id in the list."""
    with _runtime(data_dir) as runtime:
        api_keys.revoke_key(runtime, key_id, team=team)
    click.echo(f"revoked {key_id}")


@contextmanager
def _runtime(data_dir: str | None) -> Iterator[SoleRuntime]:
    settings = Settings.from_environment(data_dir=data_dir)
    with database(settings) as url, connect(url, settings, autocommit=True) as connection:
        yield SoleRuntime(connection, settings, system_clock, thread_ids())


def _print(made: NewKey) -> None:
    click.echo(f"export MICRO_TEAM_ID={shlex.quote(made.team)}\nexport MICRO_API_KEY={shlex.quote(made.key)}")


def _line(key: StoredKey, now: datetime) -> str:
    used = f"used {_minute(key.last_used_at)}" if key.last_used_at else "never used"
    successor = f"  replaced by {key.replaced_by}" if key.replaced_by else ""
    told = [key.id, f"team {key.team}", f"…{key.hint:4}", f"made {_minute(key.created_at)}", used, _state(key, now)]
    return f"{'  '.join(told)}{successor}  {','.join(key.scopes)}  {key.name}".rstrip()


def _state(key: StoredKey, now: datetime) -> str:
    if key.revoked_at:
        return f"revoked {_minute(key.revoked_at)}"
    if key.expires_at is None:
        return "good"
    return f"{'expired' if key.expires_at <= now else 'good until'} {_minute(key.expires_at)}"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
