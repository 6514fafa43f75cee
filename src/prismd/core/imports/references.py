"""What the references of rows lead to: the ids and addresses to look up, and the rows with ids alone, or refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from prismd.core.imports.rows import Problem, RefusedRow, Row
from prismd.core.quoting import quoted
from prismd.core.records import ArrayChange
from prismd.core.schema import split_key

#: Object type and what a row says: the id of a record of that type, or, for contacts, an e-mail address.
Reference = tuple[str, str]
#: The ids of the records that a reference leads to: none, one, or several.
Found = Mapping[Reference, list[str]]

ADDRESS_MARK: Final = "@"


def references_of(rows: Iterable[Row | RefusedRow], targets: Mapping[str, str]) -> set[Reference]:
    """Return everything that the rows refer to.

    Args:
        rows: Parsed rows.
        targets: Object types by the key of the reference.
    """
    keys = frozenset(targets)
    return {
        (targets[key], token)
        for row in rows
        if type(row) is Row and row.refers
        for key in keys & row.values.keys()
        for token in _tokens(row.values[key])
    }


def with_references(row: Row | RefusedRow, targets: Mapping[str, str], found: Found) -> Row | RefusedRow:
    """Return a row whose references are ids of records that exist, or why it is refused.

    Args:
        row: A parsed row.
        targets: Object types by the key of the reference.
        found: What was looked up for it.
    """
    keys = targets.keys() & row.values.keys() if isinstance(row, Row) and row.refers else ()
    if not keys or isinstance(row, RefusedRow):
        return row
    problems = [
        problem
        for key in row.values
        if key in keys
        for token in _tokens(row.values[key])
        if (problem := _problem(key, targets[key], token, found)) is not None
    ]
    if problems:
        return RefusedRow(problems)
    values = {key: _resolved(value, targets.get(key), found) for key, value in row.values.items()}
    return Row(values, plain=row.plain)


def _tokens(value: Any) -> list[str]:  # noqa: ANN401 - a parsed value of a reference
    if value is None:
        return []
    if isinstance(value, ArrayChange):
        return value.values
    return value if isinstance(value, list) else [value]


def _problem(key: str, target: str, token: str, found: Found) -> Problem | None:
    ids = found.get((target, token), [])
    if len(ids) == 1:
        return None
    list_id, slug = split_key(key)
    if ids:
        message = (
            f"{slug}: {len(ids)} records of type {target} have the address {quoted(token)}; refer to one by its id"
        )
        return Problem("multiple_matches", message, slug, list_id=list_id)
    by = "address" if ADDRESS_MARK in token else "id"
    message = f"{slug}: there is no {target} with the {by} {quoted(token)}; create it first"
    return Problem("not_found", message, slug, list_id=list_id)


def _resolved(value: Any, target: str | None, found: Found) -> Any:  # noqa: ANN401 - a parsed value
    if target is None or value is None:
        return value
    if isinstance(value, ArrayChange):
        return ArrayChange(value.operation, _resolved(value.values, target, found))
    if isinstance(value, list):
        return list(dict.fromkeys(found[target, token][0] for token in value))
    return found[target, value][0]
