"""Proposals of a mapping: for each column what it may become, how sure that is, and the reason in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from prismd.core.ids import is_uuid
from prismd.core.mapping.candidates import EXACT, LIKELY, OTHER_WORDS, SYNONYM, Candidate, NamedCandidates
from prismd.core.mapping.choices import Naming, choices_for
from prismd.core.mapping.content import by_content, column_of, has_cells, objection, steps_for
from prismd.core.mapping.document import MappingDocument, Rule
from prismd.core.mapping.earlier import Earlier, earlier_decisions
from prismd.core.mapping.laid_out import LaidOut
from prismd.core.mapping.layouts import recognised
from prismd.core.mapping.proposal import ColumnProposals, Kind, Proposal, Proposals
from prismd.core.mapping.rivals import settled
from prismd.core.mapping.steps import Join, Step
from prismd.core.mapping.targets import SELECT_TYPES, Targets
from prismd.core.tables.columns.profile import ColumnProfile
from prismd.core.wording.quoting import quoted

__all__ = ["ColumnProposals", "Proposal", "Proposals", "propose"]

#: The properties of a person's whole name, the usual one first.
_WHOLE_NAMES: Final = ("full_name", "name")
#: How sure a decision about another table is.
DECIDED: Final = 0.8
_CONTACTS: Final = ("ref_contact", "multiref_contact")


def propose(
    columns: Sequence[ColumnProfile],
    targets: Targets,
    object_type: str,
    decided_before: Sequence[MappingDocument] = (),
) -> Proposals:
    """Return what each column of a table may become.

    Args:
        columns: Of the table, in their order; what is known of their cells counts, and may be nothing.
        targets: The team's properties of the object type.
        object_type: What the rows are, such as ``contact``.
        decided_before: The team's mappings of other tables, the newest first.
    """
    return _Table(columns, targets, object_type, decided_before).proposals()


class _Table:
    """A table on its way to proposals."""

    def __init__(
        self,
        columns: Sequence[ColumnProfile],
        targets: Targets,
        object_type: str,
        decided_before: Sequence[MappingDocument],
    ) -> None:
        self._columns, self._targets, self._type = columns, targets, object_type
        names = [column.name for column in columns]
        named = NamedCandidates(names, targets, object_type)
        self._concepts = named.concepts
        self._layout = recognised(names)
        self._unmet: dict[int, str] = {}
        self._contradicted = set[int]()
        self._wanted = [column_of(column, nth) for column, nth in zip(columns, _nths(names), strict=True)]
        found = [list(self._checked(column, of_name)) for column, of_name in zip(columns, named.all, strict=True)]
        self._earlier = [*earlier_decisions(names, decided_before, targets, object_type)]
        for one in self._earlier:
            for position in one.columns:
                found[position] = [] if one.same else _beside(found[position], one)
        self._ranked = settled(columns, found, targets)

    def proposals(self) -> Proposals:
        """Return the proposals for all columns."""
        ranked: list[list[Proposal]] = [[] for _ in self._columns]
        for proposal in (*self._of_before(), *self._together(), *self._of_candidates()):
            for position in proposal.columns:
                ranked[position].append(proposal)
        naming = Naming(self._targets, {one.slug for of_column in ranked for one in of_column if one.slug})
        for position, column in enumerate(self._columns):
            why = self._unmet.get(position, "")
            ranked[position] += choices_for(
                column, self._wanted[position], self._targets, naming, why, plain=self._layout is not None
            )
            # A sure property keeps an empty column, which may have values further on.
            ranked[position].sort(key=lambda one: (-(one.sure and one.kind == "property"), -one.confidence))
        if self._layout is not None:
            self._lay_out(ranked, LaidOut(self._layout, self._targets, naming))
        columns = tuple(map(ColumnProposals, self._columns, self._wanted, map(tuple, ranked)))
        return Proposals(self._type, columns, self._layout.program if self._layout else None)

    def _lay_out(self, ranked: list[list[Proposal]], laid_out: LaidOut) -> None:
        """Rank what the layout of a program says first, where the team did not decide about the same table before."""
        decided = {position for one in self._earlier if one.same for position in one.columns}
        for position, column in enumerate(self._columns):
            if position not in decided:
                ranked[position] = laid_out.ranked(
                    column, self._wanted[position], ranked[position], contradicted=position in self._contradicted
                )

    def _checked(self, column: ColumnProfile, named: Sequence[Candidate]) -> Iterator[Candidate]:
        """Yield the candidates that can take the column's values, doubted where the cells speak against them."""
        seen = set[str]()
        for one in sorted(
            [*named, *(() if named else by_content(column, self._targets))], key=lambda one: -one.confidence
        ):
            target = self._targets[one.slug]
            if one.slug in seen or target.read_only:
                continue
            if target.is_reference and not self._refers(column, target.type):
                self._unmet[column.position] = f"{quoted(one.slug)} takes ids of records, and none are known here"
                continue
            seen.add(one.slug)
            _, asks = steps_for(column, one.slug, target)
            against = objection(column, one.slug, target)
            # Words that are no options contradict no name: programs have words of their own.
            if against and target.type in SELECT_TYPES:
                yield one.doubted(against, OTHER_WORDS)
                continue
            if (against or asks) and one.is_sure and target.type not in SELECT_TYPES:
                self._contradicted.add(column.position)
            yield one.doubted(against or asks) if against or asks else one

    @staticmethod
    def _refers(column: ColumnProfile, wire_type: str) -> bool:
        """Return whether the values of a column can be references: ids, or addresses of contacts."""
        if wire_type in _CONTACTS and (not has_cells(column) or "email" in column.kinds):
            return True
        return bool(column.examples) and all(map(is_uuid, column.examples))

    def _of_before(self) -> Iterator[Proposal]:
        slugs = Counter(one.rule.to for one in self._earlier if one.rule)
        for one in self._earlier:
            alone = one.rule is None or slugs[one.rule.to] == 1
            yield _as_before(one, sure=alone and (one.same or self._is_named(one)))

    def _is_named(self, one: Earlier) -> bool:
        """Return whether the name of the one column says the same as the decision of before."""
        found = self._ranked[one.columns[0]]
        if one.rule is None or len(one.columns) > 1 or not found:
            return False
        return found[0].slug == one.rule.to and found[0].is_sure and not self._targets[one.rule.to].holds_many

    def _together(self) -> Iterator[Proposal]:
        """Yield a whole name made of a first and a last one, where there is a property for the whole alone."""
        whole = next((slug for slug in _WHOLE_NAMES if slug in self._targets), None)
        first, last = self._only("first_name"), self._only("last_name")
        if whole is None or first is None or last is None or {"first_name", "last_name"} & self._targets.keys():
            return
        rule = Rule(whole, (self._wanted[first], self._wanted[last]), (Join(" "),))
        free = all(not found or found[0].slug != whole for found in self._ranked)
        reason = f"a first and a last name together are {quoted(whole)}, and there is no property for each"
        yield Proposal("property", (first, last), rule, SYNONYM if free else LIKELY, reason, sure=free)

    def _only(self, concept: str) -> int | None:
        positions = [position for position, one in enumerate(self._concepts) if one == concept]
        return positions[0] if len(positions) == 1 else None

    def _of_candidates(self) -> Iterator[Proposal]:
        groups = self._groups()
        for position, found in enumerate(self._ranked):
            for one in found:
                group = groups.get(one.slug, [])
                if position in group:
                    if position == group[0]:
                        yield self._proposal(one, group, sure=True)
                    continue
                joins = bool(group) and self._steps(group[0], one.slug) == self._steps(position, one.slug)
                sure = not group and one is found[0] and one.is_sure
                yield self._proposal(one, [*group, position] if joins else [position], sure=sure)

    def _groups(self) -> dict[str, list[int]]:
        """Return the columns that surely go into each property of several values, in the order of their ranks.

        They share the steps of the rule, so columns whose cells need others are not among them.
        """
        groups: dict[str, list[int]] = {}
        by_rank = sorted(
            range(len(self._columns)),
            key=lambda position: self._ranked[position][0].rank if self._ranked[position] else 0,
        )
        for position in by_rank:
            found = self._ranked[position]
            if found and found[0].is_sure and self._targets[found[0].slug].holds_many:
                group = groups.setdefault(found[0].slug, [])
                if not group or self._steps(group[0], found[0].slug) == self._steps(position, found[0].slug):
                    group.append(position)
        return groups

    def _steps(self, position: int, slug: str) -> tuple[Step, ...]:
        return steps_for(self._columns[position], slug, self._targets[slug])[0]

    def _proposal(self, one: Candidate, positions: Sequence[int], *, sure: bool) -> Proposal:
        rule = Rule(
            one.slug, tuple(self._wanted[position] for position in positions), self._steps(positions[0], one.slug)
        )
        reason = one.reason if len(positions) == 1 else f"{one.reason}, which holds several values"
        return Proposal("property", tuple(positions), rule, one.confidence, reason, sure=sure)


def _beside(found: Sequence[Candidate], one: Earlier) -> list[Candidate]:
    """Return the candidates of a column that another table had, those in doubt that do not agree with it."""
    made = one.rule.to if one.rule else None
    what = f"it became {quoted(made)}" if made else "it was left out"
    return [each if each.slug == made else each.doubted(f"in another table {what}") for each in found]


def _as_before(one: Earlier, *, sure: bool) -> Proposal:
    table = "a table with these columns" if one.same else "another table"
    what = f"became {quoted(one.rule.to)}" if one.rule else "was left out"
    kind: Kind = "leave_out" if one.rule is None else "make" if one.rule.make else "property"
    confidence = EXACT if sure else DECIDED
    return Proposal(kind, one.columns, one.rule, confidence, f"in {table} it {what} before", sure=sure)


def _nths(names: Sequence[str]) -> list[int | None]:
    """Return for each column which one it is of those with its name; None where it is the only one."""
    counts, seen = Counter(names), Counter[str]()
    nths: list[int | None] = []
    for name in names:
        seen[name] += 1
        nths.append(seen[name] if counts[name] > 1 or not name else None)
    return nths
