"""The rules of writing single records: reading a body, locating its faults, and requirements of every write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import UNSET

from prismd.core.errors import FieldProblem, PrismdError
from prismd.core.ids import is_uuid
from prismd.core.json.shapes import fitted, names_of
from prismd.core.json.split import split_members
from prismd.core.json.text import NotJsonError, decode
from prismd.core.json.unknown_members import IN_DEFAULT, refuse_unknown
from prismd.core.properties.schema import APP_STAGE, LISTS_KEY, STATUS, ObjectSchema, Property
from prismd.core.records.bodies import ObjectProperties, RecordChanges
from prismd.core.records.merging import Properties
from prismd.core.records.rows import Problem
from prismd.core.values.blanks import is_blank
from prismd.core.values.errors import found, text_problem
from prismd.core.wording.quoting import quoted

#: The members of a body that hold values (contract, section 9.1).
BUCKETS: Final = names_of(ObjectProperties)

#: Code of the problem of a write that leaves a required property without a value.
MISSING_REQUIRED: Final = "missing_required"


@dataclass(frozen=True, slots=True)
class RecordBody:
    """Values of a record, exactly as the caller sent them.

    Args:
        raw: JSON of a row that holds only the values.
        field: Path of the body in the request, such as ``.body``.
        buckets: The present members of :data:`BUCKETS`, by name.
        id: The record's id, if the body has one, as a body that was read from the server has.
    """

    raw: bytes
    field: str
    buckets: Mapping[str, Mapping[str, Any]]
    id: str | None = None

    def path_of(self, problem: Problem) -> str:
        """Return the path of a wrong property in the request, or the path that it would have if it is absent."""
        slug, list_id = problem.slug, problem.list_id
        if slug is None:
            return self.field if list_id is None else f"{self.field}.list.{list_id}"
        if list_id is None:
            return f"{self.field}.{self._bucket_with(slug, 'default', 'extended')}.{slug}"
        return f"{self.field}.{self._path_in_list(slug, list_id)}"

    def _path_in_list(self, slug: str, list_id: str) -> str:
        in_lists = {name.lower(): values for name, values in self.buckets.get("list", {}).items()}
        # The stage has two slugs. If the request names the list elsewhere, the body need not name it again, and the
        # stage can be among the other values.
        names = (slug, STATUS) if slug == APP_STAGE else (slug,)
        for name in names:
            if name in (in_lists.get(list_id) or ()):
                return f"list.{list_id}.{name}"
        if list_id not in in_lists:
            for bucket in ("list", "default", "extended"):
                for name in names:
                    if name in self.buckets.get(bucket, ()):
                        return f"{bucket}.{name}"
        return f"list.{list_id}.{slug}"

    def _bucket_with(self, slug: str, first: str, second: str) -> str:
        return second if slug in self.buckets.get(second, ()) and slug not in self.buckets.get(first, ()) else first


def read_record_body(body: bytes | msgspec.Raw, field: str = ".body") -> RecordBody:
    """Return the values of a body; this reads only its outline, and leaves the values unchecked.

    Args:
        body: JSON text; it can hold the record's id in addition to values.
        field: Path of the body in the request.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong field.
    """
    try:
        members = split_members(bytes(body))
    except NotJsonError as error:
        raise PrismdError.invalid(field, f"it cannot be read as a JSON object: {error}") from None
    refuse_unknown(members, names_of(RecordChanges), field, "a record", IN_DEFAULT)
    read = fitted({name: _value(raw, f"{field}.{name}") for name, raw in members.items()}, RecordChanges, field)
    given = {name: members[name] for name in BUCKETS if name in members}
    buckets: dict[str, Mapping[str, Any]] = {name: getattr(read, name) or {} for name in given}
    for list_id, values in buckets.get("list", {}).items():
        if is_uuid(list_id) and not isinstance(values, dict):
            raise PrismdError.invalid(f"{field}.list.{list_id}", f"expected an object of values, found {found(values)}")
    parts = (b'"%s":%s' % (name.encode(), bytes(raw)) for name, raw in given.items())
    record_id = None if read.id is UNSET else _id(read.id, f"{field}.id")
    return RecordBody(b"{%s}" % b",".join(parts), field, buckets, record_id)


def read_id(raw: msgspec.Raw, field: str) -> str:
    """Return the id of a record, exactly as the caller sent it.

    Args:
        raw: JSON text.
        field: Path of the id in the request.

    Raises:
        PrismdError: ``invalid_request``: the value is no text, or a text that cannot be an id.
    """
    return _id(_value(raw, field), field)


def _id(value: object, field: str) -> str:
    if not isinstance(value, str) or text_problem(value, len(value)) is not None:
        raise PrismdError.invalid(field, f"expected the id of a record, found {found(value)}")
    return value


def _value(raw: msgspec.Raw, field: str) -> object:
    try:
        value: object = decode(raw)
    except NotJsonError as error:
        raise PrismdError.invalid(field, f"it cannot be read as JSON: {error}") from None
    return value


def check_id(body: RecordBody, record_id: str | None) -> None:
    """Check that the id in a body, if it has one, is that of the record to write.

    Args:
        body: The body.
        record_id: Id of the record to write; None for a new record.

    Raises:
        PrismdError: ``invalid_request``: the body names another record.
    """
    if body.id is None or (record_id is not None and body.id.lower() == record_id.lower()):
        return
    means = "the server gives a new record its id" if record_id is None else f"the request writes {quoted(record_id)}"
    raise PrismdError.invalid(
        f"{body.field}.id", f"{means}, and the body names {quoted(body.id)}; leave it out", "enum"
    )


def refusal_of(problems: Iterable[Problem], path_of: Callable[[Problem], str]) -> PrismdError:
    """Return the error of a request with values that cannot be written.

    Args:
        problems: The problems of the values.
        path_of: Returns the path of a problem's property in the request.
    """
    fields = tuple(FieldProblem(path_of(problem), problem.message, problem.code) for problem in problems)
    return PrismdError("invalid_request", f"{fields[0].field}: {fields[0].message}", problems=fields)


def write_problems(
    schema: ObjectSchema, before: Properties | None, after: Properties, written: Collection[str], values_max: int
) -> list[Problem]:
    """Return the problems of a write whose values are valid in themselves.

    Args:
        schema: The schema of the record's type.
        before: The record's properties before the write; None for a new record.
        after: The record's properties after the write.
        written: Keys of the properties that the write names.
        values_max: Maximum number of values of one property.
    """
    grown = {
        key: len(after[key])
        for key in written
        if isinstance(after.get(key), list) and len(after[key]) > max(values_max, len((before or {}).get(key, ())))
    }
    full = [
        Problem(
            "invalid_value",
            f"`{prop.slug}` would have {grown[prop.key]:,} values and may have at most {values_max:,}",
            prop.slug,
            list_id=prop.list_id,
        )
        for prop in schema
        if prop.key in grown
    ]
    return missing_required(schema, before, after, written) + full


def missing_required(
    schema: ObjectSchema, before: Properties | None, after: Properties, written: Collection[str]
) -> list[Problem]:
    """Return a problem for each required property that a write leaves empty (contract, sections 11.2 and 11.5).

    A new record needs all required values. An update needs only those that it writes, so that a record which an import
    created without them can still be updated. The required values of a list are needed when the record joins the list.

    Args:
        schema: The schema of the record's type.
        before: The record's properties before the write; None for a new record.
        after: The record's properties after the write.
        written: Keys of the properties that the write names.
    """
    joined = set(after.get(LISTS_KEY, ())).difference((before or {}).get(LISTS_KEY, ()))

    def demanded(prop: Property) -> bool:
        whole = before is None if prop.list_id is None else prop.list_id in joined
        return prop.required and prop.enabled and (whole or prop.key in written)

    return [
        Problem(
            MISSING_REQUIRED,
            f"`{prop.slug}` is required and must not be left without a value",
            prop.slug,
            list_id=prop.list_id,
        )
        for prop in schema
        if demanded(prop) and _is_empty(after.get(prop.key))
    ]


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and is_blank(value))


def no_record(object_type: str, record_id: str) -> PrismdError:
    """Return the error for an id that names no record."""
    return PrismdError("not_found", f"there is no {object_type} with the id {quoted(record_id)}")
