"""The file of failed rows: where each stands, why it failed, and all that it says."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from prismd.client.calls import ClientError
from prismd.files.failed_cells import FAILED_COLUMNS, escaped
from prismd.files.rows import FileRow

_BEGINNING = ",".join(FAILED_COLUMNS)


class FailedRows:
    """Writes failed rows as CSV in UTF-8; the file comes into being with the first of them.

    Args:
        path: Where the file is to be.
        columns: The names above the cells of the original row.
        keep_bytes: How much of the file an earlier run has settled; None for a fresh run, which removes an older file.

    Raises:
        ClientError: The file cannot be written, or is something else that must not be lost.
    """

    def __init__(self, path: Path, columns: Sequence[str], keep_bytes: int | None) -> None:
        self.path = path
        self._columns = columns
        self._file: IO[str] | None = None
        self._writer: Any = None
        try:
            self._settle(keep_bytes)
        except (OSError, UnicodeDecodeError) as error:
            raise ClientError(f"the file of failed rows {path} cannot be used: {error}") from None

    def write(self, row: FileRow, code: str, reason: str) -> None:
        """Add a failed row.

        Args:
            row: The row as it was read.
            code: The error code.
            reason: The error's sentence.

        Raises:
            ClientError: The file cannot be written.
        """
        try:
            if self._file is None:
                self._open()
            cells = (escaped(cell) for cell in (code, reason, *row.original))
            self._writer.writerow((row.number, row.line, *cells))
        except OSError as error:
            raise ClientError(f"the file of failed rows {self.path} cannot be written: {error.strerror}") from None

    def flush(self) -> int:
        """Bring everything to the file and return its length in bytes.

        Raises:
            ClientError: The file cannot be written.
        """
        if self._file is None:
            return self.path.stat().st_size if self.path.exists() else 0
        try:
            self._file.flush()
        except OSError as error:
            raise ClientError(f"the file of failed rows {self.path} cannot be written: {error.strerror}") from None
        return self.path.stat().st_size

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _settle(self, keep_bytes: int | None) -> None:
        if not self.path.exists():
            return
        with self.path.open(newline="", encoding="utf-8") as file:
            beginning = file.read(len(_BEGINNING))
        if beginning not in ("", _BEGINNING):
            raise OSError("it exists and is no file of failed rows; move it away or give another name with --failed")
        if not keep_bytes:
            self.path.unlink()
        elif self.path.stat().st_size > keep_bytes:
            # Rows of a batch that was not settled: it is answered again and they come again.
            with self.path.open("r+b") as cut:
                cut.truncate(keep_bytes)

    def _open(self) -> None:
        fresh = not self.path.exists()
        self._file = self.path.open("a", newline="", encoding="utf-8", errors="backslashreplace")
        self._writer = csv.writer(self._file)
        if fresh:
            self._writer.writerow((*FAILED_COLUMNS, *(escaped(name) for name in self._columns)))
