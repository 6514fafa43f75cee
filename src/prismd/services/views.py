"""A team's views as use cases: make, read, change and delete them, and pin records to their top (contract, 14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from prismd.core.errors import FieldProblem, PrismdError
from prismd.core.ids import is_uuid
from prismd.core.query.paths import check_readable
from prismd.core.query.tree import Query
from prismd.core.quoting import quoted
from prismd.core.view_names import TodaysView
from prismd.core.views import CHECKED, View, changed_definition
from prismd.services.lists import require_list
from prismd.services.queries import PageWanted, QueryPage, query_reader, run_query
from prismd.services.runtime import Runtime
from prismd.services.view_names import view_names
from prismd.settings import Settings
from prismd.store import queries, records, views
from prismd.store.postgres import Connection


def create_view(  # noqa: PLR0917 - what a view is, and where
    connection: Connection,
    runtime: Runtime,
    team_id: int,
    object_type: str,
    view_id: str | None,
    wanted: Mapping[str, Any],
) -> View:
    """Make a view.

    Args:
        connection: Inside a transaction.
        runtime: For time, ids and limits.
        team_id: The team.
        object_type: The type of its records.
        view_id: Its id, if the caller chose one.
        wanted: Its members by name.

    Raises:
        PrismdError: ``invalid_request``, also where the team has as many views as it may have; ``id_taken``.
    """
    if view_id is not None and not is_uuid(view_id):
        raise PrismdError.invalid(".body.id", f"expected a UUID, found {quoted(view_id)}", "format")
    definition = changed_definition({}, wanted)
    now = runtime.now()
    view = View((view_id or runtime.new_id()).lower(), object_type, wanted.get("list_id"), definition, now, now)
    view = _checked(connection, runtime.settings, team_id, TodaysView(view))
    views.lock_views(connection, team_id, object_type)
    most = runtime.settings.views_max
    if views.count_views(connection, team_id, object_type) >= most:
        message = f"{object_type} has {most} views, which is the most there may be; delete one"
        raise PrismdError.invalid(".body", message, "maxItems")
    view = view_names(connection, team_id).noted(view)
    if not views.insert_view(connection, team_id, view):
        raise PrismdError("id_taken", f"the team has a view with the id {quoted(view.id)} already; take another id")
    return view


def get_view(connection: Connection, team_id: int, object_type: str, view_id: str) -> View:
    """Return a view, with the names of today.

    Args:
        view_id: As the caller wrote it.

    Raises:
        PrismdError: ``not_found``: unknown, of another type, or of another team.
    """
    view, _ = _found(connection, team_id, object_type, view_id)
    return view_names(connection, team_id).today(view).view


def list_views(
    connection: Connection,
    team_id: int,
    object_type: str,
    list_id: str | None,
    after: str | None,
    *,
    limit: int,
    offset: int,
) -> list[View]:
    """Return views of an object type, in the order of their ids, with the names of today.

    Args:
        list_id: The list whose views they are; None for those of no list.
        after: Only those with greater ids.
        limit: Most views.
        offset: Views to leave out before them.

    Raises:
        PrismdError: ``not_found``: there is no such list of that type.
    """
    scope = None if list_id is None else require_list(connection, team_id, list_id, object_type).id
    names = view_names(connection, team_id)
    found = views.list_views(connection, team_id, object_type, scope, after, limit=limit, offset=offset)
    return [names.today(view).view for view in found]


def update_view(  # noqa: PLR0917 - which view, and what of it
    connection: Connection,
    runtime: Runtime,
    team_id: int,
    object_type: str,
    view_id: str,
    changes: Mapping[str, Any],
) -> View:
    """Change a view; what is not named stays, and is not looked at again.

    Args:
        connection: Inside a transaction.
        runtime: For time and limits.
        view_id: As the caller wrote it.
        changes: Members by name; null clears.

    Raises:
        PrismdError: ``invalid_request`` or ``not_found``.
    """
    stored, _ = _found(connection, team_id, object_type, view_id, lock=True)
    _check_unmoved(stored, changes)
    names = view_names(connection, team_id)
    today = names.today(names.noted(stored))
    view = today.view
    changed = replace(view, definition=changed_definition(view.definition, changes))
    if any(name in changes for name in CHECKED):
        changed = _checked(connection, runtime.settings, team_id, replace(today, view=changed))
    if changed.definition == view.definition:
        return view
    changed = replace(names.noted(changed), updated_at=runtime.now())
    views.update_view(connection, team_id, changed)
    return changed


def delete_view(connection: Connection, team_id: int, object_type: str, view_id: str) -> None:
    """Delete a view; its records stay.

    Args:
        view_id: As the caller wrote it.

    Raises:
        PrismdError: ``not_found``.
    """
    if not is_uuid(view_id) or not views.delete_view(connection, team_id, object_type, view_id):
        raise _missing(object_type, view_id)


def pin_record(  # noqa: PLR0917 - which record, in which view
    connection: Connection, settings: Settings, team_id: int, object_type: str, view_id: str, record_id: str
) -> None:
    """Put a record after the last of those that come first in a view; one that is among them keeps its place.

    Args:
        connection: Inside a transaction.
        settings: For the most of them.
        view_id: As the caller wrote it.
        record_id: As the caller wrote it.

    Raises:
        PrismdError: ``not_found`` for the view or the record; ``invalid_request`` where there are too many.
    """
    view, pinned = _found(connection, team_id, object_type, view_id, lock=True)
    wanted = record_id.lower()
    if not _existing(connection, team_id, object_type, [wanted]):
        raise PrismdError("not_found", f"there is no {object_type} with the id {quoted(record_id)}")
    if wanted in pinned:
        return
    _check_number(settings, len(pinned) + 1, ".path.recordId")
    views.set_pinned(connection, team_id, view.id, [*pinned, wanted])


def order_records(  # noqa: PLR0917 - which records, in which view
    connection: Connection, settings: Settings, team_id: int, object_type: str, view_id: str, ids: Sequence[str]
) -> None:
    """Put records that come first in a view into another order; those that are not named come after them, as they were.

    Args:
        connection: Inside a transaction.
        settings: For the most of them.
        view_id: As the caller wrote it.
        ids: Of pinned records, as the caller wrote them.

    Raises:
        PrismdError: ``not_found`` for the view; ``invalid_request`` for ids that are too many, not pinned, or repeated.
    """
    view, pinned = _found(connection, team_id, object_type, view_id, lock=True)
    _check_number(settings, len(ids), ".body.object_ids")
    wanted = [one.lower() for one in ids]
    if problems := tuple(_problems(wanted, set(pinned))):
        raise PrismdError("invalid_request", f"{problems[0].field}: {problems[0].message}", problems=problems)
    named = set(wanted)
    views.set_pinned(connection, team_id, view.id, [*wanted, *(one for one in pinned if one not in named)])


def unpin_record(connection: Connection, team_id: int, object_type: str, view_id: str, record_id: str) -> None:
    """Let a record take the place that the view's order gives it.

    Args:
        connection: Inside a transaction.
        view_id: As the caller wrote it.
        record_id: As the caller wrote it; it may be that of a deleted record.

    Raises:
        PrismdError: ``not_found`` for the view, or where the record is not among those that come first.
    """
    view, pinned = _found(connection, team_id, object_type, view_id, lock=True)
    wanted = record_id.lower()
    if wanted not in pinned:
        raise PrismdError("not_found", f"the view has no pinned record with the id {quoted(record_id)}")
    views.set_pinned(connection, team_id, view.id, [one for one in pinned if one != wanted])


def page_of_view(  # noqa: PLR0917 - which page, of which view
    connection: Connection, runtime: Runtime, team_id: int, object_type: str, view_id: str, wanted: PageWanted
) -> tuple[View, QueryPage]:
    """Return a view and a page of its records: the pinned ones that it wants, then the others in its order.

    Args:
        connection: Outside a transaction.
        runtime: For limits, and for what the caller may read.
        view_id: As the caller wrote it.
        wanted: Which page.

    Raises:
        PrismdError: ``not_found``; ``missing_scope``; ``query_timeout``; ``invalid_request`` for the cursor, or where
            the view names a property that has been deleted.
    """
    settings = runtime.settings
    stored, pinned = _found(connection, team_id, object_type, view_id)
    today = view_names(connection, team_id).today(stored)
    view = today.view
    reader = query_reader(connection, team_id, object_type, list_id=view.list_id, settings=settings, field=".view")
    reader = replace(reader, named=today.paths)
    query = reader.read(view.query(), pinned=tuple(pinned))
    check_readable(query.paths(), runtime.scopes)
    return view, run_query(connection, team_id, query, wanted, schemas=reader.schemas, settings=settings)


def _checked(connection: Connection, settings: Settings, team_id: int, today: TodaysView) -> View:
    view = today.view
    if view.list_id is not None:
        scope = require_list(
            connection, team_id, view.list_id, view.object_type, ".body.list_id", unknown="invalid_request"
        ).id
        view = replace(view, list_id=scope)
    reader = query_reader(connection, team_id, view.object_type, list_id=view.list_id, settings=settings, field=".body")
    reader = replace(reader, named=today.paths)
    _check_patterns(connection, reader.read(view.query()))
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


def _check_patterns(connection: Connection, query: Query) -> None:
    try:
        queries.check_patterns(connection, query.patterns())
    except PrismdError as error:
        [problem] = error.problems
        raise PrismdError.invalid(".body.filter", problem.message, "pattern") from None


def _found(
    connection: Connection, team_id: int, object_type: str, view_id: str, *, lock: bool = False
) -> tuple[View, list[str]]:
    found = views.get_view(connection, team_id, object_type, view_id, lock=lock) if is_uuid(view_id) else None
    if found is None:
        raise _missing(object_type, view_id)
    return found


def _missing(object_type: str, view_id: str) -> PrismdError:
    return PrismdError("not_found", f"{object_type} has no view with the id {quoted(view_id)}")


def _existing(connection: Connection, team_id: int, object_type: str, ids: Sequence[str]) -> set[str]:
    wanted = [(object_type, one) for one in ids if is_uuid(one)]
    return {record_id for _, record_id in records.existing_records(connection, team_id, wanted)}


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
