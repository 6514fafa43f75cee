"""Paths from a record to a value, through any number of references to a property (contract, section 9.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from prismd.core.api_keys.scopes import Scope, Scopes
from prismd.core.errors import PrismdError
from prismd.core.properties.schema import OBJECT_TYPES, ObjectSchema, Property
from prismd.core.properties.unkept import Reference, unkept_property, unkept_schema
from prismd.core.wording.quoting import nearest, quoted

#: The schemas of all types, by object type.
Schemas = Mapping[str, ObjectSchema]

#: Maximum number of references in a path.
STEPS_MAX: Final = 4

#: Stands for a record's id, which queries treat like a property.
IDENTIFIER: Final = Property(id="", slug="id", type="str", name="Id", native=True, read_only=True)

#: Stands for the time of a record's deletion; a team's own property with this slug takes precedence.
DELETED_AT: Final = Property(id="", slug="deleted_at", type="date", name="Deleted at", native=True, read_only=True)


@dataclass(frozen=True, slots=True)
class Path:
    """A path from a record to a value.

    Args:
        text: The path as clients write it, such as ``company.name``.
        steps: The references to follow, in order.
        leaf: The property at the end.
    """

    text: str
    steps: tuple[Property, ...]
    leaf: Property

    @property
    def leads_to_one(self) -> bool:
        """Whether the path leads to at most one value."""
        return not any(prop.holds_many for prop in (*self.steps, self.leaf))

    @property
    def inverse(self) -> Property | None:
        """The first inverse property in the path; None if it has none."""
        return next((prop for prop in (*self.steps, self.leaf) if prop.inverse_of is not None), None)

    @property
    def is_kept(self) -> bool:
        """Whether prismd stores values at the end of the path."""
        return not self.leaf.unkept and all(not step.unkept and step.target in OBJECT_TYPES for step in self.steps)


def resolve_path(schemas: Schemas, object_type: str, text: str, *, list_id: str | None, field: str) -> Path:
    """Return the path that a text names.

    Args:
        schemas: The schemas of all types.
        object_type: The type at the start of the path.
        text: Slugs with dots between them.
        list_id: The list whose own properties can be named at the start; None for no list.
        field: Path of the text in the request.

    Raises:
        PrismdError: ``invalid_request``: a slug is unknown, or leads to no records, or there are too many.
    """
    *through, last = text.split(".")
    if len(through) > STEPS_MAX:
        message = f"{quoted(text)} follows {len(through)} references, the most is {STEPS_MAX}"
        raise PrismdError.invalid(field, message, "maxItems")
    steps: list[Property] = []
    schema, scope, behind = schemas[object_type], list_id, None
    for slug in through:
        step = _property(schema, slug, scope, behind, field)
        target = schemas.get(step.target or "") or unkept_schema(step.target or "")
        if target is None:
            message = f"{quoted(text)}: {slug} is of type {step.type}, which leads to no record that prismd keeps"
            raise PrismdError.invalid(field, message, "enum")
        steps.append(step)
        schema, scope, behind = target, None, (schema.object_type, slug)
    return Path(text, tuple(steps), _property(schema, last, scope, behind, field))


def reference_behind(schemas: Schemas, prop: Property) -> tuple[str, Property]:
    """Return the reference behind an inverse property, and the object type that has the reference.

    Args:
        schemas: The schemas of all types.
        prop: An inverse property.
    """
    assert prop.inverse_of is not None, prop  # noqa: S101 - callers ask of such properties alone
    object_type, slug = prop.inverse_of
    return object_type, schemas[object_type].properties[slug]


def check_readable(paths: Iterable[Path], scopes: Scopes) -> None:
    """Check that a caller can read all records along some paths.

    Args:
        paths: The paths to show, filter or sort by.
        scopes: The scopes of the caller.

    Raises:
        PrismdError: ``missing_scope``.
    """
    for path in paths:
        # A reference at the end of a path shows only ids; an inverse property reads the records that refer to this one.
        others = (*path.steps, path.leaf) if path.leaf.inverse_of else path.steps
        for prop in others:
            if prop.target in OBJECT_TYPES:
                scopes.require((Scope.READ,), prop.target, f", of which {quoted(path.text)} reads records")


def _property(schema: ObjectSchema, slug: str, list_id: str | None, behind: Reference | None, field: str) -> Property:
    prop = IDENTIFIER if slug == IDENTIFIER.slug else schema.get(slug, list_id)
    if prop is None and slug == DELETED_AT.slug:
        prop = DELETED_AT
    prop = prop or unkept_property(schema.object_type, slug, behind)
    if prop is None:
        hint = nearest(slug, schema.slugs(list_id))
        raise PrismdError.invalid(field, f"{schema.object_type} has no property {quoted(slug)}{hint}", "enum")
    return prop
