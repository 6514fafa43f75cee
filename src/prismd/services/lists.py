"""Use cases of a team's lists: create one, read them, find the list that a request names (contract, section 16.1)."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass

from prismd.core.audit import Action, Deed
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.lists.definitions import List, MadeList, NewList, define_list
from prismd.core.lists.templates import LISTABLE_TYPES
from prismd.core.properties.schema import LISTS_KEY
from prismd.core.wording.quoting import quoted
from prismd.services.audit import note
from prismd.services.session import Transaction
from prismd.store import lists, properties, views
from prismd.store.records import record_keys


@dataclass(frozen=True, slots=True)
class ListView:
    """The id and name of a view of a list."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ShownList:
    """A list with its views."""

    list: List
    views: MutableSequence[ListView]


def create_list(transaction: Transaction, new: NewList) -> ShownList:
    """Create a list with its stage properties and its first views.

    Args:
        transaction: The team's open transaction.
        new: The list to create.

    Raises:
        PrismdError: ``invalid_request``, also if the team has reached its maximum of lists or views.
    """
    made = define_list(new, new_id=transaction.new_id, now=transaction.now())
    lists.lock_lists(transaction.connection, transaction.team_id)
    most = transaction.settings.lists_max
    if lists.count_lists(transaction.connection, transaction.team_id) >= most:
        raise PrismdError.invalid(".body", f"the team has {most} lists, which is the most there may be", "maxItems")
    lists.insert_list(transaction.connection, transaction.team_id, made.list)
    # Take the locks in one fixed order; otherwise two requests can wait for each other.
    for object_type in sorted(made.stages):
        # An import reads the schema before it writes, so a new definition must wait until the chunk ends.
        transaction.lock_type(object_type)
        stage = made.stages[object_type]
        properties.insert_property(
            transaction.connection, transaction.team_id, object_type, stage, now=made.list.created_at
        )
        # Before its first list, a team has no records in lists: no existing record needs a key.
        record_keys.add_key(transaction.connection, transaction.team_id, object_type, LISTS_KEY)
    _insert_views(transaction, made)
    details = {"template_id": made.list.template_id}
    note(transaction, Deed(Action.LIST_CREATED, [made.list.id], made.list.object_type, details))
    return ShownList(made.list, [ListView(view.id, str(view.definition["name"])) for view in made.views])


def _insert_views(transaction: Transaction, made: MadeList) -> None:
    object_type, most = made.list.object_type, transaction.settings.views_max
    views.lock_views(transaction.connection, transaction.team_id, object_type)
    if views.count_views(transaction.connection, transaction.team_id, object_type) + len(made.views) > most:
        message = (
            f"a list starts with {len(made.views)} views, and {object_type} may have no more than {most}; delete some"
        )
        raise PrismdError.invalid(".body", message, "maxItems")
    for view in made.views:
        views.insert_view(transaction.connection, transaction.team_id, view)


def get_list(transaction: Transaction, list_id: str) -> ShownList:
    """Return a list.

    Args:
        list_id: The list's id, exactly as the caller sent it.

    Raises:
        PrismdError: ``not_found``: the team has no list with this id.
    """
    return _with_views(transaction, [require_list(transaction, list_id)])[0]


def list_lists(transaction: Transaction) -> list[ShownList]:
    """Return the lists of a team, oldest first."""
    return _with_views(transaction, lists.all_lists(transaction.connection, transaction.team_id))


def require_list(
    transaction: Transaction,
    list_id: str,
    object_type: str | None = None,
    field: str = ".query.list_id",
) -> List:
    """Return the list that a request is about.

    Args:
        list_id: The list's id, exactly as the caller sent it.
        object_type: The type of the records in the request; None for any type.
        field: Path of the list's id in the request, such as ``.body.list_id``.

    Raises:
        PrismdError: ``invalid_request`` if the list takes no records of the type; ``not_found`` if the team has no such
            list.
    """
    found = _find_list(transaction, list_id)
    if found is None:
        raise PrismdError("not_found", _unknown(list_id))
    return _taking(found, object_type, field)


def list_of_field(transaction: Transaction, list_id: str, object_type: str, field: str) -> List:
    """Return the list that a field of a request names; an unknown one makes the field invalid.

    Args:
        list_id: The list's id, exactly as the caller sent it.
        object_type: The type of the records in the request.
        field: Path of the field, such as ``.body.options.list_id``.

    Raises:
        PrismdError: ``invalid_request`` if the team has no such list, or the list takes no records of the type.
    """
    found = _find_list(transaction, list_id)
    if found is None:
        raise PrismdError.invalid(field, _unknown(list_id), "enum")
    return _taking(found, object_type, field)


def _find_list(transaction: Transaction, list_id: str) -> List | None:
    return lists.get_list(transaction.connection, transaction.team_id, list_id.lower()) if is_uuid(list_id) else None


def _unknown(list_id: str) -> str:
    return f"there is no list with the id {quoted(list_id)}"


def _taking(found: List, object_type: str | None, field: str) -> List:
    if object_type is not None and object_type not in found.object_types:
        raise PrismdError.invalid(field, _not_taken(found, object_type), "enum")
    return found


def _not_taken(found: List, object_type: str) -> str:
    if object_type not in LISTABLE_TYPES:
        return f"records of type {object_type} cannot be in a list; those of {', '.join(LISTABLE_TYPES)} can"
    return f"the list {quoted(found.name)} takes records of type {', '.join(found.object_types)}, not {object_type}"


def _with_views(transaction: Transaction, found: Sequence[List]) -> list[ShownList]:
    shown = {one.id: ShownList(one, []) for one in found}
    for list_id, view_id, name in lists.views_of(transaction.connection, transaction.team_id, found) if found else ():
        shown[list_id].views.append(ListView(view_id, name))
    return list(shown.values())
