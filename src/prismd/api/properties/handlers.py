"""Properties and options over HTTP: read, define, change, delete (contract, section 13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response, delete, get, patch, post

from prismd.api.http.errors import respond
from prismd.api.http.idempotency import delete_once, write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import read_body
from prismd.api.http.paths import decoded, object_type_in_path, value_in_path
from prismd.api.http.query_strings import flag, given
from prismd.api.limits.answers import within_limits
from prismd.api.properties.shapes import (
    PropertyDefinition,
    PropertyDefinitionCreate,
    PropertyDefinitionPatch,
    PropertyOptionCreate,
    PropertyOptionPatch,
    PropertyValidation,
    ValidationScope,
    changes_of,
    shown_option,
    shown_problems,
    shown_property,
)
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.json.text import encode
from prismd.core.properties.schema import OBJECT_TYPES, UNHELD_TYPES
from prismd.core.wording.quoting import quoted
from prismd.services.idempotency.claims import Answer
from prismd.services.properties import properties
from prismd.services.properties.properties import PropertyPlace
from prismd.services.properties.validation import validate
from prismd.services.session import Session, Transaction

_LIST_NAMES: Final = ("list_id", "crm_id")
_Scoped = PropertyDefinitionCreate | PropertyDefinitionPatch | PropertyOptionCreate | PropertyOptionPatch
_PROPERTIES: Final = "/{object_type:str}/properties"
_PROPERTY: Final = f"{_PROPERTIES}/{{property_id:str}}"
_OPTIONS: Final = f"{_PROPERTY}/options"
_OPTION: Final = f"{_OPTIONS}/{{option_id:str}}"


@get("/properties", sync_to_thread=True)
def list_all_properties(request: Request[Any, Any, Any], session: SessionIn) -> Response[bytes]:
    """Answer the properties of all object types."""
    return _listing(request, session, OBJECT_TYPES)


@get(_PROPERTIES, sync_to_thread=True)
def list_properties(request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer the properties of one object type; of a type without records here, none."""
    if (unheld := decoded(object_type)) in UNHELD_TYPES:
        return respond(Answer(200, encode({unheld: {}}), {}))
    return _listing(request, session, (object_type_in_path(object_type),))


@post(_PROPERTIES, sync_to_thread=True)
def create_property(
    *, request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Make a custom property."""
    kind = object_type_in_path(object_type)

    def work(transaction: Transaction) -> Answer:
        wanted = read_body(body, PropertyDefinitionCreate)
        made = properties.create_property(transaction, kind, wanted.meant(_list_in(wanted)))
        return Answer(201, encode(shown_property(made, session.caller.public_id)), {})

    return write_once(request, session, body, work)


@patch(_PROPERTY, sync_to_thread=True)
def update_property(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Change a custom property."""
    kind, which = object_type_in_path(object_type), value_in_path(property_id)

    def work(transaction: Transaction) -> Answer:
        wanted = read_body(body, PropertyDefinitionPatch)
        place = PropertyPlace(kind, which, wanted.type, ".body.type", _list_in(wanted))
        changed = properties.update_property(transaction, place, changes_of(wanted))
        return Answer(200, encode(shown_property(changed, session.caller.public_id)), {})

    return write_once(request, session, body, work)


@delete(_PROPERTY, status_code=200, sync_to_thread=True)
def delete_property(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Delete a custom property that nothing uses."""
    place = _place_in_query(request, object_type, property_id)
    return delete_once(
        request,
        session,
        body,
        lambda transaction: properties.delete_property(transaction, place),
    )


@post(_OPTIONS, sync_to_thread=True)
def create_option(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Add an option to a select property, native or custom."""
    kind, which = object_type_in_path(object_type), value_in_path(property_id)

    def work(transaction: Transaction) -> Answer:
        wanted = read_body(body, PropertyOptionCreate)
        place = PropertyPlace(kind, which, wanted.type, ".body.type", _list_in(wanted))
        prop, made = properties.create_option(transaction, place, wanted.meant())
        return Answer(201, encode(shown_option(made, prop.list_id)), {})

    return write_once(request, session, body, work)


@patch(_OPTION, sync_to_thread=True)
def update_option(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    option_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Change an option that the team made."""
    kind, which, option = object_type_in_path(object_type), value_in_path(property_id), value_in_path(option_id)

    def work(transaction: Transaction) -> Answer:
        wanted = read_body(body, PropertyOptionPatch)
        place = PropertyPlace(kind, which, wanted.type, ".body.type", _list_in(wanted))
        prop, changed = properties.update_option(transaction, place, option, changes_of(wanted))
        return Answer(200, encode(shown_option(changed, prop.list_id)), {})

    return write_once(request, session, body, work)


@delete(_OPTION, status_code=200, sync_to_thread=True)
def delete_option(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    option_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Delete an option that the team made and no record has."""
    place = _place_in_query(request, object_type, property_id)
    option = value_in_path(option_id)
    return delete_once(
        request,
        session,
        body,
        lambda transaction: properties.delete_option(transaction, place, option),
    )


@post(f"{_PROPERTIES}/validate", sync_to_thread=True, status_code=200)
def validate_values(object_type: PathPart, session: SessionIn, body: BodyBytes) -> Response[bytes]:
    """Answer whether values could be written."""
    kind = object_type_in_path(object_type)
    wanted = read_body(body, PropertyValidation)
    list_id = _scope_of(wanted.scope)
    problems = session.do(
        validate,
        kind,
        wanted.properties,
        list_id=list_id,
        creates=wanted.operation == "create",
    )
    return respond(Answer(200, encode(shown_problems(problems)), {}))


PROPERTIES: Final = [
    list_all_properties,
    list_properties,
    create_property,
    update_property,
    delete_property,
    create_option,
    update_option,
    delete_option,
    validate_values,
]


def _listing(request: Request[Any, Any, Any], session: Session, object_types: tuple[str, ...]) -> Response[bytes]:
    list_id = _list_in_query(request)
    # Autofill is a matter of the hosted product; a client that asks for it is told what there is.
    flag(request, "autofill")
    with_options = flag(request, "include_options", default=True)
    found = session.do(properties.list_properties, object_types, term=given(request, "term"), list_id=list_id)
    answer: dict[str, dict[str, PropertyDefinition]] = {
        object_type: {
            prop.id: shown_property(prop, session.caller.public_id, with_options=with_options) for prop in listed
        }
        for object_type, listed in found.items()
    }
    return respond(within_limits(Answer(200, encode(answer), {}), session.settings))


def _place_in_query(request: Request[Any, Any, Any], object_type: str, property_id: str) -> PropertyPlace:
    kind, which = object_type_in_path(object_type), value_in_path(property_id)
    list_id = _list_in_query(request)
    believed = given(request, "type")
    if believed is None:
        raise PrismdError.invalid(".query.type", "it is required: the type of the property", "required")
    return PropertyPlace(kind, which, believed, ".query.type", list_id)


def _scope_of(scope: ValidationScope) -> str | None:
    if scope.type == "workspace":
        if scope.list_id is not None:
            message = 'the properties of all records belong to no list; leave it out, or let "type" be "list"'
            raise PrismdError.invalid(".body.scope.list_id", message, "additionalProperties")
        return None
    if scope.list_id is None:
        raise PrismdError.invalid(".body.scope.list_id", "it is required: the list that is meant", "required")
    return scope.list_id


def _list_in(wanted: _Scoped) -> str | None:
    return _one_list({name: getattr(wanted, name) for name in _LIST_NAMES}, ".body")


def _list_in_query(request: Request[Any, Any, Any]) -> str | None:
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
