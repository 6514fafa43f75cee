"""Use cases of uploads: begin one, add bytes, make it whole, or give it up; each in transactions of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from prismd.core.audit import Action, Deed
from prismd.core.errors import PrismdError
from prismd.core.files import FileState, StoredFile
from prismd.services.audit import doer_of, note
from prismd.services.files.contents import StoredContent
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store.files import files, parts
from prismd.store.files.purging import delete_gone

#: The bytes of a part: what one upload holds in memory, and what one transaction writes.
PART_BYTES: Final = 2**20
_RETRY_AFTER_S: Final = 5
_HASHED_AT_ONCE: Final = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a client says of a file before its bytes come.

    Args:
        name: Its name, checked.
        length: The number of its bytes; None if the client does not know.
        resumable: Whether the client may go on after a break.
    """

    name: str
    length: int | None = None
    resumable: bool = False


def begin_upload(transaction: Transaction, announced: Announced) -> StoredFile:
    """Begin a file, if the team has room for it.

    Args:
        transaction: The team's open transaction.
        announced: What the client says of it.

    Raises:
        PrismdError: ``payload_too_large``: the file, or all files of the team, would be too large; ``too_many_files``.
    """
    settings, now = transaction.settings, transaction.now()
    file_id = transaction.new_id()
    file = StoredFile(
        id=file_id,
        name=announced.name,
        state=FileState.OPEN,
        resumable=announced.resumable,
        length=announced.length,
        received=0,
        sha256=None,
        content_id=file_id,
        same_as=None,
        created_at=now,
        expires_at=_given_up_at(settings, now, resumable=announced.resumable),
    )
    check_size(settings, announced.length or 0)
    files.lock_files(transaction.connection, transaction.team_id)
    held = files.count_files(transaction.connection, transaction.team_id, but=file_id)
    if held.files >= settings.files_max:
        raise _too_many(f"the team has {settings.files_max:,} files (PRISMD_FILES_MAX)", "delete some")
    if held.open >= settings.open_uploads_max:
        found = f"the team has {settings.open_uploads_max:,} uploads under way (PRISMD_OPEN_UPLOADS_MAX)"
        raise _too_many(found, "end or delete one, or wait until those that broke are given up")
    _check_room(settings, held.bytes, announced.length or 0)
    doer = doer_of(transaction)
    files.insert_file(transaction.connection, transaction.team_id, file, doer.key_id)
    return file


def add_bytes(transaction: Transaction, file: StoredFile, data: bytes) -> StoredFile:
    """Add bytes to the end of an open file, and return it as it is then.

    Args:
        transaction: The team's open transaction; its commit makes the bytes durable.
        file: The file as this upload knows it.
        data: At most :data:`PART_BYTES`, at least one.

    Raises:
        PrismdError: ``payload_too_large``; ``upload_offset_mismatch``: the file is not open any more, or somebody else
            has added bytes.
    """
    settings, size = transaction.settings, len(data)
    received = file.received + size
    check_size(settings, received)
    if file.length is not None and received > file.length:
        message = f"the upload announced {file.length:,} bytes, and more come; begin a new one"
        raise PrismdError("payload_too_large", message)
    expires_at = _given_up_at(settings, transaction.now(), resumable=file.resumable)
    extended = files.extend_file(
        transaction.connection, transaction.team_id, file.id, at=file.received, size=size, expires_at=expires_at
    )
    if not extended:
        raise lost_upload(file)
    parts.insert_part(transaction.connection, transaction.team_id, file.content_id, start=file.received, data=data)
    return replace(file, received=received, expires_at=expires_at)


def keep_open(transaction: Transaction, file: StoredFile) -> None:
    """Put off the time at which an upload is given up, because its bytes come slowly.

    Args:
        transaction: The team's open transaction.
        file: The open file.

    Raises:
        PrismdError: ``upload_offset_mismatch``: the file is not open any more.
    """
    expires_at = _given_up_at(transaction.settings, transaction.now(), resumable=file.resumable)
    if not files.touch_file(transaction.connection, transaction.team_id, file.id, expires_at):
        raise lost_upload(file)


def complete_upload(transaction: Transaction, file: StoredFile, sha256: str) -> StoredFile:
    """Make a file whole, and return it; bytes that the team has already are not kept twice.

    Args:
        transaction: The team's open transaction.
        file: The open file, with all its bytes.
        sha256: Hexadecimal hash of them.

    Raises:
        PrismdError: ``payload_too_large``: the team's files have too many bytes together; ``upload_offset_mismatch``:
            the file is not open any more.
    """
    connection, team_id, now = transaction.connection, transaction.team_id, transaction.now()
    # The twin is held first, so that whoever deletes it waits.
    twin = files.find_twin(connection, team_id, sha256, file.received)
    if twin is None:
        files.lock_files(connection, team_id)
        # Another upload of the same bytes may have ended meanwhile.
        twin = files.find_twin(connection, team_id, sha256, file.received)
    if twin is None:
        _check_room(transaction.settings, files.count_files(connection, team_id, but=file.id).bytes, file.received)
    whole = replace(
        file,
        state=FileState.WHOLE,
        length=file.received,
        sha256=sha256,
        content_id=twin.content_id if twin else file.content_id,
        same_as=twin.id if twin else None,
        expires_at=now + timedelta(days=transaction.settings.file_retention_days),
    )
    if not files.complete_file(connection, team_id, whole):
        raise lost_upload(file)
    if twin and file.received:
        files.leave_behind(connection, team_id, transaction.new_id(), file.content_id, now)
    details = {"name": whole.name, "bytes": whole.received, "sha256": sha256}
    note(transaction, Deed(Action.FILE_UPLOADED, [file.id], details=details))
    return whole


def give_up(session: Session, file_id: str) -> None:
    """Delete a file that is still open, with all its parts.

    Args:
        session: The session of the team; no transaction is open.
        file_id: UUID text.
    """
    session.do(_mark_gone, file_id)
    while session.do(_delete_some, file_id):
        pass


def _mark_gone(transaction: Transaction, file_id: str) -> bool:
    return files.mark_gone(transaction.connection, transaction.team_id, file_id)


def _delete_some(transaction: Transaction, file_id: str) -> bool:
    return delete_gone(transaction.connection, transaction.team_id, file_id)


def hash_of(session: Session, file: StoredFile) -> str:
    """Return the SHA-256 of a file's bytes, read part by part.

    Args:
        session: The session of the team; no transaction is open.
        file: Any file.
    """
    digest = hashlib.sha256()
    with StoredContent(session, file).open("rb") as content:
        while data := content.read(_HASHED_AT_ONCE):
            digest.update(data)
    return digest.hexdigest()


def check_size(settings: Settings, size: int) -> None:
    """Refuse a file that is too large.

    Args:
        settings: The settings in force.
        size: The bytes that it has at least.

    Raises:
        PrismdError: ``payload_too_large``.
    """
    if size > settings.file_bytes_max:
        message = (
            f"a file can have at most {settings.file_bytes_max:,} bytes (PRISMD_FILE_BYTES_MAX); pack it by gzip or "
            "zstd, or split it"
        )
        raise PrismdError("payload_too_large", message)


def lost_upload(file: StoredFile) -> PrismdError:
    """Return the error for an upload whose file has changed or gone meanwhile.

    Args:
        file: The file as the upload knows it.
    """
    message = (
        f"the file {file.id} does not end at byte {file.received:,} any more: somebody else went on with it, or it was "
        "deleted or given up; ask for its offset, or begin anew"
    )
    return PrismdError("upload_offset_mismatch", message)


def _given_up_at(settings: Settings, now: datetime, *, resumable: bool) -> datetime:
    wait = timedelta(hours=settings.upload_expiry_hours) if resumable else timedelta(seconds=settings.upload_silence_s)
    return now + wait


def _check_room(settings: Settings, held: int, more: int) -> None:
    if held + more > settings.files_bytes_max:
        message = (
            f"the team's files have {held:,} bytes, and with {more:,} more they would have more than the "
            f"{settings.files_bytes_max:,} that they may have (PRISMD_FILES_BYTES_MAX); delete some"
        )
        raise PrismdError("payload_too_large", message)


def _too_many(found: str, advice: str) -> PrismdError:
    return PrismdError(
        "too_many_files", f"{found}, which is the most there may be; {advice}", retry_after_s=_RETRY_AFTER_S
    )
