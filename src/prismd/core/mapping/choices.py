"""What a column can become where no property is for it: one of its own, or nothing, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prismd.core.mapping.content import made_property, objection, steps_for
from prismd.core.mapping.document import Column, Rule
from prismd.core.mapping.names import name_key
from prismd.core.mapping.proposal import Proposal
from prismd.core.mapping.targets import Target, Targets
from prismd.core.properties.slugs import RESERVED, slug_for
from prismd.core.tables.columns.profile import ColumnProfile
from prismd.core.wording.quoting import quoted

#: How sure these are; a column without values is one by its cells, as far as they were looked at.
OWN: Final = 0.95
MAKE: Final = 0.3
LEAVE_OUT: Final = 0.1
EMPTY: Final = 0.95

#: The most characters of the name of a new property.
NAME_CHARS_MAX: Final = 180


class Naming:
    """Names new properties, so that no two columns get one with the same slug.

    Args:
        targets: The team's properties.
        proposed: The slugs that are proposed for columns already.
    """

    def __init__(self, targets: Targets, proposed: set[str]) -> None:
        self._taken = {*targets, *RESERVED, *proposed}
        self._proposed = set(proposed)
        self._named = {name_key(target.name): slug for slug, target in targets.items()}
        self._targets = targets

    def slug(self, name: str) -> str:
        """Return a slug for a new property, which no later one gets.

        Args:
            name: Of the property.
        """
        slug = slug_for(name, self._taken)
        self._taken.add(slug)
        return slug

    def claim(self, slug: str) -> bool:
        """Return whether a property is proposed for no other column, and keep it for this one.

        Args:
            slug: Of a property that there is.
        """
        free = slug not in self._proposed
        self._proposed.add(slug)
        return free

    def names(self, name: str) -> Iterator[tuple[str, str | None]]:
        """Yield names for the property of a column, each with the slug of the one that is called so.

        The second says that it is a name where the first is called by a reference, and else where it is from.

        Args:
            name: Of the column.
        """
        rival = self._named.get(name_key(name))
        yield name, rival
        if rival is not None:
            other = f"{name} name" if self._targets[rival].is_reference else f"{name} (imported)"
            yield other, self._named.get(name_key(other))


def choices_for(
    column: ColumnProfile, wanted: str | Column, targets: Targets, naming: Naming, why: str = "", *, plain: bool = False
) -> Iterator[Proposal]:
    """Yield what a column can become besides the properties that there are.

    Args:
        column: The column.
        wanted: The column as documents name it.
        targets: The team's properties of the object type.
        naming: Names new properties.
        why: Why no property is for it, as a clause.
        plain: Whether texts stay texts, and are no options.
    """
    at, name = (column.position,), column.name.strip()
    if column.rows and not column.filled:
        reason = f"none of the {column.rows:,} rows looked at has a value; a row that has one is refused"
        yield Proposal("empty", at, None, EMPTY, reason, sure=True)
    if name:
        yield own_property(column, wanted, name, targets, naming, why=why, plain=plain)
    yield Proposal("leave_out", at, None, LEAVE_OUT, f"{'' if name else 'it has no name; '}its values are not imported")


def own_property(
    column: ColumnProfile,
    wanted: str | Column,
    name: str,
    targets: Targets,
    naming: Naming,
    *,
    why: str = "",
    plain: bool = False,
) -> Proposal:
    """Return the proposal of a property of a column's own: the one that an earlier import made, or a new one.

    Args:
        column: The column.
        wanted: The column as documents name it.
        name: What the property is called.
        targets: The team's properties of the object type.
        naming: Names new properties.
        why: Why no property is for it, as a clause.
        plain: Whether texts stay texts, and are no options.
    """
    at, free = (column.position,), name[:NAME_CHARS_MAX]
    for called, slug in naming.names(free):
        if slug is None:
            free = called
            break
        if called != column.name.strip() and _takes(targets[slug], column, slug) and naming.claim(slug):
            steps, _ = steps_for(column, slug, targets[slug])
            reason = f"the property {quoted(called)} is what an import makes of a column {quoted(name)}"
            return Proposal("property", at, Rule(slug, (wanted,), steps), OWN, reason, sure=True)
    else:
        free = f"{free} (imported)"
    rule = made_property(column, naming.slug(free), free, wanted, plain=plain)
    kind = rule.make.type if rule.make else "str"
    reason = f"{why or 'no property is known for it'}; one of the type {kind} can be made"
    return Proposal("make", at, rule, MAKE, reason)


def _takes(target: Target, column: ColumnProfile, slug: str) -> bool:
    """Return whether a property can take all values of a column as they are."""
    if target.read_only or target.is_reference or objection(column, slug, target):
        return False
    return not steps_for(column, slug, target)[1]
