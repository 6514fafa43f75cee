"""The journal of a running import on disk, from which a run after a crash continues."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from prismd.importer.calls import ClientError
from prismd.importer.tally import Tally

_FORMAT: Final = 3


class Target(msgspec.Struct, frozen=True):
    """The file and the destination of an import; two runs with the same target are the same import."""

    base_url: str
    team: str
    object_type: str
    sha256: str


class Identity(msgspec.Struct, frozen=True):
    """Everything that determines the requests of an import, byte for byte.

    Args:
        target: File and destination.
        options: The import's options on the wire.
        reading: The way the file is read and cut: encoding, delimiter, rows of a batch …
    """

    target: Target
    options: dict[str, object]
    reading: dict[str, object]

    @property
    def hash(self) -> str:
        """A hash of all fields, for the name of the journal's file."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:32]


class Growth(msgspec.Struct):
    """The state of a file that grows with an import, after the finished batches.

    Args:
        path: The file's path, even if it does not exist yet.
        size: The file's length in bytes; 0 if it does not exist yet.
        sha256: Hexadecimal hash of these bytes.
        next_size: The file's length in bytes after the current batch, once it is known.
        next_sha256: The file's hash after the current batch.
        earlier: Files with the earlier content; somebody changed them, so that a new file was begun.
    """

    path: str
    size: int = 0
    sha256: str = ""
    next_size: int | None = None
    next_sha256: str = ""
    earlier: list[str] = msgspec.field(default_factory=list)


class Pending(msgspec.Struct):
    """A batch that the server has accepted, and whose results are not all counted and written yet.

    Args:
        batch: The number of the batch.
        job_id: The job.
        ended: Whether the job is known to have ended.
    """

    batch: int
    job_id: str
    ended: bool = False


class _Head(msgspec.Struct):
    """The members that a journal of any version has."""

    format: int
    identity: Identity


class Journal(msgspec.Struct):
    """The progress of an import.

    Args:
        format: The version of this structure.
        identity: Everything that determines the requests.
        run_id: A random text; the idempotency keys of the run are made from it.
        started: The time when the run began, for people.
        failed: The file of failed rows.
        multiple: Columns whose cells are split; stored so that a later run makes the same requests.
        ignored: Columns that are not sent; stored for the same reason.
        batches_done: The number of batches whose results are all counted and written.
        pending: The batches after these that the server has accepted, in their order.
        tally: The counts of these batches.
        results: The file of all results, if the user wants one.
        answers: Answers about a table, by the keys of their questions; stored so that nothing is asked again.
        mapping: The mapping of a table; stored so that the same requests are made again.
    """

    identity: Identity
    run_id: str
    started: str
    failed: Growth
    multiple: list[str]
    ignored: list[str]
    format: int = _FORMAT
    batches_done: int = 0
    pending: list[Pending] = msgspec.field(default_factory=list)
    tally: Tally = msgspec.field(default_factory=Tally)
    results: Growth | None = None
    answers: dict[str, str] = msgspec.field(default_factory=dict)
    mapping: dict[str, Any] | None = None

    def key(self, batch: int) -> str:
        """Return the idempotency key of a batch, the same in each run of this journal."""
        return f"prismd-{self.run_id}-{batch}"

    def job_of(self, batch: int) -> str | None:
        """Return the job of a batch that the server has accepted; None if it is not known to be accepted."""
        return next((pending.job_id for pending in self.pending if pending.batch == batch), None)

    @property
    def job_under_way(self) -> str | None:
        """The job that the server works on, as far as is known."""
        return next((pending.job_id for pending in self.pending if not pending.ended), None)

    def note_end(self, batch: int) -> None:
        """Note that the job of a batch has ended."""
        for pending in self.pending:
            pending.ended |= pending.batch == batch

    def finish(self, batch: int, tally: Tally) -> None:
        """Note that the results of a batch, and of all before it, are counted and written.

        Args:
            batch: The number of the batch.
            tally: The counts up to that batch.
        """
        self.batches_done, self.tally = batch, tally
        self.pending = [pending for pending in self.pending if pending.batch > batch]


def journal_directory(environment: Mapping[str, str]) -> Path:
    """Return the directory of journals (XDG base directories: the user's state).

    Raises:
        ClientError: The environment names no home directory, and the system knows none.
    """
    state = environment.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):
        home = environment.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - Path.home raises where there is none
        if not home.startswith("/"):
            raise ClientError("there is no home directory to keep the journal in; set XDG_STATE_HOME to a directory")
        state = f"{home}/.local/state"
    return Path(state) / "prismd" / "imports"


class Journals:
    """The journals of a user, one file for each unfinished import.

    Args:
        directory: The journals' directory; it is made when the first journal is saved.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @contextmanager
    def alone(self, target: Target) -> Iterator[None]:
        """Keep other processes from importing the same file to the same destination while the block runs.

        Raises:
            ClientError: Another process is importing it, or the directory cannot be written.
        """
        name = hashlib.sha256(msgspec.json.encode(target)).hexdigest()[:32]
        path = self._directory / f"{name}.lock"
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise ClientError(
                f"the journal cannot be kept in {self._directory}: {error.strerror}; set XDG_STATE_HOME to a directory"
            ) from None
        try:
            if not _locked(lock, path):
                raise ClientError("another process is importing the same file to the same server and team")
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
        finally:
            os.close(lock)

    def of_target(self, target: Target) -> list[Journal]:
        """Return the journals of unfinished imports of a file to a destination, with any options.

        Raises:
            ClientError: Another version of prismd wrote one of the journals.
        """
        found = []
        for path in sorted(self._directory.glob("*.json")):
            try:
                content = path.read_bytes()
                head = msgspec.json.decode(content, type=_Head)
                if head.identity.target != target:
                    continue
                if head.format != _FORMAT:
                    raise ClientError(
                        "another version of prismd began an import of this file and did not end it; end it with that "
                        f"version, or remove {path} to begin anew"
                    )
                found.append(msgspec.json.decode(content, type=Journal))
            except (OSError, msgspec.DecodeError, UnicodeDecodeError):
                continue
        return found

    def seen_path(self, journal: Journal) -> Path:
        """Return the path of the database of seen rows, see :mod:`prismd.importer.seen_rows`."""
        return self._path(journal.identity).with_suffix(".seen")

    def forget_seen(self, identity: Identity) -> None:
        """Remove the database of seen rows of a run that has no journal any more."""
        self._path(identity).with_suffix(".seen").unlink(missing_ok=True)

    def save(self, journal: Journal) -> None:
        """Write a journal, completely or not at all.

        Raises:
            ClientError: The journal cannot be written.
        """
        path = self._path(journal.identity)
        part = path.with_suffix(".part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(msgspec.json.encode(journal))
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise ClientError(f"the journal {path} cannot be written: {error.strerror}") from None

    def remove(self, journal: Journal) -> None:
        """Remove the journal of an import that has ended."""
        self._path(journal.identity).unlink(missing_ok=True)
        self.forget_seen(journal.identity)

    def _path(self, identity: Identity) -> Path:
        return self._directory / f"{identity.hash}.json"


def _locked(lock: int, path: Path) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The last holder may have removed the file after this process opened it; other processes then lock a new file.
        return os.fstat(lock).st_ino == path.stat().st_ino
    except (BlockingIOError, FileNotFoundError):
        return False
