"""File work as another user: root takes on the rights of a directory's owner before it touches files in it."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

_Result = TypeVar("_Result")

#: The longest time of a piece of work, in seconds. The user whose rights it has could stop its process.
PATIENCE_S: Final = 60.0
_READ_BYTES: Final = 65_536
_PRIVATE_UMASK: Final = 0o077


@dataclass(frozen=True, slots=True)
class Owner:
    """A system user that does a part of the work.

    Args:
        uid: Number of the user.
        gid: Number of the user's group.
        borrowed: Whether this process is root and takes on the rights of that user for the work.
        name: Name of the user; empty if the rights are not borrowed.
    """

    uid: int
    gid: int
    borrowed: bool = False
    name: str = ""

    def process(self) -> dict[str, Any]:
        """Return the arguments for ``subprocess`` that start a process as this user, without any capability."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.borrowed else {}


def done_as(owner: Owner, work: Callable[[], _Result], *, timeout_s: float = PATIENCE_S) -> _Result:
    """Do a small piece of work with the rights of a user, and return its result.

    Args:
        owner: The user.
        work: Uses only ``os``, and returns a JSON value; it runs in a forked process if the rights are borrowed.
        timeout_s: Longest time of the work, in seconds.

    Raises:
        OSError: The work raised it, or did not end in time.
    """
    if not owner.borrowed:
        return work()
    answer, _ = _forked(owner, work, timeout_s=timeout_s)
    result: _Result = answer
    return result


def opened_as(owner: Owner, path: Path, flags: int, mode: int = 0o600) -> int:
    """Open a file with the rights of a user, and return its descriptor; symbolic links are not followed.

    Args:
        owner: The user.
        path: The file.
        flags: Flags of ``os.open``.
        mode: Mode of a file that is created.

    Raises:
        OSError: The user has no right to open the file, or the file is a link.
    """

    def opened() -> int:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)

    if not owner.borrowed:
        return opened()
    _, descriptors = _forked(owner, opened, timeout_s=PATIENCE_S, passes_descriptor=True)
    os.set_inheritable(descriptors[0], False)  # noqa: FBT003 - the function's own signature
    return descriptors[0]


def become(owner: Owner) -> None:
    """Give up the rights of root for good, in a forked process.

    Args:
        owner: The user to become.
    """
    os.setgroups([])
    os.setresgid(owner.gid, owner.gid, owner.gid)
    os.setresuid(owner.uid, owner.uid, owner.uid)
    os.umask(_PRIVATE_UMASK)


def fork() -> int:
    """Fork this process; the child must use only :mod:`os`, so that it needs no lock of another thread."""
    with warnings.catch_warnings():
        # Python warns that a child may wait for a lock of a thread that it does not have.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _forked(
    owner: Owner, work: Callable[[], Any], *, timeout_s: float, passes_descriptor: bool = False
) -> tuple[Any, list[int]]:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            child = fork()
            if child == 0:
                _answer(theirs, owner, work, passes_descriptor=passes_descriptor)
        try:
            ours.settimeout(timeout_s)
            answer, descriptors = _received(ours)
        except TimeoutError:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from None
        finally:
            # Until the child is waited for, no other process gets its process id, so killing it is safe.
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    if "errno" in answer:
        raise OSError(answer["errno"], os.strerror(answer["errno"]), answer["path"])
    if "fault" in answer:
        raise RuntimeError(answer["fault"])
    return answer["value"], descriptors


def _answer(line: socket.socket, owner: Owner, work: Callable[[], Any], *, passes_descriptor: bool) -> NoReturn:
    descriptors: list[int] = []
    answer: dict[str, Any]
    try:
        become(owner)
        answer = {"value": work()}
        if passes_descriptor:
            descriptors = [answer["value"]]
    except OSError as error:
        answer = {"errno": error.errno or errno.EIO, "path": os.fspath(error.filename) if error.filename else None}
    except BaseException as error:  # noqa: BLE001 - the child reports nothing but its answer
        answer = {"fault": repr(error)}
    try:
        data = json.dumps(answer).encode()
        socket.send_fds(line, [data[:_READ_BYTES]], descriptors)
        line.sendall(data[_READ_BYTES:])
    finally:
        os._exit(0)


def _received(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    data, descriptors, _, _ = socket.recv_fds(line, _READ_BYTES, 1)
    while part := line.recv(_READ_BYTES):
        data += part
    if not data:
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    answer: dict[str, Any] = json.loads(data)
    return answer, descriptors
