"""The mapping of a table's columns: a given document, or proposals with what people say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import msgspec

from prismd.core.mapping.document import MappingDocument, Rule
from prismd.core.mapping.proposal import Proposal, Proposals
from prismd.core.mapping.proposals import propose
from prismd.core.mapping.steps import JsonArray, Split
from prismd.core.mapping.targets import Target, Targets
from prismd.core.tables.columns.profile import ColumnProfile
from prismd.core.tables.questions import Question
from prismd.files.csv_rows import JSON_ARRAYS
from prismd.files.deciding.asking import Asker
from prismd.files.deciding.column_choices import ColumnChoices
from prismd.files.deciding.table_order import TableOrder
from prismd.files.deciding.table_reading import OpenedTable


class SavedMappings(Protocol):
    """The mappings that somebody saved."""

    def wanted(self, name: str) -> MappingDocument:
        """Return the mapping that was saved under a name."""
        ...

    def earlier(self) -> Sequence[MappingDocument]:
        """Return saved mappings, the newest first."""
        ...


@dataclass(frozen=True, slots=True)
class TableMapping:
    """The mapping of a table.

    Args:
        document: The mapping; None as long as a column is in doubt.
        taken: What the columns become, by position, where proposals were made.
        flags: The choices that are not sure by themselves, by the name of the column, as options take them.
        questions: What is in doubt.
        notes: What people should know about it, as sentences.
        made_up: Properties whose words are made up, so that words that are no options become options.
        proposals: What each column may become, where proposals were made.
    """

    document: MappingDocument | None
    taken: Mapping[int, Proposal]
    flags: Mapping[str, str]
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
    made_up: frozenset[str] = frozenset()
    proposals: Proposals | None = None


@dataclass(frozen=True, slots=True)
class Mapper:
    """Maps tables.

    Args:
        order: What somebody says.
        object_type: What the rows are.
        targets: The team's properties.
        saved: Earlier mappings.
        separator: The sign between values of a cell, where somebody gives it.
        clear_token: The text of a cell that clears a value, or None.
    """

    order: TableOrder
    object_type: str
    targets: Targets
    saved: SavedMappings
    separator: str | None = None
    clear_token: str | None = None

    def looked_at(self, opened: OpenedTable) -> TableMapping:
        """Return the mapping as far as it is sure, with the questions that are open.

        Args:
            opened: The table.

        Raises:
            OrderError: Somebody names a column or a property that is not there.
        """
        if self.order.document is not None:
            return TableMapping(self.saved.wanted(self.order.document), {}, {})
        choices = self._choices(opened)
        flags, questions = self._flags(choices, opened), tuple(choices.questions())
        return TableMapping(None, choices.taken, flags, questions, proposals=choices.proposals)

    def settled(self, opened: OpenedTable, asker: Asker) -> TableMapping:
        """Return the mapping once every column has its place.

        Args:
            opened: The table.
            asker: Answers what is in doubt.

        Raises:
            InDoubtError: A column is in doubt, and nobody can be asked.
            OrderError: The command line or an answer names a column or a property that is not there.
        """
        if self.order.document is not None:
            return TableMapping(self.saved.wanted(self.order.document), {}, {})
        choices = self._choices(opened)
        document = self._as_ordered(choices.settle(asker))
        flags = self._flags(choices, opened)
        return TableMapping(document, choices.taken, flags, notes=tuple(choices.notes), made_up=choices.made_up)

    def _choices(self, opened: OpenedTable) -> ColumnChoices:
        columns = columns_of(opened)
        proposals = propose(columns, self.targets, self.object_type, self.saved.earlier())
        return ColumnChoices(proposals, self.targets, self.order)

    def _as_ordered(self, document: MappingDocument) -> MappingDocument:
        """Return a mapping with the sign between values and the clearing text that somebody gives."""
        rules = tuple(map(self._separated, document.rules)) if self.separator else document.rules
        cells = msgspec.structs.replace(document.cells, clear=self.clear_token) if self.clear_token else document.cells
        return msgspec.structs.replace(document, rules=rules, cells=cells)

    def _separated(self, rule: Rule) -> Rule:
        target = self.targets.get(rule.to) or Target(rule.make.type if rule.make else "str")
        if not target.holds_many or not self.separator:
            return rule
        step = JsonArray() if self.separator == JSON_ARRAYS else Split(self.separator)
        others = (one for one in rule.steps if not isinstance(one, Split | JsonArray))
        return msgspec.structs.replace(rule, steps=(step, *others))

    @staticmethod
    def _flags(choices: ColumnChoices, opened: OpenedTable) -> dict[str, str]:
        names = opened.table.names
        return {
            names[at] if names.count(names[at]) == 1 and names[at] else str(at + 1): what
            for at, what in choices.flags.items()
        }


#: The answer by which words for nothing are texts like others.
_TEXT: Final = "text"


def columns_of(opened: OpenedTable) -> list[ColumnProfile]:
    """Return the columns of a table as a mapping sees them: by their own names, and with the answers about them.

    Args:
        opened: The table.
    """
    names = opened.table.names
    own = _own_columns(opened)
    return [
        replace(column, position=at, name=names[at], null_words=_null_words(column, opened.answers))
        for at, column in enumerate(own)
    ]


def _own_columns(opened: OpenedTable) -> Sequence[ColumnProfile]:
    marks = getattr(opened.table, "marks", ())
    return [column for at, column in enumerate(opened.profile.columns) if at not in marks]


def _null_words(column: ColumnProfile, answers: Mapping[str, str]) -> tuple[str, ...]:
    answer = answers.get(f"null:{column.name}", answers.get("null"))
    return () if answer == _TEXT else column.null_words
