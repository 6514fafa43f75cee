"""Options of select properties over HTTP: adding, changing and deleting them (contract, section 13.3)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import IDEMPOTENCY_KEY, REPLAY, Operation, Reply
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import delete_once, write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import read_body
from prismd.api.http.paths import object_type_in_path, value_in_path
from prismd.api.properties.parameters import (
    LISTS,
    PROPERTY_PATH,
    TYPE,
    UNDEFINED,
    list_in,
    property_in_query,
)
from prismd.api.properties.shapes import (
    PropertyOption,
    PropertyOptionCreate,
    PropertyOptionPatch,
    changes_of,
    shown_option,
)
from prismd.core.api_keys.scopes import Scope
from prismd.core.json.text import encode
from prismd.services.idempotency.claims import Answer
from prismd.services.properties import properties
from prismd.services.properties.properties import NamedProperty
from prismd.services.session import Transaction

_OPTIONS: Final = f"{PROPERTY_PATH}/options"
_OPTION: Final = f"{_OPTIONS}/{{optionId}}"


@handles(
    Operation(
        name="createOption",
        method="POST",
        path=_OPTIONS,
        tag="Properties",
        scopes=(Scope.ADMIN,),
        summary="Add an option to a select property",
        description="Native properties take further options too.",
        parameters=(IDEMPOTENCY_KEY,),
        body=PropertyOptionCreate,
        replies=(Reply(201, "The option.", PropertyOption, REPLAY),),
        errors=(*UNDEFINED, "name_taken", "slug_taken"),
    )
)
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
        named = NamedProperty(kind, which, wanted.type, ".body.type", list_in(wanted))
        prop, made = properties.create_option(transaction, named, wanted.meant())
        return Answer(201, encode(shown_option(made, prop.list_id)), {})

    return write_once(request, session, body, work)


@handles(
    Operation(
        name="updateOption",
        method="PATCH",
        path=_OPTION,
        tag="Properties",
        scopes=(Scope.ADMIN,),
        summary="Change an option that the team made",
        parameters=(IDEMPOTENCY_KEY,),
        body=PropertyOptionPatch,
        replies=(Reply(200, "The option as it is now.", PropertyOption, REPLAY),),
        errors=(*UNDEFINED, "name_taken", "slug_taken"),
    )
)
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
        named = NamedProperty(kind, which, wanted.type, ".body.type", list_in(wanted))
        prop, changed = properties.update_option(transaction, named, option, changes_of(wanted))
        return Answer(200, encode(shown_option(changed, prop.list_id)), {})

    return write_once(request, session, body, work)


@handles(
    Operation(
        name="deleteOption",
        method="DELETE",
        path=_OPTION,
        tag="Properties",
        scopes=(Scope.ADMIN,),
        summary="Delete an option that the team made and no record has",
        parameters=(TYPE, *LISTS),
        replies=(Reply(204, "It is gone."),),
        errors=(*UNDEFINED, "option_in_use"),
    )
)
def delete_option(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    property_id: PathPart,
    option_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Delete an option that the team made and that no record has."""
    named = property_in_query(request, object_type, property_id)
    option = value_in_path(option_id)
    return delete_once(
        request,
        session,
        body,
        lambda transaction: properties.delete_option(transaction, named, option),
    )


OPTIONS: Final = (create_option, update_option, delete_option)
