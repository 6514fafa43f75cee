"""A proposal for columns of a table, and all proposals of a table, from which a mapping is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from prismd.core.mapping.candidates import LIKELY
from prismd.core.mapping.document import Column, MappingDocument, Rule
from prismd.core.tables.columns.profile import ColumnProfile

Kind = Literal["property", "make", "leave_out", "empty"]

_NO_CHOICES: Final[Mapping[int, Proposal]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What one or several columns may become; those of several columns share one object.

    Args:
        kind: A property that there is, one that is to be made, nothing, or nothing because there are no values.
        columns: The positions of the columns, from 0.
        rule: The rule for the property; None where the columns become nothing.
        confidence: From 0 to 1.
        reason: In words, as a sentence without its end.
        sure: Whether it may be taken without asking.
        note: What people should know when it is taken, as a sentence; empty for nothing.
        makes_options: Whether words that are no options of the property become options, as people made them up.
    """

    kind: Kind
    columns: tuple[int, ...]
    rule: Rule | None
    confidence: float
    reason: str
    sure: bool = False
    note: str = ""
    makes_options: bool = False

    @property
    def slug(self) -> str | None:
        """The property that the columns become; None for none."""
        return self.rule.to if self.rule else None

    @property
    def guessed(self) -> bool:
        """Whether it is a property that nothing but a likeness or some of the cells suggest."""
        return self.kind == "property" and not self.sure and self.confidence < LIKELY


@dataclass(frozen=True, slots=True)
class ColumnProposals:
    """The proposals for one column.

    Args:
        column: The column.
        wanted: The column as documents name it.
        ranked: At least one, the best first.
    """

    column: ColumnProfile
    wanted: str | Column
    ranked: tuple[Proposal, ...]

    @property
    def first(self) -> Proposal:
        """The best proposal."""
        return self.ranked[0]


@dataclass(frozen=True, slots=True)
class Proposals:
    """The proposals for all columns of a table.

    Args:
        object_type: What the rows are.
        columns: One for each column, in the order of the table.
        program: The program whose export the table is, where its header proves it.
    """

    object_type: str
    columns: tuple[ColumnProposals, ...]
    program: str | None = None

    @property
    def automatic(self) -> tuple[Proposal, ...]:
        """The proposals that may be taken without asking, each once."""
        return tuple(dict.fromkeys(one.first for one in self.columns if one.first.sure))

    @property
    def in_doubt(self) -> tuple[ColumnProposals, ...]:
        """The columns about which a person must decide."""
        return tuple(one for one in self.columns if not one.first.sure)

    def document(self, choices: Mapping[int, Proposal] = _NO_CHOICES) -> MappingDocument:
        """Return the mapping of what is sure and what was chosen.

        A column in doubt about which nothing was chosen has no place in it, so the table is refused until it has one.

        Args:
            choices: What a person chose, by the position of the column; it takes precedence over what is sure.
        """
        taken = dict.fromkeys(self._taken(choices))
        return MappingDocument(
            version=1,
            rules=tuple(one.rule for one in taken if one.rule),
            type=self.object_type,
            leave_out=self._names(one for one in taken if one.kind == "leave_out"),
            empty=self._names(one for one in taken if one.kind == "empty"),
        )

    def _taken(self, choices: Mapping[int, Proposal]) -> Iterator[Proposal]:
        chosen = {position for one in choices.values() for position in one.columns}
        slugs = {one.slug for one in choices.values() if one.slug}
        for position, of_column in enumerate(self.columns):
            first = of_column.first
            if position in choices:
                yield choices[position]
            elif first.sure and chosen.isdisjoint(first.columns) and first.slug not in slugs:
                yield first

    def _names(self, proposals: Iterator[Proposal]) -> tuple[str | Column, ...]:
        return tuple(self.columns[position].wanted for one in proposals for position in one.columns)
