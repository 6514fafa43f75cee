"""What a column can become where no property is for it: one of its own, or nothing, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from prismd.core.mapping.content import made_property
from prismd.core.mapping.document import Column
from prismd.core.mapping.names import name_key
from prismd.core.mapping.proposal import Proposal
from prismd.core.mapping.targets import Target
from prismd.core.properties.slugs import slug_for
from prismd.core.tables.columns.profile import ColumnProfile

#: How sure these are; a column without values is one by its cells, as far as they were looked at.
MAKE: Final = 0.3
LEAVE_OUT: Final = 0.1
EMPTY: Final = 0.95

#: The most characters of the name of a new property.
NAME_CHARS_MAX: Final = 180


def choices_for(
    column: ColumnProfile, wanted: str | Column, named: Mapping[str, Target], taken: set[str], why: str = ""
) -> Iterator[Proposal]:
    """Yield what a column can become besides the properties that there are.

    Args:
        column: The column.
        wanted: The column as documents name it.
        named: The properties that there are, by the keys of their names.
        taken: Slugs that a new property cannot have; that of this column's is added.
        why: Why no property is for it, as a clause.
    """
    at, name = (column.position,), column.name.strip()
    if column.rows and not column.filled:
        reason = f"none of the {column.rows:,} rows looked at has a value; a row that has one is refused"
        yield Proposal("empty", at, None, EMPTY, reason, sure=True)
    if name:
        name = _own_name(name[:NAME_CHARS_MAX], named)
        slug = slug_for(name, taken)
        taken.add(slug)
        rule = made_property(column, slug, name, wanted)
        kind = rule.make.type if rule.make else "str"
        reason = f"{why or 'no property is known for it'}; one of the type {kind} can be made"
        yield Proposal("make", at, rule, MAKE, reason)
    yield Proposal("leave_out", at, None, LEAVE_OUT, f"{'' if name else 'it has no name; '}its values are not imported")


def _own_name(name: str, named: Mapping[str, Target]) -> str:
    """Return a name for a new property that no other has: one that says that it is a name, where the other refers."""
    rival = named.get(name_key(name))
    if rival is None:
        return name
    return f"{name} name" if rival.is_reference else f"{name} (imported)"
