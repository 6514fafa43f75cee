"""Memory that the API processes of one server have in common, in which limits are kept that hold for all of them."""

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

#: Names have no room of their own. Each has a place in each of so many rows, and shares it with others; what it is
#: counted as is the least of its places, so that others count for it only if they share them all.
ROWS: Final = 4

_SECRET_BYTES: Final = 16
#: Room for what all processes write, and for what each writes alone; what is never written takes no memory.
_COMMON_BYTES: Final = 16 * 2**20
_OWN_BYTES: Final = 8 * 2**20
_ALIGNED: Final = 64
_BLOCK_BYTES: Final = 4_096
#: The lock is held for microseconds. Who does not get it within this time goes on without: a process that was stopped
#: just then must not stop the others, and all that is lost is the exactness of one count.
_LOCK_S: Final = 0.1
_LOCK_POLL_S: Final = 0.0001


class SharedMemory:
    """The memory as one process sees it; all of them must take their room in it in the same order.

    Args:
        file: Descriptor from :func:`new_shared_memory`; None for a process that shares its memory with no other.
        processes: How many share it.
        number: Which of them this one is, from 0.
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
        """Return room that all processes write, of so many bytes, zero at first."""
        start = self._common_taken
        self._common_taken += _rounded(size)
        assert self._common_taken <= _COMMON_BYTES  # noqa: S101 - what takes room is written down in this program
        return self._memory[start : start + size]

    def own(self, size: int) -> list[memoryview]:
        """Return room by process, of so many bytes each, zero at first and when the process has ended.

        Each process writes its own and reads all.
        """
        start = self._own_taken
        self._own_taken += _rounded(size)
        assert self._own_taken <= _OWN_BYTES  # noqa: S101 - as above
        starts = (_start_of(number) + start for number in range(self.processes))
        return [self._memory[start : start + size] for start in starts]

    def places(self, name: str, cells: int) -> list[int]:
        """Return the places of a name in rows that stand one after the other; nobody outside can tell them.

        Args:
            name: Any.
            cells: Of a row; a power of two.
        """
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=self._secret, digest_size=4 * ROWS).digest()
        return [row * cells + part % cells for row, part in enumerate(struct.unpack(f"={ROWS}I", digest))]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads and processes out, for what takes no more than a moment."""
        with self._threads:
            held = self._file is not None and _locked(self._file)
            try:
                yield
            finally:
                if held and self._file is not None:
                    fcntl.lockf(self._file, fcntl.LOCK_UN)


def new_shared_memory(processes: int) -> int:
    """Return the descriptor of new memory for so many processes, which inherit it.

    Args:
        processes: How many will share it.
    """
    file = os.memfd_create("prismd")
    os.truncate(file, _size(processes))
    os.pwrite(file, secrets.token_bytes(_SECRET_BYTES), 0)
    return file


def forget_process(file: int, number: int) -> None:
    """Forget all that a process had under way, which has ended and takes it back no more.

    Args:
        file: The descriptor of the memory.
        number: Which process it was, from 0.
    """
    nothing = bytes(_BLOCK_BYTES)
    for start in range(_start_of(number), _start_of(number) + _OWN_BYTES, _BLOCK_BYTES):
        # What was never written takes no memory, and shall not from now on.
        if os.pread(file, _BLOCK_BYTES, start) != nothing:
            os.pwrite(file, nothing, start)


def _start_of(number: int) -> int:
    return _COMMON_BYTES + number * _OWN_BYTES


def _size(processes: int) -> int:
    return _start_of(processes)


def _rounded(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED


def _locked(file: int) -> bool:
    # The system takes the lock from a process that ends.
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
