"""Columns that want the same property: one of them gets it, or all of them where it holds several values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from prismd.core.mapping.candidates import Candidate
from prismd.core.mapping.targets import Targets
from prismd.core.tables.columns.profile import ColumnProfile
from prismd.core.wording.quoting import quoted

#: How sure a property is that another column gets.
TAKEN: Final = 0.2


def settled(
    columns: Sequence[ColumnProfile], candidates: Sequence[Sequence[Candidate]], targets: Targets
) -> list[list[Candidate]]:
    """Return the candidates of each column, the best first, no two columns first for a property of one value.

    Args:
        columns: Of the table.
        candidates: Of each column.
        targets: The team's properties of the object type.
    """
    ranked = [sorted(found, key=lambda one: -one.confidence) for found in candidates]
    # Each round takes a candidate from each column that gives way, so there are as many as a column has candidates.
    while claims := _contested(ranked, targets):
        for positions in claims:
            _settle(positions, columns, ranked)
    return ranked


def _contested(ranked: Sequence[Sequence[Candidate]], targets: Targets) -> list[list[int]]:
    """Return the columns whose best candidates are for one property of one value, where these are several."""
    claims: dict[str, list[int]] = {}
    for position, found in enumerate(ranked):
        if found and found[0].confidence > TAKEN and not targets[found[0].slug].holds_many:
            claims.setdefault(found[0].slug, []).append(position)
    return [positions for positions in claims.values() if len(positions) > 1]


def _settle(positions: Sequence[int], columns: Sequence[ColumnProfile], ranked: list[list[Candidate]]) -> None:
    def claim(position: int) -> tuple[bool, bool, int]:
        empty = columns[position].rows > 0 and columns[position].filled == 0
        return empty, ranked[position][0].weak, ranked[position][0].rank

    order = sorted(positions, key=lambda position: (*claim(position), -ranked[position][0].confidence, position))
    winner, second = order[0], order[1]
    if claim(winner) == claim(second):
        why = f"the column {quoted(columns[second].name)} may be meant as well"
        ranked[winner][0] = ranked[winner][0].doubted(why)
    for position in order[1:]:
        lost = ranked[position].pop(0)
        reason = f"{lost.reason}, but the column {quoted(columns[winner].name)} is the first choice for the property"
        rest = [one for one in ranked[position] if one.slug != lost.slug]
        ranked[position] = [*rest, replace(lost, confidence=TAKEN, reason=reason, asks="it holds one value")]
        ranked[position].sort(key=lambda one: -one.confidence)
