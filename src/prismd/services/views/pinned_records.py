"""Pinned records, which a view shows first: pin one, reorder them, unpin one (contract, section 14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prismd.core.audit import Action, Deed
from prismd.core.errors import FieldProblem, PrismdError
from prismd.core.ids import is_uuid
from prismd.core.views.definitions import View
from prismd.core.wording.quoting import quoted
from prismd.services.audit import note
from prismd.services.session import Transaction
from prismd.services.views.views import find_view
from prismd.settings import Settings
from prismd.store import views
from prismd.store.records import records


def pin_record(transaction: Transaction, object_type: str, view_id: str, record_id: str) -> None:
    """Pin a record to a view, after the other pinned records; a record that is pinned already keeps its position.

    Args:
        transaction: The team's open transaction.
        view_id: The view's id, exactly as the caller sent it.
        record_id: The record's id, exactly as the caller sent it.

    Raises:
        PrismdError: ``not_found`` for the view or the record; ``invalid_request`` for too many pinned records.
    """
    view, pinned = find_view(transaction, object_type, view_id, lock=True)
    wanted = record_id.lower()
    if not _existing(transaction, object_type, [wanted]):
        raise PrismdError("not_found", f"there is no {object_type} with the id {quoted(record_id)}")
    if wanted in pinned:
        return
    _check_number(transaction.settings, len(pinned) + 1, ".path.recordId")
    views.set_pinned(transaction.connection, transaction.team_id, view.id, [*pinned, wanted])
    note(transaction, _pinned("pin", view, [wanted]))


def order_records(transaction: Transaction, object_type: str, view_id: str, ids: Sequence[str]) -> None:
    """Put pinned records of a view first, in the order given; the other pinned records follow in their old order.

    Args:
        transaction: The team's open transaction.
        view_id: The view's id, exactly as the caller sent it.
        ids: Ids of pinned records, exactly as the caller sent them.

    Raises:
        PrismdError: ``not_found`` for the view; ``invalid_request`` for too many, unpinned or repeated ids.
    """
    view, pinned = find_view(transaction, object_type, view_id, lock=True)
    _check_number(transaction.settings, len(ids), ".body.object_ids")
    wanted = [one.lower() for one in ids]
    if problems := tuple(_problems(wanted, set(pinned))):
        raise PrismdError("invalid_request", f"{problems[0].field}: {problems[0].message}", problems=problems)
    named = set(wanted)
    views.set_pinned(
        transaction.connection, transaction.team_id, view.id, [*wanted, *(one for one in pinned if one not in named)]
    )
    note(transaction, _pinned("order", view, wanted))


def unpin_record(transaction: Transaction, object_type: str, view_id: str, record_id: str) -> None:
    """Unpin a record, so that the view's own order decides its position.

    Args:
        transaction: The team's open transaction.
        view_id: The view's id, exactly as the caller sent it.
        record_id: The record's id, exactly as the caller sent it; the record can be deleted.

    Raises:
        PrismdError: ``not_found`` for the view, or if the record is not pinned.
    """
    view, pinned = find_view(transaction, object_type, view_id, lock=True)
    wanted = record_id.lower()
    if wanted not in pinned:
        raise PrismdError("not_found", f"the view has no pinned record with the id {quoted(record_id)}")
    views.set_pinned(transaction.connection, transaction.team_id, view.id, [one for one in pinned if one != wanted])
    note(transaction, _pinned("unpin", view, [wanted]))


def _pinned(change: str, view: View, record_ids: Sequence[str]) -> Deed:
    return Deed(Action.VIEW_PINNED, [view.id, *record_ids], view.object_type, {"change": change})


def _existing(transaction: Transaction, object_type: str, ids: Sequence[str]) -> set[str]:
    wanted = [(object_type, one) for one in ids if is_uuid(one)]
    return {record_id for _, record_id in records.existing_records(transaction.connection, transaction.team_id, wanted)}


def _problems(ids: Sequence[str], pinned: set[str]) -> Iterator[FieldProblem]:
    first = {one: index for index, one in reversed(list(enumerate(ids)))}
    for index, one in enumerate(ids):
        field = f".body.object_ids[{index}]"
        if first[one] < index:
            message = f"{quoted(one)} stands in the list before; a record has one place"
            yield FieldProblem(field, message, "uniqueItems.openapi.validation")
        elif one not in pinned:
            message = f"the view has no pinned record with the id {quoted(one)}; pin it, then give it its place"
            yield FieldProblem(field, message, "enum.openapi.validation")


def _check_number(settings: Settings, number: int, field: str) -> None:
    most = settings.pinned_records_max
    if number > most:
        raise PrismdError.invalid(field, f"expected at most {most:,} pinned records, found {number:,}", "maxItems")
