"""The directory of the embedded PostgreSQL's socket: beside its data, or in the temporary folder for long paths."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.as_owner import Owner, done_as

#: The longest path of a socket's directory, so that ``/.s.PGSQL.5432.lock`` still fits into the 104 bytes of a path.
SOCKET_DIR_BYTES_MAX: Final = 84

_OF_OTHERS: Final = 0o077
_WRITE_OF_OTHERS: Final = 0o022


def fits(path: Path) -> bool:
    """Say whether a directory's path is short enough for a socket in it."""
    return len(os.fsencode(path)) <= SOCKET_DIR_BYTES_MAX


def temporary_socket_dir(data_dir: Path, runner: Owner) -> Path:
    """Return a private directory in the temporary folder; the user that runs PostgreSQL owns it.

    Args:
        data_dir: The data directory that the socket belongs to.
        runner: The user that runs PostgreSQL.

    Raises:
        DatabaseUnusableError: Another user made a directory of that name, or could replace it.
    """
    folder, name = _folder_and_name(data_dir, runner)
    path = folder / name
    try:
        _check_folder(folder.lstat(), path, runner)
        found = done_as(runner, lambda: _made(path))
    except OSError as error:
        raise DatabaseUnusableError(f"cannot make {path} for PostgreSQL's socket: {error.strerror}") from error
    if not found:
        raise DatabaseUnusableError(f"{path} is not a private directory of this user: remove it and start again")
    return path


def _made(path: Path) -> bool:
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _OF_OTHERS


def _folder_and_name(data_dir: Path, runner: Owner) -> tuple[Path, str]:
    name = f"prismd-{runner.uid}-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]}"
    temporary = Path(os.path.realpath(tempfile.gettempdir()))
    return (temporary if fits(temporary / name) else Path("/tmp")), name  # noqa: S108 - private, and checked to be ours


def _check_folder(folder: os.stat_result, path: Path, runner: Owner) -> None:
    sticky = folder.st_mode & stat.S_ISVTX or not folder.st_mode & _WRITE_OF_OTHERS
    if not sticky or folder.st_uid not in {0, runner.uid}:
        raise DatabaseUnusableError(
            f"others could exchange {path}, where PostgreSQL's socket goes: set TMPDIR to another"
        )
