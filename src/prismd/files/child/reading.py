"""Reading a file in a process of its own, whose rows go to a temporary file."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Final

import msgspec

from prismd.files.child.messages import LENGTH, MESSAGE_BYTES_MAX, Found, decoded
from prismd.files.child.program import Task
from prismd.files.rows import FileProblemError
from prismd.files.spooled_rows import SpooledRows

_PROGRAM: Final = "prismd.files.child.program"
_BLOCK_BYTES: Final = 2**20
_SIGNAL_OF_TIME: Final = (-24, -9)


class SheetInDoubtError(FileProblemError):
    """Several sheets hold something, and nobody has chosen one.

    Args:
        sheets: Their names, and whether each is hidden.
    """

    def __init__(self, sheets: tuple[tuple[str, bool], ...]) -> None:
        names = ", ".join(f'"{name}"{" (hidden)" if hidden else ""}' for name, hidden in sheets[:20])
        super().__init__(f"the workbook has several sheets: {names}; name one with --sheet")
        self.sheets = sheets


def read_in_child(path: Path, task: Task) -> SpooledRows:
    """Read a file in a process of its own.

    Args:
        path: The file.
        task: How to read it.

    Raises:
        SheetInDoubtError: The workbook has several sheets that hold something.
        FileProblemError: The file cannot be read; the message says why.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise FileProblemError(f"cannot be read: {error.strerror}") from None
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as its rows are read
    try:
        with file:
            return SpooledRows(spool, _spooled(file, task, spool))
    except OSError as error:
        spool.close()
        raise FileProblemError(f"its rows cannot be kept in a temporary file: {error.strerror}") from None
    except BaseException:
        spool.close()
        raise


def _spooled(file: IO[bytes], task: Task, spool: IO[bytes]) -> Found:
    # -P and the root directory: no file beside the user's own takes the place of a module. The environment is left
    # behind, because it has keys that no file needs to see.
    command = [sys.executable, "-P", "-m", _PROGRAM, msgspec.json.encode(task).decode()]
    process = subprocess.Popen(  # noqa: S603 - our own program
        command,
        cwd="/",
        env=_environment(),
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with process:
        try:
            return _received(process, task, spool)
        finally:
            process.kill()


def _received(process: subprocess.Popen[bytes], task: Task, spool: IO[bytes]) -> Found:
    assert process.stdout  # noqa: S101 - it was asked for
    while True:
        head = _exactly(process, LENGTH.size, task)
        (length,) = LENGTH.unpack(head)
        if length > MESSAGE_BYTES_MAX:
            raise FileProblemError("the file makes its reader fail; save it in another format, such as CSV")
        data = _exactly(process, length, task)
        message = decoded(data) if length < _BLOCK_BYTES or not spool.tell() else None
        if message is not None and message.refused is not None:
            raise FileProblemError(message.refused)
        if message is not None and message.choose is not None:
            raise SheetInDoubtError(message.choose)
        if message is not None and message.found is not None:
            spool.flush()
            return message.found
        spool.write(head)
        spool.write(data)


def _exactly(process: subprocess.Popen[bytes], count: int, task: Task) -> bytes:
    """Return so many bytes of the process.

    Raises:
        FileProblemError: It has ended, or stays silent.
    """
    assert process.stdout  # noqa: S101 - it was asked for
    pipe, pieces = process.stdout.fileno(), list[bytes]()
    while count:
        ready, _, _ = select.select([pipe], [], [], task.limits.child_silence_s)
        if not ready:
            raise FileProblemError(f"reading it shows no progress for {task.limits.child_silence_s} s; save it as CSV")
        block = os.read(pipe, min(count, _BLOCK_BYTES))
        if not block:
            raise FileProblemError(_ending(process.wait(), task))
        pieces.append(block)
        count -= len(block)
    return b"".join(pieces)


def _ending(code: int, task: Task) -> str:
    if code in _SIGNAL_OF_TIME:
        return f"reading it takes more than {task.limits.child_cpu_s:,} s of processor time; save it as CSV"
    memory = task.limits.child_memory_bytes // 2**20
    return (
        f"its reader failed (code {code}), maybe because it takes more than {memory:,} MiB of memory; save it in "
        "another format, such as CSV"
    )


def _environment() -> dict[str, str]:
    wanted = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "LANG", "LC_ALL")
    return {name: os.environ[name] for name in wanted if name in os.environ}
