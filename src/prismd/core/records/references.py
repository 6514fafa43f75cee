"""References in rows: collect the ids and addresses to look up, and replace them by ids of records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from prismd.core.properties.schema import split_key
from prismd.core.records.merging import ArrayChange, ArrayOperation
from prismd.core.records.rows import Problem, RefusedRow, Row
from prismd.core.values.addresses import address_problem
from prismd.core.values.blanks import trimmed
from prismd.core.wording.quoting import quoted

#: An object type, and the text of a row: the id of a record of that type or, for contacts, an e-mail address.
Reference = tuple[str, str]
#: The ids of the records that a reference leads to: none, one, or several.
Found = Mapping[Reference, list[str]]

ADDRESS_MARK: Final = "@"

#: Maximum number of ids to list if an address stands for several records.
SHOWN_IDS_MAX: Final = 3


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
        if ADDRESS_MARK in token
    ]


def with_references(row: Row | RefusedRow, targets: Mapping[str, str], found: Found) -> Row | RefusedRow:
    """Return a row with ids of existing records as references, or refused if a reference leads to none.

    Args:
        row: A parsed row.
        targets: Object types that references lead to, by the reference's key.
        found: The results of the look-up.
    """
    keys = targets.keys() & row.values.keys() if isinstance(row, Row) and row.refers else ()
    if not keys or isinstance(row, RefusedRow):
        return row
    problems = [
        problem
        for key in row.values
        if key in keys
        for token in tokens_of(row.values[key])
        if (problem := _problem(key, targets[key], token, found, removed=_removes(row.values[key]))) is not None
    ]
    if problems:
        return RefusedRow(problems)
    values = {key: _resolved(value, targets.get(key), found) for key, value in row.values.items()}
    return Row(values, plain=row.plain)


def tokens_of(value: Any) -> list[str]:  # noqa: ANN401 - a parsed value of a reference
    """Return the ids and addresses in a value of a reference."""
    if value is None:
        return []
    if isinstance(value, ArrayChange):
        return value.values
    return value if isinstance(value, list) else [value]


def _removes(value: object) -> bool:
    return isinstance(value, ArrayChange) and value.operation is ArrayOperation.REMOVE


def _problem(key: str, target: str, token: str, found: Found, *, removed: bool) -> Problem | None:
    ids = found.get((target, token), [])
    if len(ids) == 1:
        return None
    list_id, slug = split_key(key)
    if ids:
        message = f"{slug}: {several(ids, target, token)}; refer to one by its id"
        return Problem("multiple_matches", message, slug, list_id=list_id)
    if ADDRESS_MARK not in token:
        message = f"{slug}: there is no {target} with the id {quoted(token)}; create it first"
        return Problem("not_found", message, slug, list_id=list_id)
    if problem := address_problem(trimmed(token)):
        return Problem("invalid_value", f"{slug}: {problem}", slug, list_id=list_id)
    if removed:
        return None
    message = f"{slug}: there is no {target} with the address {quoted(token)}; create it first"
    return Problem("not_found", message, slug, list_id=list_id)


def several(ids: list[str], target: str, address: str) -> str:
    """Return a clause that lists the records with an address.

    Args:
        ids: Ids of the records; at least two.
        target: The records' type.
        address: The address, exactly as the caller sent it.
    """
    more = len(ids) > SHOWN_IDS_MAX
    rest = " and others" if more else ""
    shown = ", ".join(sorted(ids)[:SHOWN_IDS_MAX])
    count = f"more than {SHOWN_IDS_MAX}" if more else len(ids)
    return f"{count} records of type {target} have the address {quoted(address)}: {shown}{rest}"


def _resolved(value: Any, target: str | None, found: Found) -> Any:  # noqa: ANN401 - a parsed value
    if target is None or value is None:
        return value
    if isinstance(value, ArrayChange):
        # A token without a record is the address of a removal, which then has nothing to remove.
        known = [token for token in value.values if found.get((target, token))]
        return ArrayChange(value.operation, _resolved(known, target, found))
    if isinstance(value, list):
        return list(dict.fromkeys(found[target, token][0] for token in value))
    return found[target, value][0]
