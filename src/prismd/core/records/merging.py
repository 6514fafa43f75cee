"""Merging values into a record's properties: replacing, clearing, filling blanks, and changing arrays."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from prismd.core.json.text import SentTexts
from prismd.core.values.errors import found
from prismd.core.wording.quoting import nearest, quoted

#: Values that count as missing when an import fills in values.
_BLANK: Final = (None, "")

#: A record's stored properties by key; a property without a value is absent.
Properties = Mapping[str, Any]


class Rewritten(NamedTuple):
    """A record that a transaction changes, with its changed values.

    Args:
        id: Id of the record.
        version_before: Version before the transaction.
        version: Version at the end of the transaction.
        before: The changed values before the transaction, by key; None for no value.
        after: The changed values at the end of the transaction, by key; None for no value.
        properties: All properties at the end of the transaction.
        location: Physical position of the row in its table, valid while the transaction holds the lock of the type.
    """

    id: str
    version_before: int
    version: int
    before: Properties
    after: Properties
    properties: Properties
    location: str


def rewritten(
    record_id: str, versions: tuple[int, int], before: Properties, after: Properties, location: str
) -> Rewritten:
    """Return the changes that a transaction makes to a record.

    Args:
        record_id: Id of the record.
        versions: The version before the transaction, and the version at its end.
        before: All properties before the transaction.
        after: All properties at the end of the transaction.
        location: Physical position of the row in its table.
    """
    values: dict[str, Any] = {slug: value for slug, value in after.items() if before.get(slug) != value}
    if not before.keys() <= after.keys():
        values |= dict.fromkeys(before.keys() - after.keys())
    return Rewritten(record_id, *versions, {slug: before.get(slug) for slug in values}, values, after, location)


class ArrayOperation(enum.StrEnum):
    """The ways to change an array without replacing it (contract, section 9.1)."""

    APPEND = "append"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class ArrayChange:
    """A change of an array property: values to append or to remove."""

    operation: ArrayOperation
    values: list[str]

    def applied_to(self, current: list[str]) -> list[str]:
        """Return the changed array; appending skips values that the array has already."""
        if self.operation is ArrayOperation.REMOVE:
            return [value for value in current if value not in self.values]
        return [*current, *(value for value in dict.fromkeys(self.values) if value not in current)]


def array_change_problem(value: Mapping[str, object]) -> str | None:
    """Return the fault of an array change exactly as the caller sent it; None if it has none.

    Args:
        value: An object with the member ``_op``.
    """
    names = [operation.value for operation in ArrayOperation]
    operation = value["_op"]
    if operation not in names:
        hint = nearest(operation, names) if isinstance(operation, str) else ""
        return f'`_op` must be "append" or "remove", not {found(operation)}{hint}'
    if "values" not in value:
        return '`values` is missing beside `_op`; it must be an array, such as {"_op": "append", "values": ["a"]}'
    if not isinstance(value["values"], list):
        return f"`values` must be an array, not {found(value['values'])}"
    other = next((name for name in value if name not in ("_op", "values")), None)
    return None if other is None else f"an object with `_op` has `values` and nothing else, not {quoted(other)}"


def merged(properties: Properties, values: Mapping[str, object], *, fill: bool = False) -> Properties:
    """Return properties with values written to them; without any change, return the same object.

    Args:
        properties: The record's present properties.
        values: The values to write, by key: None clears, an :class:`ArrayChange` changes an array, any other value
            replaces. Other properties stay (contract, sections 9.1 and 11.5).
        fill: Write only to properties without a value, and ignore clearing; empty text is no value (contract,
            section 22, ``on_match``).
    """
    changed: dict[str, Any] | None = None
    for slug, value in values.items():
        old = properties.get(slug)
        new = value.applied_to(old or []) if isinstance(value, ArrayChange) else value
        # An empty array counts as no value, so writing one clears the property.
        new = None if new == [] else new
        # For filling, an empty text counts as no value too, in the record and in the row.
        if new == old or (fill and (old not in _BLANK or new in _BLANK)):
            continue
        changed = dict(properties) if changed is None else changed
        if new is None:
            del changed[slug]
        else:
            changed[slug] = new
    return properties if changed is None else changed


def overwritten(properties: Properties, values: Mapping[str, object]) -> Properties:
    """Return the same as :func:`merged` for plain values, several times as fast.

    Args:
        properties: The record's present properties.
        values: The values to write, by key; none of them clears a property or changes an array.
    """
    after = {**properties, **(values.read() if isinstance(values, SentTexts) else values)}
    return properties if after == properties else after
