"""The database of a short command: the one at PRISMD_DATABASE_URL, or the embedded one of a directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.data_dir import LOCK
from prismd.embedded.server import EmbeddedPostgres
from prismd.settings import Settings
from prismd.store.connections.postgres import connections_needed
from prismd.store.migrate import migrate

#: Memory of a busy API process, in MiB.
_API_PROCESS_MIB: Final = 256


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Bring the database to this prismd's schema, and yield its URL.

    Args:
        settings: The settings, for the database's URL or directory.

    Raises:
        DatabaseUnusableError: The database cannot be used; the message says why, in one line.
    """
    with reached(settings) as url:
        migrate(url, settings)
        yield url


@contextmanager
def database_as_it_is(settings: Settings) -> Iterator[str]:
    """Yield the URL of an existing database, of any schema.

    Args:
        settings: The settings, for the database's URL or directory.

    Raises:
        DatabaseUnusableError: No database exists, or it cannot be used; the message says why, in one line.
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
    """Yield the URL of a database of any schema; an embedded one is made if it does not exist.

    Args:
        settings: The settings, for the database's URL or directory.

    Raises:
        DatabaseUnusableError: The database cannot be used; the message says why, in one line.
    """
    if settings.database_url:
        yield settings.database_url
        return
    with embedded_postgres(settings).borrowed() as url:
        yield url


def embedded_postgres(settings: Settings, *, given_up: Callable[[], bool] = lambda: False) -> EmbeddedPostgres:
    """Return the PostgreSQL of a data directory, with connections for all processes that these settings start.

    Args:
        settings: The settings, for its directory and size.
        given_up: Called while PostgreSQL starts; returns whether to stop waiting.
    """
    return EmbeddedPostgres(
        Path(settings.data_dir),
        buffers_mib=settings.postgres_buffers_mib,
        connections=connections_needed(settings),
        kept_free_mib=(settings.processes - 1) * _API_PROCESS_MIB,
        user=settings.postgres_user,
        log_bytes_max=settings.postgres_log_bytes_max,
        given_up=given_up,
    )
