"""Makes the tables of native properties in properties.md, from the code that defines them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import OBJECT_TYPES, Kind, Property
from reference.generate import DOCS, with_table

PROPERTIES_PAGE: Final = DOCS / "properties.md"


def native_tables() -> str:
    """Return a table of native properties for each object type."""
    return "".join(f"\n### {object_type}\n\n{_table(object_type)}" for object_type in OBJECT_TYPES) + "\n"


def properties_page() -> str:
    """Return the page as it is, with its tables made anew."""
    return with_table(PROPERTIES_PAGE.read_text(encoding="utf-8"), native_tables())


def _table(object_type: str) -> str:
    head = "| slug | name | type | options and notes |\n|---|---|---|---|\n"
    return head + "".join(_line(prop) for prop in native_schema(object_type))


def _line(prop: Property) -> str:
    note = "read only" if prop.read_only else "a day" if prop.holds_days else ", ".join(_options(prop))
    return f"| `{prop.slug}` | {prop.name} | `{prop.type}` | {note} |\n"


def _options(prop: Property) -> Iterator[str]:
    if prop.kind in (Kind.SELECT, Kind.MULTISELECT) and not prop.options:
        yield "none; add your own"
    for option in prop.options:
        plain = option.slug.replace("_", " ").capitalize() == option.value
        yield f"`{option.slug}`" if plain else f"`{option.slug}` ({option.value})"


if __name__ == "__main__":
    PROPERTIES_PAGE.write_text(properties_page(), encoding="utf-8")
