"""References by key that lead to no record yet: a row is refused, leaves them out, or creates their records.

Rows are judged in order. So whether a row creates a record, or refers to one that an earlier row created, does not
depend on how rows are cut into chunks, and a row that is refused or changes nothing creates none.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from prismd.core.ids import NewId
from prismd.core.properties.schema import IMPORTABLE_TYPES, Kind, ObjectSchema, held_references, split_key
from prismd.core.records.keys import KeyRule, Keys
from prismd.core.records.merging import ArrayChange, ArrayOperation, Properties
from prismd.core.records.references import ADDRESS_MARK, Fault, Reference, not_found, problem_of, tokens_of
from prismd.core.records.rows import Problem, RefusedRow, Row
from prismd.core.values.addresses import domain_problem
from prismd.core.values.blanks import trimmed
from prismd.core.values.key_references import KeyReference
from prismd.core.values.property_values import InvalidValueError, ValueLimits, writer_for

#: Properties whose values are domains; no company is created for another text.
_DOMAINS: Final = ("primary_domain", "domains")

#: Returns the id of the contact that an earlier row created for an address; None if none did.
ContactOf = Callable[[str], str | None]
#: Object type, slug and key of a record that rows create.
_Name = tuple[str, str, str]

#: Code of the warning of a reference that was left out.
LEFT_EMPTY: Final = "reference_left_empty"


class OnMissing(enum.StrEnum):
    """What happens to a row whose reference by key leads to no record."""

    REFUSE = "refuse"
    EMPTY = "empty"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Missing:
    """A key that no record has.

    Args:
        slug: Slug of the property that a record would need.
        keys: The property's value as keys; references whose keys are equal mean one record.
        properties: The properties of a record that is created for the key.
        fault: Why no record can be created for the key; None if one can.
    """

    slug: str
    keys: Keys
    properties: Properties
    fault: Fault | None = None


def with_addresses(row: Row | RefusedRow, keys: Collection[str]) -> Row | RefusedRow:
    """Return a row in which contacts that are named by their email are named by plain addresses.

    Args:
        row: A parsed row.
        keys: Keys of references to contacts.
    """
    if isinstance(row, RefusedRow) or not row.refers:
        return row
    plain = {key: _plain(row.values[key]) for key in keys if any(map(_is_by_key, tokens_of(row.values.get(key))))}
    return row.with_values({**row.values, **plain}) if plain else row


def _plain(value: Any) -> Any:  # noqa: ANN401 - a parsed value of a reference
    if isinstance(value, ArrayChange):
        return ArrayChange(value.operation, _plain(value.values))
    if isinstance(value, list):
        return list(dict.fromkeys(_plain(token) for token in value))
    if isinstance(value, KeyReference) and value.slug == "email" and ADDRESS_MARK in str(value.value):
        return str(value.value)
    return value


def missing_of(object_type: str, rule: KeyRule, sent: object, stored: object, limits: ValueLimits) -> Missing:
    """Return a key that no record has, with the record that could be created for it.

    Args:
        object_type: Type of the records.
        rule: The key rule of the property.
        sent: The property's value, exactly as the caller sent it.
        stored: The value in stored form.
        limits: The limits of values.
    """
    prop, keys = rule.prop, rule.keys(stored)
    if object_type not in IMPORTABLE_TYPES or object_type == "contact" or prop.target is not None:
        how = "but by an email address" if object_type == "contact" else f"by {prop.slug}"
        fault = Fault("not_found", f"no {object_type} is created {how}; create it first, and refer to it by its id")
        return Missing(prop.slug, keys, {}, fault)
    text = trimmed(sent) if isinstance(sent, str) else sent
    native_domain = object_type == "organization" and prop.native and prop.slug in _DOMAINS
    if native_domain and isinstance(text, str) and (problem := domain_problem(text)) is not None:
        return Missing(prop.slug, keys, {}, Fault("invalid_value", f"no organization is created: {problem}"))
    try:
        value = writer_for(prop, limits)([text] if prop.kind is Kind.MULTI_STR else text)
    except InvalidValueError as error:
        return Missing(prop.slug, keys, {}, Fault(error.code, error.message))
    return Missing(prop.slug, keys, {prop.key: value})


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record created for a reference.

    Args:
        id: Id of the record.
        object_type: Its type.
        property_key: Key of the property of the row that refers to it.
        properties: Its properties.
        names: The names by which later rows refer to it.
        reference: The reference, as the row gives it.
    """

    id: str
    object_type: str
    property_key: str
    properties: Properties
    names: tuple[_Name, ...]
    reference: KeyReference


@dataclass(slots=True)
class Judged:
    """A row whose missing references were decided.

    Args:
        row: The row with ids as references, or refused.
        warnings: The references that were left out.
        possible: Records that the row creates if the record that it writes refers to them, by name.
    """

    row: Row | RefusedRow
    warnings: list[Problem] = field(default_factory=list)
    possible: dict[_Name, NewRecord] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MissingRules:
    """What happens to missing references.

    Args:
        policies: The policies by property key; other properties refuse.
        created_max: Maximum number of records that one row creates.
    """

    policies: Mapping[str, OnMissing]
    created_max: int


class MissingReferences:
    """The references by key of one chunk that lead to no record.

    Args:
        schema: The schema of the rows' type.
        rules: What happens to them.
        missing: The missing references.
        new_id: Returns the ids of new records.
    """

    def __init__(
        self, schema: ObjectSchema, rules: MissingRules, missing: Mapping[Reference, Missing], new_id: NewId
    ) -> None:
        self._targets = held_references(schema)
        self._rules = rules
        self._missing = missing
        self._new_id = new_id
        self._made: dict[_Name, str] = {}

    def __bool__(self) -> bool:
        """Return whether any reference is missing."""
        return bool(self._missing)

    def judge(self, row: Row, contact_of: ContactOf) -> Judged:
        """Return a row with ids instead of its missing references, or refused.

        Args:
            row: A row whose other references are ids already.
            contact_of: Returns the contacts that earlier rows created.
        """
        judged, problems = Judged(row), list[Problem]()
        referring = self._targets.keys() & row.values.keys()
        keys = [key for key in row.values if key in referring and any(map(_is_by_key, tokens_of(row.values[key])))]
        if not keys:
            return judged
        values = dict(row.values)
        for key in keys:
            target, removes, ids = self._targets[key], _removes(values[key]), list[str]()
            for token in tokens_of(values[key]):
                known = self._known(judged, target, token, contact_of)
                if known is None and not removes:
                    known = self._decided(judged, key, (target, token), problems)
                ids += [] if known is None else [known]
            _put(values, key, list(dict.fromkeys(ids)))
        if len(judged.possible) > self._rules.created_max:
            most = self._rules.created_max
            message = f"the row would create {len(judged.possible)} records for its references, the most is {most}"
            problems.append(Problem("invalid_row", message))
        judged.row = RefusedRow(problems) if problems else replace(row, values=values)
        return judged

    def link(self, judged: Judged, after: Properties) -> list[NewRecord]:
        """Return the records that a row creates: those that its record refers to.

        Args:
            judged: The row.
            after: The properties of the row's record after the row.
        """
        if not judged.possible:
            return []
        linked = {token for key in self._targets for token in tokens_of(after.get(key))}
        made = {one.id: one for one in judged.possible.values() if one.id in linked}
        for one in made.values():
            self._made |= dict.fromkeys(one.names, one.id)
        return list(made.values())

    def _known(self, judged: Judged, target: str, token: str | KeyReference, contact_of: ContactOf) -> str | None:
        if isinstance(token, str):
            return token
        if target == "contact" and token.slug == "email":
            return contact_of(str(token.value))
        for key in self._missing[target, token].keys:
            name = target, token.slug, key
            if name in self._made:
                return self._made[name]
            if name in judged.possible:
                return judged.possible[name].id
        return None

    def _decided(self, judged: Judged, key: str, reference: Reference, problems: list[Problem]) -> str | None:
        policy, missing = self._rules.policies.get(key, OnMissing.REFUSE), self._missing[reference]
        if policy is OnMissing.CREATE and missing.fault is None:
            target, token = reference
            assert isinstance(token, KeyReference)  # noqa: S101 - only these are missing
            names = tuple((target, missing.slug, one) for one in missing.keys)
            new = NewRecord(self._new_id(), target, key, missing.properties, names, token)
            judged.possible |= dict.fromkeys(names, new)
            return new.id
        if policy is OnMissing.EMPTY:
            list_id, slug = split_key(key)
            message = f"{slug}: {not_found(reference, '')}, so the reference is left out"
            judged.warnings.append(Problem(LEFT_EMPTY, message, slug, list_id=list_id))
            return None
        fault = missing.fault if policy is OnMissing.CREATE else None
        problems.append(problem_of(key, fault or Fault("not_found", not_found(reference))))
        return None


def _is_by_key(token: object) -> bool:
    return isinstance(token, KeyReference)


def _removes(value: object) -> bool:
    return isinstance(value, ArrayChange) and value.operation is ArrayOperation.REMOVE


def _put(values: dict[str, Any], key: str, ids: list[str]) -> None:
    """Write ids as a property's value; without any, the row says nothing about the property."""
    value = values.pop(key)
    if ids:
        several = ArrayChange(value.operation, ids) if isinstance(value, ArrayChange) else ids
        values[key] = several if isinstance(value, ArrayChange | list) else ids[0]
