"""Memory that the API processes of one server share, so that limits hold for all of them together."""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import secrets
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: A count-min sketch: a name has one cell in each of these rows, and shares each cell with other names. The least of
#: its cells counts, so another name disturbs it only if the two share all cells.
ROWS: Final = 4

_SECRET_BYTES: Final = 16
#: Size of the part that all processes write, and of the part of each process. Pages never written take no memory.
_COMMON_BYTES: Final = 16 * 2**20
_OWN_BYTES: Final = 8 * 2**20
_ALIGNED: Final = 64
_BLOCK_BYTES: Final = 4_096
#: The lock is held for microseconds. A process that does not get it within this time goes on without it: a process
#: that was stopped while it held the lock must not stop the others, and only the exactness of one count is lost.
_LOCK_S: Final = 0.1
_LOCK_POLL_S: Final = 0.0001


class SharedMemory:
    """The memory as one process sees it; all processes must take their parts of it in the same order.

    Args:
        file: Descriptor from :func:`new_shared_memory`; None for a process that shares with no other.
        processes: The number of processes that share it.
        number: Number of this process, from 0.
    """

    def __init__(self, file: int | None = None, *, processes: int = 1, number: int = 0) -> None:
        self.processes = processes
        self.number = number
        self._file = file
        self._memory = memoryview(mmap.mmap(-1 if file is None else file, _size(processes)))
        self._secret = bytes(self._memory[:_SECRET_BYTES]) if file is not None else secrets.token_bytes(_SECRET_BYTES)
        self._common_taken = _ALIGNED
        self._own_taken = 0
        self._threads = threading.Lock()

    def common(self, size: int) -> memoryview:
        """Return a part of ``size`` bytes that all processes write; it is zero at first."""
        start = self._common_taken
        self._common_taken += _rounded(size)
        assert self._common_taken <= _COMMON_BYTES  # noqa: S101 - this program alone decides what takes room
        return self._memory[start : start + size]

    def own(self, size: int) -> list[memoryview]:
        """Return one part of ``size`` bytes per process; it is zero at first, and again after its process has ended.

        Each process writes its own part and reads all parts.
        """
        start = self._own_taken
        self._own_taken += _rounded(size)
        assert self._own_taken <= _OWN_BYTES  # noqa: S101 - as above
        starts = (_start_of(number) + start for number in range(self.processes))
        return [self._memory[start : start + size] for start in starts]

    def positions(self, name: str, cells: int) -> list[int]:
        """Return the positions of a name's cells, one per row; clients cannot predict them.

        Args:
            name: The name.
            cells: Cells of a row; a power of two.
        """
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=self._secret, digest_size=4 * ROWS).digest()
        return [row * cells + part % cells for row, part in enumerate(struct.unpack(f"={ROWS}I", digest))]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads and processes out for a moment."""
        with self._threads:
            held = self._file is not None and _locked(self._file)
            try:
                yield
            finally:
                if held and self._file is not None:
                    fcntl.lockf(self._file, fcntl.LOCK_UN)


def new_shared_memory(processes: int) -> int:
    """Return the descriptor of new memory, which the processes inherit.

    Args:
        processes: The number of processes that will share it.
    """
    file = os.memfd_create("prismd")
    os.truncate(file, _size(processes))
    os.pwrite(file, secrets.token_bytes(_SECRET_BYTES), 0)
    return file


def forget_process(file: int, number: int) -> None:
    """Set the part of a process to zero, after it has ended.

    Args:
        file: The descriptor of the memory.
        number: Number of the process, from 0.
    """
    nothing = bytes(_BLOCK_BYTES)
    for start in range(_start_of(number), _start_of(number) + _OWN_BYTES, _BLOCK_BYTES):
        # Writing zeros to a page that was never written would make it take memory.
        if os.pread(file, _BLOCK_BYTES, start) != nothing:
            os.pwrite(file, nothing, start)


def _start_of(number: int) -> int:
    return _COMMON_BYTES + number * _OWN_BYTES


def _size(processes: int) -> int:
    return _start_of(processes)


def _rounded(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED


def _locked(file: int) -> bool:
    # The system releases the lock of a process that ends.
    deadline = time.monotonic() + _LOCK_S
    while True:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOCK_POLL_S)
        else:
            return True
