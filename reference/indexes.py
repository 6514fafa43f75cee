"""Writes down which indexes the migrations make, so that `prismd doctor` knows them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from prismd.embedded.server import EmbeddedPostgres
from prismd.settings import Settings
from prismd.store import migrate
from prismd.store.connections.postgres import Connection, connect
from prismd.store.monitoring.diagnosis import read_indexes

INDEXES_FILE: Final = Path(migrate.__file__).parent / "migrations" / "indexes.sql"
HEAD: Final = "-- The indexes that the migrations make, as PostgreSQL writes them; `make docs` writes this.\n\n"


def indexes_file(connection: Connection) -> str:
    """Return the file, by a database that was just migrated."""
    return HEAD + "".join(f"{index.definition};\n" for _, index in sorted(read_indexes(connection).items()))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place, EmbeddedPostgres(Path(place) / "data").borrowed() as url:
        migrate.migrate(url, Settings())
        with connect(url, Settings()) as opened:
            INDEXES_FILE.write_text(indexes_file(opened), encoding="utf-8")
