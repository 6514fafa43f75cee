"""References by key in imports: what an import does with those that lead to no record, and the locks that it needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.imports.job import Job
from prismd.core.imports.options import ImportOptions
from prismd.core.properties.schema import IMPORTABLE_TYPES, OBJECT_TYPES, ObjectSchema, Property, held_references
from prismd.core.records.missing_references import MissingRules, OnMissing
from prismd.core.wording.quoting import nearest, quoted
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.records.references import CONTACT
from prismd.services.session import Transaction

_FIELD: Final = ".body.options.on_missing_reference"


def settled_relations(transaction: Transaction, schema: ObjectSchema, options: ImportOptions) -> ImportOptions:
    """Return the options with what happens to missing references by property key, as the schema stands now.

    Args:
        transaction: The request's open transaction; its caller may import records of every type that rows create.
        schema: The schema of the rows' type.
        options: The options of the import.

    Raises:
        PrismdError: ``invalid_request``: a slug names no reference, or rows cannot create its records;
            ``missing_scope``.
    """
    references = {key: schema.properties[key] for key in held_references(schema)}
    policies: dict[str, OnMissing] = {}
    for slug, policy in options.on_missing:
        named = references.values() if slug is None else [_reference(schema, slug, options.list_id)]
        for prop in named:
            can = policy is not OnMissing.CREATE or _can_create(schema, prop)
            if not can and slug is not None:
                raise PrismdError.invalid(f"{_FIELD}.{slug}", _no_creation(schema, prop), "enum")
            if can and policy is not OnMissing.REFUSE:
                policies[prop.key] = policy
    made = {references[key].target or "" for key, policy in policies.items() if policy is OnMissing.CREATE}
    for target in sorted(made):
        transaction.scopes.require((Scope.IMPORT,), target, ", whose records on_missing_reference creates")
    return replace(options, missing=tuple(policies.items()), makes=tuple(sorted(made - {CONTACT})))


def lock_types(transaction: Transaction, object_type: str, options: ImportOptions) -> None:
    """Wait until no other transaction writes records of the rows' type, nor of types whose records the rows create.

    Everybody takes these locks in the order of the types' names, and that of contacts last, so no deadlock is possible.

    Args:
        transaction: The transaction of the chunk, or of all chunks of a small import.
        object_type: The rows' type.
        options: The settled options of the import.
    """
    for name in sorted({object_type, *options.makes}, key=lambda name: (name == CONTACT, name)):
        transaction.lock_type(name)


def missing_rules(transaction: JobTransaction) -> MissingRules:
    """Return what the job does with missing references."""
    return MissingRules(dict(transaction.job.options.missing), transaction.settings.references_created_per_row_max)


def by_address(job: Job, schema: ObjectSchema) -> frozenset[str]:
    """Return the keys of references to contacts in which an unknown email creates its contact."""
    targets = held_references(schema)
    return frozenset(
        key for key, policy in job.options.missing if policy is OnMissing.CREATE and targets.get(key) == CONTACT
    )


def _reference(schema: ObjectSchema, slug: str, list_id: str | None) -> Property:
    prop = schema.get(slug, list_id)
    if prop is not None and prop.target in OBJECT_TYPES and not prop.read_only:
        return prop
    known = [one.slug for one in schema if one.target in OBJECT_TYPES and not one.read_only]
    message = f"{schema.object_type} has no property {quoted(slug)}{nearest(slug, known)}"
    if prop is not None:
        message = f"{slug} is no reference that rows can write; name one of {', '.join(sorted(known))}"
    raise PrismdError.invalid(f"{_FIELD}.{quoted(slug)[1:-1]}", message, "enum")


def _can_create(schema: ObjectSchema, prop: Property) -> bool:
    return prop.target in IMPORTABLE_TYPES and prop.target != schema.object_type


def _no_creation(schema: ObjectSchema, prop: Property) -> str:
    if prop.target == schema.object_type:
        return f"rows of {prop.target} create no other {prop.target}; choose refuse or empty, or give each its own row"
    return f"imports create no records of type {prop.target}; choose refuse or empty"
