"""Files that commands write: made anew, complete or not there; or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from prismd.importer.calls import ClientError
from prismd.store.backups.whole_file import whole_file

#: The name of standard output.
STDOUT: Final = "-"


@contextmanager
def opened_anew(output: str) -> Iterator[IO[bytes]]:
    """Yield a file to write; it gets its name if the block succeeds, and never replaces another.

    Args:
        output: The name of the file, or :data:`STDOUT`.

    Raises:
        ClientError: The name is taken, or the file cannot be written.
    """
    try:
        if output == STDOUT:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
            return
        with whole_file(Path(output)) as fd, os.fdopen(os.dup(fd), "wb") as file:
            yield file
    except FileExistsError:
        raise ClientError(f"{output} exists; move it away, or give another name") from None
    except OSError as error:
        where = "standard output" if output == STDOUT else output
        raise ClientError(f"{where} cannot be written: {error.strerror or error}") from None
