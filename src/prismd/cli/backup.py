"""``prismd backup`` and ``prismd restore``: write the database to a file, and load it from a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from prismd.cli.database import database_as_it_is, reached
from prismd.server.failure import Failure, told_in_one_line
from prismd.services.backups import Restored, back_up, restore
from prismd.settings import Settings
from prismd.store.backups.whole_file import existing_file, whole_file

_DATA_DIR = click.option("--data-dir", type=click.Path(), help="Directory of the embedded PostgreSQL.")
_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.command("backup", short_help="Write all that the database holds to FILE.")
@_FILE
@_DATA_DIR
@told_in_one_line()
def backup_command(file: Path, data_dir: str | None) -> None:
    """Write all that the database holds to FILE, as of one moment; servers and workers keep running.

    The file is a dump in PostgreSQL's custom format. It must not exist yet, only its owner can read it, and it gets its
    name when it is complete. The database is the one at PRISMD_DATABASE_URL, or else the embedded one of the data
    directory.
    """
    settings = Settings.from_environment(data_dir=data_dir)
    with _told(file), whole_file(file) as opened, database_as_it_is(settings) as url:
        made = back_up(url, settings, opened)
    click.echo(f"backed up to {file}: {made.bytes:,} bytes, schema {made.schema}")


@click.command("restore", short_help="Load a backup into an empty database.")
@_FILE
@click.option("--replace", is_flag=True, help="Replace all that prismd holds in the database.")
@_DATA_DIR
@told_in_one_line()
def restore_command(file: Path, replace: bool, data_dir: str | None) -> None:  # noqa: FBT001 - Click passes flags so
    """Load a backup into an empty database: all of it, or nothing if anything is wrong.

    The database is the one at PRISMD_DATABASE_URL, or else the embedded one of the data directory, which is made where
    there is none. No prismd may use it. A backup of an older prismd gets the schema of this one.
    """
    settings = Settings.from_environment(data_dir=data_dir)
    with _told(file), existing_file(file) as opened, reached(settings) as url:
        made = restore(url, settings, opened, replace=replace)
    click.echo(_summary(file, made))


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise Failure(f"{file} exists: a backup never replaces another file; give another name") from None
    except OSError as error:
        raise Failure(f"{file} cannot be used: {error.strerror}") from error


def _summary(file: Path, made: Restored) -> str:
    counted = [f"{made.rows.get(table, 0):,} {words}" for table, words in _COUNTED]
    brought = "" if made.schema == made.head else f", brought to {made.head}"
    lines = [f"restored from {file}: {', '.join(counted)} (schema {made.schema}{brought})"]
    if made.left_out:
        lines.append(f"left out, as they are not prismd's: {', '.join(made.left_out)}")
    return "\n".join(lines)


_COUNTED = (("team", "teams"), ("api_key", "API keys"), ("record", "records"), ("import_job", "imports"))
