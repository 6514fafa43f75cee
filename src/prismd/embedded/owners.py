"""The owner of a data directory, and the user that runs PostgreSQL in it, who is never root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.as_owner import Owner, done_as

#: The user that ran PostgreSQL for root in former versions; other daemons use it too.
_FORMERLY: Final = "nobody"
#: Former versions left this file in a directory that root had given to that user, and in no other.
_FORMER_FILE: Final = "hba.conf"

ROOT: Final = Owner(0, 0)


@dataclass(frozen=True, slots=True)
class Owners:
    """The two users of a data directory.

    Args:
        keeper: The owner of the directory.
        runner: The user that runs PostgreSQL and owns the cluster.
    """

    keeper: Owner
    runner: Owner


def owners_for_root(path: Path, base: Path, user: str) -> Owners:
    """Return the owners of a data directory for a prismd that runs as root.

    Args:
        path: The directory, under the name that people use.
        base: The directory, by a path that nobody can redirect to another directory.
        user: Name of the user that runs PostgreSQL in root's directory.

    Raises:
        DatabaseUnusableError: The user does not exist.
    """
    uid = base.stat().st_uid
    if uid == 0:
        return Owners(ROOT, service_user(user))
    try:
        owner = _borrowed(pwd.getpwuid(uid))
    except KeyError:
        raise DatabaseUnusableError(
            f"the data directory {path} belongs to user {uid}, which this machine does not know, so PostgreSQL cannot "
            "run as it: choose another with --data-dir"
        ) from None
    return Owners(owner, owner)


def service_user(name: str) -> Owner:
    """Return the user that runs PostgreSQL for root.

    Args:
        name: Name of the user.

    Raises:
        DatabaseUnusableError: No user has that name, or the user is root.
    """
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise DatabaseUnusableError(
            f"PostgreSQL does not run as root, and there is no user {name!r} to run it: make one with "
            f"`useradd --system --user-group --no-create-home --shell /usr/sbin/nologin {name}`, "
            "or name another with PRISMD_POSTGRES_USER"
        ) from None
    if user.pw_uid == 0:
        raise DatabaseUnusableError(f"PostgreSQL does not run as {name!r}: name another with PRISMD_POSTGRES_USER")
    return _borrowed(user)


def of_former_version(owner: Owner, base: Path) -> bool:
    """Say whether root gave a directory to `nobody`, as former versions did.

    Args:
        owner: Owner of the directory.
        base: The directory.
    """
    if not owner.borrowed or owner.name != _FORMERLY:
        return False
    return done_as(owner, lambda: os.path.lexists(base / _FORMER_FILE))


def user_name(uid: int) -> str:
    """Return the name of a user for a message."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _borrowed(user: pwd.struct_passwd) -> Owner:
    return Owner(user.pw_uid, user.pw_gid, borrowed=True, name=user.pw_name)
