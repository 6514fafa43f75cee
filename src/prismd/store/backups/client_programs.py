"""PostgreSQL's own programs for dumps: which installed one fits a server, and how it connects."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import conninfo, pq

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.programs import installed_programs

_VERSION_S: Final = 10
#: Secrets that the programs accept only on their command line, which all users of a machine can read.
_SECRET: Final = ("password", "sslpassword")


@dataclass(frozen=True, slots=True)
class Program:
    """A program of PostgreSQL.

    Args:
        path: The program's file.
        major: The major version of PostgreSQL that the program belongs to, such as 18.
    """

    path: Path
    major: int


def dumping_program(server_version: int) -> Program:
    """Return a ``pg_dump`` that can read a server: its version must be the server's or newer.

    Args:
        server_version: The version as psycopg reports it, such as 180004.

    Raises:
        DatabaseUnusableError: No such program is installed.
    """
    needed = server_version // 10_000
    return _program("pg_dump", needed, f"which is PostgreSQL {needed}")


def reading_program() -> Program:
    """Return the newest installed ``pg_restore``, because it reads the dumps of all earlier versions.

    Raises:
        DatabaseUnusableError: No such program is installed.
    """
    return _program("pg_restore", 0, "")


def _program(name: str, needed: int, why: str) -> Program:
    found = [program for path in _paths(name) if (program := _known(path))]
    fitting = [program for program in found if program.major >= needed]
    if fitting:
        return max(fitting, key=lambda one: one.major)
    there = ", ".join(f"{one.path} is of version {one.major}" for one in found) or "there is none here"
    raise DatabaseUnusableError(
        f"no {name} fits the server{f', {why}' if why else ''} ({there}): "
        f"install the client programs of PostgreSQL{f' {needed} or newer' if needed else ''}, and have them on the PATH"
    )


def _paths(name: str) -> list[Path]:
    ours, on_path = installed_programs(), shutil.which(name)
    paths = [ours / name] if ours else []
    return paths + ([Path(on_path)] if on_path else [])


def _known(path: Path) -> Program | None:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=_VERSION_S, check=True)  # noqa: S603 - PostgreSQL's own program
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    return Program(path, int(version[1])) if version else None


def environment_for(url: str) -> tuple[dict[str, str], str]:
    """Return the environment variables that connect a program to a database, and the rest for its command line.

    Secrets go into variables, because other users of a machine can read command lines.

    Args:
        url: The database's connection string.

    Raises:
        DatabaseUnusableError: The connection string has a secret that the programs accept only on the command line.
    """
    parts = conninfo.conninfo_to_dict(url)
    names = _variables()
    left = {name: str(value) for name, value in parts.items() if name not in names}
    if any(name in _SECRET for name in left):
        raise DatabaseUnusableError("sslpassword would stand on a command line: use a key file without a password")
    given = {names[name]: str(value) for name, value in parts.items() if name in names}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PRISMD_", "MICRO_"))}
    return {**inherited, **given}, conninfo.make_conninfo(**left)


def _variables() -> Mapping[str, str]:
    return {option.keyword.decode(): option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
