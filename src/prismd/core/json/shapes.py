"""Converting decoded JSON to the type that describes it; a misfit is refused with the words that the type declares."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, inspect

from prismd.core.errors import PrismdError
from prismd.core.values.errors import found

Shape = TypeVar("Shape", bound=msgspec.Struct)

#: The names on the way to a member; ``[]`` is any item of an array.
_Steps = tuple[str, ...]

_REQUIRED: Final = "it is required; add it"
_WORDS: Final = "words"
_ITEM: Final = "[]"

_PATH: Final = re.compile(r" - at `\$([^`]*)`$")
_STEP: Final = re.compile(r"\.([^.\[]+)|(\[[^\]]*\])")
_MISSING: Final = re.compile(r"Object missing required field `([^`]*)`")
#: Start of msgspec's message about a word that is not one of the allowed ones, which the message does not list.
_NO_CHOICE: Final = "Invalid enum value"
#: Plain words for those of msgspec's messages.
_PLAIN: Final = {
    "Expected": "expected",
    "got": "found",
    "str": "text",
    "int": "a whole number",
    "decimal": "a fraction",
    "bool": "true or false",
    "object": "an object",
    "array": "an array",
    "|": "or",
    "`": "",
}
_WORD: Final = re.compile(r"\b(?:" + "|".join(word for word in _PLAIN if word.isalpha()) + r")\b|[|`]")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a refusal of a member.

    Args:
        expected: The expected value, for the sentence "expected …, found …".
        keyword: The keyword of JSON Schema, for the code of the problem.
        missing: The sentence about an absent member, or about a forbidden null.
    """

    expected: str
    keyword: str = "type"
    missing: str = _REQUIRED


def member(description: str, words: Words | None = None, schema: Mapping[str, Any] | None = None) -> Meta:
    """Return the annotation of a member.

    Args:
        description: The description in the document.
        words: The words of refusals; None uses the parser's own.
        schema: JSON Schema that the document shows in addition to the type's.
    """
    extra = None if words is None else {_WORDS: words}
    return Meta(description=description, extra_json_schema=dict(schema or {}), extra=extra)


def in_force(setting: str) -> str:
    """Return a placeholder for the value of a setting, which a server's document replaces."""
    return f"{{setting:{setting}}}"


def nullable(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a JSON Schema that allows null too."""
    return {"anyOf": [schema, {"type": "null"}]}


def look_over(*shapes: Any) -> None:  # noqa: ANN401 - also generic types with their arguments
    """Make msgspec inspect types when their module is loaded, so that any number of threads can use them later."""
    for shape in shapes:
        msgspec.json.Decoder(shape)


def names_of(shape: type[msgspec.Struct]) -> _Steps:
    """Return the names of the members of a type; it can be a generic type with arguments."""
    plain: type[msgspec.Struct] = get_origin(shape) or shape
    return plain.__struct_fields__


def fitted(value: object, shape: type[Shape], field: str = ".body", describe: Callable[[object], str] = found) -> Shape:
    """Return decoded JSON as an instance of a type; only the type decides whether the value fits.

    Args:
        value: Decoded JSON; its unknown members have been refused, and its halves of surrogate pairs replaced.
        shape: The type. Its first use must exclude all other threads, or msgspec can crash.
        field: Path of the value in the request.
        describe: Describes a value that was found.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong member.
    """
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise _Misfit(str(error), value, shape, field, describe).refusal() from None


@dataclass(frozen=True, slots=True)
class _Misfit:
    """A value that does not fit, with msgspec's message."""

    sentence: str
    value: object
    shape: type[msgspec.Struct]
    field: str
    describe: Callable[[object], str]

    def refusal(self) -> PrismdError:
        steps, missing = self._steps(), _MISSING.match(self.sentence)
        if missing is not None:
            words = _said(self.shape).words.get(_pattern((*steps, missing[1])))
            return PrismdError.invalid(
                self._field((*steps, missing[1])), words.missing if words else _REQUIRED, "required"
            )
        for end in range(len(steps), 0, -1):
            words = _said(self.shape).words.get(_pattern(steps[:end]))
            if words is not None:
                return self._in(words, steps[:end])
        return self._without_words(steps)

    def _in(self, words: Words, steps: _Steps) -> PrismdError:
        held = _at(self.value, steps)
        if held is None and words.missing != _REQUIRED:
            return PrismdError.invalid(self._field(steps), words.missing, "required")
        message = f"expected {words.expected}, found {self.describe(held)}"
        return PrismdError.invalid(self._field(steps), message, words.keyword)

    def _without_words(self, steps: _Steps) -> PrismdError:
        choices = _said(self.shape).choices.get(_pattern(steps))
        if choices and self.sentence.startswith(_NO_CHOICE):
            message = f"expected one of {', '.join(map(str, choices))}, found {self.describe(_at(self.value, steps))}"
            return PrismdError.invalid(self._field(steps), message, "enum")
        plain = _WORD.sub(lambda match: _PLAIN[match[0]], _PATH.sub("", self.sentence))
        return PrismdError.invalid(self._field(steps), plain)

    def _steps(self) -> _Steps:
        path = _PATH.search(self.sentence)
        return tuple(name or index for name, index in _STEP.findall(path[1])) if path else ()

    def _field(self, steps: _Steps) -> str:
        return self.field + "".join(step if step.startswith("[") else f".{step}" for step in steps)


@dataclass(frozen=True, slots=True)
class _Said:
    """The declarations of a type about its members, at every depth.

    Args:
        words: The words of refusals.
        choices: The allowed words of a member.
    """

    words: dict[_Steps, Words]
    choices: dict[_Steps, Sequence[object]]


@functools.cache
def _said(shape: type[msgspec.Struct]) -> _Said:
    said = _Said({}, {})
    for steps, one in _parts((), inspect.type_info(shape)):
        if isinstance(one, inspect.Metadata) and one.extra and _WORDS in one.extra:
            said.words[steps] = one.extra[_WORDS]
        if isinstance(one, inspect.StructType):
            # msgspec sorts the choices; messages list them in the order of the type.
            hints = get_type_hints(get_origin(one.cls) or one.cls).items()
            said.choices.update({(*steps, name): get_args(hint) for name, hint in hints if get_origin(hint) is Literal})
    return said


def _parts(steps: _Steps, type_: inspect.Type) -> Iterator[tuple[_Steps, inspect.Type]]:
    """Yield a type and all types inside it, each with the names on the way to it."""
    yield steps, type_
    if isinstance(type_, inspect.Metadata):
        yield from _parts(steps, type_.type)
    elif isinstance(type_, inspect.UnionType):
        for one in type_.types:
            yield from _parts(steps, one)
    elif isinstance(type_, inspect.ListType | inspect.VarTupleType):
        yield from _parts((*steps, _ITEM), type_.item_type)
    elif isinstance(type_, inspect.StructType):
        for field in type_.fields:
            yield from _parts((*steps, field.encode_name), field.type)


def _pattern(steps: Sequence[str]) -> _Steps:
    return tuple(_ITEM if step.startswith("[") else step for step in steps)


def _at(value: Any, steps: Sequence[str]) -> Any:  # noqa: ANN401 - JSON is any value
    for step in steps:
        value = value[int(step[1:-1])] if step.startswith("[") else value.get(step)
    return value
