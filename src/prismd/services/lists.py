"""A team's lists as use cases: make one, read them, and find the one that a request means (contract, section 16.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.lists import List, NewList, define_list
from prismd.core.quoting import quoted
from prismd.core.schema import LISTS_KEY
from prismd.services.runtime import Runtime
from prismd.store import lists, properties, record_keys
from prismd.store.postgres import Connection


@dataclass(frozen=True, slots=True)
class ListView:
    """A view of a list, by name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ShownList:
    """A list with the views that there are of it."""

    list: List
    views: Sequence[ListView]


def create_list(connection: Connection, runtime: Runtime, team_id: int, new: NewList) -> ShownList:
    """Make a list with its stage property.

    Args:
        connection: Inside a transaction.
        runtime: For time, ids and limits.
        team_id: The team.
        new: What is asked for.

    Raises:
        PrismdError: ``invalid_request``, also where the team has as many lists as it may have.
    """
    now = runtime.now()
    made, stage = define_list(new, new_id=runtime.new_id, now=now)
    lists.lock_lists(connection, team_id)
    most = runtime.settings.lists_max
    if lists.count_lists(connection, team_id) >= most:
        raise PrismdError.invalid(".body", f"the team has {most} lists, which is the most there may be", "maxItems")
    # Imports write by the schema that they read, so what is defined takes turns with their chunks.
    record_keys.lock_type(connection, team_id, made.object_type)
    lists.insert_list(connection, team_id, made)
    properties.insert_property(connection, team_id, made.object_type, stage, now=now)
    # No record can have been in a list before the first one, so there is nothing to make keys of but what comes.
    record_keys.add_key(connection, team_id, made.object_type, LISTS_KEY)
    return ShownList(made, ())


def get_list(connection: Connection, team_id: int, list_id: str) -> ShownList:
    """Return a list.

    Args:
        list_id: As the caller wrote it.

    Raises:
        PrismdError: ``not_found``: unknown, or of another team.
    """
    return _with_views(connection, team_id, [require_list(connection, team_id, list_id)])[0]


def list_lists(connection: Connection, team_id: int) -> list[ShownList]:
    """Return the lists of a team, oldest first."""
    return _with_views(connection, team_id, lists.all_lists(connection, team_id))


def require_list(
    connection: Connection, team_id: int, list_id: str, object_type: str | None = None, field: str | None = None
) -> List:
    """Return the list that a request means.

    Args:
        list_id: As the caller wrote it.
        object_type: The type of the records that the request is about; None for any.
        field: Where in the request's body the list is named, such as ``.body.options.list_id``; None for path and
            query.

    Raises:
        PrismdError: ``not_found``, or ``invalid_request`` where a field is given: there is no such list, or it holds
            records of another type.
    """
    found = lists.get_list(connection, team_id, list_id.lower()) if is_uuid(list_id) else None
    if found is not None and object_type in (None, found.object_type):
        return found
    message = f"there is no list with the id {quoted(list_id)}"
    if found is not None:
        message = f"the list {quoted(found.name)} holds records of type {found.object_type}, not {object_type}"
    if field is None:
        raise PrismdError("not_found", message)
    raise PrismdError.invalid(field, message, "enum")


def _with_views(connection: Connection, team_id: int, found: Sequence[List]) -> list[ShownList]:
    views = lists.views_of(connection, team_id, found) if found else []
    return [
        ShownList(one, [ListView(view_id, name) for list_id, view_id, name in views if list_id == one.id])
        for one in found
    ]
