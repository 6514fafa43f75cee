"""Properties that clients can name although prismd stores no values of them (contract, section 23, fact 115).

Queries can select, filter and sort by them, but no record has a value. Clients cannot write them, and listings of
properties leave them out. If a team has a property with the same slug, the slug means the team's property.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from prismd.core.properties.schema import ObjectSchema, Option, Property

#: A reference: the object type that has it, and its slug.
Reference = tuple[str, str]

# Object type -> the wire's type name -> slugs. For types without records in prismd, these are all known slugs.
_PROPERTIES: Final[dict[str, dict[str, str]]] = {
    "contact": {"select_str": "email_address_type"},
    "identity": {"multiref_organization": "education_history"},
    "event": {"multiref_attendee": "attendee"},
    "attendee": {"ref_contact": "contact"},
    "message": {"str": "subject"},
}

# A reference -> properties that exist only behind it: they belong to the link, not to the record at its end.
_LINKS: Final[dict[Reference, dict[str, str]]] = {
    ("identity", "work_history"): {
        "str": "institution position",
        "date": "start end",
        "ref_organization": "organization",
    },
    ("identity", "education_history"): {"ref_organization": "organization"},
}

#: References whose properties the contract does not name (``education_history.*``); behind them, any slug is valid.
_OPEN: Final[frozenset[Reference]] = frozenset({("identity", "education_history")})
_SLUG: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")

_OPTIONS: Final = {"email_address_type": "system group human"}


def unkept_schema(object_type: str) -> ObjectSchema | None:
    """Return the schema of an object type whose records prismd does not store; None if it has no known properties.

    Args:
        object_type: Any type of the contract.
    """
    return _SCHEMAS.get(object_type)


def unkept_property(object_type: str, slug: str, behind: Reference | None) -> Property | None:
    """Return the property without values that a slug names, or None.

    Args:
        object_type: The type that has the property.
        slug: The slug, exactly as the caller sent it.
        behind: The reference that leads to the property; None if none does.
    """
    if behind is not None and behind in _LINKS:
        if slug in _BEHIND[behind]:
            return _BEHIND[behind][slug]
        if behind in _OPEN and _SLUG.fullmatch(slug):
            return _made("str", slug)
    schema = _SCHEMAS.get(object_type)
    return None if schema is None else schema.get(slug)


def unkept_paths() -> list[str]:
    """Return all known paths: ``type.slug``, and ``type.reference.slug`` for properties behind a reference."""
    own = [f"{name}.{prop.slug}" for name, schema in _SCHEMAS.items() for prop in schema]
    behind = [f"{'.'.join(reference)}.{slug}" for reference, props in _BEHIND.items() for slug in props]
    return [*own, *behind, *(f"{'.'.join(reference)}.*" for reference in sorted(_OPEN))]


def _made(wire_type: str, slug: str) -> Property:
    options = tuple(Option(id=name, slug=name, value=name.capitalize()) for name in _OPTIONS.get(slug, "").split())
    return Property(id="", slug=slug, type=wire_type, name=slug, read_only=True, unkept=True, options=options)


def _table(properties: dict[str, str]) -> dict[str, Property]:
    return {slug: _made(wire_type, slug) for wire_type, slugs in properties.items() for slug in slugs.split()}


_SCHEMAS: Final = {name: ObjectSchema(name, MappingProxyType(_table(props))) for name, props in _PROPERTIES.items()}
_BEHIND: Final = {reference: _table(properties) for reference, properties in _LINKS.items()}
