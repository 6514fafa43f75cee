"""The values of one bucket of a row, those of every record of a type or those of one list: validated, or told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prismd.core.json.text import sent_texts
from prismd.core.properties.schema import Kind, ObjectSchema, Property, held_references, property_key
from prismd.core.records.keys import Hashes, Keys
from prismd.core.records.merging import ArrayChange, ArrayOperation, array_change_problem
from prismd.core.values.property_values import InvalidValueError, ValueLimits, parser_for, writer_for
from prismd.core.wording.quoting import nearest, quoted

_TEXT_KINDS: Final = (Kind.STR, Kind.TEXT)
_NONE: Final[frozenset[str]] = frozenset()

#: Looking for the nearest known slug is slow, so one parser does it for that many unknown slugs and no more; rows that
#: have the same ones share what is said of them, as there can be hundreds of thousands in a chunk.
_HINTS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a row is refused.

    Args:
        code: A key of ``core.errors.ROW_CODES``.
        message: A sentence that a person who made the file understands.
        slug: The property at fault, where there is one.
        missing_options: The values that are not options of a select property, where that is the whole problem.
        list_id: The list that the property belongs to, if any.
    """

    code: str
    message: str
    slug: str | None = None
    missing_options: tuple[str, ...] = ()
    list_id: str | None = None

    @property
    def key(self) -> str | None:
        """Under which records store the values of the property at fault."""
        return None if self.slug is None else property_key(self.slug, self.list_id)


# Not frozen: making a frozen one takes twice as long, for every row of an import.
@dataclass(slots=True)
class Row:
    """A row whose values are valid.

    Args:
        values: By key of the property, with None to clear and :class:`ArrayChange` to change an array.
        plain: Whether no value clears or changes, so that a new record simply has the values.
        refers: Whether any of them may be a reference to a record.
        keys: By which the row is compared, once :func:`~prismd.core.imports.plan.find_keys` has found them.
        hashes: By which records with those keys are found.
    """

    values: Mapping[str, Any]
    plain: bool = False
    refers: bool = field(default=True, compare=False)
    keys: Keys | None = field(default=None, compare=False)
    hashes: Hashes = field(default=(), compare=False)


class FieldParser:
    """Reads the values of one bucket.

    Args:
        schema: The team's properties of the object type.
        limits: How large values may be.
        list_id: The list whose own properties are in the bucket; None for the properties of every record.
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
        #: By slug, of the properties that do not hold any text that is fine as such.
        self.parsers_besides_texts = {slug: parse for slug, parse in self._parsers.items() if slug not in self._texts}
        #: Slugs of those that hold dates.
        self.dates = frozenset(slug for slug in self.parsers_besides_texts if self._properties[slug].kind is Kind.DATE)
        self._references = held_references(schema).keys()
        self._unknown_slugs: dict[str, Problem] = {}

    def parse(self, fields: Mapping[str, object], *, texts_are_fine: bool) -> Row | list[Problem]:
        """Return the values, by slug, or everything that is wrong with them.

        Args:
            fields: Values by slug, as they were sent.
            texts_are_fine: Whether no text among them can be too long or hold what text may not.
        """
        # Nearly every row is plain and right, and is read in one go; the others are read again, value by value.
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
        """Return a row of texts, or everything that is wrong with them.

        Args:
            texts: By slug, none of which is too long or holds what text may not.
            raw: JSON of the row that they come from.
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
        return Row(as_sent, True, not self._references.isdisjoint(others))  # noqa: FBT003 - by place is fastest

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
            # What is archived takes nothing new, and lets go of what it has.
            return parser_for(prop, self._limits)(values)
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
