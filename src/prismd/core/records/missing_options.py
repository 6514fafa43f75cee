"""Select values that are not options yet: which of them an import may create, and the schema that then holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from uuid import UUID, uuid5

from prismd.core.properties.option_names import Meaning, OptionNames, folded
from prismd.core.properties.schema import ObjectSchema, Option, Property, count_options
from prismd.core.properties.slugs import slug_of_label
from prismd.core.records.rows import RefusedRow, Row
from prismd.core.values.blanks import trimmed

#: Labels that are wanted as options, by the key of their property, in the order of their first row.
Wanted = Mapping[str, list[str]]
#: Makes the id of an option from its property and its label without case.
OptionId = Callable[[Property, str], str]


def wanted_options(rows: Iterable[Row | RefusedRow]) -> Wanted:
    """Return the options whose absence alone stands between a row and its import.

    A row that is refused for any other reason too creates none: it would leave options behind that nothing uses.
    """
    wanted: dict[str, dict[str, None]] = {}
    for row in rows:
        if isinstance(row, RefusedRow) and all(problem.missing_options for problem in row.problems):
            for problem in row.problems:
                assert problem.key is not None  # noqa: S101 - an option is an option of a property
                wanted.setdefault(problem.key, {}).update(dict.fromkeys(problem.missing_options))
    return {key: list(labels) for key, labels in wanted.items()}


def with_options(
    schema: ObjectSchema, wanted: Wanted, *, option_id: OptionId, options_max: int, options_in_all_max: int
) -> tuple[ObjectSchema, dict[str, list[Option]]]:
    """Return the schema with the wanted options, and the options that are new, by key of their property.

    Args:
        schema: The schema that lacks them.
        wanted: Labels by key of a select property.
        option_id: Makes the ids of the new options.
        options_max: Most options of one property; what goes beyond is not created.
        options_in_all_max: The same for all properties of the type together.
    """
    properties, created = dict(schema.properties), {}
    left = options_in_all_max - count_options(schema)
    for key, labels in wanted.items():
        prop = properties[key]
        new = _new_options(prop, labels, option_id, min(left, options_max - len(prop.options)))
        left -= len(new)
        if new:
            created[key] = new
            properties[key] = replace(prop, options=(*prop.options, *new))
    return ObjectSchema(schema.object_type, properties), created


def in_any_case(schema: ObjectSchema, keys: Iterable[str]) -> ObjectSchema:
    """Return the schema by which rows are read whose labels are options now, however their case and ends are written.

    Args:
        schema: With the options that were made.
        keys: Of the select properties that lacked some.
    """
    others = {key: replace(schema.properties[key], any_case=True) for key in keys}
    return ObjectSchema(schema.object_type, {**schema.properties, **others})


def _new_options(prop: Property, labels: Iterable[str], option_id: OptionId, most: int) -> list[Option]:
    # One label after the other, as if each came in a chunk of its own: how rows are cut must not change the options.
    names = OptionNames(prop.options, any_case=True)
    taken, made, new = {*names.taken}, set[str](), list[Option]()
    for label in map(trimmed, labels):
        key = folded(label)
        # What differs by case alone is one option, of which the first spelling stays.
        if len(new) < most and key not in made and names.meant(label) == Meaning():
            new.append(Option(option_id(prop, key), slug_of_label(label, key, taken), label))
            made |= {key, new[-1].slug}
            taken |= {key, new[-1].slug}
    return new


def forecast_id(prop: Property, label: str) -> str:
    """Return the id that an option has in a dry run: the same in every chunk, as no chunk keeps its options."""
    return str(uuid5(UUID(prop.id), label))
