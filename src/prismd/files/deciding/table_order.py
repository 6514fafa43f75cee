"""What somebody says about a table: how it is read, and what its columns become."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

_RANGE: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


class OrderError(ValueError):
    """Something that was said about a table means nothing.

    Args:
        option: The option that says it, without dashes, such as ``map``.
        problem: Why, and what to do.
    """

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"--{option}: {problem}")
        self.option, self.problem = option, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOrder:
    """What somebody says about a table.

    Args:
        sheet: The sheet of a workbook.
        member: The file in an archive.
        answers: Answers to questions, by their keys.
        document: The file or the name of a saved mapping.
        pairs: What single columns become: a slug, ``+slug`` for a property to be made, ``-`` for nothing.
        only: The columns to import, by name or position; empty for all.
        append: Properties whose values are added to those that a record has.
        make_properties: Make a property for each column that has none.
        leave_out: Leave out each column that has no property.
        save_as: The name under which the mapping is saved.
    """

    sheet: str | None = None
    member: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    document: str | None = None
    pairs: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    append: tuple[str, ...] = ()
    make_properties: bool = False
    leave_out: bool = False
    save_as: str | None = None

    @property
    def asks_for_mapping(self) -> bool:
        """Whether something is said that only a mapping can do."""
        return bool(self.document or self.pairs or self.only or self.append or self.make_properties or self.save_as)

    @property
    def identity(self) -> dict[str, object]:
        """What determines how the file becomes requests, as JSON values, as the journal has it."""
        names = ("sheet", "member", "document", "make_properties", "leave_out")
        found: dict[str, object] = {name: getattr(self, name) for name in names}
        lists = {"only": list(self.only), "append": list(self.append)}
        return {**found, **lists, "answers": dict(self.answers), "pairs": dict(self.pairs)}


def positions_of(name: str, names: Sequence[str], option: str) -> list[int]:
    """Return the positions of the columns that a part of an option means.

    Args:
        name: A name, a position from 1, or positions such as ``3-5``.
        names: Of all columns.
        option: The option that names it, for messages.

    Raises:
        OrderError: There is no such column, or there are several.
    """
    found = [at for at, known in enumerate(names) if known == name]
    if len(found) == 1:
        return found
    if len(found) > 1:
        raise OrderError(option, f"{len(found)} columns are named {name!r}; give the position, such as {found[0] + 1}")
    numbers = _RANGE.fullmatch(name.strip())
    if numbers:
        first, last = int(numbers[1]), int(numbers[2] or numbers[1])
        if 0 < first <= last <= len(names):
            return list(range(first - 1, last))
        raise OrderError(option, f"expected columns from 1 to {len(names)}, found {name}")
    shown = ", ".join(f'"{known}"' for known in names[:20])
    raise OrderError(option, f"there is no column {name!r}; the table has {shown}")
