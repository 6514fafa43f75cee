"""Properties and options over HTTP: read, define, change, delete (contract, section 13)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, delete, get, patch, post

from prismd.api.errors import respond
from prismd.api.idempotency import write_once
from prismd.api.injected import BodyBytes, CallerIn, PathPart, RuntimeIn
from prismd.api.json_bodies import read_body
from prismd.api.paths import decoded, object_type_in_path, value_in_path
from prismd.api.property_shapes import (
    PropertyDefinition,
    PropertyDefinitionCreate,
    PropertyDefinitionPatch,
    PropertyOptionCreate,
    PropertyOptionPatch,
    changes_of,
    shown_option,
    shown_property,
)
from prismd.api.queries import given, one_of, refuse_list_scope
from prismd.core.errors import PrismdError
from prismd.core.json_text import encode
from prismd.core.schema import OBJECT_TYPES, UNHELD_TYPES
from prismd.services import properties
from prismd.services.idempotency import Answer
from prismd.services.properties import PropertyPlace
from prismd.services.runtime import Runtime
from prismd.services.teams import Caller
from prismd.store.postgres import Connection

_FLAG: Final = ("true", "false")
_PROPERTIES: Final = "/{object_type:str}/properties"
_PROPERTY: Final = f"{_PROPERTIES}/{{property_id:str}}"
_OPTIONS: Final = f"{_PROPERTY}/options"
_OPTION: Final = f"{_OPTIONS}/{{option_id:str}}"


@get("/properties", sync_to_thread=True)
def list_all_properties(request: Request[Any, Any, Any], caller: CallerIn, runtime: RuntimeIn) -> Response[bytes]:
    """Answer the properties of all object types."""
    return _listing(request, caller, runtime, OBJECT_TYPES)


@get(_PROPERTIES, sync_to_thread=True)
def list_properties(
    request: Request[Any, Any, Any], object_type: PathPart, caller: CallerIn, runtime: RuntimeIn
) -> Response[bytes]:
    """Answer the properties of one object type; of a type without records here, none."""
    if (unheld := decoded(object_type)) in UNHELD_TYPES:
        return respond(Answer(200, encode({unheld: {}}), {}))
    return _listing(request, caller, runtime, (object_type_in_path(object_type),))


@post(_PROPERTIES, sync_to_thread=True)
def create_property(
    *, request: Request[Any, Any, Any], object_type: PathPart, caller: CallerIn, runtime: RuntimeIn, body: BodyBytes
) -> Response[bytes]:
    """Make a custom property."""
    kind = object_type_in_path(object_type)

    def work(connection: Connection) -> Answer:
        wanted = read_body(body, PropertyDefinitionCreate)
        _refuse_lists(wanted)
        made = properties.create_property(connection, runtime, caller.team_id, kind, wanted.meant())
        return Answer(201, encode(shown_property(made, caller.public_id)), {})

    return write_once(request, runtime, caller, body, work)


@patch(_PROPERTY, sync_to_thread=True)
def update_property(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Change a custom property."""
    kind, which = object_type_in_path(object_type), value_in_path(property_id)

    def work(connection: Connection) -> Answer:
        wanted = read_body(body, PropertyDefinitionPatch)
        _refuse_lists(wanted)
        place = PropertyPlace(caller.team_id, kind, which, wanted.type, ".body.type")
        changed = properties.update_property(connection, place, changes_of(wanted))
        return Answer(200, encode(shown_property(changed, caller.public_id)), {})

    return write_once(request, runtime, caller, body, work)


@delete(_PROPERTY, sync_to_thread=True)
def delete_property(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
) -> None:
    """Delete a custom property that nothing uses."""
    place = _place_in_query(request, caller, object_type, property_id)
    with runtime.pool.connection() as connection:
        properties.delete_property(connection, place)


@post(_OPTIONS, sync_to_thread=True)
def create_option(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Add an option to a select property, native or custom."""
    kind, which = object_type_in_path(object_type), value_in_path(property_id)

    def work(connection: Connection) -> Answer:
        wanted = read_body(body, PropertyOptionCreate)
        _refuse_lists(wanted)
        place = PropertyPlace(caller.team_id, kind, which, wanted.type, ".body.type")
        return Answer(
            201, encode(shown_option(properties.create_option(connection, runtime, place, wanted.meant()))), {}
        )

    return write_once(request, runtime, caller, body, work)


@patch(_OPTION, sync_to_thread=True)
def update_option(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    option_id: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Change an option that the team made."""
    kind, which, option = object_type_in_path(object_type), value_in_path(property_id), value_in_path(option_id)

    def work(connection: Connection) -> Answer:
        wanted = read_body(body, PropertyOptionPatch)
        _refuse_lists(wanted)
        place = PropertyPlace(caller.team_id, kind, which, wanted.type, ".body.type")
        return Answer(
            200, encode(shown_option(properties.update_option(connection, place, option, changes_of(wanted)))), {}
        )

    return write_once(request, runtime, caller, body, work)


@delete(_OPTION, sync_to_thread=True)
def delete_option(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    option_id: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
) -> None:
    """Delete an option that the team made and no record has."""
    place = _place_in_query(request, caller, object_type, property_id)
    option = value_in_path(option_id)
    with runtime.pool.connection() as connection:
        properties.delete_option(connection, place, option)


HANDLERS: Final = [
    list_all_properties,
    list_properties,
    create_property,
    update_property,
    delete_property,
    create_option,
    update_option,
    delete_option,
]


def _listing(
    request: Request[Any, Any, Any], caller: Caller, runtime: Runtime, object_types: tuple[str, ...]
) -> Response[bytes]:
    refuse_list_scope(request)
    # Autofill is a matter of the hosted product; a client that asks for it is told what there is.
    one_of(request, "autofill", _FLAG)
    with_options = one_of(request, "include_options", _FLAG) != "false"
    with runtime.pool.connection() as connection:
        found = properties.list_properties(connection, caller.team_id, object_types, term=given(request, "term"))
    answer: dict[str, dict[str, PropertyDefinition]] = {
        object_type: {prop.id: shown_property(prop, caller.public_id, with_options=with_options) for prop in listed}
        for object_type, listed in found.items()
    }
    return respond(Answer(200, encode(answer), {}))


def _place_in_query(
    request: Request[Any, Any, Any], caller: Caller, object_type: str, property_id: str
) -> PropertyPlace:
    kind, which = object_type_in_path(object_type), value_in_path(property_id)
    refuse_list_scope(request)
    believed = given(request, "type")
    if believed is None:
        raise PrismdError.invalid(".query.type", "it is required: the type of the property", "required")
    return PropertyPlace(caller.team_id, kind, which, believed, ".query.type")


def _refuse_lists(
    wanted: PropertyDefinitionCreate | PropertyDefinitionPatch | PropertyOptionCreate | PropertyOptionPatch,
) -> None:
    for name in ("list_id", "crm_id"):
        if getattr(wanted, name) is not None:
            raise PrismdError.invalid(f".body.{name}", "lists are not supported yet; leave this field out")
