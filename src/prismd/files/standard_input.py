"""Standard input as a file: it is kept in a temporary file, because files are read more than once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

from prismd.files.rows import CHUNK_BYTES, FileProblemError

#: The name by which the command line means standard input.
NAME: Final = Path("-")
#: Its name in messages and in names of files that are made for it.
SHOWN: Final = "stdin"


@contextmanager
def kept(stream: IO[bytes]) -> Iterator[Path]:
    """Give the path of a file with all of standard input, and remove it afterwards.

    Args:
        stream: Standard input.

    Raises:
        FileProblemError: There is no room for it.
    """
    with TemporaryDirectory(prefix="prismd-") as directory:
        path = Path(directory) / SHOWN
        try:
            with path.open("wb") as file:
                shutil.copyfileobj(stream, file, CHUNK_BYTES)
        except OSError as error:
            raise FileProblemError(f"standard input cannot be kept in {directory}: {error.strerror}") from None
        yield path
