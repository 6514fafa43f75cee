"""Paths, parameters and errors that several operations on properties and options share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request

from prismd.api.document.operation import RECORDS, Parameter
from prismd.api.http.paths import object_type_in_path, value_in_path
from prismd.api.http.query_strings import given
from prismd.api.properties.shapes import (
    PropertyDefinitionCreate,
    PropertyDefinitionPatch,
    PropertyOptionCreate,
    PropertyOptionPatch,
)
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.wording.quoting import quoted
from prismd.services.properties.properties import NamedProperty

PROPERTIES_PATH: Final = f"{RECORDS}/properties"
PROPERTY_PATH: Final = f"{PROPERTIES_PATH}/{{propertyId}}"
OLD_LIST: Final = Parameter("crm_id", "query", "Old name of `list_id`.")
LISTS: Final = (Parameter("list_id", "query", "The list that has the property."), OLD_LIST)
TYPE: Final = Parameter("type", "query", "Type of the property; required.", required=True)
UNDEFINED: Final = ("method_not_allowed", "not_found")
_LIST_NAMES: Final = ("list_id", "crm_id")
_Scoped = PropertyDefinitionCreate | PropertyDefinitionPatch | PropertyOptionCreate | PropertyOptionPatch


def property_in_query(request: Request[Any, Any, Any], object_type: str, property_id: str) -> NamedProperty:
    """Return the property that a request names by its path and its query string.

    Raises:
        PrismdError: ``invalid_request``: the type is missing, or the request names two lists.
    """
    kind, which = object_type_in_path(object_type), value_in_path(property_id)
    list_id = list_in_query(request)
    believed = given(request, "type")
    if believed is None:
        raise PrismdError.invalid(".query.type", "it is required: the type of the property", "required")
    return NamedProperty(kind, which, believed, ".query.type", list_id)


def list_in(wanted: _Scoped) -> str | None:
    """Return the list that a body names, by the new member or the old one; None if it names none.

    Raises:
        PrismdError: ``invalid_request``: the value is not an id, or the two members name different lists.
    """
    return _one_list({name: getattr(wanted, name) for name in _LIST_NAMES}, ".body")


def list_in_query(request: Request[Any, Any, Any]) -> str | None:
    """Return the list that a query string names, under the same rules as :func:`list_in`."""
    return _one_list({name: given(request, name) for name in _LIST_NAMES}, ".query")


def _one_list(named: Mapping[str, str | None], where: str) -> str | None:
    ids = {name: list_id.lower() for name, list_id in named.items() if list_id is not None}
    for name, list_id in ids.items():
        if not is_uuid(list_id):
            raise PrismdError.invalid(
                f"{where}.{name}", f"expected the id of a list, found {quoted(list_id)}", "format"
            )
    if len(set(ids.values())) > 1:
        raise PrismdError.invalid(f"{where}.crm_id", "it is the old name of list_id and names another list", "enum")
    return next(iter(ids.values()), None)
