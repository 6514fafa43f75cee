"""Rows made by a mapping: the cells of a table's row become the row of an import, or problems with their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

import msgspec

from prismd.core.json.unpaired import has_unpaired
from prismd.core.mapping.compiled_rules import NOTHING, REMEMBERED_MAX, UNKNOWN, CompiledRule, Input, is_plain
from prismd.core.mapping.document import MappingDocument
from prismd.core.mapping.problems import CellProblem, MappingFault, MappingFaultsError, shown
from prismd.core.mapping.rule_faults import rule_faults, target_of
from prismd.core.mapping.table_columns import ColumnNames, TableColumn, cells_of
from prismd.core.mapping.targets import Targets
from prismd.core.tables.cells import Cell
from prismd.core.values.blanks import is_blank

_ENCODE: Final = msgspec.json.Encoder(decimal_format="number").encode


#: The position of a rule's only column, what is known of its texts, the property, and the rule.
_LookedUp = tuple[int, Mapping[Cell, Any], str, CompiledRule]


class RowMapping:
    """A mapping for the rows of one table.

    Args:
        document: The mapping.
        header: The names of the table's columns, empty where one has none.
        targets: The team's properties of the object type, by slug.
        object_type: The object type, where the document is to be held to its own.

    Raises:
        MappingFaultsError: The document does not fit the table or the properties; it says everything that is wrong.
    """

    def __init__(
        self, document: MappingDocument, header: Sequence[str], targets: Targets, object_type: str | None = None
    ) -> None:
        names = ColumnNames(header)
        faults = list(_type_fault(document, object_type))
        inputs = {
            position: [
                Input(column, cells_of(wanted, document))
                for wanted in rule.columns
                if (column := names.found(wanted, rule.to)) is not None
            ]
            for position, rule in enumerate(document.rules)
        }
        #: Columns whose values are not imported, and those that must have none.
        self.left_out = _unmapped(document.leave_out, names)
        self.empty = _unmapped(document.empty, names)
        faults += names.faults
        faults += rule_faults(document, targets)
        mapped = [one.column for of_rule in inputs.values() for one in of_rule]
        others = _others(names.columns, {*mapped, *self.left_out, *self.empty})
        if document.other_columns == "leave_out":
            self.left_out += others
            others = ()
        faults += _place_faults(mapped, self.left_out, self.empty, others)
        if faults:
            raise MappingFaultsError(faults)
        self._width = len(header)
        #: Whether a row had a cell that is no text, so that all rows are read rule by rule.
        self._typed = False
        wanted = [(rule, target_of(rule, targets), inputs[position]) for position, rule in enumerate(document.rules)]
        # Plain rules have nothing to remember, so the others get their share.
        remembering = sum(
            target is not None and not is_plain(rule, columns, target) for rule, target, columns in wanted
        )
        rules = [
            CompiledRule(rule, columns, target, REMEMBERED_MAX // (remembering or 1))
            for rule, target, columns in wanted
            if target is not None
        ]
        plain = [(rule.slug, rule.plain_position) for rule in rules if rule.plain_position is not None]
        self._plain_slugs = tuple(slug for slug, _ in plain)
        positions = [position for _, position in plain]
        self._plain_cells = None if positions == list(range(self._width)) else _taker(positions)
        self._empty_cells = _taker([column.position for column in self.empty])
        self._rules = tuple(map(_looked_up, rules))
        self._steps = tuple(_looked_up(rule) for rule in rules if rule.plain_position is None)
        self._labels = {rule.slug: rule for rule in rules}

    def row(self, cells: Sequence[Cell]) -> bytes | tuple[CellProblem, ...]:
        """Return the row as the JSON object of the contract (section 9.1), or all that is wrong with it.

        Args:
            cells: Of the row, from the first column of the table; a row that ends early has fewer.
        """
        if self._typed or len(cells) != self._width or (self.empty and any(map(_is_there, self._empty_cells(cells)))):
            return self._read(cells)
        taken = self._plain_cells
        # Nearly all cells of nearly all rows are texts that begin with a visible ASCII character.
        try:
            values: dict[str, Any] = {
                slug: cell
                for slug, cell in zip(self._plain_slugs, cells if taken is None else taken(cells))  # noqa: B905 - speed
                if "!" <= cell[:1] <= "~" or not (cell == "" or is_blank(cell))
            }
            if not self._steps:
                return _ENCODE({"default": values})
        except TypeError:  # a cell of a spreadsheet that is no text; so the next row will have one
            self._typed = True
            return self._read(cells)
        except UnicodeEncodeError:  # a text that is none
            return self._read(cells)
        problems: list[CellProblem] = []
        self._apply(self._steps, cells, values, problems)
        return tuple(problems) or self._encoded(values)

    def _apply(
        self,
        rules: Sequence[_LookedUp],
        cells: Sequence[Cell],
        values: dict[str, Any],
        problems: list[CellProblem],
    ) -> None:
        """Apply rules to a row; what is known of a text is taken without a call, as it nearly always is."""
        width = len(cells)
        for position, known, slug, rule in rules:
            value = known.get(cells[position], UNKNOWN) if position < width else UNKNOWN
            if value is UNKNOWN:
                rule.apply(cells, values, problems)
            elif value is not NOTHING:
                values[slug] = value

    def _read(self, cells: Sequence[Cell]) -> bytes | tuple[CellProblem, ...]:
        """Return a row whatever its cells are, rule by rule."""
        problems = list(self._misplaced(cells))
        values: dict[str, Any] = {}
        self._apply(self._rules, cells, values, problems)
        return tuple(problems) or self._encoded(values)

    def _misplaced(self, cells: Sequence[Cell]) -> list[CellProblem]:
        """Return what is wrong with values where there must be none."""
        problems = []
        if len(cells) > self._width and any(map(_has_value, cells[self._width :])):
            message = f"expected {self._width} cells, found {len(cells)}; put a cell that holds the delimiter in quotes"
            problems.append(CellProblem(None, None, "invalid_row", message))
        for column in self.empty:
            if column.position < len(cells) and _has_value(cells[column.position]):
                message = (
                    f'{column.label}: expected no value, as the mapping lists it under "empty", found '
                    f'{shown(cells[column.position])}; give the column a property, or list it under "leave_out"'
                )
                problems.append(CellProblem(column.name, None, "invalid_row", message))
        return problems

    def _encoded(self, values: dict[str, Any]) -> bytes | tuple[CellProblem, ...]:
        try:
            return _ENCODE({"default": values})
        except UnicodeEncodeError:
            return tuple(self._unpaired(values))

    def _unpaired(self, values: dict[str, Any]) -> list[CellProblem]:
        problems = []
        for slug, value in values.items():
            if any(
                isinstance(one, str) and has_unpaired(one) for one in (value if isinstance(value, list) else [value])
            ):
                columns = [one.column for one in self._labels[slug].inputs]
                labels = " and ".join(column.label for column in columns)
                message = f"{labels}: the text contains half of a surrogate pair, which no text can hold; remove it"
                names = ", ".join(column.name for column in columns)
                problems.append(CellProblem(names, slug, "invalid_value", message))
        return problems


def _taker(positions: Sequence[int]) -> Callable[[Sequence[Cell]], tuple[Any, ...]]:
    """Return a function that takes the cells at some positions."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda cells: tuple(cells[position] for position in positions)


def _looked_up(rule: CompiledRule) -> _LookedUp:
    position, known = rule.known or (0, _NOTHING_KNOWN)
    return position, known, rule.slug, rule


_NOTHING_KNOWN: Final[Mapping[Cell, Any]] = {}


def _is_there(cell: Cell) -> bool:
    return cell != "" and cell is not None


def _has_value(cell: Cell) -> bool:
    return not is_blank(cell) if isinstance(cell, str) else cell is not None


def _type_fault(document: MappingDocument, object_type: str | None) -> list[MappingFault]:
    if object_type is None or document.type in (None, object_type):
        return []
    message = f"it is for the type {document.type}, and the import is of the type {object_type}; use one for that type"
    return [MappingFault(None, None, message)]


def _unmapped(wanted: Sequence[Any], names: ColumnNames) -> tuple[TableColumn, ...]:
    """Return the columns of a list that a table may be without; one that it has is found or noted as a fault."""
    found = (names.found(one, optional=True) for one in wanted)
    return tuple(dict.fromkeys(column for column in found if column is not None))


def _others(columns: Sequence[TableColumn], placed: set[TableColumn]) -> tuple[TableColumn, ...]:
    return tuple(column for column in columns if column not in placed)


def _place_faults(
    mapped: Sequence[TableColumn],
    left_out: Sequence[TableColumn],
    empty: Sequence[TableColumn],
    others: Sequence[TableColumn],
) -> list[MappingFault]:
    """Return a fault for each column that has no place in the document, or two that exclude each other."""
    at, out = set(mapped), set(left_out)
    wrong = [(column, "is mapped and left out; keep one of them") for column in left_out if column in at]
    wrong += [(column, 'is mapped and listed under "empty"; keep one of them') for column in empty if column in at]
    wrong += [(column, 'is left out and listed under "empty"; keep one of them') for column in empty if column in out]
    wrong += [(column, 'has no place; map it to a property, or list it under "leave_out"') for column in others]
    return [MappingFault(column.name, None, f"{column.label} {why}") for column, why in wrong]
