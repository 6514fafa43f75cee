"""Use cases of a team's properties and their options: list, create, update, delete (contract, section 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from prismd.core.audit import Action, Deed
from prismd.core.errors import PrismdError
from prismd.core.properties.definitions import NewProperty, change_property, define_property
from prismd.core.properties.native import native_schema
from prismd.core.properties.option_definitions import DefinitionLimits, NewOption, change_option, define_option
from prismd.core.properties.schema import APP_STAGE, LISTS, ObjectSchema, Option, Property, count_options
from prismd.core.records.keys import KeyRule
from prismd.core.wording.quoting import quoted
from prismd.services.audit import note
from prismd.services.lists import require_list
from prismd.services.session import Transaction
from prismd.services.views.names import note_names
from prismd.store import properties


@dataclass(frozen=True, slots=True)
class NamedProperty:
    """The property that a request names.

    Args:
        object_type: The type that has the property.
        property_id: The property's id, exactly as the caller sent it.
        type: The property's type, as the caller states it; the request fails if it differs, and never changes the type.
        type_field: Path of the type in the request, such as ``.body.type``.
        list_id: The list that owns the property, exactly as the caller sent it; None if the caller names none.
    """

    object_type: str
    property_id: str
    type: str
    type_field: str
    list_id: str | None = None


class OwnOption(NamedTuple):
    """An option with the property that owns it."""

    prop: Property
    option: Option


def list_properties(
    transaction: Transaction,
    object_types: Sequence[str],
    *,
    term: str | None = None,
    list_id: str | None = None,
) -> dict[str, list[Property]]:
    """Return the unarchived properties of object types, native ones first (contract, sections 13.1 and 23).

    Args:
        transaction: The team's open transaction.
        object_types: The types; prismd keeps records of each.
        term: Return only properties with this text in name or slug, ignoring case; None for all.
        list_id: Return only the properties of this list; None for the properties of all records.

    Raises:
        PrismdError: ``not_found``: the team has no such list, or the list does not take the only type asked for.
    """
    if list_id is not None:
        list_id = require_list(transaction, list_id, object_types[0] if len(object_types) == 1 else None).id
    schemas = properties.load_schemas(transaction.connection, transaction.team_id, object_types)
    sought = (term or "").strip().casefold()
    return {
        object_type: [
            prop
            for prop in schema
            if prop.enabled and prop.list_id == list_id and (sought in prop.name.casefold() or sought in prop.slug)
        ]
        for object_type, schema in schemas.items()
    }


def create_property(transaction: Transaction, object_type: str, new: NewProperty) -> Property:
    """Add a custom property.

    Raises:
        PrismdError: ``invalid_request``, ``name_taken``, ``slug_taken``, ``required_backfill_needed``, or ``not_found``
            for the property's list.
    """
    if new.list_id is not None:
        new = replace(new, list_id=require_list(transaction, new.list_id, object_type, ".body.list_id").id)
    schema = _locked_schema(transaction, object_type)
    prop = define_property(schema, new, new_id=transaction.new_id, limits=_limits(transaction, schema))
    if prop.required:
        _check_lacked_by_none(transaction, object_type, prop)
    properties.insert_property(transaction.connection, transaction.team_id, object_type, prop, now=transaction.now())
    note(transaction, _deed(Action.PROPERTY_CREATED, object_type, prop))
    return prop


def update_property(transaction: Transaction, named: NamedProperty, changes: Mapping[str, Any]) -> Property:
    """Update a custom property.

    Raises:
        PrismdError: ``invalid_request``, ``name_taken``, ``required_backfill_needed`` or ``not_found``.
    """
    schema = _locked_schema(transaction, named.object_type)
    prop = _custom(_found(transaction, schema, named))
    changed = change_property(schema, prop, changes)
    if changed.required and not prop.required:
        _check_lacked_by_none(transaction, named.object_type, changed)
    properties.update_property(transaction.connection, transaction.team_id, named.object_type, changed)
    note(transaction, _deed(Action.PROPERTY_UPDATED, named.object_type, changed))
    return changed


def delete_property(transaction: Transaction, named: NamedProperty) -> None:
    """Delete an unused custom property, with its options.

    Raises:
        PrismdError: ``invalid_request``, ``not_found`` or ``property_in_use``.
    """
    prop = _custom(_found(transaction, _locked_schema(transaction, named.object_type), named))
    if prop.alias is not None:
        raise PrismdError.invalid(
            ".path.propertyId", f"`{prop.slug}` is the stage of its list, which cannot be without"
        )
    if properties.is_in_use(transaction.connection, transaction.team_id, named.object_type, prop):
        message = (
            f"records have values of `{prop.slug}`, perhaps deleted ones, or an import under way de-duplicates by it"
        )
        raise PrismdError(
            "property_in_use",
            f"{message}; clear the values, purge deleted records, wait for the import, then delete it",
        )
    properties.delete_property(transaction.connection, transaction.team_id, named.object_type, prop)
    note(transaction, _deed(Action.PROPERTY_DELETED, named.object_type, prop))


def create_option(transaction: Transaction, named: NamedProperty, new: NewOption) -> OwnOption:
    """Add an option to a select property, native or custom.

    Raises:
        PrismdError: ``invalid_request``, ``not_found``, ``name_taken`` or ``slug_taken``.
    """
    schema = _locked_schema(transaction, named.object_type)
    prop = _found(transaction, schema, named)
    option = define_option(prop, new, new_id=transaction.new_id, limits=_limits(transaction, schema))
    properties.add_options(transaction.connection, transaction.team_id, named.object_type, prop.id, [option])
    note(transaction, _deed(Action.OPTION_CREATED, named.object_type, prop, option))
    return OwnOption(prop, option)


def update_option(
    transaction: Transaction, named: NamedProperty, option_id: str, changes: Mapping[str, Any]
) -> OwnOption:
    """Update a custom option; records that have the option keep it.

    Raises:
        PrismdError: ``invalid_request``, ``not_found``, ``name_taken`` or ``slug_taken``.
    """
    prop, option = _own_option(transaction, named, option_id)
    changed = change_option(prop, option, changes)
    properties.update_option(transaction.connection, transaction.team_id, named.object_type, prop.id, changed)
    note(transaction, _deed(Action.OPTION_UPDATED, named.object_type, prop, changed))
    return OwnOption(prop, changed)


def delete_option(transaction: Transaction, named: NamedProperty, option_id: str) -> None:
    """Delete a custom option that no record has.

    Raises:
        PrismdError: ``invalid_request``, ``not_found`` or ``option_in_use``.
    """
    prop, option = _own_option(transaction, named, option_id)
    if properties.is_option_in_use(transaction.connection, transaction.team_id, named.object_type, prop.key, option.id):
        message = f"records have the option `{option.slug}` of `{prop.slug}`, perhaps deleted ones"
        raise PrismdError("option_in_use", f"{message}; give them another value, purge deleted ones, then delete it")
    properties.delete_option(transaction.connection, transaction.team_id, named.object_type, prop.id, option.id)
    note(transaction, _deed(Action.OPTION_DELETED, named.object_type, prop, option))


def _deed(action: Action, object_type: str, prop: Property, option: Option | None = None) -> Deed:
    details = {"property": prop.slug, "type": prop.type, "list_id": prop.list_id}
    if option is None:
        return Deed(action, [prop.id], object_type, details)
    return Deed(action, [option.id, prop.id], object_type, {**details, "option": option.slug})


def _locked_schema(transaction: Transaction, object_type: str) -> ObjectSchema:
    # An import's chunk reads the schema and then writes by it, and a deletion first checks that records have no values:
    # each must finish before the other starts. The lock also keeps names and slugs unique without a race.
    transaction.lock_type(object_type)
    note_names(transaction)
    return properties.load_schema(transaction.connection, transaction.team_id, object_type)


def _found(transaction: Transaction, schema: ObjectSchema, named: NamedProperty) -> Property:
    wanted, list_id = named.property_id.lower(), named.list_id
    if list_id is not None:
        field = f"{named.type_field.removesuffix('type')}list_id"
        list_id = require_list(transaction, list_id, named.object_type, field).id
    elif wanted == APP_STAGE:
        raise PrismdError("not_found", f"every list has an {APP_STAGE} of its own; name the list in list_id")
    own = [prop for prop in schema if list_id in (None, prop.list_id)]
    prop = next((prop for prop in own if wanted in (prop.id, prop.alias)), None)
    if prop is None:
        raise PrismdError("not_found", f"{named.object_type} has no property with the id {quoted(named.property_id)}")
    if prop.type != named.type:
        message = f"the type of `{prop.slug}` is {prop.type}, not {quoted(named.type)}; a type never changes"
        raise PrismdError.invalid(named.type_field, message, "enum")
    return prop


def _custom(prop: Property) -> Property:
    if prop.native:
        message = f"`{prop.slug}` is a native property, the same in every team; only custom ones can be changed"
        raise PrismdError.invalid(".path.propertyId", message, "enum")
    return prop


def _own_option(transaction: Transaction, named: NamedProperty, option_id: str) -> tuple[Property, Option]:
    prop = _found(transaction, _locked_schema(transaction, named.object_type), named)
    wanted = option_id.lower()
    option = next((option for option in prop.options if option.id == wanted), None)
    if option is None:
        raise PrismdError("not_found", f"`{prop.slug}` has no option with the id {quoted(option_id)}")
    native = native_schema(named.object_type).get(prop.slug) if prop.native else None
    if native is not None and option in native.options:
        message = f"`{option.slug}` is a native option of `{prop.slug}`, the same in every team; it cannot be changed"
        raise PrismdError.invalid(".path.optionId", message, "enum")
    return prop, option


def _check_lacked_by_none(transaction: Transaction, object_type: str, prop: Property) -> None:
    in_list = KeyRule(object_type, LISTS, fold_case=True)
    if properties.is_lacked(
        transaction.connection, transaction.team_id, object_type, prop, in_list.hashes([prop.list_id or ""])
    ):
        which = f"records of type {object_type}" if prop.list_id is None else "records in the list"
        raise PrismdError(
            "required_backfill_needed",
            f"there are {which} without a value of `{prop.slug}`; give them all one, then make it required",
        )


def _limits(transaction: Transaction, schema: ObjectSchema) -> DefinitionLimits:
    settings = transaction.settings
    left = settings.options_per_type_max - count_options(schema)
    return DefinitionLimits(settings.properties_per_type_max, settings.options_per_property_max, left)
