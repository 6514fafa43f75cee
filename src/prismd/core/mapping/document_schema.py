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
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_described(msgspec.json.schema(MappingDocument)),
        "title": "A mapping of the columns of a table to the properties of records",
    }


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    for definition in schema["$defs"].values():
        about, _, members = inspect.cleandoc(definition["description"]).partition("\n\nArgs:\n")
        definition["description"] = " ".join(about.split())
        for name, words in _MEMBER.findall(members):
            definition["properties"][_RENAMED.get(name, name)]["description"] = " ".join(words.split())
    return schema
