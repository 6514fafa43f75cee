"""The properties that columns can be mapped to, with what a mapping needs to know of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prismd.core.properties.schema import ObjectSchema

#: Wire types whose values are texts, and those of selects (contract, section 13.2).
TEXT_TYPES: Final = ("str", "text")
SELECT_TYPES: Final = ("select_str", "multiselect_str")
_MANY: Final = ("multi_str", "multiselect_str", "multiref_")
_REFERENCES: Final = ("ref_", "multiref_")


@dataclass(frozen=True, slots=True)
class Target:
    """A property, as a mapping sees it; a server describes each of these (contract, section 13.2).

    Args:
        type: The wire's type name, such as ``str`` or ``multiref_organization``.
        name: What people read; empty where only the slug is known.
        read_only: Set by the server alone.
        options: The labels and slugs of the options of a select property; archived ones are no values to map to.
    """

    type: str
    name: str = ""
    read_only: bool = False
    options: tuple[str, ...] = ()

    @property
    def holds_many(self) -> bool:
        """Whether a record can hold several values."""
        return self.type.startswith(_MANY)

    @property
    def is_reference(self) -> bool:
        """Whether values are ids of records."""
        return self.type.startswith(_REFERENCES)


#: The properties of one object type by slug.
Targets = Mapping[str, Target]


def targets_of(schema: ObjectSchema) -> dict[str, Target]:
    """Return the properties of all records of a type, those of lists apart.

    Args:
        schema: Of the type; archived properties take no values and are left out.
    """
    return {
        prop.slug: Target(
            prop.type,
            prop.name,
            read_only=prop.read_only,
            options=tuple(
                dict.fromkeys(text for option in prop.options if option.enabled for text in (option.value, option.slug))
            ),
        )
        for prop in schema
        if prop.list_id is None and prop.enabled
    }
