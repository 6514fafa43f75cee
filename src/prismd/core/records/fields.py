"""Reading the values of one bucket of a row, the record's own or a list's: validated values, or the problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prismd.core.json.text import sent_texts
from prismd.core.properties.schema import Kind, ObjectSchema, Property, held_references, property_key
from prismd.core.records.keys import Hashes, Keys
from prismd.core.records.merging import ArrayChange, ArrayOperation, array_change_problem
from prismd.core.values.property_values import InvalidValueError, ValueLimits, remover_for, writer_for
from prismd.core.wording.quoting import nearest, quoted

_TEXT_KINDS: Final = (Kind.STR, Kind.TEXT)
_NONE: Final[frozenset[str]] = frozenset()

#: Maximum number of unknown slugs for which one parser looks for the nearest known slug, which is slow. Rows share the
#: problem of a slug, because hundreds of thousands of rows in a chunk can have the same one.
_HINTS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a row is refused.

    Args:
        code: A key of ``core.errors.ROW_CODES``.
        message: A sentence that the author of the imported file can understand.
        slug: Slug of the wrong property; None if the problem is the row's.
        missing_options: The values that are no options of a select property, if nothing else is wrong with the value.
        list_id: The list that the property belongs to; None for the properties of all records.
    """

    code: str
    message: str
    slug: str | None = None
    missing_options: tuple[str, ...] = ()
    list_id: str | None = None

    @property
    def key(self) -> str | None:
        """Key under which records store values of the wrong property."""
        return None if self.slug is None else property_key(self.slug, self.list_id)


# Not frozen, because creating a frozen one takes twice as long, and each row of an import needs one.
@dataclass(slots=True)
class Row:
    """A row whose values are valid.

    Args:
        values: Values by property key; None clears a property, and :class:`ArrayChange` changes an array.
        plain: Whether no value clears or changes a property, so that the values are those of a new record.
        refers: Whether any value can be a reference to a record.
        keys: The row's values of the import's key; None until :func:`~prismd.core.imports.plan.find_keys` sets them.
        hashes: Hashes of the keys, which find the records that have them.
        id: Id of the record that the row is about, as the row gives it; None if it gives none.
    """

    values: Mapping[str, Any]
    plain: bool = False
    refers: bool = field(default=True, compare=False)
    keys: Keys | None = field(default=None, compare=False)
    hashes: Hashes = field(default=(), compare=False)
    id: str | None = None

    def with_values(self, values: Mapping[str, Any]) -> Row:
        """Return the row with other values; their keys are not known yet."""
        return Row(values, self.plain, id=self.id)


class FieldParser:
    """Reads the values of one bucket.

    Args:
        schema: The schema of the object type.
        limits: The limits of values.
        list_id: The list whose own properties are in the bucket; None for the properties of all records.
    """

    def __init__(self, schema: ObjectSchema, limits: ValueLimits, list_id: str | None = None) -> None:
        self._schema = schema
        self._list_id = list_id
        self._properties = {prop.slug: prop for prop in schema if prop.list_id == list_id}
        self._parsers = {
            slug: _read_only(prop) if prop.read_only else writer_for(prop, limits)
            for slug, prop in self._properties.items()
        }
        self._writable = {slug for slug, prop in self._properties.items() if not prop.read_only}
        self._limits = limits
        self._texts = frozenset(
            prop.slug for prop in self._properties.values() if _is_text(prop) and prop.slug in self._writable
        )
        #: Parsers by slug, of the properties that need more than a valid text.
        self.parsers_besides_texts = {slug: parse for slug, parse in self._parsers.items() if slug not in self._texts}
        #: Slugs of the date properties.
        self.dates = frozenset(slug for slug in self.parsers_besides_texts if self._properties[slug].kind is Kind.DATE)
        self._references = held_references(schema).keys()
        self._unknown_slugs: dict[str, Problem] = {}

    def parse(self, fields: Mapping[str, object], *, texts_are_fine: bool) -> Row | list[Problem]:
        """Return the values by slug, or all of their problems.

        Args:
            fields: Values by slug, exactly as the caller sent them.
            texts_are_fine: Whether all texts are known to be short enough and free of forbidden characters.
        """
        # Nearly all rows are plain and valid, so read them at once; read other rows again, value by value.
        parsers = self._parsers
        texts = self._texts if texts_are_fine else _NONE
        try:
            values = {
                slug: value if (type(value) is str and slug in texts) or value is None else parsers[slug](value)
                for slug, value in fields.items()
            }
        except (KeyError, InvalidValueError):
            return self._parse_one_by_one(fields)
        plain = None not in values.values() and [] not in values.values()
        if not plain and not self._writable.issuperset(values):
            return self._parse_one_by_one(fields)
        return Row(values, plain)

    def parse_texts(self, texts: dict[str, str], raw: bytes) -> Row | list[Problem]:
        """Return a row of texts, or all problems of the values.

        Args:
            texts: Texts by slug, known to be short enough and free of forbidden characters.
            raw: JSON of the row that contains the texts.
        """
        parsers, others = self._parsers, texts.keys() - self._texts
        values: dict[str, Any] = texts
        try:
            for slug in others:
                sent = texts[slug]
                stored = parsers[slug](sent)
                if stored != sent:
                    values = {**values, slug: stored}
        except (KeyError, InvalidValueError):
            return self._parse_one_by_one(texts)
        as_sent = sent_texts(raw, texts) if values is texts else values
        return Row(as_sent, True, not self._references.isdisjoint(others))  # noqa: FBT003 - by position is fastest

    def _parse_one_by_one(self, fields: Mapping[str, object]) -> Row | list[Problem]:
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for slug, value in fields.items():
            if slug not in self._parsers:
                problems.append(self._unknown(slug))
                continue
            try:
                values[slug] = self._parse_value(slug, value)
            except InvalidValueError as error:
                problems.append(Problem(error.code, error.message, slug, error.options, self._list_id))
        return problems or Row(values)

    def _parse_value(self, slug: str, value: object) -> Any:  # noqa: ANN401 - a stored value of any type
        if value is None and slug in self._writable:
            return None
        if type(value) is dict and "_op" in value:
            return self._array_change(self._properties[slug], value)
        return self._parsers[slug](value)

    def _array_change(self, prop: Property, value: Mapping[str, object]) -> ArrayChange:
        parse = self._parsers[prop.slug]
        if prop.read_only or not prop.holds_many:
            if prop.read_only:
                parse(value)
            raise InvalidValueError(f"{prop.slug} holds one value, so it takes no _op")
        if problem := array_change_problem(value):
            raise InvalidValueError(f"`{prop.slug}`: {problem}")
        removes = value["_op"] == ArrayOperation.REMOVE
        parsed = self._removed(prop, value["values"]) if removes else parse(value["values"])
        assert isinstance(parsed, list)  # noqa: S101 - parsers of properties that hold many return lists
        return ArrayChange(ArrayOperation(str(value["_op"])), parsed)

    def _removed(self, prop: Property, values: object) -> object:
        try:
            # An archived property or option takes no new values, but values can be removed.
            return remover_for(prop, self._limits)(values)
        except InvalidValueError as error:
            error.options = ()  # no option is made only to be taken away
            raise

    def _unknown(self, slug: str) -> Problem:
        problem = self._unknown_slugs.get(slug)
        if problem is None:
            shared = len(self._unknown_slugs) < _HINTS_MAX
            hint = self._hint(slug) if shared else ""
            shown = quoted(slug)
            whose = self._schema.object_type if self._list_id is None else f"the list {self._list_id}"
            message = f"{whose} has no property {shown}{hint}"
            problem = Problem("invalid_property", message, shown[1:-1], list_id=self._list_id)
            if shared:
                self._unknown_slugs[slug] = problem
        return problem

    def _hint(self, slug: str) -> str:
        if self._list_id is not None and self._schema.get(slug) is not None:
            return f'; every {self._schema.object_type} has it, so put it into "default"'
        if self._list_id is None and any(prop.slug == slug for prop in self._schema):
            return '; it belongs to a list, so put it into "list"'
        return nearest(slug, self._properties)


def _is_text(prop: Property) -> bool:
    return prop.enabled and prop.kind in _TEXT_KINDS


def _read_only(prop: Property) -> Any:  # noqa: ANN401 - stands where a parser stands
    def refuse(_value: object) -> object:
        raise InvalidValueError(f"{prop.slug} is set by the server; leave it out", code="read_only_property")

    return refuse
