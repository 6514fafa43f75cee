"""A rule of a mapping made into functions: the cells of a row become the value of one property, or problems."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec

from prismd.core.mapping.document import Cells, Rule
from prismd.core.mapping.problems import CellProblem, StepError
from prismd.core.mapping.property_forms import form_for
from prismd.core.mapping.steps import FirstNonEmpty, Join, JsonArray, Split, Step
from prismd.core.mapping.table_columns import TableColumn
from prismd.core.mapping.targets import Target
from prismd.core.mapping.value_steps import Value, ValueStep, text_of, value_step
from prismd.core.tables.cells import Cell, CellFault
from prismd.core.values.blanks import is_blank, trimmed

#: Makes the values after a step of those before it.
ListStep = Callable[[list[Value]], list[Value]]


class Cleared(enum.Enum):
    """What a cell becomes that clears the value of a record."""

    CLEARED = "cleared"


#: The texts whose values all rules of a mapping remember, as columns repeat them; longer texts seldom come again.
REMEMBERED_MAX: Final = 2**16
_REMEMBERED_CHARS_MAX: Final = 40
#: What a text becomes that is not known yet, and one that becomes no value.
UNKNOWN: Final = object()
NOTHING: Final = object()

#: The types of cells of which a rule remembers what they become: no two of them have equal values.
_REMEMBERED: Final = frozenset({str, date, type(None)})
_EMPTY_IS_NOTHING: Final[Mapping[Cell, Any]] = {None: NOTHING, "": NOTHING}
_MEND: Final = "correct the cell in the spreadsheet, or leave its column out"


@dataclass(frozen=True, slots=True)
class Input:
    """A column of a rule.

    Args:
        column: Where it is.
        cells: What its cells without a value mean.
    """

    column: TableColumn
    cells: Cells

    @property
    def is_plain(self) -> bool:
        """Whether a text of a cell is its value, whatever the text."""
        return self.cells == Cells()

    def taken(self, cells: Sequence[Cell]) -> Value | Cleared | None:
        """Return the value of a row's cell in this column, that it clears, or None where it has none.

        Raises:
            StepError: The cell is an error of its spreadsheet, or has no value and must have one.
        """
        position, rules = self.column.position, self.cells
        if position >= len(cells):
            return self.without_value(absent=True)
        cell = cells[position]
        if isinstance(cell, str):
            if rules.clear is not None and cell == rules.clear:
                return Cleared.CLEARED
            if is_blank(cell) or (rules.null_words and trimmed(cell) in rules.null_words):
                return self.without_value()
            return cell
        if isinstance(cell, CellFault):
            if rules.null_words and cell.text in rules.null_words:
                return self.without_value()
            raise StepError("a value", _MEND)
        return self.without_value() if cell is None else cell

    def without_value(self, *, absent: bool = False) -> Cleared | None:
        """Return what a cell without a value becomes: nothing, or that it clears.

        Raises:
            StepError: The row must have a value here.
        """
        rule = self.cells.absent if absent else self.cells.blank
        if rule == "refuse":
            how = "absent" if absent else "blank"
            raise StepError("a value", f'write one, or let the mapping say "{how}": "keep" or "clear"')
        return Cleared.CLEARED if rule == "clear" else None


class CompiledRule:
    """How one property gets its value.

    Args:
        rule: As the document has it; it has no faults.
        inputs: Its columns.
        target: The property.
        remembered_max: The most texts whose values it remembers.
    """

    def __init__(self, rule: Rule, inputs: Sequence[Input], target: Target, remembered_max: int) -> None:
        self.slug = rule.to
        self.inputs = tuple(inputs)
        self._many = target.holds_many
        self._appends = rule.change == "append"
        self._constant = self._constant_of(rule)
        self._form = form_for(target)
        cut = next((n for n, step in enumerate(rule.steps) if isinstance(step, Join | FirstNonEmpty)), len(rule.steps))
        self._of_column = [_list_step(step) for step in rule.steps[:cut]]
        self._of_all = [_list_step(step) for step in rule.steps[cut:]]
        # What a rule of one column makes of a text is the same in every row.
        self._known: dict[Cell, Any] = {}
        self._plain = is_plain(rule, inputs, target)
        self._known_max = remembered_max if len(self.inputs) == 1 and not self._plain else 0

    @property
    def plain_position(self) -> int | None:
        """The position of the column whose texts are the property's values as they are; None for any other rule."""
        return self.inputs[0].column.position if self._plain else None

    @property
    def known(self) -> tuple[int, Mapping[Cell, Any]] | None:
        """The position of the only column, and what its cells become, as far as that is known; else None.

        The value of a cell that becomes nothing is ``NOTHING``. It grows with the rows, and holds texts, days and
        empty cells; a cell that is not there, because its row ends before it, is none of these.
        """
        if self._plain:
            return self.inputs[0].column.position, _EMPTY_IS_NOTHING
        if not self._known_max or self._constant is not msgspec.UNSET:
            return None
        return self.inputs[0].column.position, self._known

    def apply(self, cells: Sequence[Cell], values: dict[str, Any], problems: list[CellProblem]) -> None:
        """Put the value of a row into its values, or what is wrong with it into its problems.

        Args:
            cells: Of the row.
            values: By slug.
            problems: Of the row.
        """
        if self._constant is not msgspec.UNSET:
            values[self.slug] = self._constant
        elif self._known_max:
            self._apply_known(cells, values, problems)
        elif not (self._plain and self._apply_plainly(cells, values)):
            self._apply_steps(cells, values, problems)

    def _apply_known(self, cells: Sequence[Cell], values: dict[str, Any], problems: list[CellProblem]) -> None:
        """Do as :meth:`_apply_steps`, which sees each short text, each day and the empty cell of the column once."""
        position, slug = self.inputs[0].column.position, self.slug
        cell = cells[position] if position < len(cells) else None
        absent = position >= len(cells)
        value = UNKNOWN if absent or type(cell) not in _REMEMBERED else self._known.get(cell, UNKNOWN)
        if value is UNKNOWN:
            wrong = len(problems)
            self._apply_steps(cells, values, problems)
            if not absent and _is_remembered(cell) and len(problems) == wrong:
                if len(self._known) >= self._known_max:
                    self._known.clear()
                self._known[cell] = values.get(slug, NOTHING)
        elif value is not NOTHING:
            values[slug] = value

    def _apply_plainly(self, cells: Sequence[Cell], values: dict[str, Any]) -> bool:
        """Put the value of a plain column into those of a row; return whether there is nothing more to do."""
        position = self.inputs[0].column.position
        cell = cells[position] if position < len(cells) else None
        if isinstance(cell, CellFault):
            return False
        if cell is None or (isinstance(cell, str) and is_blank(cell)):
            return True
        try:
            values[self.slug] = self._form(cell)
        except StepError:
            return False  # which says what is wrong
        return True

    def _apply_steps(self, cells: Sequence[Cell], values: dict[str, Any], problems: list[CellProblem]) -> None:
        found, cleared, wrong = list[Value](), False, len(problems)
        for one in self.inputs:
            try:
                made = self._of_one(one, cells)
            except StepError as error:
                problems.append(self._problem(error, (one,), cells))
                continue
            if made is None:
                cleared = True
            else:
                found += made
        if len(problems) > wrong:
            return
        try:
            found = _run(self._of_all, found)
            formed = [self._form(value) for value in found]
        except StepError as error:
            problems.append(self._problem(error, self.inputs, cells))
            return
        if formed:
            values[self.slug] = self._shaped(formed)
        elif cleared:
            values[self.slug] = None

    def _of_one(self, one: Input, cells: Sequence[Cell]) -> list[Value] | None:
        """Return the values of one column, or None where it clears."""
        value = one.taken(cells)
        if value is not None and not isinstance(value, Cleared):
            made = _run(self._of_column, [value])
            if made:
                for each in made if not self._of_all else ():
                    self._form(each)  # so that a problem names this column alone
                return made
            value = one.without_value()
        return [] if value is None else None

    def _constant_of(self, rule: Rule) -> object:
        constant = rule.constant
        if constant is msgspec.UNSET or constant is None or not self._many:
            return constant
        return self._shaped(constant if isinstance(constant, list) else [constant])

    def _shaped(self, formed: Sequence[object]) -> object:
        if self._appends:
            return {"_op": "append", "values": formed}
        return formed if self._many else formed[0]

    def _problem(self, error: StepError, inputs: Sequence[Input], cells: Sequence[Cell]) -> CellProblem:
        labels = " and ".join(one.column.label for one in inputs)
        names = ", ".join(one.column.name for one in inputs)
        position = inputs[0].column.position
        cell = cells[position] if position < len(cells) and len(inputs) == 1 else None
        return CellProblem(names, self.slug, "invalid_value", f"{labels}: {error.sentence(cell)}")


def _is_remembered(cell: Cell) -> bool:
    return len(cell) <= _REMEMBERED_CHARS_MAX if isinstance(cell, str) else type(cell) in _REMEMBERED


def is_plain(rule: Rule, inputs: Sequence[Input], target: Target) -> bool:
    """Return whether the texts of one column are the values of a property as they are, whatever the text.

    Args:
        rule: The rule.
        inputs: Its columns.
        target: The property.
    """
    return not rule.steps and not target.holds_many and len(inputs) == 1 and inputs[0].is_plain


def _run(steps: Iterable[ListStep], values: list[Value]) -> list[Value]:
    for step in steps:
        values = step(values)
    return values


def _list_step(step: Step) -> ListStep:
    one = value_step(step)
    if one is not None:
        return _of_each(one)
    if isinstance(step, Split):
        return _split(step)
    if isinstance(step, JsonArray):
        return _json_array
    if isinstance(step, Join):
        return _join(step)
    return lambda values: values[:1]


def _of_each(one: ValueStep) -> ListStep:
    def each(values: list[Value]) -> list[Value]:
        made = (one(value) for value in values)
        return [value for value in made if value is not None and not (isinstance(value, str) and is_blank(value))]

    return each


def _split(step: Split) -> ListStep:
    most = -1 if step.pieces is None else step.pieces - 1

    def parts(value: Value) -> list[Value]:
        pieces = text_of(value, "split").split(step.separator, most)
        kept = [trimmed(piece) if step.trim else piece for piece in pieces]
        if step.part is not None:
            position = step.part - 1 if step.part > 0 else step.part
            kept = kept[position : position + 1 or None]
        return [piece for piece in kept if not is_blank(piece)]

    return lambda values: [part for value in values for part in parts(value)]


def _join(step: Join) -> ListStep:
    def joined(values: list[Value]) -> list[Value]:
        return [step.separator.join(text_of(value, "join") for value in values)] if values else []

    return joined


_ARRAY: Final = msgspec.json.Decoder(list[str | int | bool | None], strict=True)


def _json_array(values: list[Value]) -> list[Value]:
    made: list[Value] = []
    for value in values:
        if not isinstance(value, str) or not value.lstrip().startswith("["):
            made.append(trimmed(value) if isinstance(value, str) else value)
            continue
        try:
            inner = _ARRAY.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            raise StepError("a JSON array of texts and whole numbers", "correct the cell", value) from None
        made += [one for one in inner if one is not None and not (isinstance(one, str) and is_blank(one))]
    return made
