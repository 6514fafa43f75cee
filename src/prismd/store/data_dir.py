"""The embedded PostgreSQL's directory: whose it is, where its socket goes, and that one prismd at a time runs it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prismd.store.postgres import DatabaseUnusableError

#: Longest path of a socket's directory: ``/.s.PGSQL.5432.lock`` must still fit into the 104 bytes that systems allow.
SOCKET_DIR_BYTES_MAX: Final = 84

#: Who runs PostgreSQL for root, where the data directory belongs to nobody else.
NOBODY: Final = "nobody"

_LOCK = "prismd.lock"
_CLUSTER = "postgres"
_LASTING = " serve"


@dataclass(frozen=True, slots=True)
class Owner:
    """The system user that PostgreSQL runs as.

    Args:
        uid: Number of the user.
        gid: Number of the user's group.
        borrowed: Whether this process is root and lends its place to that user, because PostgreSQL refuses root.
    """

    uid: int
    gid: int
    borrowed: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds the lock of a data directory.

    Args:
        pid: Its process id, in digits.
        lasting: Whether it is a server, which keeps PostgreSQL running.
    """

    pid: str
    lasting: bool


class DataDir:
    """A data directory of prismd, made and locked on request.

    Args:
        path: Where it is or shall be.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self.cluster = self.path / _CLUSTER
        self.log = self.path / "postgres.log"
        self._lock: int | None = None

    def prepare(self) -> Owner:
        """Make the directory where there is none, and return who PostgreSQL shall run as.

        Raises:
            DatabaseUnusableError: It cannot be made or written, or holds something else than data of prismd.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise DatabaseUnusableError(f"the data directory {self.path} is not a directory") from None
        except OSError as error:
            raise self._unusable("cannot be made", error) from error
        self._check_content()
        owner = self._owner()
        try:
            if owner.borrowed:
                os.chown(self.path, owner.uid, owner.gid)
            self.path.chmod(0o700)
        except OSError as error:
            raise self._unusable("cannot be made private", error) from error
        return owner

    def lock(self, owner: Owner, *, lasting: bool) -> bool:
        """Take the lock that lets one prismd at a time run the directory's PostgreSQL; say whether it was free.

        Args:
            owner: To whom the lock file shall belong.
            lasting: Whether it is held for as long as a server runs, not just for a command.

        Raises:
            DatabaseUnusableError: The lock file cannot be written.
        """
        try:
            lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise self._unusable("cannot be written", error) from error
        try:
            # The lock goes with the process, however it ends; a file's mere existence would outlive a crash.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        self.give(lock, owner)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}{_LASTING if lasting else ''}\n".encode(), 0)
        self._lock = lock
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

    def holder(self) -> Holder:
        """Return who holds the lock."""
        try:
            text = (self.path / _LOCK).read_text().strip()
        except OSError:
            text = ""
        return Holder(text.removesuffix(_LASTING) or "unknown", lasting=text.endswith(_LASTING))

    @staticmethod
    def give(file: Path | int, owner: Owner) -> None:
        """Make a file belong to the user that PostgreSQL runs as."""
        if owner.borrowed:
            os.chown(file, owner.uid, owner.gid)

    def socket_dir(self, owner: Owner) -> Path:
        """Return the private directory of PostgreSQL's socket, making it where there is none.

        Args:
            owner: To whom it shall belong.

        Raises:
            DatabaseUnusableError: Somebody else has made a directory of that name.
        """
        path = self.socket_path(owner)
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            self.give(path, owner)
            found = path.lstat()
        except OSError as error:
            raise DatabaseUnusableError(f"cannot make {path} for PostgreSQL's socket: {error.strerror}") from error
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.uid or found.st_mode & 0o077:
            raise DatabaseUnusableError(f"{path} is not a private directory of this user: remove it and start again")
        return path

    def socket_path(self, owner: Owner) -> Path:
        """Return where the directory of PostgreSQL's socket is or would be.

        Args:
            owner: Who PostgreSQL runs as; part of a name outside the data directory.
        """
        inside = self.path / "socket"
        if len(os.fsencode(inside)) <= SOCKET_DIR_BYTES_MAX:
            return inside
        name = f"prismd-{owner.uid}-{hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]}"
        temporary = Path(os.path.realpath(tempfile.gettempdir()))
        return (temporary if len(os.fsencode(temporary / name)) <= SOCKET_DIR_BYTES_MAX else Path("/tmp")) / name  # noqa: S108 - private, and checked to be ours

    def _check_content(self) -> None:
        try:
            names = {entry.name for entry in self.path.iterdir()}
        except OSError as error:
            raise self._unusable("cannot be read", error) from error
        if names and _LOCK not in names:
            raise DatabaseUnusableError(
                f"{self.path} holds files that are not prismd's: choose an empty or new directory with --data-dir"
            )

    def _owner(self) -> Owner:
        found = self.path.stat()
        if os.geteuid() == 0:
            return _owner_for_root(found.st_uid)
        if found.st_uid != os.geteuid():
            raise DatabaseUnusableError(
                f"the data directory {self.path} belongs to {_user_name(found.st_uid)}: choose another with --data-dir"
            )
        return Owner(found.st_uid, found.st_gid, borrowed=False)

    def _unusable(self, what: str, error: OSError) -> DatabaseUnusableError:
        return DatabaseUnusableError(f"the data directory {self.path} {what}: {error.strerror}")


def _owner_for_root(uid: int) -> Owner:
    try:
        user = pwd.getpwuid(uid) if uid else pwd.getpwnam(NOBODY)
    except KeyError:
        raise DatabaseUnusableError(
            "PostgreSQL does not run as root, and there is no user `nobody` to run it"
        ) from None
    return Owner(user.pw_uid, user.pw_gid, borrowed=True)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
