"""The JSON Schema of mapping documents, made from the types that read them and from what these say of their members."""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

import msgspec

from prismd.core.mapping.document import MappingDocument

#: How a docstring tells of a member: its name, and words that go on in lines that stand further in.
_MEMBER: Final = re.compile(r"^    (\w+): (.*(?:\n {8,}.*)*)", re.MULTILINE)

#: Members that documents call otherwise than the code.
_RENAMED: Final = {"columns": "from", "schema_page": "$schema"}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of mapping documents."""
    schema = msgspec.json.schema(MappingDocument)
    described(schema["$defs"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A mapping of the columns of a table to the properties of records",
    }


def described(definitions: dict[str, Any]) -> None:
    """Let schemas say of each member what the docstring of their type says; those without such words stay.

    Args:
        definitions: Schemas by the names of their types.
    """
    for definition in definitions.values():
        about, sign, members = inspect.cleandoc(definition.get("description", "")).partition("\n\nArgs:\n")
        if not sign:
            continue
        definition["description"] = " ".join(about.split())
        for name, words in _MEMBER.findall(members):
            definition["properties"][_RENAMED.get(name, name)]["description"] = " ".join(words.split())
