"""The database that a short command works on: the one at PRISMD_DATABASE_URL, or the embedded one of a directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prismd.settings import Settings
from prismd.store.data_dir import LOCK
from prismd.store.embedded import EmbeddedPostgres
from prismd.store.migrate import migrate
from prismd.store.postgres import DatabaseUnusableError


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Give the URL of the database, brought to this prismd's schema.

    Args:
        settings: For where it is.

    Raises:
        DatabaseUnusableError: It cannot be used; one line says why.
    """
    with reached(settings) as url:
        migrate(url, settings)
        yield url


@contextmanager
def database_as_it_is(settings: Settings) -> Iterator[str]:
    """Give the URL of a database that is there, whatever its schema.

    Args:
        settings: For where it is.

    Raises:
        DatabaseUnusableError: There is none, or it cannot be used; one line says why.
    """
    if not settings.database_url and not os.path.lexists(Path(settings.data_dir) / LOCK):
        raise DatabaseUnusableError(
            f"there is no data of prismd in {os.path.realpath(settings.data_dir)}: "
            "name its directory with --data-dir, or a database with PRISMD_DATABASE_URL"
        )
    with reached(settings) as url:
        yield url


@contextmanager
def reached(settings: Settings) -> Iterator[str]:
    """Give the URL of a database as it is; the embedded one is made where there is none.

    Args:
        settings: For where it is.

    Raises:
        DatabaseUnusableError: It cannot be used; one line says why.
    """
    if settings.database_url:
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(
        Path(settings.data_dir), buffers_mib=settings.postgres_buffers_mib, user=settings.postgres_user
    )
    with embedded.borrowed() as url:
        yield url
