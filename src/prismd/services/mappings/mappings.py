"""Use cases of saved mappings: save, read, list and delete them, and resolve a name to its document."""

from __future__ import annotations

from prismd.core.audit import Action, Deed
from prismd.core.errors import PrismdError
from prismd.core.mapping.document import MappingDocument
from prismd.core.mapping.earlier import DOCUMENTS_MAX
from prismd.core.mapping.saved import EXPECTED, SavedMapping, is_name
from prismd.core.records.preconditions import NOTHING, Preconditions
from prismd.core.records.reading_budget import ReadingBudget
from prismd.core.wording.quoting import quoted
from prismd.services.audit import note
from prismd.services.session import Transaction
from prismd.store import mappings


def save_mapping(
    transaction: Transaction, name: str, document: MappingDocument, demanded: Preconditions = NOTHING
) -> SavedMapping:
    """Save a mapping as the newest version of a name.

    Args:
        transaction: The team's open transaction.
        name: Exactly as the caller sent it.
        document: The mapping.
        demanded: What the caller demands of the newest version.

    Raises:
        PrismdError: ``invalid_request`` for the name, or if the team has reached its maximum of mappings;
            ``precondition_failed``.
    """
    if not is_name(name):
        raise PrismdError.invalid(".path.name", f"expected {EXPECTED}, found {quoted(name)}", "pattern")
    where = (transaction.connection, transaction.team_id)
    mappings.lock_mappings(*where)
    newest = mappings.newest_version(*where, name)
    demanded.check(newest)
    settings = transaction.settings
    if newest is None and mappings.count_mappings(*where) >= settings.mappings_max:
        message = f"the team has {settings.mappings_max:,} mappings, which is the most there may be; delete one"
        raise PrismdError.invalid(".path.name", message, "maxItems")
    now = transaction.now()
    saved = SavedMapping(name, (newest or 0) + 1, document.type, now, now, document)
    mappings.put_mapping(*where, saved, kept=settings.mapping_versions_max)
    details = {"name": name, "version": saved.version}
    note(transaction, Deed(Action.MAPPING_SAVED, object_type=document.type, details=details))
    return saved


def get_mapping(transaction: Transaction, name: str, version: int | None = None) -> SavedMapping:
    """Return a saved mapping with its document.

    Args:
        transaction: The team's open transaction.
        name: Exactly as the caller sent it.
        version: The version; None for the newest.

    Raises:
        PrismdError: ``not_found``: there is none, or not in this version.
    """
    found = mappings.get_mapping(transaction.connection, transaction.team_id, name, version) if is_name(name) else None
    if found is None:
        which = "" if version is None else f" in the version {version:,}, or no longer"
        raise PrismdError("not_found", f"there is no mapping called {quoted(name)}{which}")
    return found


def document_named(transaction: Transaction, name: str, version: int | None = None) -> MappingDocument:
    """Return the document of a saved mapping, as an import takes it.

    Args:
        transaction: The team's open transaction.
        name: Exactly as the caller sent it.
        version: The version; None for the newest.

    Raises:
        PrismdError: ``not_found``: there is none, or not in this version.
    """
    document = get_mapping(transaction, name, version).document
    assert document is not None  # noqa: S101 - it was read with its document
    return document


def decided_before(transaction: Transaction, object_type: str, limit: int = DOCUMENTS_MAX) -> list[SavedMapping]:
    """Return the mappings for a type that the team saved last, the newest first, for proposals about further tables.

    Args:
        transaction: The team's open transaction.
        object_type: Of the rows.
        limit: Maximum number of mappings.

    Raises:
        PrismdError: ``invalid_request``: they have more bytes than one request may read.
    """
    advice = "ask for fewer at a time by `limit`"
    budget = ReadingBudget(transaction.settings.read_bytes_max, "mappings", advice)
    return mappings.newest_mappings(transaction.connection, transaction.team_id, object_type, budget, limit=limit)


def list_mappings(transaction: Transaction, after: str | None, limit: int) -> list[SavedMapping]:
    """Return the facts about saved mappings, by name.

    Args:
        transaction: The team's open transaction.
        after: Only names that follow this one; None for all.
        limit: Maximum number of mappings.
    """
    return mappings.list_mappings(transaction.connection, transaction.team_id, after, limit)


def delete_mapping(transaction: Transaction, name: str, demanded: Preconditions = NOTHING) -> None:
    """Delete a saved mapping with all its versions.

    Args:
        transaction: The team's open transaction.
        name: Exactly as the caller sent it.
        demanded: What the caller demands of the newest version.

    Raises:
        PrismdError: ``not_found`` or ``precondition_failed``.
    """
    where = (transaction.connection, transaction.team_id)
    newest = mappings.newest_version(*where, name) if is_name(name) else None
    if newest is None:
        raise PrismdError("not_found", f"there is no mapping called {quoted(name)}")
    demanded.check(newest)
    mappings.delete_mapping(*where, name)
    note(transaction, Deed(Action.MAPPING_DELETED, details={"name": name}))
