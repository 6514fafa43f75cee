"""The embedded PostgreSQL: started on a directory, found again after a crash, shared by the commands of one machine."""

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

#: Longest start, which may have to recover what a crash left.
_START_S: Final = 120.0
#: A short command that holds the directory is done within this time, and so are backends of a killed postmaster.
_PATIENCE_S: Final = 10.0
_STOP_S: Final = 1.5
#: For short commands and further workers, and while those of a killed process are still there.
_CONNECTIONS_SPARE: Final = 40
_CONNECTIONS_MIN: Final = 60
#: Size of PostgreSQL's log where no setting says another.
LOG_BYTES_MAX: Final = 32 * 2**20


class EmbeddedPostgres:
    """The PostgreSQL of a data directory.

    Args:
        data_dir: Where its files are or shall be.
        buffers_mib: Memory in which it keeps pages, in MiB; 0 takes what fits the machine.
        connections: How many connections must find room.
        kept_free_mib: Memory that is for others, in MiB, where the machine decides on PostgreSQL's.
        user: Name of the system user that runs it, where prismd runs as root; other users run it as themselves.
        log_bytes_max: Size at which its log is cut.
        login_options: What prismd's login may do besides, as ``CREATE ROLE`` takes it; for new clusters.
        given_up: Looked at while PostgreSQL starts; says whether nobody waits for it any more.
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
        #: Whether the last start was seen to accept connections; what ends after that is started again.
        self._was_ready = False

    def start(self) -> str:
        """Start PostgreSQL, or take over the one that a killed prismd left running, and return its URL.

        Raises:
            DatabaseUnusableError: Another prismd uses the directory, or it cannot be used; one line says why.
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
        """Start PostgreSQL again where it has ended unasked; say whether that was so.

        Raises:
            DatabaseUnusableError: It does not start.
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
        """Begin PostgreSQL's log anew where it has grown, and keep what it was.

        Raises:
            OSError: What it was cannot be kept.
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
        """Give the URL of the directory's PostgreSQL for a while: the running one, else one that stops afterwards.

        Raises:
            DatabaseUnusableError: The directory cannot be used; one line says why.
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
        # False only where another attempt has a point: where somebody killed it, and while backends of one that was
        # killed are still leaving.
        postmaster.launch()
        self._was_ready = self._ready(postmaster)
        if self._was_ready or self._given_up():
            return True
        return not postmaster.was_killed() and not postmaster.waits_for_backends()

    def _ready(self, postmaster: Postmaster) -> bool:
        # Seen once is enough: what ends right after that is started again like what ends later.
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
        # Root talks to that user's PostgreSQL and to no other, whoever comes to answer on the socket.
        return (
            f"{address}&requirepeer={quote(self._data.runner.name, safe='')}" if self._data.runner.borrowed else address
        )
