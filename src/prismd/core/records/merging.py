"""What happens to a record's properties when values are written to it: merging, clearing, filling, array changes."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from prismd.core.json.text import SentTexts
from prismd.core.values.errors import found
from prismd.core.wording.quoting import nearest, quoted

#: What counts as no value where values are filled in.
_BLANK: Final = (None, "")

#: A record's stored properties by slug; a property without a value is absent.
Properties = Mapping[str, Any]


class Rewritten(NamedTuple):
    """A record that a transaction changes, and the values that are others at its end.

    Args:
        id: Of the record.
        version_before: Before the transaction.
        version: At its end.
        before: The values that change, as they were; None where there was none.
        after: The same values at the end; None where there is none any more.
        properties: All its properties at the end.
        place: Where it lies in its table, as long as the transaction holds the lock of its type.
    """

    id: str
    version_before: int
    version: int
    before: Properties
    after: Properties
    properties: Properties
    place: str


def rewritten(
    record_id: str, versions: tuple[int, int], before: Properties, after: Properties, place: str
) -> Rewritten:
    """Return what a transaction changes of a record.

    Args:
        record_id: Of the record.
        versions: Before the transaction and at its end.
        before: All its properties before.
        after: All its properties at the end.
        place: Where it lies in its table.
    """
    values: dict[str, Any] = {slug: value for slug, value in after.items() if before.get(slug) != value}
    if not before.keys() <= after.keys():
        values |= dict.fromkeys(before.keys() - after.keys())
    return Rewritten(record_id, *versions, {slug: before.get(slug) for slug in values}, values, after, place)


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
        """Return the changed array; a value that is there is not appended again."""
        if self.operation is ArrayOperation.REMOVE:
            return [value for value in current if value not in self.values]
        return [*current, *(value for value in dict.fromkeys(self.values) if value not in current)]


def array_change_problem(value: Mapping[str, object]) -> str | None:
    """Return what is wrong with a change of an array as it was sent, or None.

    Args:
        value: An object with ``_op``.
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
    """Return properties with values written over them; the very same object where nothing changes.

    Args:
        properties: What the record has.
        values: What is written, by slug: None clears, an :class:`ArrayChange` changes an array, anything else
            replaces. Slugs not named are untouched (contract, sections 9.1 and 11.5).
        fill: Write values alone, and only where the record has none; empty text is none (contract, section 22,
            ``on_match``).
    """
    changed: dict[str, Any] | None = None
    for slug, value in values.items():
        old = properties.get(slug)
        new = value.applied_to(old or []) if isinstance(value, ArrayChange) else value
        # An empty array is no value, so writing one clears.
        new = None if new == [] else new
        # To fill in, empty text is no value, in the record and in the row.
        if new == old or (fill and (old not in _BLANK or new in _BLANK)):
            continue
        changed = dict(properties) if changed is None else changed
        if new is None:
            del changed[slug]
        else:
            changed[slug] = new
    return properties if changed is None else changed


def overwritten(properties: Properties, values: Mapping[str, object]) -> Properties:
    """Return what :func:`merged` does where all values are plain, several times as fast.

    Args:
        properties: What the record has.
        values: What is written, by slug; none clears, and none changes an array.
    """
    after = {**properties, **(values.read() if isinstance(values, SentTexts) else values)}
    return properties if after == properties else after
