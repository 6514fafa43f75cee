"""What the columns of a table become: what is sure, what somebody says, and what a person answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from prismd.core.mapping.content import made_property, steps_for
from prismd.core.mapping.document import Column, MappingDocument, Rule
from prismd.core.mapping.proposal import ColumnProposals, Proposal, Proposals
from prismd.core.mapping.targets import Targets
from prismd.core.tables.questions import Question, Reading
from prismd.core.wording.quoting import nearest, quoted
from prismd.files.deciding.asking import LEAVE_ALL, MAKE_ALL, Asker
from prismd.files.deciding.table_order import OrderError, TableOrder, positions_of

_SHOWN_MAX = 3
_OPTION = "map"
_FLAG = f"--{_OPTION}"


class ColumnChoices:
    """The choices for the columns of one table.

    Args:
        proposals: What each column may become.
        targets: The team's properties.
        order: What somebody says.
    """

    def __init__(self, proposals: Proposals, targets: Targets, order: TableOrder) -> None:
        self.proposals, self._targets, self._order = proposals, targets, order
        self._names = [one.column.name for one in proposals.columns]
        self.taken: dict[int, Proposal] = {}
        #: The choices that are not sure by themselves, as options take them.
        self.flags: dict[int, str] = {}
        self._take_given()
        self._take_sure()

    def settle(self, asker: Asker) -> MappingDocument:
        """Return the mapping, once every column has its place.

        Args:
            asker: Answers what is in doubt.

        Raises:
            InDoubtError: A column is in doubt, and nobody can be asked.
            OrderError: An answer means nothing.
        """
        while questions := self.questions():
            question, answer = asker.answer(questions)
            position = next(at for at, one in enumerate(self.proposals.columns) if _label(one) == question.column)
            if answer in (MAKE_ALL, LEAVE_ALL):
                self._take_all(answer)
                continue
            try:
                self._choose([position], answer)
            except OrderError as error:
                asker.reject(str(error))
        return self._document()

    @property
    def notes(self) -> list[str]:
        """What people should know about what was taken, as sentences."""
        program = self.proposals.program
        notes = [f"The columns are those of {program}."] if program else []
        return [*notes, *(one.note for one in dict.fromkeys(self.taken.values()) if one.note)]

    @property
    def made_up(self) -> frozenset[str]:
        """The properties whose words are made up, so that words that are no options become options."""
        return frozenset(one.slug for one in self.taken.values() if one.makes_options and one.slug)

    def questions(self) -> list[Question]:
        """Return a question for each column in doubt."""
        return [self._question(one) for at, one in enumerate(self.proposals.columns) if at not in self.taken]

    def _take_given(self) -> None:
        groups: dict[str, list[int]] = {}
        for name, what in self._order.pairs.items():
            for position in positions_of(name, self._names, _OPTION):
                groups.setdefault(what if what != "-" else f"-{position}", []).append(position)
        for what, positions in groups.items():
            self._choose(positions, "-" if what.startswith("-") else what)
        if self._order.only:
            wanted = {at for part in self._order.only for at in positions_of(part, self._names, "columns")}
            for at in range(len(self._names)):
                if at not in wanted and at not in self.taken:
                    self.taken[at] = Proposal("leave_out", (at,), None, 1.0, "it is not among --columns")

    def _take_sure(self) -> None:
        slugs = {one.slug for one in self.taken.values() if one.slug}
        for proposal in self.proposals.automatic:
            left = tuple(at for at in proposal.columns if at not in self.taken)
            if not left or proposal.slug in slugs:
                continue
            if left != proposal.columns and proposal.rule is not None:
                wanted = tuple(self.proposals.columns[at].wanted for at in left)
                rule = msgspec.structs.replace(proposal.rule, columns=wanted)
                proposal = replace(proposal, columns=left, rule=rule)  # noqa: PLW2901 - the part of it that is left
            self.taken.update(dict.fromkeys(left, proposal))
        for at, one in enumerate(self.proposals.columns):
            # Who adds to a property means the column that is like it.
            if at not in self.taken and one.first.slug in self._order.append and one.first.slug not in slugs:
                self.taken.update(dict.fromkeys(one.first.columns, one.first))
        if self._order.make_properties or self._order.leave_out:
            self._take_all(MAKE_ALL if self._order.make_properties else LEAVE_ALL)

    def _take_all(self, answer: str) -> None:
        """Make a property of each column that has none, or leave them out; other doubts stay."""
        kind = "make" if answer == MAKE_ALL else "leave_out"
        for at, one in enumerate(self.proposals.columns):
            if at in self.taken or (one.first.kind == "property" and not (one.first.guessed and answer == MAKE_ALL)):
                continue
            found = next((each for each in one.ranked if each.kind == kind), None)
            found = found or next(each for each in one.ranked if each.kind == "leave_out")
            self.taken[at] = found
            self.flags[at] = value_of(found)

    def _choose(self, positions: Sequence[int], what: str) -> None:
        if what == "-":
            for at in positions:
                self.taken[at] = Proposal("leave_out", (at,), None, 1.0, "it was left out")
                self.flags[at] = what
            return
        chosen = self._made(positions, what[1:]) if what.startswith("+") else self._mapped(positions, what)
        for at, proposal in list(self.taken.items()):
            if proposal.slug == chosen.slug:
                del self.taken[at]
                self.flags.pop(at, None)
        self.flags.update(dict.fromkeys(positions, what))
        self.taken.update(dict.fromkeys(positions, chosen))

    def _mapped(self, positions: Sequence[int], slug: str) -> Proposal:
        target = self._targets.get(slug)
        if target is None:
            hint = nearest(slug, self._targets)
            raise OrderError(_OPTION, f"there is no property {quoted(slug)}{hint}; +{slug} makes one")
        first = self.proposals.columns[positions[0]]
        known = next((one for one in first.ranked if one.slug == slug and one.columns == tuple(positions)), None)
        if known is not None:
            return known
        steps, _ = steps_for(first.column, slug, target)
        rule = Rule(slug, tuple(self.proposals.columns[at].wanted for at in positions), steps)
        return Proposal("property", tuple(positions), rule, 1.0, "it was chosen")

    def _made(self, positions: Sequence[int], slug: str) -> Proposal:
        first = self.proposals.columns[positions[0]]
        if slug in self._targets:
            return self._mapped(positions, slug)
        # A proposal has a name that no other property has.
        known = next((one for one in first.ranked if one.kind == "make" and one.slug == slug), None)
        if known is not None and known.columns == tuple(positions):
            return known
        rule = made_property(first.column, slug, first.column.name.strip() or slug, first.wanted)
        wanted = tuple(self.proposals.columns[at].wanted for at in positions)
        return Proposal("make", tuple(positions), msgspec.structs.replace(rule, columns=wanted), 1.0, "it was chosen")

    def _question(self, one: ColumnProposals) -> Question:
        used = {taken.slug for taken in self.taken.values() if taken.slug}
        ranked = [each for each in one.ranked if each.slug is None or each.slug not in used]
        shown = ", ".join(map(quoted, one.column.examples[:_SHOWN_MAX]))
        readings = [
            Reading(value_of(each), _meaning(each), each.reason + (f"; cells: {shown}" if at == 0 and shown else ""))
            for at, each in enumerate(ranked)
        ]
        return Question("map", _label(one), tuple(readings), _FLAG)

    def _document(self) -> MappingDocument:
        document = self.proposals.document(self.taken)
        unknown = [slug for slug in self._order.append if slug not in {rule.to for rule in document.rules}]
        if unknown:
            raise OrderError("append", f"no column becomes {quoted(unknown[0])}; map one to it with {_FLAG}")
        rules = tuple(
            msgspec.structs.replace(rule, change="append") if rule.to in self._order.append else rule
            for rule in document.rules
        )
        return msgspec.structs.replace(document, rules=rules)


def _label(one: ColumnProposals) -> str:
    wanted = one.wanted
    if isinstance(wanted, Column) and (wanted.nth is not None or not wanted.column):
        return str(one.column.position + 1)
    return one.column.name


def value_of(proposal: Proposal) -> str:
    """Return a proposal as an option takes it: a slug, ``+slug`` for a property to be made, ``-`` for nothing."""
    if proposal.kind in ("leave_out", "empty"):
        return "-"
    return f"+{proposal.slug}" if proposal.kind == "make" else str(proposal.slug)


def _meaning(proposal: Proposal) -> str:
    if proposal.kind == "property":
        return f"the property {quoted(str(proposal.slug))}"
    if proposal.rule is not None and proposal.rule.make is not None:
        return f"a new property {quoted(proposal.rule.make.name)} of the type {proposal.rule.make.type}"
    return "nothing: leave it out"
