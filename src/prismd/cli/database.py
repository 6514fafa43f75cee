"""The database that a short command works on: the one at PRISMD_DATABASE_URL, or the embedded one of a directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prismd.settings import Settings
from prismd.store.embedded import EmbeddedPostgres
from prismd.store.migrate import migrate


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Give the URL of the database, brought to this prismd's schema.

    Args:
        settings: For where it is.

    Raises:
        DatabaseUnusableError: It cannot be used; one line says why.
    """
    if settings.database_url:
        migrate(settings.database_url, settings)
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(
        Path(settings.data_dir), buffers_mib=settings.postgres_buffers_mib, user=settings.postgres_user
    )
    with embedded.borrowed() as url:
        migrate(url, settings)
        yield url
