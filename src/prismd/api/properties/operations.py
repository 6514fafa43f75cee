"""What the operations on properties and options take and answer (contract, section 13)."""

from __future__ import annotations

from typing import Final

from prismd.api.document.operation import IDEMPOTENCY_KEY, RECORDS, REPLAY, TEAM, Operation, Parameter, Reply, filter_by
from prismd.api.properties.shapes import (
    PropertyDefinition,
    PropertyDefinitionCreate,
    PropertyDefinitionPatch,
    PropertyOption,
    PropertyOptionCreate,
    PropertyOptionPatch,
    PropertyValidation,
    ValidationAnswer,
)
from prismd.core.api_keys.scopes import Scope
from prismd.core.properties.schema import OBJECT_TYPES, UNHELD_TYPES

_Listing = dict[str, dict[str, PropertyDefinition]]

_PROPERTIES: Final = f"{RECORDS}/properties"
_PROPERTY: Final = f"{_PROPERTIES}/{{propertyId}}"
_OPTIONS: Final = f"{_PROPERTY}/options"
_OPTION: Final = f"{_OPTIONS}/{{optionId}}"

_OLD_LIST: Final = Parameter("crm_id", "query", "Old name of `list_id`.")
_LISTS: Final = (Parameter("list_id", "query", "The list that has the property."), _OLD_LIST)
_READ_PARAMETERS: Final = (
    Parameter("list_id", "query", "Add the properties of this list."),
    _OLD_LIST,
    Parameter("term", "query", "Only properties whose name or slug contains this."),
    filter_by("include_options", "`false` leaves the options of select properties out.", ("true", "false")),
    filter_by("autofill", "Accepted for the sake of clients; it changes nothing.", ("true", "false")),
)
_LISTED: Final = Reply(200, "Properties by object type and id.", _Listing)
_TYPE: Final = Parameter("type", "query", "Type of the property; required.", required=True)
_TAKEN: Final = ("method_not_allowed", "not_found", "name_taken", "slug_taken", "required_backfill_needed")
_UNDEFINED: Final = ("method_not_allowed", "not_found")

PROPERTY_OPERATIONS: Final = (
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
    ),
    Operation(
        name="listProperties",
        method="GET",
        path=_PROPERTIES,
        tag="Properties",
        scopes=(Scope.READ,),
        summary="List the properties of an object type",
        parameters=_READ_PARAMETERS,
        object_types=(*OBJECT_TYPES, *UNHELD_TYPES),
        replies=(_LISTED,),
        errors=("not_found",),
    ),
    Operation(
        name="createProperty",
        method="POST",
        path=_PROPERTIES,
        tag="Properties",
        scopes=(Scope.ADMIN,),
        summary="Make a custom property",
        parameters=(IDEMPOTENCY_KEY,),
        body=PropertyDefinitionCreate,
        replies=(Reply(201, "The property.", PropertyDefinition, REPLAY),),
        errors=_TAKEN,
    ),
    Operation(
        name="updateProperty",
        method="PATCH",
        path=_PROPERTY,
        tag="Properties",
        scopes=(Scope.ADMIN,),
        summary="Change a custom property",
        parameters=(IDEMPOTENCY_KEY,),
        body=PropertyDefinitionPatch,
        replies=(Reply(200, "The property as it is now.", PropertyDefinition, REPLAY),),
        errors=(*_UNDEFINED, "name_taken", "required_backfill_needed"),
    ),
    Operation(
        name="deleteProperty",
        method="DELETE",
        path=_PROPERTY,
        tag="Properties",
        scopes=(Scope.ADMIN,),
        summary="Delete a custom property that no record has values of",
        parameters=(_TYPE, *_LISTS),
        replies=(Reply(204, "It is gone, and its options with it."),),
        errors=(*_UNDEFINED, "property_in_use"),
    ),
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
        errors=(*_UNDEFINED, "name_taken", "slug_taken"),
    ),
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
        errors=(*_UNDEFINED, "name_taken", "slug_taken"),
    ),
    Operation(
        name="deleteOption",
        method="DELETE",
        path=_OPTION,
        tag="Properties",
        scopes=(Scope.ADMIN,),
        summary="Delete an option that the team made and no record has",
        parameters=(_TYPE, *_LISTS),
        replies=(Reply(204, "It is gone."),),
        errors=(*_UNDEFINED, "option_in_use"),
    ),
    Operation(
        name="validateValues",
        method="POST",
        path=f"{_PROPERTIES}/validate",
        tag="Properties",
        scopes=(Scope.READ, Scope.WRITE),
        summary="Try values without writing them",
        body=PropertyValidation,
        replies=(Reply(200, "Whether they could be written, and if not, why.", ValidationAnswer),),
        errors=_UNDEFINED,
    ),
)
