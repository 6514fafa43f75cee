"""The embedded PostgreSQL's directory: whose it is, what stands where in it, and that one prismd at a time runs it."""

from __future__ import annotations

import fcntl
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.as_owner import Owner, done_as, opened_as
from prismd.embedded.owned_files import OwnedFiles
from prismd.embedded.owners import ROOT, Owners, of_former_version, owners_for_root, service_user, user_name
from prismd.embedded.pinned_directories import ForeignLinkError, path_by, path_of, pinned
from prismd.embedded.socket_dir import fits, temporary_socket_dir

CLUSTER: Final = "postgres"
#: The cluster of another user, of which a copy is being made.
FORMER: Final = "postgres.old"
#: Tells that a directory is prismd's, who uses it, and that somebody does.
LOCK: Final = "prismd.lock"

_HALF = "postgres.new."
_SOCKET = "socket"
_LASTING = " serve"
_WRITABLE_BY_OTHERS = 0o022


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds the lock of a data directory.

    Args:
        pid: Its process id, in digits.
        lasting: Whether it is a server, which keeps PostgreSQL running.
    """

    pid: str
    lasting: bool


class DataDir(OwnedFiles):
    """A data directory of prismd, made and locked on request.

    It belongs to whom prismd runs as. Where that is root, the directories of the cluster and of the socket in it belong
    to the user that runs PostgreSQL, who can change nothing else, and root does nothing inside them but as that user.
    A directory that belongs to somebody else is theirs as a whole: root works in it as its owner alone.

    Args:
        path: Where it is or shall be.
        user: Name of the system user that runs PostgreSQL in a directory of root's.
    """

    def __init__(self, path: Path, user: str) -> None:
        super().__init__(Path(os.path.realpath(path)))
        self._asked = path
        self._user = user
        #: What processes must inherit to reach it by its base.
        self.descriptors: tuple[int, ...] = ()
        self._lock: int | None = None
        self._lasting = False

    def prepare(self) -> None:
        """Make the directory where there is none, and find out who does what in it.

        Raises:
            DatabaseUnusableError: It cannot be made or written, or holds something else than data of prismd.
        """
        try:
            self._reach()
        except (FileExistsError, NotADirectoryError):
            raise DatabaseUnusableError(f"the data directory {self.path} is not a directory") from None
        except ForeignLinkError as error:
            raise DatabaseUnusableError(f"{error.strerror}: name the place that it leads to with --data-dir") from None
        except OSError as error:
            raise self._unusable("cannot be made", error) from error
        self._owners = self._found_owners()
        self._check_content()
        try:
            self.make_private()
        except OSError as error:
            raise self._unusable("cannot be made private", error) from error

    @property
    def cluster(self) -> Path:
        """The files of PostgreSQL."""
        return self.base / CLUSTER

    def lock(self, *, lasting: bool) -> bool:
        """Take the lock that lets one prismd at a time run the directory's PostgreSQL; say whether it was free.

        Args:
            lasting: Whether it is held for as long as a server runs, not just for a command.

        Raises:
            DatabaseUnusableError: The lock file cannot be written.
        """
        try:
            lock = self._opened_lock()
        except OSError as error:
            raise self._unusable("cannot be written", error) from error
        try:
            # The lock goes with the process, however it ends; a file's mere existence would outlive a crash.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}{_LASTING if lasting else ''}\n".encode(), 0)
        self.unlock()
        self._lock = lock
        self._lasting = lasting
        return True

    @property
    def locked(self) -> bool:
        """Whether this object holds the lock."""
        return self._lock is not None

    def unlock(self) -> None:
        """Let another prismd run the directory's PostgreSQL."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def release(self) -> None:
        """Let go of the directory."""
        self.unlock()
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = ()

    def holder(self) -> Holder:
        """Return who holds the lock."""
        text = self.read(self.keeper, self.base / LOCK).decode(errors="replace").strip()
        return Holder(text.removesuffix(_LASTING) or "unknown", lasting=text.endswith(_LASTING))

    def has_cluster(self) -> bool:
        """Say whether PostgreSQL's files are there."""
        return done_as(self.runner, (self.cluster / "PG_VERSION").exists)

    def new_cluster(self) -> Path:
        """Return an empty directory in which to make a cluster, and forget those that were left half made."""
        for name in self.names():
            if name.startswith(_HALF):
                self.remove(name)
        # A name of this process's own: whoever was killed while it did the same may have left a program that goes on.
        name = f"{_HALF}{os.getpid()}"
        self.own_directory(name)
        return self.base / name

    def keep_cluster(self, made: Path) -> None:
        """Take a new cluster, which is whole, for the directory's own."""
        done_as(self.keeper, lambda: os.rename(made, self.cluster))  # noqa: PTH104 - returns nothing, as it must here

    def socket_dir(self) -> Path:
        """Return the private directory of PostgreSQL's socket, making it where there is none.

        Raises:
            DatabaseUnusableError: Somebody else has made a directory of that name.
        """
        if not fits(self.path / _SOCKET):
            return temporary_socket_dir(self.path, self.runner)
        self.own_directory(_SOCKET)
        return self.base / _SOCKET

    def reached(self, path: Path) -> Path:
        """Return a path as people and other processes use it.

        Args:
            path: Maybe by way of a descriptor of the process that it comes from.
        """
        return self.path / path.name if path.parent.parent == Path("/proc/self/fd") else path

    def outdated(self) -> bool:
        """Say whether the directory, or PostgreSQL's files in it, belong to another user than they should."""
        if self.keeper.borrowed and of_former_version(self.keeper, self.base):
            return True
        if not self.divided:
            return False
        cluster = self.base / CLUSTER
        belongs = not os.path.lexists(cluster) or cluster.lstat().st_uid == self.runner.uid
        return not belongs or os.path.lexists(self.base / FORMER)

    def take_over(self) -> None:
        """Make the directory root's, whatever is in it; the lock stays held.

        Raises:
            DatabaseUnusableError: There is no user to run PostgreSQL in it.
        """
        runner = service_user(self._user)
        self._owners = Owners(ROOT, runner)
        self.make_private()
        # Whom it belonged to has to pass to what is still theirs, until it is made private again.
        self.base.chmod(0o711)
        self.lock(lasting=self._lasting)

    def _reach(self) -> None:
        if os.geteuid() != 0:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            return
        held = pinned(self._asked, mode=0o700)
        self.path, self.base, self.descriptors = path_of(held), path_by(held), (held,)

    def _found_owners(self) -> Owners:
        found = self.base.stat()
        if os.geteuid() == 0:
            return owners_for_root(self.path, self.base, self._user)
        if found.st_uid != os.geteuid():
            raise DatabaseUnusableError(
                f"the data directory {self.path} belongs to {user_name(found.st_uid)}: choose another with --data-dir"
            )
        self_ = Owner(found.st_uid, found.st_gid)
        return Owners(self_, self_)

    def make_private(self) -> None:
        """Let nobody else into the directory."""
        if not self.divided:
            return done_as(self.keeper, lambda: self.base.chmod(0o700))
        # Whom PostgreSQL runs as may pass to what is its own there, and read what it is meant to read.
        os.chown(self.base, 0, self.runner.gid)
        return self.base.chmod(0o710)

    def _check_content(self) -> None:
        try:
            names = self.names()
        except OSError as error:
            raise self._unusable("cannot be read", error) from error
        if names and LOCK not in names:
            raise DatabaseUnusableError(
                f"{self.path} holds files that are not prismd's: choose an empty or new directory with --data-dir"
            )
        if names and self.divided and self.base.stat().st_mode & _WRITABLE_BY_OTHERS:
            raise DatabaseUnusableError(f"others can write to {self.path}: choose another directory with --data-dir")

    def _opened_lock(self) -> int:
        lock = opened_as(self.keeper, self.base / LOCK, os.O_RDWR | os.O_CREAT)
        found = os.fstat(lock)
        if not self.divided or (found.st_uid == 0 and found.st_nlink == 1 and stat.S_ISREG(found.st_mode)):
            return lock
        # Left by whom the directory belonged to before: it may be the same file as one elsewhere.
        os.close(lock)
        return self.new_file(LOCK, access=os.O_RDWR)

    def _unusable(self, what: str, error: OSError) -> DatabaseUnusableError:
        return DatabaseUnusableError(f"the data directory {self.path} {what}: {error.strerror}")
