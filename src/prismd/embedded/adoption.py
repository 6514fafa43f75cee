"""Adoption of another system user's data: each file is read as the former owner and written as the new one.

Root never changes the owner of a file that another user controls: that user could have put a link there.
"""

from __future__ import annotations

import os
import signal
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.as_owner import Owner, become, fork
from prismd.embedded.data_dir import CLUSTER, FORMER, LOCK, DataDir


def adopt(data: DataDir) -> None:
    """Bring a directory that a former version gave to `nobody`, or that another user ran, to today's owners.

    PostgreSQL's files are copied: one process reads them as the former owner, another writes them as the new owner.
    The copy may be interrupted at any moment; the next start repeats it.

    Args:
        data: The directory, locked by the caller; its PostgreSQL does not run.

    Raises:
        DatabaseUnusableError: The files cannot be copied; they stay as they are.
    """
    data.take_over()
    former = data.base / FORMER
    _sweep(data)
    if not os.path.lexists(former) and os.path.lexists(data.base / CLUSTER):
        (data.base / CLUSTER).rename(former)
    if os.path.lexists(former):
        _move(data, former)
    data.make_private()


def _move(data: DataDir, former: Path) -> None:
    owner = data.owner_of(former)
    if not owner.borrowed or not stat.S_ISDIR(former.lstat().st_mode):
        raise DatabaseUnusableError(f"{data.path / FORMER} is not a directory of the user that ran PostgreSQL")
    if not data.has_cluster():
        made = data.new_cluster()
        try:
            _copy(former, owner, made, data.runner)
        except OSError as error:
            raise DatabaseUnusableError(
                f"PostgreSQL's files in {data.path / FORMER} cannot be copied from {owner.name} to {data.runner.name}: "
                f"{error.strerror}"
            ) from error
        os.sync()
        data.keep_cluster(made)
    data.remove(FORMER)


def _sweep(data: DataDir) -> None:
    # The former owner of the directory could have put any other file there, under any name.
    for entry in list(os.scandir(data.base)):
        if entry.name not in {CLUSTER, FORMER, LOCK}:
            data.remove(entry.name)


def _copy(source: Path, reader: Owner, target: Path, writer: Owner) -> None:
    taking, giving = os.pipe()
    packing = _child(reader, lambda: _pack(source, giving), unused=taking)
    unpacking = _child(writer, lambda: _unpack(taking, target), unused=giving)
    os.close(taking)
    os.close(giving)
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in (packing, unpacking)]
    if any(ended):
        failed = next(code for code in ended if code)
        raise OSError(failed, os.strerror(failed) if failed > 0 else f"ended by {signal.Signals(-failed).name}")


def _child(owner: Owner, work: Callable[[], None], *, unused: int) -> int:
    child = fork()
    if child:
        return child
    code = 0
    try:
        become(owner)
        os.close(unused)
        work()
    except OSError as error:
        code = error.errno or 1
    except BaseException:  # noqa: BLE001 - the child reports nothing but its exit code
        code = 1
    finally:
        os._exit(code)


def _pack(source: Path, into: int) -> None:
    with os.fdopen(into, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
        archive.add(source, arcname=".", filter=_without_ids)


def _without_ids(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _unpack(out_of: int, target: Path) -> None:
    # The archive comes from another user, so refuse entries that would lead out of the directory.
    with os.fdopen(out_of, "rb") as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        archive.extractall(target, filter="data")
    target.chmod(stat.S_IRWXU)
