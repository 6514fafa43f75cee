"""The body of find-or-create: the value to look a record up by, and values for a new one (contract, section 16.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from prismd.core.errors import PrismdError
from prismd.core.json.shapes import fitted, names_of
from prismd.core.json.split import split_members
from prismd.core.json.text import NotJsonError, decode, encode
from prismd.core.json.unknown_members import refuse_unknown
from prismd.core.records.bodies import FindOrCreateBody, NewValues
from prismd.core.records.rows import Problem
from prismd.core.records.writes import RecordBody
from prismd.core.values.addresses import address_problem, domain_problem
from prismd.core.values.blanks import is_blank, trimmed
from prismd.core.values.errors import found, text_problem
from prismd.core.wording.quoting import quoted

#: Checks of the values to look up by, by name.
_PROBLEMS: Final = {"email_address": address_problem, "primary_domain": domain_problem}


@dataclass(frozen=True, slots=True)
class Defaults(RecordBody):
    """Values for a new record by slug; the members ``default`` and ``list`` can contain some of them."""

    def path_of(self, problem: Problem) -> str:
        """Return the path of a wrong property in the request, or the path that it would have if it is absent."""
        nested = problem.list_id is not None or problem.slug in self.buckets["default"]
        if nested or problem.slug is None:
            return RecordBody.path_of(self, problem)
        return f"{self.field}.{problem.slug}"


def read_lookup(body: bytes, name: str, chars_max: int) -> tuple[str, Defaults]:
    """Return the value to look a record up by, and the values for a new record.

    Args:
        body: JSON text.
        name: Name of the value: ``email_address`` or ``primary_domain``.
        chars_max: Maximum length of the value, in characters.

    Returns:
        The value without white space at its ends, and the values.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong field.
    """
    members = _members(body, ".body", names_of(FindOrCreateBody), 'put values of a new record inside "defaults"')
    match, field = _members(members["match"], ".body.match", (name,)), f".body.match.{name}"
    defaults = _value(members.get("defaults", msgspec.Raw(b"null")), ".body.defaults")
    asked = fitted({"match": {name: _value(match[name], field)}, "defaults": defaults}, FindOrCreateBody)
    value = _sought(getattr(asked.match, name), field, chars_max)
    if problem := _PROBLEMS[name](value):
        raise PrismdError.invalid(field, problem, "format")
    return value, _defaults(asked.defaults or NewValues(), defaults or {}, ".body.defaults")


def _sought(value: str, field: str, chars_max: int) -> str:
    if problem := text_problem(value, chars_max):
        raise PrismdError.invalid(field, problem, "maxLength" if len(value) > chars_max else "pattern")
    if is_blank(value):
        raise PrismdError.invalid(field, "expected a text, found a blank one", "minLength")
    return trimmed(value)


def _defaults(asked: NewValues, members: Mapping[str, Any], field: str) -> Defaults:
    buckets: dict[str, Mapping[str, Any]] = {"default": asked.default or {}, "list": asked.list or {}}
    for list_id, own in buckets["list"].items():
        if not isinstance(own, dict):
            message = f"expected an object of the list's slugs and values by the id of the list, found {found(own)}"
            raise PrismdError.invalid(f"{field}.list.{list_id}", message)
    values = {name: value for name, value in members.items() if name not in buckets}
    twice = values.keys() & buckets["default"].keys()
    if twice:
        message = f'{quoted(min(twice))} stands here and in "default"; keep one of them'
        raise PrismdError.invalid(f"{field}.{min(twice)}", message, "uniqueItems")
    row = {"default": {**values, **buckets["default"]}, "list": buckets["list"]}
    return Defaults(encode(row), field, buckets)


def _members(
    body: bytes | msgspec.Raw, field: str, names: Sequence[str], otherwise: str = ""
) -> Mapping[str, msgspec.Raw]:
    """Return the members of an object, of which the first is required, and no other than these are known."""
    try:
        members = split_members(bytes(body))
    except NotJsonError as error:
        raise PrismdError.invalid(field, f"it cannot be read as a JSON object: {error}") from None
    if names[0] not in members:
        raise PrismdError.invalid(f"{field}.{names[0]}", "it is required; add it", "required")
    refuse_unknown(members, names, field, "the body" if otherwise else "it", otherwise)
    return members


def _value(raw: msgspec.Raw, field: str) -> Any:  # noqa: ANN401 - JSON is any value
    try:
        return decode(raw)
    except NotJsonError as error:
        raise PrismdError.invalid(field, f"it cannot be read as JSON: {error}") from None
