"""References in rows: collect the ids, addresses and keys to look up, and replace them by ids of records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from prismd.core.properties.schema import split_key
from prismd.core.records.merging import ArrayChange, ArrayOperation
from prismd.core.records.rows import Problem, RefusedRow, Row
from prismd.core.values.addresses import address_problem
from prismd.core.values.blanks import trimmed
from prismd.core.values.key_references import KeyReference
from prismd.core.wording.quoting import quoted

#: What a row gives for a record: its id, a reference by key or, for contacts, an e-mail address.
Token = str | KeyReference
#: An object type, and what a row gives for a record of that type.
Reference = tuple[str, Token]
#: The ids of the records that a reference leads to: none, one, or several.
Found = Mapping[Reference, list[str]]

ADDRESS_MARK: Final = "@"

#: Maximum number of ids to list if an address or a key stands for several records.
SHOWN_IDS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a reference by key can lead to no record.

    Args:
        code: A code of a row.
        message: A sentence about the key, without the property that holds the reference.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ByKey:
    """What a look-up by key says beside the records that it found.

    Args:
        faults: References by keys that no record can have.
        open: Keys of the properties whose missing references stay in the row, because they are decided later.
    """

    faults: Mapping[Reference, Fault] = field(default_factory=dict)
    open: Collection[str] = ()


_NO_KEYS: Final = ByKey()


def is_address(token: Token) -> TypeGuard[str]:
    """Return whether a reference is an e-mail address."""
    return isinstance(token, str) and ADDRESS_MARK in token


def references_of(rows: Iterable[Row | RefusedRow], targets: Mapping[str, str]) -> set[Reference]:
    """Return all references of the rows.

    Args:
        rows: Parsed rows.
        targets: Object types that references lead to, by the reference's key.
    """
    keys = frozenset(targets)
    return {
        (targets[key], token)
        for row in rows
        if type(row) is Row and row.refers
        for key in keys & row.values.keys()
        for token in tokens_of(row.values[key])
    }


def addresses_to_link(rows: Iterable[Row | RefusedRow], targets: Mapping[str, str]) -> list[str]:
    """Return the addresses that the rows link, in the order of the rows; addresses to remove are left out.

    Args:
        rows: Parsed rows.
        targets: Object types that references lead to, by the reference's key.
    """
    return [
        token
        for row in rows
        if type(row) is Row and row.refers
        for key, value in row.values.items()
        if key in targets and not _removes(value)
        for token in tokens_of(value)
        if is_address(token)
    ]


def with_references(
    row: Row | RefusedRow, targets: Mapping[str, str], found: Found, by_key: ByKey = _NO_KEYS
) -> Row | RefusedRow:
    """Return a row with ids of existing records as references, or refused if a reference leads to none.

    Args:
        row: A parsed row.
        targets: Object types that references lead to, by the reference's key.
        found: The results of the look-up.
        by_key: What the look-up by key says besides.
    """
    keys = targets.keys() & row.values.keys() if isinstance(row, Row) and row.refers else ()
    if not keys or isinstance(row, RefusedRow):
        return row
    problems = [
        problem_of(key, fault)
        for key in row.values
        if key in keys
        for token in tokens_of(row.values[key])
        if (fault := _fault((targets[key], token), found, by_key, stays=_stays(key, token, row, by_key)))
    ]
    if problems:
        return RefusedRow(problems)
    values = {
        key: _resolved(value, targets.get(key), found, stays=key in by_key.open) for key, value in row.values.items()
    }
    return row.with_values(values)


def tokens_of(value: Any) -> list[Any]:  # noqa: ANN401 - a parsed value of a reference
    """Return the ids, addresses and keys in a value of a reference."""
    if value is None:
        return []
    if isinstance(value, ArrayChange):
        return value.values
    return value if isinstance(value, list) else [value]


def _stays(key: str, token: Token, row: Row, by_key: ByKey) -> bool:
    return _removes(row.values[key]) or (key in by_key.open and not isinstance(token, str))


def _removes(value: object) -> bool:
    return isinstance(value, ArrayChange) and value.operation is ArrayOperation.REMOVE


def problem_of(key: str, fault: Fault) -> Problem:
    """Return the problem of a property that holds a faulty reference.

    Args:
        key: The property's key.
        fault: The fault.
    """
    list_id, slug = split_key(key)
    return Problem(fault.code, f"{slug}: {fault.message}", slug, list_id=list_id)


def not_found(reference: Reference, advice: str = "; create it first") -> str:
    """Return a sentence about a reference by key that leads to no record."""
    target, token = reference
    assert isinstance(token, KeyReference)  # noqa: S101 - others are ids and addresses
    return f"there is no {target} with the {token.shown}{advice}"


def _fault(reference: Reference, found: Found, by_key: ByKey, *, stays: bool) -> Fault | None:
    target, token = reference
    ids = found.get(reference, [])
    if len(ids) == 1:
        return None
    if ids:
        return Fault("multiple_matches", f"{several(ids, target, token)}; refer to one by its id")
    if isinstance(token, KeyReference):
        return by_key.faults.get(reference) or (None if stays else Fault("not_found", not_found(reference)))
    if ADDRESS_MARK not in token:
        return Fault("not_found", f"there is no {target} with the id {quoted(token)}; create it first")
    if problem := address_problem(trimmed(token)):
        return Fault("invalid_value", problem)
    message = f"there is no {target} with the address {quoted(token)}; create it first"
    return None if stays else Fault("not_found", message)


def several(ids: list[str], target: str, token: Token) -> str:
    """Return a clause that lists the records with an address or another key.

    Args:
        ids: Ids of the records; at least two.
        target: The records' type.
        token: The address or the key, exactly as the caller sent it.
    """
    more = len(ids) > SHOWN_IDS_MAX
    rest = " and others" if more else ""
    shown = ", ".join(sorted(ids)[:SHOWN_IDS_MAX])
    count = f"more than {SHOWN_IDS_MAX}" if more else len(ids)
    key = token.shown if isinstance(token, KeyReference) else f"address {quoted(token)}"
    return f"{count} records of type {target} have the {key}: {shown}{rest}"


def _resolved(value: Any, target: str | None, found: Found, *, stays: bool) -> Any:  # noqa: ANN401 - a parsed value
    if target is None or value is None:
        return value
    if isinstance(value, ArrayChange):
        # A token without a record is that of a removal, which then has nothing to remove.
        known = [
            token for token in value.values if found.get((target, token)) or (stays and not isinstance(token, str))
        ]
        return ArrayChange(value.operation, _resolved(known, target, found, stays=stays))
    if isinstance(value, list):
        return list(dict.fromkeys(_id_of(token, target, found) for token in value))
    return _id_of(value, target, found)


def _id_of(token: Token, target: str, found: Found) -> Token:
    ids = found.get((target, token))
    # What was not found is decided later; another reference would have refused the row.
    return ids[0] if ids else token
