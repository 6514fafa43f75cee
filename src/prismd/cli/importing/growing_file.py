"""A file that grows with an import, batch by batch; only its owner can read it, and it never replaces another file."""

from __future__ import annotations

import hashlib
import itertools
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prismd.importer.calls import ClientError
from prismd.importer.journal import Growth

_NAMES_MAX: Final = 1_000
_READ_BYTES: Final = 2**20
_OWNER_ALONE: Final = 0o600


class GrowingFile:
    """A file whose state is in the journal before its bytes are on disk, so that a crash never doubles a row.

    An existing file is never opened for writing unless the journal knows every byte of it.

    Args:
        growth: The state of the file in the journal; this object changes it as the file grows.
        what: Name of the content for people, such as ``failed rows``.
        flag: The option that names another file.
        beginning: The text at the top of the file.
        finds_name: Take the next free name where a file of that name exists, instead of refusing.

    Raises:
        ClientError: The name is taken, or the file cannot be read.
    """

    def __init__(self, growth: Growth, *, what: str, flag: str, beginning: str, finds_name: bool) -> None:
        self._growth = growth
        self._what = what
        self._flag = flag
        self._beginning = beginning
        self._finds_name = finds_name
        self._held: list[str] = []
        self._bytes = b""
        self._hash = hashlib.sha256()
        self._fd: int | None = None
        #: A sentence for people about the file, before the import continues; usually empty.
        self.remark = ""
        try:
            self._take_up()
        except OSError as error:
            raise self._unusable(error) from None

    @property
    def path(self) -> Path:
        """Path of the file, even where it does not exist yet."""
        return Path(self._growth.path)

    def add(self, text: str) -> None:
        """Hold text for the file.

        Args:
            text: Whole lines.
        """
        self._held.append(text)

    def announce(self) -> bool:
        """Put the state after the held text into the journal, and return whether there is any text."""
        if not self._held:
            return False
        beginning = self._beginning if not self._growth.size else ""
        self._bytes = (beginning + "".join(self._held)).encode(errors="backslashreplace")
        self._held.clear()
        self._hash.update(self._bytes)
        self._growth.next_size = self._growth.size + len(self._bytes)
        self._growth.next_sha256 = self._hash.hexdigest()
        return True

    def settle(self) -> None:
        """Write the announced text, and put the new state into the journal.

        Raises:
            ClientError: The file cannot be written.
        """
        growth = self._growth
        if growth.next_size is None:
            return
        try:
            if self._fd is None:
                self._fd = self._made()
            self._write(self._fd)
        except OSError as error:
            raise self._unusable(error) from None
        growth.size, growth.sha256 = growth.next_size, growth.next_sha256
        growth.next_size, self._bytes = None, b""

    def _write(self, fd: int) -> None:
        """Write all of the announced text, or nothing."""
        try:
            left = memoryview(self._bytes)
            while left:
                left = left[os.write(fd, left) :]
            os.fsync(fd)
        except BaseException:
            # Half of a batch, left by a full disk or Ctrl-C, would look like a change by somebody else.
            os.ftruncate(fd, self._growth.size)
            raise

    def close(self) -> None:
        """Close the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _take_up(self) -> None:
        """Continue with the file if it is as the journal knows it, or begin another one."""
        growth = self._growth
        if growth.size or growth.next_size is not None:
            self._fd = self._known()
            if self._fd is not None:
                growth.next_size = None
                return
            if growth.size:
                growth.earlier.append(growth.path)
            self.remark = (
                f"The {self._what} so far are in {growth.path}, which has been changed since; it is left alone."
            )
            growth.size, growth.sha256, growth.next_size = 0, "", None
            self._hash = hashlib.sha256()
            growth.path = str(self._free_name())
            self.remark += f" Those to come go to {growth.path}."
        elif self._is_taken(self.path):
            if not self._finds_name:
                raise ClientError(f"{growth.path} exists; move it away, or give another name with {self._flag}")
            growth.path = str(self._free_name())

    def _known(self) -> int | None:
        """Return the file, opened at the end that the journal knows; None where it is not as the journal knows it."""
        growth = self._growth
        try:
            fd = os.open(growth.path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        found = os.fstat(fd)
        if stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid() and self._is_as_known(fd, found.st_size):
            os.fchmod(fd, _OWNER_ALONE)
            os.ftruncate(fd, growth.size)
            os.lseek(fd, growth.size, os.SEEK_SET)
            return fd
        os.close(fd)
        return None

    def _is_as_known(self, fd: int, size: int) -> bool:
        growth = self._growth
        if size not in (growth.size, growth.next_size):
            return False
        _hash_up_to(fd, growth.size, self._hash)
        if growth.size and self._hash.hexdigest() != growth.sha256:
            return False
        if size == growth.size:
            return True
        # A batch was written and not settled: its results are read again, so its rows will be written again.
        whole = self._hash.copy()
        _hash_up_to(fd, size - growth.size, whole)
        return whole.hexdigest() == growth.next_sha256

    def _made(self) -> int:
        for path in self._names() if self._finds_name else [self.path]:
            try:
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ALONE)
            except FileExistsError:
                continue
            self._growth.path = str(path)
            return fd
        raise ClientError(f"{self.path} exists; move it away, or give another name with {self._flag}")

    def _free_name(self) -> Path:
        path = next((path for path in self._names() if not self._is_taken(path)), None)
        if path is None:
            raise ClientError(f"{self.path} exists, and {_NAMES_MAX:,} further names too; move the files away")
        return path

    def _names(self) -> Iterator[Path]:
        """Yield the name of the file and then numbered ones, such as ``people.csv.failed-2.csv``."""
        path = self.path
        numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, _NAMES_MAX))
        return itertools.chain([path], numbered)

    @staticmethod
    def _is_taken(path: Path) -> bool:
        return os.path.lexists(path)

    def _unusable(self, error: OSError) -> ClientError:
        return ClientError(f"the file of {self._what} {self.path} cannot be used: {error.strerror}")


def _hash_up_to(fd: int, size: int, digest: hashlib._Hash) -> None:
    while size:
        piece = os.read(fd, min(size, _READ_BYTES))
        if not piece:
            return
        digest.update(piece)
        size -= len(piece)
