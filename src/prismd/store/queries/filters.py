"""The filter of a query as SQL: the conditions that a record ``r`` must meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from prismd.core.properties.schema import LISTS_KEY
from prismd.core.queries.conditions import Condition, Operator
from prismd.core.queries.tree import Clause, Deleted, Query
from prismd.store.encoding.arrays import array_of_any
from prismd.store.queries.parameters import Parameters
from prismd.store.queries.paths import Paths
from prismd.store.queries.values import type_of, written

_OF_DELETED: Final = {
    Deleted.LEFT_OUT: ["r.deleted_at IS NULL"], Deleted.ONLY: ["r.deleted_at IS NOT NULL"], Deleted.TOO: [],
}  # fmt: skip

_COMPARISONS: Final = {
    Operator.LESS: "<", Operator.AT_MOST: "<=", Operator.MORE: ">", Operator.AT_LEAST: ">=",
}  # fmt: skip
_OF_TEXTS: Final = {
    Operator.CONTAINS: "position({given} IN {value}) > 0",
    Operator.BEGINS: "starts_with({value}, {given})",
    Operator.ENDS: "right({value}, length({given})) = {given}",
    Operator.MATCHES: "{value} ~ {given}",
}


class Filter:
    """Writes the filter of one statement.

    Args:
        query: The query; ids have replaced its references to contacts.
        parameters: The parameters of the statement.
        paths: The paths of the statement.
    """

    def __init__(self, query: Query, parameters: Parameters, paths: Paths) -> None:
        self._query = query
        self._parameters = parameters
        self._paths = paths

    def conditions(self) -> list[str]:
        """Return at least one condition; a record must meet all of them."""
        query = self._query
        wanted = [*_OF_DELETED[query.deleted]]
        if query.list_id is not None:
            lists = f"r.properties -> {self._parameters.key(LISTS_KEY)}"
            wanted.append(f"{lists} ? {self._parameters.bound(query.list_id)}")
        clauses = [self._clause(clause) for clause in query.clauses]
        if clauses and query.any_clause:
            wanted.append(f"({' OR '.join(clauses)})")
        else:
            wanted += clauses
        return wanted or ["true"]

    def _clause(self, clause: Clause) -> str:
        first = clause.conditions[0]
        if len(clause.conditions) > 1 and all(_is_like(first, other) for other in clause.conditions):
            return self._each(clause.conditions)
        return "(" + " AND ".join(self._condition(condition) for condition in clause.conditions) + ")"

    def _each(self, conditions: Sequence[Condition]) -> str:
        """Return SQL for "all conditions hold", with one parameter for conditions that differ only in their values."""
        first, each = conditions[0], self._parameters.alias()
        kind = type_of(first.path.leaf)
        values = [[written(one, kind) for one in condition.values] for condition in conditions]
        if first.operator is Operator.EQUALS and first.negated:
            return self._condition(replace(first, values=tuple(chain(*(one.values for one in conditions)))))
        if first.operator is Operator.EQUALS and all(len(texts) == 1 for texts in values):
            return self._all_there(first, [text for [text] in values])
        if first.operator is Operator.EQUALS:
            given, kind = self._parameters.bound([array_of_any(texts) for texts in values]), f"{kind}[]"
        else:
            given = self._parameters.bound([text for [text] in values])
        unmet = f"{'' if first.negated else 'NOT '}{self._passes(first, f'{each}.value::{kind}')}"
        return f"NOT EXISTS (SELECT FROM unnest({given}::text[]) AS {each} (value) WHERE {unmet})"

    def _all_there(self, first: Condition, texts: Sequence[str]) -> str:
        """Return SQL for "a record has all of these values at the end of a condition's path"."""
        wanted = list(set(texts))
        tables, value = self._paths.values(first.path)
        given = f"{self._parameters.bound(wanted)}::text[]::{type_of(first.path.leaf)}[]"
        return f"(SELECT count(DISTINCT {value}) FROM {tables} WHERE {value} = ANY({given})) = {len(wanted)}"

    def _condition(self, condition: Condition) -> str:
        if not condition.path.is_kept:
            return "true" if condition.negated else "false"
        return f"{'NOT ' if condition.negated else ''}{self._passes(condition)}"

    def _passes(self, condition: Condition, given: str | None = None) -> str:
        """Return SQL for "a value at the end of the path passes", compared with a given or the condition's value."""
        path = condition.path
        if not path.steps and not path.leaf.holds_many:
            return f"coalesce({self._compared(condition, self._paths.value('r', path.leaf), given)}, false)"
        tables, value = self._paths.values(path)
        return f"EXISTS (SELECT FROM {tables} WHERE {self._compared(condition, value, given)})"

    def _compared(self, condition: Condition, value: str, other: str | None) -> str:
        bound, kind, given = self._parameters.bound, type_of(condition.path.leaf), condition.values
        if condition.operator in _OF_TEXTS:
            text = other or f"{bound(given[0])}::text"
            return _OF_TEXTS[condition.operator].format(value=value, given=text)
        if other is not None:
            return f"{value} = ANY({other})"
        match condition.operator:
            case Operator.PRESENT:
                return f"{value} IS NOT NULL"
            case Operator.EQUALS:
                return f"{value} = ANY({bound([written(one, kind) for one in given])}::text[]::{kind}[])"
            case Operator.BETWEEN:
                first, last = (f"{bound(written(one, kind))}::{kind}" for one in given)
                return f"{value} BETWEEN {first} AND {last}"
            case _:
                return f"{value} {_COMPARISONS[condition.operator]} {bound(written(given[0], kind))}::{kind}"


def _is_like(first: Condition, other: Condition) -> bool:
    """Tell whether two conditions differ only in their values, so that one expression can represent many of them."""
    return (
        first.path.is_kept
        and first.operator in (Operator.CONTAINS, Operator.EQUALS)
        and (other.path, other.operator, other.negated) == (first.path, first.operator, first.negated)
    )
