"""Missing options: the labels that an import can add to select properties, and the schema with the new options."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from uuid import UUID, uuid5

from prismd.core.properties.option_names import Meaning, OptionNames, folded
from prismd.core.properties.schema import ObjectSchema, Option, Property, count_options
from prismd.core.properties.slugs import slug_of_label
from prismd.core.records.rows import RefusedRow, Row
from prismd.core.values.blanks import trimmed

#: Missing labels by property key, in the order of the rows.
Wanted = Mapping[str, list[str]]
#: Returns the id of a new option for its property and its folded label.
OptionId = Callable[[Property, str], str]


def wanted_options(rows: Iterable[Row | RefusedRow]) -> Wanted:
    """Return the missing labels of rows that have no other problem.

    A row with another problem stays refused, so its labels would become options that no record uses.
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
    """Return the schema with new options, and the new options by property key.

    Args:
        schema: The schema without the options.
        wanted: The missing labels.
        option_id: Returns the ids of the new options.
        options_max: Maximum number of options of one property; further labels get none.
        options_in_all_max: Maximum number of options of all properties of the type together.
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
    """Return the schema for reading rows again: labels match options regardless of case and outer white space.

    Args:
        schema: The schema with the new options.
        keys: Keys of the select properties with missing labels.
    """
    others = {key: replace(schema.properties[key], any_case=True) for key in keys}
    return ObjectSchema(schema.object_type, {**schema.properties, **others})


def _new_options(prop: Property, labels: Iterable[str], option_id: OptionId, most: int) -> list[Option]:
    # Create options one by one, as if each label came in its own chunk, so that the cut into chunks changes nothing.
    names = OptionNames(prop.options, any_case=True)
    taken, made, new = {*names.taken}, set[str](), list[Option]()
    for label in map(trimmed, labels):
        key = folded(label)
        # Labels that differ only by case are one option, spelled as its first label.
        if len(new) < most and key not in made and names.meant(label) == Meaning():
            new.append(Option(option_id(prop, key), slug_of_label(label, key, taken), label))
            made |= {key, new[-1].slug}
            taken |= {key, new[-1].slug}
    return new


def forecast_id(prop: Property, label: str) -> str:
    """Return the id of a new option in a dry run: the same in every chunk, because no chunk stores its options."""
    return str(uuid5(UUID(prop.id), label))
