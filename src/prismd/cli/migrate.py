"""``prismd migrate``: bring a database to this prismd's schema."""

from __future__ import annotations

import click

from prismd.cli.database import database
from prismd.server.failure import told_in_one_line
from prismd.settings import Settings


@click.command("migrate", short_help="Bring the database to this prismd's schema.")
@click.option("--data-dir", type=click.Path(), help="Directory of the embedded PostgreSQL.")
@told_in_one_line()
def migrate_command(data_dir: str | None) -> None:
    """Bring the database to this prismd's schema; change nothing if it has the schema already.

    `prismd serve` does the same when it starts; this command does it beforehand. The database is the one at
    PRISMD_DATABASE_URL, or else the embedded one of the data directory.
    """
    settings = Settings.from_environment(data_dir=data_dir)
    with database(settings):
        click.echo("the database has the schema of this prismd")
