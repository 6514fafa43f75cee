"""What a team decided before: the mappings of its earlier tables, applied to the columns of this one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from prismd.core.mapping.document import Cells, Column, MappingDocument, Rule
from prismd.core.mapping.rule_faults import rule_faults
from prismd.core.mapping.table_columns import cells_of
from prismd.core.mapping.targets import Targets

#: Earlier mappings that are looked at, the newest first.
DOCUMENTS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Earlier:
    """A decision of before about columns that this table has as well.

    Args:
        columns: Their positions, from 0.
        rule: What the columns became; None where they were left out.
        same: Whether the whole table has columns that were decided together.
    """

    columns: tuple[int, ...]
    rule: Rule | None
    same: bool


def earlier_decisions(
    names: Sequence[str], decided_before: Sequence[MappingDocument], targets: Targets, object_type: str
) -> Iterator[Earlier]:
    """Yield what was decided before about columns of this table, each column once, the newest first.

    Args:
        names: Of all columns of the table.
        decided_before: The team's mappings, the newest first.
        targets: The team's properties of the object type.
        object_type: What the rows are.
    """
    positions = _positions(names)
    decided = set[int]()
    for document in decided_before[:DOCUMENTS_MAX]:
        if document.type not in (None, object_type):
            continue
        found = [one for one in _of_document(document, positions, targets) if decided.isdisjoint(one[0])]
        named = {position for columns, _ in found for position in columns}
        same = len(named) == len(names)
        for columns, rule in found:
            decided.update(columns)
            yield Earlier(columns, rule, same)


def _positions(names: Sequence[str]) -> dict[tuple[str, int | None], int]:
    """Return the positions of columns by what documents call them."""
    nth: dict[str, int] = {}
    positions: dict[tuple[str, int | None], int] = {}
    for position, name in enumerate(names):
        nth[name] = nth.get(name, 0) + 1
        positions[name, nth[name]] = position
    return positions | {(name, None): positions[name, 1] for name, count in nth.items() if count == 1}


def _of_document(
    document: MappingDocument, positions: dict[tuple[str, int | None], int], targets: Targets
) -> Iterator[tuple[tuple[int, ...], Rule | None]]:
    for rule in document.rules:
        columns = [_position(wanted, positions) for wanted in rule.columns]
        there = tuple(position for position in columns if position is not None)
        if there and len(there) == len(columns) and _fits(rule, targets):
            yield there, _by_itself(rule, document)
    for wanted in document.leave_out:
        position = _position(wanted, positions)
        if position is not None:
            yield (position,), None


def _by_itself(rule: Rule, document: MappingDocument) -> Rule:
    """Return a rule whose columns say what their cells without a value mean, as their document did for all."""
    if document.cells == Cells():
        return rule
    return msgspec.structs.replace(rule, columns=tuple(_column(wanted, document) for wanted in rule.columns))


def _column(wanted: str | Column, document: MappingDocument) -> Column:
    cells = cells_of(wanted, document)
    name, nth = (wanted, None) if isinstance(wanted, str) else (wanted.column, wanted.nth)
    return Column(name, nth, cells.blank, cells.absent, cells.clear, cells.null_words)


def _fits(rule: Rule, targets: Targets) -> bool:
    """Return whether a rule still fits the properties."""
    known = rule.to in targets or rule.make is not None
    return known and not any(rule_faults(MappingDocument(version=1, rules=(rule,)), targets))


def _position(wanted: str | Column, positions: dict[tuple[str, int | None], int]) -> int | None:
    return positions.get((wanted, None) if isinstance(wanted, str) else (wanted.column, wanted.nth))
