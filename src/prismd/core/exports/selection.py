"""The properties of an export: those that it names or all, and a readable key beside each reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prismd.core.api_keys.scopes import Scope, Scopes
from prismd.core.errors import PrismdError
from prismd.core.properties.schema import OBJECT_TYPES, Property
from prismd.core.queries.paths import DELETED_AT, Path, Schemas
from prismd.core.queries.rows import Selection, Shown, selection
from prismd.core.queries.tree import Query
from prismd.core.wording.quoting import quoted

#: The property by which people know a record of a type, if it has the property.
READABLE_KEYS: Final = {
    "contact": "email",
    "organization": "primary_domain",
    "identity": "full_name",
    "deal": "name",
    "action": "title",
    "document": "title",
    "engagement": "title",
    "event": "name",
}


#: The types whose records an import finds by that key: a contact by its address, a company by its domain.
FOUND_BY_KEY: Final = ("contact", "organization")


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export shows of each record.

    Args:
        own: The properties of the record, by key.
        of_lists: The properties of lists, by key.
        list_id: The only list whose values are shown; None for all lists.
        shows_lists: Whether to show the lists of each record.
        importable: Whether to show only what an import takes.
        left_out: Slugs of properties that an import does not take, and paths of keys that the caller may not read.
    """

    own: dict[str, Shown]
    of_lists: dict[str, Property]
    list_id: str | None
    shows_lists: bool
    importable: bool
    left_out: tuple[str, ...] = ()


def exported(query: Query, schemas: Schemas, scopes: Scopes, *, importable: bool, keys: bool) -> Exported:
    """Return what an export shows of each record.

    Args:
        query: The query; without a selection, all properties are shown.
        schemas: The schemas of all types.
        scopes: The scopes of the caller; a key of a type that these do not cover is left out.
        importable: Whether to show only what an import takes.
        keys: Whether to show a readable key beside each reference whose own values the query does not select.

    Raises:
        PrismdError: ``invalid_request`` for a path that no row of an export has a place for.
    """
    # The time of deletion stands beside the values, and only where a record is deleted.
    named = [one for one in _named(query, schemas).values() if one.prop is not DELETED_AT]
    kept = [one for one in named if not (importable and is_refused(one.prop))]
    own = {one.prop.key: one for one in kept if one.prop.list_id is None}
    hidden = [
        name for one in own.values() if (name := _add_key(one, schemas, scopes, keys=keys, importable=importable))
    ]
    of_lists = {one.prop.key: one.prop for one in kept if one.prop.list_id is not None}
    shows_lists = query.select is None or query.list_id is not None
    left_out = [one.prop.slug for one in named if importable and is_refused(one.prop)]
    return Exported(own, of_lists, query.list_id, shows_lists, importable, (*left_out, *hidden))


def _named(query: Query, schemas: Schemas) -> Selection:
    schema = schemas[query.object_type]
    if query.select is not None:
        for index, path in enumerate(query.select):
            _check(path, f".body.query.select[{index}]")
        return selection(query.select)
    shown = [prop for prop in schema if prop.inverse_of is None and prop.list_id in (None, query.list_id)]
    if query.list_id is None:
        shown += [prop for prop in schema if prop.list_id is not None]
    # Two properties can have one slug, that of a list and that of the record; so names are keys here.
    return {prop.key: Shown(prop) for prop in shown}


def _check(path: Path, field: str) -> None:
    if path.inverse is not None:
        message = f"{quoted(path.text)} shows a reference from its other side; export that type and its reference"
        raise PrismdError.invalid(field, message, "enum")
    if len(path.steps) > 1 or (path.steps and path.leaf.target is not None):
        message = f"{quoted(path.text)} leads too far: an export shows values of a reference, such as company.name"
        raise PrismdError.invalid(field, message, "maxItems")
    if path.steps and path.steps[0].list_id is not None:
        message = f"{quoted(path.text)} begins at a property of a list; only its id can be exported"
        raise PrismdError.invalid(field, message, "enum")


def is_refused(prop: Property) -> bool:
    """Return whether imports refuse values of a property.

    Args:
        prop: A property of a record, or of a list.
    """
    return prop.read_only or prop.unkept or not prop.enabled


def _add_key(one: Shown, schemas: Schemas, scopes: Scopes, *, keys: bool, importable: bool) -> str:
    """Show a readable key beside a reference, or the key alone where an import finds the record by it.

    Returns:
        The path of a key that the caller may not read and that is left out; empty if there is none.
    """
    target = one.prop.target
    if not one.refers or target not in OBJECT_TYPES:
        return ""
    if importable:
        one.inner.clear()
    slug = READABLE_KEYS.get(target)
    prop = None if slug is None else schemas[target].get(slug)
    if slug is None or prop is None or one.inner or not keys or (importable and target not in FOUND_BY_KEY):
        return ""
    if not scopes.allow(Scope.READ, target):
        return f"{one.prop.slug}.{slug}"
    one.inner[slug] = Shown(prop)
    return ""
