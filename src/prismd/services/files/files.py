"""Use cases of uploaded files: find one, list them, delete one."""

from __future__ import annotations

from prismd.core.audit import Action, Deed
from prismd.core.errors import PrismdError
from prismd.core.files import FileState, StoredFile
from prismd.core.ids import is_uuid
from prismd.core.wording.quoting import quoted
from prismd.services.audit import note
from prismd.services.session import Transaction
from prismd.store.files import files
from prismd.store.files.purging import delete_gone


def get_file(transaction: Transaction, file_id: str) -> StoredFile:
    """Return a file, whole or open.

    Args:
        transaction: The team's open transaction.
        file_id: Its id, exactly as the caller sent it.

    Raises:
        PrismdError: ``not_found``: the team has no such file, or it has expired.
    """
    return _found(transaction, file_id, hold=False)


def whole_file(transaction: Transaction, file_id: str, *, hold: bool = False) -> StoredFile:
    """Return a file that can be used.

    Args:
        transaction: The team's open transaction.
        file_id: Its id, exactly as the caller sent it.
        hold: Whether to hold it until the transaction ends.

    Raises:
        PrismdError: ``not_found``; ``file_not_whole``: its bytes are still coming.
    """
    file = _found(transaction, file_id, hold=hold)
    if file.state is not FileState.WHOLE:
        of = f" of {file.length:,}" if file.length is not None else ""
        message = (
            f"the file is being uploaded, and {file.received:,}{of} bytes have come; wait for the end of the upload"
        )
        raise PrismdError("file_not_whole", message)
    return file


def list_files(transaction: Transaction, *, before: str | None, limit: int) -> list[StoredFile]:
    """Return the team's whole files, newest first.

    Args:
        transaction: The team's open transaction.
        before: Only files older than the file with this id; None for all.
        limit: Maximum number of files.
    """
    found = files.list_files(transaction.connection, transaction.team_id, before=before, limit=limit)
    return [file for file in found if file.expires_at > transaction.now()]


def delete_file(transaction: Transaction, file_id: str) -> StoredFile:
    """Delete a file, or end an upload; its bytes go soon after, unless another file has them too.

    Args:
        transaction: The team's open transaction.
        file_id: Its id, exactly as the caller sent it.

    Raises:
        PrismdError: ``not_found``.
    """
    file = _found(transaction, file_id, hold=True)
    files.mark_gone(transaction.connection, transaction.team_id, file.id)
    note(transaction, Deed(Action.FILE_DELETED, [file.id], details={"name": file.name, "bytes": file.received}))
    return file


def delete_parts(transaction: Transaction, file_id: str) -> None:
    """Delete a batch of the parts of a file that is gone; the purge deletes those that are left.

    Args:
        transaction: The team's open transaction.
        file_id: UUID text.
    """
    delete_gone(transaction.connection, transaction.team_id, file_id)


def _found(transaction: Transaction, file_id: str, *, hold: bool) -> StoredFile:
    connection, team_id = transaction.connection, transaction.team_id
    file = files.get_file(connection, team_id, file_id, hold=hold) if is_uuid(file_id) else None
    if file is None or file.expires_at <= transaction.now():
        raise PrismdError("not_found", f"there is no file {quoted(file_id)}; files are kept for some days")
    return file
