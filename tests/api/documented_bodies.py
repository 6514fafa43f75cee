"""Bodies made from the document alone: what it allows, what it forbids, and what it says of a member."""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import jsonschema_rs
from hypothesis import strategies as st

from prismd.api.document.openapi import document
from prismd.settings import Settings

Schema = Mapping[str, Any]
Steps = tuple[str | int, ...]

#: Keywords by which a shape is judged, whatever the values mean.
SHAPE: Final = {
    "type", "required", "additionalProperties", "minProperties", "maxProperties", "minItems", "maxItems",
    "minLength", "maxLength", "minimum", "maximum", "pattern", "uniqueItems",
}  # fmt: skip
#: What the document has no words for: why a shape that it allows is refused all the same.
MEANINGS: Final = (
    "two rows have the same input_index", "stands in default and in extended", "which is no id of a list",
    "it would leave out more than", "it is required: the list that is meant", "belong to no list",
)  # fmt: skip
_REF: Final = "#/components/schemas/"
_CODE: Final = ".openapi.validation"
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_PROSE: Final = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, include_characters="éßĀ漢"), max_size=8)
#: Any JSON but halves of surrogate pairs and NUL, which no text can hold; the document has no words for that.
ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**12) | st.sampled_from((0.5, -1.25)) | _PROSE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_PROSE, inner, max_size=3),
    max_leaves=6,
)


class Documented:
    """The body of an operation, as the document of a server shows it.

    Args:
        name: The operation.
        settings: Of the server.
    """

    def __init__(self, name: str, settings: Settings | None = None) -> None:
        whole = document(settings or Settings())
        self.schemas: Schema = whole["components"]["schemas"]
        [self.operation] = [
            one for methods in whole["paths"].values() for one in methods.values() if one["operationId"] == name
        ]
        self.schema: Schema = self.operation["requestBody"]["content"]["application/json"]["schema"]

    def allows(self, body: object, schema: Schema | None = None) -> bool:
        """Return whether a value is valid by the schema of the body, or by a part of it."""
        return self._validator(json.dumps(schema or self.schema)).is_valid(body)

    @functools.cache  # noqa: B019 - a test has few of these, and each schema is asked hundreds of times
    def _validator(self, schema: str) -> jsonschema_rs.Validator:
        root = {**json.loads(schema), "components": {"schemas": self.schemas}}
        return jsonschema_rs.validator_for(root, validate_formats=True)

    def allowed(self) -> st.SearchStrategy[Any]:
        """Return a strategy of bodies that the document allows."""
        return self._valid(self.schema).filter(self.allows)

    def changed(self) -> st.SearchStrategy[Any]:
        """Return a strategy of bodies that differ in one thing from one that is allowed; most are forbidden."""
        return st.builds(_change, self.allowed(), st.data(), ANYTHING)

    def shape_faults(self, message: str, problems: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return at which fields a refusal is about a shape of which the document says something.

        Args:
            message: Of the refusal.
            problems: Field and code of each thing that is wrong.
        """
        if any(meaning in message for meaning in MEANINGS):
            return []
        shapes = [str(one["field"]) for one in problems if str(one["code"]).removesuffix(_CODE) in SHAPE]
        return [field for field in shapes if {} not in self.at(steps_of(field))]

    def resolved(self, schema: Schema) -> Schema:
        """Return a schema without a reference at its top."""
        while "$ref" in schema:
            beside = {name: value for name, value in schema.items() if name != "$ref"}
            schema = {**self.schemas[schema["$ref"].removeprefix(_REF)], **beside}
        return schema

    def variants(self, schema: Schema) -> list[Schema]:
        """Return the alternatives of a schema, each without a reference at its top."""
        schema = self.resolved(schema)
        if "anyOf" not in schema:
            return [schema]
        beside = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
        return [variant for one in schema["anyOf"] for variant in self.variants({**beside, **one})]

    def at(self, steps: Steps) -> list[Schema]:
        """Return what the document says of a member; an empty schema is one of which it says nothing."""
        schemas = self.variants(self.schema)
        for step in steps:
            schemas = [variant for one in schemas for below in _below(one, step) for variant in self.variants(below)]
        return schemas

    def _valid(self, schema: Schema) -> st.SearchStrategy[Any]:
        return st.one_of([self._of_one(variant) for variant in self.variants(schema)])

    def _of_one(self, schema: Schema) -> st.SearchStrategy[Any]:
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        kinds: dict[str, Callable[[Schema], st.SearchStrategy[Any]]] = {
            "object": self._object,
            "array": self._array,
            "string": self._text,
            "integer": lambda one: st.integers(one.get("minimum", -9), one.get("maximum", 10**6)),
            "boolean": lambda _: st.booleans(),
            "null": lambda _: st.none(),
        }
        return kinds[schema["type"]](schema) if "type" in schema else ANYTHING

    def _array(self, schema: Schema) -> st.SearchStrategy[list[Any]]:
        least, most = schema.get("minItems", 0), min(schema.get("maxItems", 3), 3)
        return st.lists(self._valid(schema.get("items", {})), min_size=least, max_size=most)

    def _text(self, schema: Schema) -> st.SearchStrategy[str]:
        return st.uuids().map(str) if schema.get("format") == "uuid" else _PROSE

    def _object(self, schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
        if "properties" in schema:
            known = {name: self._valid(inner) for name, inner in schema["properties"].items()}
            needed = {name: known.pop(name) for name in schema.get("required", ())}
            return st.fixed_dictionaries(needed, optional=known)
        values = self._valid(schema.get("additionalProperties", {}))
        least, most = schema.get("minProperties", 0), schema.get("maxProperties", 3)
        return st.dictionaries(_PROSE.filter(bool), values, min_size=least, max_size=most)


def steps_of(field: str) -> Steps:
    """Return the steps of a field such as ``.body.query.select[1]``, without ``.body``."""
    return tuple(name or int(index) for name, index in _STEP.findall(field.removeprefix(".body")))


def field_of(steps: Steps) -> str:
    """Return the field of steps, as errors name it."""
    return ".body" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def members(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    """Yield where each part of a value stands, the value itself first."""
    yield steps
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in named:
        yield from members(inner, (*steps, step))


def with_member(value: Any, steps: Steps, new: object) -> Any:
    """Return a value with another part; one that is not there is added."""
    if not steps:
        return new
    value = copy.deepcopy(value)
    holder = value
    for step in steps[:-1]:
        holder = holder[step]
    holder[steps[-1]] = new
    return value


def without_member(value: Any, steps: Steps) -> Any:
    """Return a value without a part."""
    value = copy.deepcopy(value)
    holder = value
    for step in steps[:-1]:
        holder = holder[step]
    del holder[steps[-1]]
    return value


def _below(schema: Schema, step: str | int) -> Iterator[Schema]:
    if isinstance(step, int):
        yield schema.get("items", {})
        return
    named = schema.get("properties", {}).get(step)
    patterns = [inner for pattern, inner in schema.get("patternProperties", {}).items() if re.search(pattern, step)]
    if named is not None or patterns:
        yield from patterns if named is None else [named]
    elif schema.get("additionalProperties", True) is not False:
        others = schema.get("additionalProperties", {})
        yield {} if others is True else others


def _change(body: Any, data: Any, new: Any) -> Any:
    where = data.draw(st.sampled_from(list(members(body))))
    how = data.draw(st.sampled_from(("replace", "drop", "add")))
    if how == "drop" and where:
        return without_member(body, where)
    held = body
    for step in where:
        held = held[step]
    if how == "add" and isinstance(held, dict):
        return with_member(body, (*where, data.draw(_PROSE.filter(bool))), new)
    return with_member(body, where, new)
