"""The database that a short command works on: the one at PRISMD_DATABASE_URL, or the embedded one of a directory."""

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

#: What an API process takes when it is busy, in MiB.
_API_PROCESS_MIB: Final = 256


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
    with embedded_postgres(settings).borrowed() as url:
        yield url


def embedded_postgres(settings: Settings, *, given_up: Callable[[], bool] = lambda: False) -> EmbeddedPostgres:
    """Return the PostgreSQL of a data directory, with room for what these settings start.

    Args:
        settings: For where it is, and how large.
        given_up: Looked at while PostgreSQL starts; says whether nobody waits for it any more.
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
