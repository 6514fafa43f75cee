"""The data directory of the embedded PostgreSQL: its owners, its content, and its lock for one prismd at a time."""

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
#: The cluster of a former owner, while it is copied.
FORMER: Final = "postgres.old"
#: Its presence marks a data directory of prismd, its lock says that it is in use, its content says by which process.
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
        lasting: Whether the process is a server, which keeps PostgreSQL running.
    """

    pid: str
    lasting: bool


class DataDir(OwnedFiles):
    """A data directory of prismd; methods make and lock it.

    It belongs to the user that runs prismd. Under root, the directories of the cluster and of the socket in it belong
    to the user that runs PostgreSQL. That user can change nothing else, and root works inside these two directories
    only with the rights of that user. If the whole directory belongs to another user, root works in it only with the
    rights of its owner.

    Args:
        path: Path of the directory; it need not exist yet.
        user: Name of the system user that runs PostgreSQL in root's directory.
    """

    def __init__(self, path: Path, user: str) -> None:
        super().__init__(Path(os.path.realpath(path)))
        self._asked = path
        self._user = user
        #: Descriptors that a process must inherit to reach the directory by ``base``.
        self.descriptors: tuple[int, ...] = ()
        self._lock: int | None = None
        self._lasting = False

    def prepare(self) -> None:
        """Make the directory if it does not exist, and determine its owners.

        Raises:
            DatabaseUnusableError: The directory cannot be made or written, or contains files that are not prismd's.
        """
        try:
            self._reach()
        except (FileExistsError, NotADirectoryError):
            raise DatabaseUnusableError(f"the data directory {self.path} is not a directory") from None
        except ForeignLinkError as error:
            raise DatabaseUnusableError(f"{error.strerror}: name the target of the link with --data-dir") from None
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
        """The directory of PostgreSQL's files."""
        return self.base / CLUSTER

    def lock(self, *, lasting: bool) -> bool:
        """Take the lock that lets one prismd at a time run the directory's PostgreSQL; return whether it was free.

        Args:
            lasting: Whether the holder of the lock is a server, and not just a short command.

        Raises:
            DatabaseUnusableError: The lock file cannot be written.
        """
        try:
            lock = self._opened_lock()
        except OSError as error:
            raise self._unusable("cannot be written", error) from error
        try:
            # The system releases this lock however the process ends; a lock that consists in a file would remain.
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
        """Release the lock, and close the directory's descriptors."""
        self.unlock()
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = ()

    def holder(self) -> Holder:
        """Return the process that holds the lock."""
        text = self.read(self.keeper, self.base / LOCK).decode(errors="replace").strip()
        return Holder(text.removesuffix(_LASTING) or "unknown", lasting=text.endswith(_LASTING))

    def has_cluster(self) -> bool:
        """Say whether PostgreSQL's files exist."""
        return done_as(self.runner, (self.cluster / "PG_VERSION").exists)

    def new_cluster(self) -> Path:
        """Return an empty directory for a new cluster, and remove those that interrupted runs left behind."""
        for name in self.names():
            if name.startswith(_HALF):
                self.remove(name)
        # The name contains the process id, because an initdb of a killed prismd may still write to its own directory.
        name = f"{_HALF}{os.getpid()}"
        self.own_directory(name)
        return self.base / name

    def keep_cluster(self, made: Path) -> None:
        """Make a new, complete cluster the cluster of the directory."""
        done_as(self.keeper, lambda: os.rename(made, self.cluster))  # noqa: PTH104 - returns nothing, as it must here

    def socket_dir(self) -> Path:
        """Return the private directory of PostgreSQL's socket; make it if it does not exist.

        Raises:
            DatabaseUnusableError: Another user made a directory of that name.
        """
        if not fits(self.path / _SOCKET):
            return temporary_socket_dir(self.path, self.runner)
        self.own_directory(_SOCKET)
        return self.base / _SOCKET

    def reached(self, path: Path) -> Path:
        """Return a path that people and other processes can use.

        Args:
            path: A path, possibly through a descriptor of the process that wrote it.
        """
        return self.path / path.name if path.parent.parent == Path("/proc/self/fd") else path

    def outdated(self) -> bool:
        """Say whether the directory, or PostgreSQL's files in it, belong to the wrong user."""
        if self.keeper.borrowed and of_former_version(self.keeper, self.base):
            return True
        if not self.divided:
            return False
        cluster = self.base / CLUSTER
        belongs = not os.path.lexists(cluster) or cluster.lstat().st_uid == self.runner.uid
        return not belongs or os.path.lexists(self.base / FORMER)

    def take_over(self) -> None:
        """Make root the owner of the directory with any content; the lock stays held.

        Raises:
            DatabaseUnusableError: The system has no user to run PostgreSQL in the directory.
        """
        runner = service_user(self._user)
        self._owners = Owners(ROOT, runner)
        self.make_private()
        # The former owner must reach its files for the copy, until the directory is private again.
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
        """Close the directory to all other users."""
        if not self.divided:
            return done_as(self.keeper, lambda: self.base.chmod(0o700))
        # The user that runs PostgreSQL can pass to its own directories, and read the files made for it.
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
        # The former owner left this file, and it could be a hard link to a file elsewhere.
        os.close(lock)
        return self.new_file(LOCK, access=os.O_RDWR)

    def _unusable(self, what: str, error: OSError) -> DatabaseUnusableError:
        return DatabaseUnusableError(f"the data directory {self.path} {what}: {error.strerror}")
