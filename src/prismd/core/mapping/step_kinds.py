"""What the steps of a rule take and give, so that a step on the wrong type is found before any row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from prismd.core.mapping.phone_numbers import is_region
from prismd.core.mapping.steps import (
    Boolean,
    Case,
    Date,
    Domain,
    Email,
    FirstNonEmpty,
    Join,
    JsonArray,
    Number,
    Phone,
    Split,
    Step,
    Text,
    Trim,
    ValueMap,
)
from prismd.core.mapping.targets import Target
from prismd.core.mapping.value_steps import map_key
from prismd.core.wording.quoting import quoted

#: What a value is between two steps: what a cell holds, a text, or what one step alone makes.
Kind = Literal["cell", "text", "words", "number", "boolean", "date"]

# Step -> what it makes; None for what it was given.
_MAKES: Final[dict[type[Step], Kind | None]] = {
    Split: "text",
    JsonArray: "cell",
    Join: "text",
    FirstNonEmpty: None,
    Trim: None,
    Case: None,
    ValueMap: "text",
    Date: "date",
    Number: "number",
    Boolean: "boolean",
    Phone: "words",
    Email: "words",
    Domain: "words",
    Text: "text",
}
#: Steps that take whatever there is.
_TAKE_ALL: Final = (FirstNonEmpty, Trim, Text)

# Wire type -> what a value for it can be after the last step, beside what a cell holds and a text.
_TAKEN: Final[dict[str, Kind]] = {"num": "number", "bool": "boolean", "date": "date"}
_NAMES: Final[dict[Kind, str]] = {
    "words": "addresses",
    "number": "numbers",
    "boolean": "truth values",
    "date": "dates",
    "text": "texts",
    "cell": "cells",
}


def step_name(step: Step) -> str:
    """Return the name of a step, as documents write it."""
    return str(type(step).__struct_config__.tag)


def step_faults(steps: Sequence[Step], columns: int, slug: str, target: Target) -> Iterator[str]:
    """Yield what is wrong with the steps of a rule.

    Args:
        steps: In their order.
        columns: How many columns the rule has.
        slug: Of the property.
        target: The property.
    """
    kind: Kind = "cell"
    many = columns > 1
    for step in steps:
        name = step_name(step)
        if kind in ("number", "boolean", "date") and not isinstance(step, _TAKE_ALL):
            yield f'{_of(slug)}: the step "{name}" reads texts, and is given {_NAMES[kind]}; put it before them'
        made = _MAKES[type(step)]
        kind = made or kind
        many = _is_many(step, many=many)
        yield from (f"{_of(slug)}: {fault}" for fault in _own_faults(step))
    if many and not target.holds_many:
        why = f"its {columns} columns" if columns > 1 else "the last split"
        yield (
            f"{_of(slug)}: the property holds one value, and {why} can give several; add the step "
            '"first" or "join", or give "split" the "part" to keep'
        )
    if kind not in ("cell", "text") and kind != _TAKEN.get(target.type, "words"):
        advice = ' (the step "text" makes texts of them)' if kind != "words" and target.type not in _TAKEN else ""
        yield f"{_of(slug)}: the property has the type {target.type}, and its steps make {_NAMES[kind]}{advice}"


def _of(slug: str) -> str:
    return f"the rule for {quoted(slug)}"


def _is_many(step: Step, *, many: bool) -> bool:
    if isinstance(step, Join | FirstNonEmpty):
        return False
    if isinstance(step, Split):
        return many or step.part is None
    return many or isinstance(step, JsonArray)


def _own_faults(step: Step) -> Iterator[str]:
    """Yield what is wrong with a step by itself."""
    if isinstance(step, Split) and step.part == 0:
        yield 'parts of "split" are counted from 1, or from -1 at the end; there is no part 0'
    if isinstance(step, Number) and step.decimal == step.thousands:
        yield f'the step "number" has {quoted(step.decimal)} before decimals and between thousands; say which it is'
    if isinstance(step, Phone) and step.region is not None and not is_region(step.region):
        yield f'the step "phone" has the region {quoted(step.region)}, which is no country; write one such as DE'
    if isinstance(step, Boolean):
        both = {word.casefold() for word in step.true} & {word.casefold() for word in step.false}
        yield from (f'the step "boolean" has {quoted(word)} for true and for false; keep one' for word in sorted(both))
    if isinstance(step, ValueMap):
        yield from _map_faults(step)


def _map_faults(step: ValueMap) -> Iterator[str]:
    known: dict[str, str] = {}
    for written, value in step.values.items():
        key = map_key(written, step)
        if key in known and step.values[known[key]] != value:
            yield f'the step "map" makes two values of {quoted(written)} and {quoted(known[key])}, which count as one'
        known.setdefault(key, written)
