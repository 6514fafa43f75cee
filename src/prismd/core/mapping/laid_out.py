"""What the columns of a recognised export become: what is known of them, or a property of their own.

The header proves the program, so nothing it writes is a stranger: a column that no property is for keeps its values
in one of its own, of the type that its cells prove. What the cells of a column contradict stays a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from prismd.core.mapping.choices import Naming, own_property
from prismd.core.mapping.content import has_cells
from prismd.core.mapping.document import Column, Make, Rule
from prismd.core.mapping.layouts import Layout, column_key
from prismd.core.mapping.proposal import Proposal
from prismd.core.mapping.steps import Split, Step, ValueMap
from prismd.core.mapping.targets import Targets
from prismd.core.tables.columns.profile import ColumnProfile
from prismd.core.wording.quoting import quoted

#: How sure the meaning is that a program gives to its column.
KNOWN: Final = 0.97
_LABELS: Final = "labels"


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A table that has the layout of a program.

    Args:
        layout: The layout.
        targets: The team's properties of the object type.
        naming: Names the properties that columns get.
    """

    layout: Layout
    targets: Targets
    naming: Naming

    def ranked(
        self, column: ColumnProfile, wanted: str | Column, found: Sequence[Proposal], *, contradicted: bool
    ) -> list[Proposal]:
        """Return the proposals for a column, the one by the layout first where it has one.

        Args:
            column: The column.
            wanted: The column as documents name it.
            found: The proposals without the layout, the best first.
            contradicted: Whether the cells contradict what the column's name says.
        """
        known = self._known(column, wanted, found, contradicted=contradicted)
        if known is None:
            return list(found)
        return [known, *(one for one in found if one.slug is None or one.slug != known.slug)]

    def _known(
        self, column: ColumnProfile, wanted: str | Column, found: Sequence[Proposal], *, contradicted: bool
    ) -> Proposal | None:
        key, at = column_key(column.name), (column.position,)
        if not has_cells(column) or not column.name.strip():
            return None
        known: Proposal | None = None
        if key in self.layout.labels:
            known = self._of_labels(column, wanted, self.layout.labels[key])
        elif key in self.layout.called:
            known = self._own(column, wanted, self.layout.called[key])
        elif not found[0].sure:
            if key in self.layout.technical:
                reason = f"{self._program}, and {self.layout.technical[key]}"
                known = Proposal("leave_out", at, None, KNOWN, reason, sure=True)
            elif (meant := self._meant(key, found)) is not None:
                known = meant
            elif not contradicted:
                own = next((one for one in found if one.kind == "make"), None)
                known = own and self._sure(own)
        return known

    def _meant(self, key: str, found: Sequence[Proposal]) -> Proposal | None:
        """Return the proposal of the property that the program means by a column, if its cells suggest it as well."""
        slug = self.layout.meant.get(key)
        meant = next((one for one in found if one.kind == "property" and one.slug == slug), None)
        if meant is None:
            return None
        reason = f"{self._program}, in which it is {quoted(str(slug))}"
        return replace(meant, confidence=KNOWN, reason=reason, sure=True)

    @property
    def _program(self) -> str:
        return f"the columns are those of {self.layout.program}"

    def _own(self, column: ColumnProfile, wanted: str | Column, name: str) -> Proposal:
        return self._sure(own_property(column, wanted, name, self.targets, self.naming, plain=True))

    def _sure(self, own: Proposal) -> Proposal:
        why = "no property is for it" if own.kind == "make" else f"it has one of its own, {quoted(str(own.slug))}"
        return replace(own, confidence=KNOWN, reason=f"{self._program}, and {why}", sure=True)

    def _of_labels(self, column: ColumnProfile, wanted: str | Column, separator: str) -> Proposal:
        steps: list[Step] = [Split(separator)]
        reason = f"{self._program}, in which it holds labels"
        note = ""
        if self.layout.no_labels:
            steps.append(ValueMap(dict.fromkeys(self.layout.no_labels), otherwise="keep"))
            shown = " or ".join(map(quoted, self.layout.no_labels))
            note = (
                f"Column {quoted(column.name)}: {shown} is no label, because {self.layout.program} gives it to every "
                "record; it is not sent."
            )
        target = self.targets.get(_LABELS)
        make = None
        if target is None or not target.holds_many or target.read_only:
            slug = self.naming.slug(column.name)
            make = Make(column.name, "multiselect_str")
        else:
            slug = _LABELS
        rule = Rule(slug, (wanted,), tuple(steps), make=make)
        return Proposal(
            "make" if make else "property", (column.position,), rule, KNOWN, reason, sure=True, note=note,
            makes_options=True,
        )  # fmt: skip
