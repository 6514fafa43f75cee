"""Which record each row of a file stands for, kept beside the journal, so that rows of all batches are compared."""

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

from prismd.importer.calls import ClientError
from prismd.importer.files.rows import FileRow

_IDS_PER_QUESTION: Final = 500
# Members in any order, and numbers as they are written, say the same.
_DECODE: Final = msgspec.json.Decoder(float_hook=Decimal).decode
_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, row INTEGER NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID
"""


def digest(row: FileRow) -> bytes:
    """Return 16 bytes that stand for what a row says.

    Args:
        row: A row that can be sent.
    """
    wire = row.wire or b""
    # Cells of a CSV row make the same JSON wherever they say the same.
    said = wire if len(row.original) > 1 else _ENCODE(_DECODE(wire))
    return hashlib.blake2b(said, digest_size=16).digest()


class SeenRows:
    """The first row of the file that stands for each record.

    Args:
        path: Where this is kept while the import is under way.

    Raises:
        ClientError: It cannot be kept there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _told(path):
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            self._database = sqlite3.connect(path, isolation_level=None)
            # What is lost in a crash is only who repeats whom; the journal is what the import goes by.
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute("PRAGMA journal_mode = MEMORY")
            self._database.execute(_TABLE)

    def of(self, ids: Iterable[str]) -> dict[str, tuple[int, bytes]]:
        """Return the number and the digest of the first row that stood for each record, where one did.

        Args:
            ids: Records.
        """
        wanted = list(dict.fromkeys(ids))
        found = {}
        with _told(self._path):
            for start in range(0, len(wanted), _IDS_PER_QUESTION):
                some = wanted[start : start + _IDS_PER_QUESTION]
                marks = ",".join("?" * len(some))
                rows = self._database.execute(f"SELECT id, row, digest FROM seen WHERE id IN ({marks})", some)
                found.update({key: (row, said) for key, row, said in rows})
        return found

    def keep(self, seen: Mapping[str, tuple[int, bytes]]) -> None:
        """Remember rows for the batches to come.

        Args:
            seen: The number and the digest of the first row that stood for each record.
        """
        rows = ((key, row, said) for key, (row, said) in seen.items())
        with _told(self._path), self._database:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", rows)

    def close(self) -> None:
        """Close it."""
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
