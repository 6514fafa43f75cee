"""The database of seen rows: the first row of the file for each record, so that rows of all batches are compared."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from prismd.files.rows import FileRow
from prismd.importer.calls import ClientError

# Two rows are the same if their members are the same, in any order, with numbers exactly as they are written.
_DECODE: Final = msgspec.json.Decoder(float_hook=Decimal).decode
_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, row INTEGER NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID
"""
# One statement for all rows: SQLite does it while the thread that reads the file goes on.
_FIND: Final = "SELECT seen.id, seen.row, seen.digest FROM json_each(?) AS wanted JOIN seen ON seen.id = wanted.value"
_KEEP: Final = """
INSERT OR IGNORE INTO seen
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(?)
"""


def digest(row: FileRow) -> bytes:
    """Return a digest of 16 bytes of the values of a row.

    Args:
        row: A row that can be sent.
    """
    wire = row.wire or b""
    # CSV rows with the same cells always have the same JSON.
    said = wire if len(row.original) > 1 else _ENCODE(_DECODE(wire))
    return hashlib.blake2b(said, digest_size=16).digest()


class SeenRows:
    """The first row of the file for each record.

    Args:
        path: Path of the database, which exists while the import is unfinished.

    Raises:
        ClientError: The database cannot be written at the path.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _told(path):
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            self._database = sqlite3.connect(path, isolation_level=None)
            # After a crash only the notes on repeated rows can be incomplete; the import itself depends on the journal.
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute("PRAGMA journal_mode = MEMORY")
            self._database.execute(_TABLE)

    def of(self, ids: Iterable[str]) -> dict[str, tuple[int, bytes]]:
        """Return number and digest of the first row of each known record.

        Args:
            ids: Ids of records.
        """
        wanted = msgspec.json.encode(list(dict.fromkeys(ids))).decode()
        with _told(self._path):
            rows = self._database.execute(_FIND, (wanted,)).fetchall()
        return {key: (row, bytes.fromhex(said)) for key, row, said in rows}

    def keep(self, seen: Mapping[str, tuple[int, bytes]]) -> None:
        """Store the first rows of records, for later batches.

        Args:
            seen: Id of a record -> number and digest of its first row.
        """
        rows = msgspec.json.encode([(key, row, said.hex()) for key, (row, said) in seen.items()]).decode()
        with _told(self._path):
            self._database.execute(_KEEP, (rows,))

    def close(self) -> None:
        """Close the database."""
        self._database.close()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise ClientError(
            f"{path}, which tells which rows repeat earlier ones, cannot be kept: {error}; make room, or remove it to "
            "go on without what it tells of the rows before"
        ) from None
