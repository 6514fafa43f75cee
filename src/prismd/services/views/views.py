"""Use cases of a team's views: create, read, update and delete one, and read its records (contract, section 14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prismd.core.audit import Action, Deed
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.queries.paths import check_readable
from prismd.core.queries.tree import Query
from prismd.core.records.reading_budget import ReadingBudget
from prismd.core.views.definitions import CHECKED, View, changed_definition
from prismd.core.views.names import TodaysView
from prismd.core.wording.quoting import quoted
from prismd.services.audit import note
from prismd.services.lists import list_of_field, require_list
from prismd.services.queries.pages import PageWanted, QueryPage, query_reader, run_query
from prismd.services.session import Transaction
from prismd.services.views.names import view_names
from prismd.store import views
from prismd.store.queries import pages
from prismd.store.views import ViewsWanted


def create_view(
    transaction: Transaction,
    object_type: str,
    view_id: str | None,
    wanted: Mapping[str, Any],
) -> View:
    """Create a view.

    Args:
        transaction: The team's open transaction.
        object_type: The type of the view's records.
        view_id: The view's id, if the caller chose one, exactly as sent.
        wanted: The view's members by name.

    Raises:
        PrismdError: ``invalid_request``, also if the team has reached its maximum of views; ``id_taken``.
    """
    if view_id is not None and not is_uuid(view_id):
        raise PrismdError.invalid(".body.id", f"expected a UUID, found {quoted(view_id)}", "format")
    definition = changed_definition({}, wanted)
    now = transaction.now()
    view = View((view_id or transaction.new_id()).lower(), object_type, wanted.get("list_id"), definition, now, now)
    view = _checked(transaction, TodaysView(view))
    views.lock_views(transaction.connection, transaction.team_id, object_type)
    most = transaction.settings.views_max
    if views.count_views(transaction.connection, transaction.team_id, object_type) >= most:
        message = f"{object_type} has {most} views, which is the most there may be; delete one"
        raise PrismdError.invalid(".body", message, "maxItems")
    view = view_names(transaction).noted(view)
    if not views.insert_view(transaction.connection, transaction.team_id, view):
        raise PrismdError("id_taken", f"the team has a view with the id {quoted(view.id)} already; take another id")
    note(transaction, Deed(Action.VIEW_CREATED, [view.id], object_type))
    return view


def get_view(transaction: Transaction, object_type: str, view_id: str) -> View:
    """Return a view, with the present names of its properties and options.

    Args:
        view_id: The view's id, exactly as the caller sent it.

    Raises:
        PrismdError: ``not_found``: the team has no view of the type with this id.
    """
    view, _ = find_view(transaction, object_type, view_id)
    return view_names(transaction).today(view).view


def list_views(
    transaction: Transaction,
    object_type: str,
    wanted: ViewsWanted,
) -> list[View]:
    """Return views of an object type in the order of their ids, with the present names of properties and options.

    Args:
        transaction: The team's open transaction.
        object_type: The type of the views' records.
        wanted: The views to return.

    Raises:
        PrismdError: ``not_found``: the team has no such list for this type.
    """
    named = wanted.list_id
    list_id = None if named is None else require_list(transaction, named, object_type).id
    names = view_names(transaction)
    budget = ReadingBudget(transaction.settings.read_bytes_max, "views", "ask for fewer at a time by `limit`")
    wanted = replace(wanted, list_id=list_id)
    found = views.list_views(transaction.connection, transaction.team_id, object_type, wanted, budget)
    return [names.today(view).view for view in found]


def update_view(
    transaction: Transaction,
    object_type: str,
    view_id: str,
    changes: Mapping[str, Any],
) -> View:
    """Update a view; members that the caller does not name stay, and are not checked again.

    Args:
        transaction: The team's open transaction.
        view_id: The view's id, exactly as the caller sent it.
        changes: The new members by name; null clears a member.

    Raises:
        PrismdError: ``invalid_request`` or ``not_found``.
    """
    stored, _ = find_view(transaction, object_type, view_id, lock=True)
    _check_unmoved(stored, changes)
    names = view_names(transaction)
    today = names.today(names.noted(stored))
    view = today.view
    changed = replace(view, definition=changed_definition(view.definition, changes))
    if any(name in changes for name in CHECKED):
        changed = _checked(transaction, replace(today, view=changed))
    if changed.definition == view.definition:
        return view
    changed = replace(names.noted(changed), updated_at=transaction.now())
    views.update_view(transaction.connection, transaction.team_id, changed)
    note(transaction, Deed(Action.VIEW_UPDATED, [view.id], object_type))
    return changed


def delete_view(transaction: Transaction, object_type: str, view_id: str) -> None:
    """Delete a view, but not its records.

    Args:
        view_id: The view's id, exactly as the caller sent it.

    Raises:
        PrismdError: ``not_found``.
    """
    if not is_uuid(view_id) or not views.delete_view(transaction.connection, transaction.team_id, object_type, view_id):
        raise _missing(object_type, view_id)
    note(transaction, Deed(Action.VIEW_DELETED, [view_id], object_type))


def page_of_view(
    transaction: Transaction, object_type: str, view_id: str, wanted: PageWanted
) -> tuple[View, QueryPage]:
    """Return a view and a page of its records: first the pinned ones that match, then the others in its order.

    Args:
        transaction: The team's open transaction.
        view_id: The view's id, exactly as the caller sent it.
        wanted: The page to return.

    Raises:
        PrismdError: ``not_found``; ``missing_scope``; ``query_timeout``; ``invalid_request`` for the cursor, or if the
            view names a deleted property.
    """
    stored, pinned = find_view(transaction, object_type, view_id)
    today = view_names(transaction).today(stored)
    view = today.view
    reader = query_reader(transaction, object_type, list_id=view.list_id, field=".view")
    reader = replace(reader, named=today.paths)
    query = reader.read(view.query(), pinned=tuple(pinned))
    check_readable(query.paths(), transaction.scopes)
    return view, run_query(transaction, query, wanted, schemas=reader.schemas)


def _checked(transaction: Transaction, today: TodaysView) -> View:
    view = today.view
    if view.list_id is not None:
        scope = list_of_field(transaction, view.list_id, view.object_type, ".body.list_id").id
        view = replace(view, list_id=scope)
    reader = query_reader(transaction, view.object_type, list_id=view.list_id, field=".body")
    reader = replace(reader, named=today.paths)
    _check_patterns(transaction, reader.read(view.query()))
    group_by = view.definition.get("group_by")
    if group_by is not None:
        reader.path(group_by, ".body.group_by")
    return view


def _check_unmoved(view: View, changes: Mapping[str, Any]) -> None:
    named = changes.get("list_id", view.list_id)
    if (named and named.lower()) != view.list_id:
        belongs = f"of the list {view.list_id}" if view.list_id else "of no list"
        message = f"the view is {belongs}, and stays so; make another view, or leave list_id out"
        raise PrismdError.invalid(".body.list_id", message, "enum")


def _check_patterns(transaction: Transaction, query: Query) -> None:
    if query.patterns():
        pages.limit_time(transaction.connection, transaction.settings.query_timeout_s)
    try:
        pages.check_patterns(transaction.connection, query.patterns())
    except PrismdError as error:
        [problem] = error.problems
        raise PrismdError.invalid(".body.filter", problem.message, "pattern") from None


def find_view(
    transaction: Transaction, object_type: str, view_id: str, *, lock: bool = False
) -> tuple[View, list[str]]:
    """Return a view as it is stored, and the ids of its pinned records.

    Args:
        view_id: The view's id, exactly as the caller sent it.
        lock: Whether to prevent changes by others until the transaction ends.

    Raises:
        PrismdError: ``not_found``.
    """
    found = (
        views.get_view(transaction.connection, transaction.team_id, object_type, view_id, lock=lock)
        if is_uuid(view_id)
        else None
    )
    if found is None:
        raise _missing(object_type, view_id)
    return found


def _missing(object_type: str, view_id: str) -> PrismdError:
    return PrismdError("not_found", f"{object_type} has no view with the id {quoted(view_id)}")
