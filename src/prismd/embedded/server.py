"""The embedded PostgreSQL of a data directory: starts it, finds it after a crash, and shares it between commands."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded import memory
from prismd.embedded.adoption import adopt
from prismd.embedded.cluster import Cluster
from prismd.embedded.data_dir import DataDir
from prismd.embedded.postmaster import Postmaster
from prismd.embedded.program_runs import wait_until
from prismd.embedded.roles import DATABASE, LOGIN

#: The longest start, in seconds; it can include crash recovery.
_START_S: Final = 120.0
#: Seconds in which a short command releases the directory, and in which backends of a killed postmaster end.
_PATIENCE_S: Final = 10.0
_STOP_S: Final = 1.5
#: Connections for short commands and further workers, and for connections that a killed process left open.
_CONNECTIONS_SPARE: Final = 40
_CONNECTIONS_MIN: Final = 60
#: Size at which PostgreSQL's log is cut by default.
LOG_BYTES_MAX: Final = 32 * 2**20


class EmbeddedPostgres:
    """The PostgreSQL of a data directory.

    Args:
        data_dir: The data directory; it need not exist yet.
        buffers_mib: Size of PostgreSQL's buffers, in MiB; 0 takes a share of the memory.
        connections: The number of connections that prismd needs.
        kept_free_mib: Memory for other processes, in MiB; it is subtracted before the share is taken.
        user: Name of the system user that runs PostgreSQL if prismd runs as root; other users run it as themselves.
        log_bytes_max: Size at which PostgreSQL's log is cut, in bytes.
        login_options: Further options of ``CREATE ROLE`` for prismd's login, in new clusters.
        given_up: Called while PostgreSQL starts; returns whether to stop waiting.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        buffers_mib: int = 0,
        connections: int = 0,
        kept_free_mib: int = 0,
        user: str = LOGIN,
        log_bytes_max: int = LOG_BYTES_MAX,
        login_options: str = "",
        given_up: Callable[[], bool] = lambda: False,
    ) -> None:
        self._buffers_mib = buffers_mib or memory.buffers_mib(memory.memory_mib() - kept_free_mib)
        self._connections = max(_CONNECTIONS_MIN, connections + _CONNECTIONS_SPARE)
        self._log_bytes_max = log_bytes_max
        self._given_up = given_up
        self._data = DataDir(data_dir, user)
        self._cluster = Cluster(self._data, login_options)
        self._postmaster: Postmaster | None = None
        #: Whether PostgreSQL accepted connections after its last start; if it ends after that, it is restarted.
        self._was_ready = False

    def start(self) -> str:
        """Start PostgreSQL, or take over one that a killed prismd left running, and return its URL.

        Raises:
            DatabaseUnusableError: Another prismd uses the directory, or the directory is unusable; the message says
                why, in one line.
        """
        self._data.prepare()
        wait_until(lambda: self._data.lock(lasting=True) or self._data.holder().lasting, _PATIENCE_S)
        if not self._data.locked:
            holder = self._data.holder()
            self._data.release()
            raise DatabaseUnusableError(
                f"the data directory {self._data.path} is in use by another prismd (process {holder.pid})"
            )
        return self._start_locked()

    def revive(self) -> bool:
        """Restart PostgreSQL if it has ended unasked; return whether it had.

        Raises:
            DatabaseUnusableError: PostgreSQL does not start.
        """
        postmaster = self._postmaster
        if postmaster is None or postmaster.runs():
            return False
        try:
            wait_until(lambda: self._launched(postmaster), _PATIENCE_S)
        except OSError as error:
            raise self._unusable(error) from error
        if not postmaster.accepts():
            raise DatabaseUnusableError(f"PostgreSQL does not start again: {postmaster.failure()}")
        return True

    def cut_log(self) -> None:
        """Cut PostgreSQL's log if it has grown too large, and keep its content.

        Raises:
            OSError: The content cannot be kept.
        """
        if self._postmaster is not None:
            self._postmaster.log.cut()

    def stop(self) -> None:
        """Stop PostgreSQL, if this object started or took it over."""
        if self._postmaster is not None:
            self._postmaster.end(_STOP_S)
            self._postmaster = None
        self._data.release()

    @contextmanager
    def borrowed(self) -> Iterator[str]:
        """Yield the URL of the directory's PostgreSQL: the running one, or one that runs only for the block.

        Raises:
            DatabaseUnusableError: The directory is unusable; the message says why, in one line.
        """
        self._data.prepare()
        postmaster = self._postmaster_of()

        def usable() -> bool:
            return self._data.lock(lasting=False) or (self._data.holder().lasting and postmaster.accepts())

        if not wait_until(usable, _START_S):
            self._data.release()
            raise DatabaseUnusableError(f"the prismd that uses {self._data.path} does not bring PostgreSQL up")
        if not self._data.locked:
            url = self._url(postmaster)
            self._data.release()
            yield url
            return
        try:
            yield self._start_locked()
        finally:
            self.stop()

    def _postmaster_of(self) -> Postmaster:
        return Postmaster(self._data, self._buffers_mib, self._connections, self._log_bytes_max)

    def _start_locked(self) -> str:
        postmaster = self._postmaster = self._postmaster_of()
        try:
            ready = self._started(postmaster)
        except OSError as error:
            self.stop()
            raise self._unusable(error) from error
        except BaseException:
            self.stop()
            raise
        if not ready:
            failure = postmaster.failure()
            self.stop()
            raise DatabaseUnusableError(f"PostgreSQL does not start: {failure}")
        return self._url(postmaster)

    def _started(self, postmaster: Postmaster) -> bool:
        if self._data.outdated():
            postmaster.end(_PATIENCE_S)
            adopt(self._data)
        elif self._cluster.is_of_former_version() or (postmaster.pid() is not None and not postmaster.has_room()):
            postmaster.end(_PATIENCE_S)
        if postmaster.pid() is None:
            self._cluster.make()
            wait_until(lambda: self._launched(postmaster), _PATIENCE_S)
        return self._was_ready or self._ready(postmaster)

    def _launched(self, postmaster: Postmaster) -> bool:
        # False means "try again": the new postmaster was killed, or backends of a killed postmaster still run.
        postmaster.launch()
        self._was_ready = self._ready(postmaster)
        if self._was_ready or self._given_up():
            return True
        return not postmaster.was_killed() and not postmaster.waits_for_backends()

    def _ready(self, postmaster: Postmaster) -> bool:
        # Accepting once is enough: if PostgreSQL ends right after that, it is restarted as at any later time.
        accepted = False

        def settled() -> bool:
            nonlocal accepted
            accepted = postmaster.accepts()
            return accepted or not postmaster.runs() or self._given_up()

        wait_until(settled, _START_S)
        return accepted and not self._given_up()

    def _unusable(self, error: OSError) -> DatabaseUnusableError:
        about = f" ({Path(os.fsdecode(error.filename)).name})" if error.filename else ""
        return DatabaseUnusableError(f"the data directory {self._data.path} cannot be used: {error.strerror}{about}")

    def _url(self, postmaster: Postmaster) -> str:
        address = f"postgresql://{LOGIN}@/{DATABASE}?host={quote(str(postmaster.socket_dir()), safe='')}&port=5432"
        # Root accepts answers on the socket only from that user's PostgreSQL, not from another process.
        return (
            f"{address}&requirepeer={quote(self._data.runner.name, safe='')}" if self._data.runner.borrowed else address
        )
