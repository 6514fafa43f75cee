"""Properties over HTTP: reading, defining, changing and deleting them, and trying values (contract, section 13)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import IDEMPOTENCY_KEY, REPLAY, TEAM, Operation, Parameter, Reply, filter_by
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import delete_once, write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import read_body
from prismd.api.http.paths import decoded, object_type_in_path, value_in_path
from prismd.api.http.query_strings import flag, given
from prismd.api.limits.answers import within_limits
from prismd.api.properties.parameters import (
    LISTS,
    OLD_LIST,
    PROPERTIES_PATH,
    PROPERTY_PATH,
    TYPE,
    UNDEFINED,
    list_in,
    list_in_query,
    property_in_query,
)
from prismd.api.properties.shapes import (
    PropertyDefinition,
    PropertyDefinitionCreate,
    PropertyDefinitionPatch,
    PropertyValidation,
    ValidationAnswer,
    ValidationScope,
    changes_of,
    shown_problems,
    shown_property,
)
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.core.properties.schema import OBJECT_TYPES, UNHELD_TYPES
from prismd.services.idempotency.claims import Answer
from prismd.services.properties import properties
from prismd.services.properties.properties import NamedProperty
from prismd.services.properties.validation import TriedValues, validate
from prismd.services.session import Session, Transaction

_Listing = dict[str, dict[str, PropertyDefinition]]
_READ_PARAMETERS: Final = (
    Parameter("list_id", "query", "Add the properties of this list."),
    OLD_LIST,
    Parameter("term", "query", "Only properties whose name or slug contains this."),
    filter_by("include_options", "`false` leaves the options of select properties out.", ("true", "false")),
    filter_by("autofill", "Accepted for the sake of clients; it changes nothing.", ("true", "false")),
)
_LISTED: Final = Reply(200, "Properties by object type and id.", _Listing)
_TAKEN: Final = ("method_not_allowed", "not_found", "name_taken", "slug_taken", "required_backfill_needed")


@handles(
    Operation(
        name="listAllProperties",
        method="GET",
        path=f"{TEAM}/properties",
        tag="Properties",
        scopes=(Scope.READ,),
        summary="List the properties of all object types",
        parameters=_READ_PARAMETERS,
        replies=(_LISTED,),
        errors=("not_found",),
    )
)
def list_all_properties(request: Request[Any, Any, Any], session: SessionIn) -> Response[bytes]:
    """Answer the properties of all object types."""
    return _listing(request, session, OBJECT_TYPES)


@handles(
    Operation(
        name="listProperties",
        method="GET",
        path=PROPERTIES_PATH,
        tag="Properties",
        scopes=(Scope.READ,),
        summary="List the properties of an object type",
        parameters=_READ_PARAMETERS,
        object_types=(*OBJECT_TYPES, *UNHELD_TYPES),
        replies=(_LISTED,),
        errors=("not_found",),
    )
)
def list_properties(request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer the properties of one object type; none for a type whose records prismd does not keep."""
    if (unheld := decoded(object_type)) in UNHELD_TYPES:
        return respond(Answer(200, encode({unheld: {}}), {}))
    return _listing(request, session, (object_type_in_path(object_type),))


@handles(
    Operation(
        name="createProperty",
        method="POST",
        path=PROPERTIES_PATH,
        tag="Properties",
        scopes=(Scope.ADMIN,),
        summary="Make a custom property",
        parameters=(IDEMPOTENCY_KEY,),
        body=PropertyDefinitionCreate,
        replies=(Reply(201, "The property.", PropertyDefinition, REPLAY),),
        errors=_TAKEN,
    )
)
def create_property(
    *, request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Make a custom property."""
    kind = object_type_in_path(object_type)

    def work(transaction: Transaction) -> Answer:
        wanted = read_body(body, PropertyDefinitionCreate)
        made = properties.create_property(transaction, kind, wanted.meant(list_in(wanted)))
        return Answer(201, encode(shown_property(made, session.caller.public_id)), {})

    return write_once(request, session, body, work)


@handles(
    Operation(
        name="updateProperty",
        method="PATCH",
        path=PROPERTY_PATH,
        tag="Properties",
        scopes=(Scope.ADMIN,),
        summary="Change a custom property",
        parameters=(IDEMPOTENCY_KEY,),
        body=PropertyDefinitionPatch,
        replies=(Reply(200, "The property as it is now.", PropertyDefinition, REPLAY),),
        errors=(*UNDEFINED, "name_taken", "required_backfill_needed"),
    )
)
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
        named = NamedProperty(kind, which, wanted.type, ".body.type", list_in(wanted))
        changed = properties.update_property(transaction, named, changes_of(wanted))
        return Answer(200, encode(shown_property(changed, session.caller.public_id)), {})

    return write_once(request, session, body, work)


@handles(
    Operation(
        name="deleteProperty",
        method="DELETE",
        path=PROPERTY_PATH,
        tag="Properties",
        scopes=(Scope.ADMIN,),
        summary="Delete a custom property that no record has values of",
        parameters=(TYPE, *LISTS),
        replies=(Reply(204, "It is gone, and its options with it."),),
        errors=(*UNDEFINED, "property_in_use"),
    )
)
def delete_property(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Delete a custom property that nothing uses."""
    named = property_in_query(request, object_type, property_id)
    return delete_once(
        request,
        session,
        body,
        lambda transaction: properties.delete_property(transaction, named),
    )


@handles(
    Operation(
        name="validateValues",
        method="POST",
        path=f"{PROPERTIES_PATH}/validate",
        tag="Properties",
        scopes=(Scope.READ, Scope.WRITE),
        summary="Try values without writing them",
        body=PropertyValidation,
        replies=(Reply(200, "Whether they could be written, and if not, why.", ValidationAnswer),),
        errors=UNDEFINED,
    )
)
def validate_values(object_type: PathPart, session: SessionIn, body: BodyBytes) -> Response[bytes]:
    """Answer whether values can be written."""
    kind = object_type_in_path(object_type)
    wanted = read_body(body, PropertyValidation)
    list_id = _scope_of(wanted.scope)
    tried = TriedValues(wanted.properties, list_id, creates=wanted.operation == "create")
    problems = session.do(validate, kind, tried)
    return respond(Answer(200, encode(shown_problems(problems)), {}))


PROPERTIES: Final = (list_all_properties, list_properties, create_property, update_property, delete_property)


def _listing(request: Request[Any, Any, Any], session: Session, object_types: tuple[str, ...]) -> Response[bytes]:
    list_id = list_in_query(request)
    # Autofill belongs to the hosted product; a client that asks for it gets the properties without it.
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


def _scope_of(scope: ValidationScope) -> str | None:
    if scope.type == "workspace":
        if scope.list_id is not None:
            message = 'the properties of all records belong to no list; leave it out, or let "type" be "list"'
            raise PrismdError.invalid(".body.scope.list_id", message, "additionalProperties")
        return None
    if scope.list_id is None:
        raise PrismdError.invalid(".body.scope.list_id", "it is required: the list that is meant", "required")
    return scope.list_id
