"""The cluster of the embedded PostgreSQL: its files, and prismd's own login in it, which is not a superuser."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.as_owner import done_as
from prismd.embedded.data_dir import DataDir
from prismd.embedded.program_runs import IN_USE, forget_pid, last_line, program, surroundings, wait_until
from prismd.embedded.roles import DATABASE, SUPERUSER, division

_INITDB: Final = (
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--encoding=UTF8",
    "--auth=trust",
    f"--username={SUPERUSER}",
)
#: A file among PostgreSQL's files; it says that prismd has its own login.
_DIVIDED: Final = "prismd.roles"
_INITDB_S: Final = 120
#: The longest single-user run, in seconds; it may first have to recover from a crash.
_ALONE_S: Final = 600
#: Seconds in which the backends of a killed postmaster end.
_LEAVING_S: Final = 10.0


class Cluster:
    """PostgreSQL's files in a data directory; the caller holds the directory's lock.

    Args:
        data: The directory.
        login_options: Further options of ``CREATE ROLE`` for prismd's login, in new files.
    """

    def __init__(self, data: DataDir, login_options: str) -> None:
        self._data = data
        self._login_options = login_options

    def is_of_former_version(self) -> bool:
        """Say whether the files are of a former version, in which prismd logged in as a superuser."""
        return self._data.has_cluster() and not self._is_divided(self._data.cluster)

    def make(self) -> None:
        """Make the files if they do not exist, and give files of a former version today's roles.

        Files of an interrupted run are made again.

        Raises:
            DatabaseUnusableError: PostgreSQL's programs cannot run here, or fail.
        """
        if not self._data.has_cluster():
            half = self._data.new_cluster()
            self._initialise(half)
            self._divide(half)
            self._data.keep_cluster(half)
        elif self.is_of_former_version():
            self._divide(self._data.cluster)

    def _initialise(self, files: Path) -> None:
        command = [program(self._data, "initdb"), "-D", str(files), *_INITDB]
        done = subprocess.run(  # noqa: S603 - our own program
            command, capture_output=True, timeout=_INITDB_S, check=False, **surroundings(self._data)
        )
        if done.returncode:
            raise DatabaseUnusableError(f"PostgreSQL could not make its files: {last_line(done.stderr)}")

    def _is_divided(self, files: Path) -> bool:
        return done_as(self._data.runner, (files / _DIVIDED).exists)

    def _divide(self, files: Path) -> None:
        failure = ""

        def ran() -> bool:
            nonlocal failure
            failure = self._run_alone(files, division(self._login_options))
            return IN_USE not in failure

        wait_until(ran, _LEAVING_S)
        if failure:
            raise DatabaseUnusableError(f"PostgreSQL could not give prismd a login of its own: {failure}")
        done_as(self._data.runner, (files / _DIVIDED).touch)

    def _run_alone(self, files: Path, statement: str) -> str:
        # Single-user mode runs as the superuser, as whom nobody can log in. Return the reason of a failure, or "".
        parent = os.getpid()
        done_as(self._data.runner, lambda: forget_pid(files, parent))
        postgres = program(self._data, "postgres")
        done = subprocess.run(  # noqa: S603 - our own program
            [postgres, "--single", "-D", str(files), "-c", "exit_on_error=on", DATABASE],
            input=f"{statement}\n".encode(),
            capture_output=True,
            timeout=_ALONE_S,
            check=False,
            **surroundings(self._data),
        )
        return last_line(done.stderr) if done.returncode else ""
