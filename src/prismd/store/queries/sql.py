"""Queries as SQL: the statement that finds in PostgreSQL what ``core.query.meaning`` says is wanted.

Values only ever go in as parameters. The order in which tables are gone through is said by the statement and not left
to the planner (decision 0009): from keys to records where a condition can be looked up, else through the records of
the type in the order in which they were made, which is also the order of a query that sorts by nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from prismd.core.properties.schema import LISTS_KEY, Kind, Property
from prismd.core.queries.conditions import Condition, Test
from prismd.core.queries.cursors import Place
from prismd.core.queries.paths import IDENTIFIER, Path
from prismd.core.queries.tree import Clause, Deleted, Query, SortKey
from prismd.store.encoding.arrays import array_of_any
from prismd.store.queries.values import MOMENTS, as_text, begin_of, sort_type, type_of, written

_OF_DELETED: Final = {
    Deleted.LEFT_OUT: ["r.deleted_at IS NULL"], Deleted.ONLY: ["r.deleted_at IS NOT NULL"], Deleted.TOO: [],
}  # fmt: skip

_OPERATORS: Final = {Test.LESS: "<", Test.AT_MOST: "<=", Test.MORE: ">", Test.AT_LEAST: ">="}
_TEXT_TESTS: Final = {
    Test.CONTAINS: "position({given} IN {value}) > 0",
    Test.BEGINS: "starts_with({value}, {given})",
    Test.ENDS: "right({value}, length({given})) = {given}",
    Test.MATCHES: "{value} ~ {given}",
}


class QuerySql:
    """Writes the statements of one query.

    Args:
        query: The query; references to contacts are ids by now.
        team_id: Whose records.
        hashes: Of keys of which every wanted record has one; None where the records of the type are gone through.
    """

    def __init__(self, query: Query, team_id: int, hashes: Sequence[int] | None) -> None:
        self._query = query
        self._hashes = hashes
        self.parameters: dict[str, Any] = {"team": team_id, "type": query.object_type}
        self._aliases = 0

    def page(self, columns: str, *, after: Place | None, limit: int, offset: int = 0) -> str:
        """Return the statement that finds a page: the columns, then what each record is sorted by as text.

        Args:
            columns: What to read of the record ``r``.
            after: Where the page before ended.
            limit: Most rows.
            offset: Rows to leave out.
        """
        joins, keys = self._sort_keys()
        wanted = self._wanted()
        if after is not None:
            wanted.append(self._beyond(keys, after))
        order = [self._direction(key, descending=descending) for key, descending, _ in keys]
        shown = ", ".join([columns, *(as_text(key, kind) for key, _, kind in keys)])
        return (
            f"SELECT {shown} FROM {self._source()} {' '.join(joins)} WHERE {' AND '.join(wanted)} "
            f"ORDER BY {', '.join([*order, self._id])} LIMIT {self._bound(limit)} OFFSET {self._bound(offset)}"
        )

    def total(self) -> str:
        """Return the statement that counts all that is wanted."""
        return f"SELECT count(*) FROM {self._source()} WHERE {' AND '.join(self._wanted())}"

    # --- where records come from ---

    def _source(self) -> str:
        if self._query.ids is not None:
            ids = self._bound(list(self._query.ids))
            return _by_ids(f"SELECT id FROM unnest({ids}::text[]::uuid[]) AS given (id)")
        if self._hashes is None:
            return "(SELECT * FROM record WHERE team_id = %(team)s AND object_type = %(type)s) AS r"
        # The records of one key stand in its index in order; those of several may be the same ones.
        hashes = f"{self._bound(list(self._hashes))}::bigint[]"
        if len(self._hashes) == 1:
            return _by_ids(
                f"SELECT record_id AS id FROM record_key WHERE team_id = %(team)s AND key_hash = ({hashes})[1]"
            )
        return _by_ids(
            f"SELECT DISTINCT key.record_id AS id FROM unnest({hashes}) AS wanted (key_hash) CROSS JOIN LATERAL "
            "(SELECT record_id FROM record_key WHERE team_id = %(team)s AND key_hash = wanted.key_hash OFFSET 0) AS key"
        )

    @property
    def _id(self) -> str:
        # Where ids come first, they come in order; said of the record itself, the planner would sort them again.
        return "r.id" if self._query.ids is None and self._hashes is None else "found.id"

    # --- which of them are wanted ---

    def _wanted(self) -> list[str]:
        query = self._query
        wanted = [*_OF_DELETED[query.deleted]]
        if query.list_id is not None:
            wanted.append(f"r.properties -> {self._key(LISTS_KEY)} ? {self._bound(query.list_id)}")
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
        """Return that conditions all hold which differ in their values alone, in as many parameters as one takes."""
        first, each = conditions[0], self._alias()
        kind = type_of(first.path.leaf)
        values = [[written(one, kind) for one in condition.values] for condition in conditions]
        if first.test is Test.EQUALS and first.negated:
            return self._condition(replace(first, values=tuple(chain(*(one.values for one in conditions)))))
        if first.test is Test.EQUALS and all(len(texts) == 1 for texts in values):
            asked = {text for [text] in values}
            way, value = self._way(first.path)
            given = f"{self._bound(list(asked))}::text[]::{kind}[]"
            return f"(SELECT count(DISTINCT {value}) FROM {way} WHERE {value} = ANY({given})) = {len(asked)}"
        if first.test is Test.EQUALS:
            given, kind = self._bound([array_of_any(texts) for texts in values]), f"{kind}[]"
        else:
            given = self._bound([text for [text] in values])
        unmet = f"{'' if first.negated else 'NOT '}{self._passes(first, f'{each}.value::{kind}')}"
        return f"NOT EXISTS (SELECT FROM unnest({given}::text[]) AS {each} (value) WHERE {unmet})"

    def _condition(self, condition: Condition) -> str:
        if not condition.path.is_kept:
            return "true" if condition.negated else "false"
        return f"{'NOT ' if condition.negated else ''}{self._passes(condition)}"

    def _passes(self, condition: Condition, given: str | None = None) -> str:
        """Return that a value at the end of a condition's path passes its test, with the given value or its own."""
        path = condition.path
        if not path.steps and not path.leaf.holds_many:
            return f"coalesce({self._test(condition, self._value('r', path.leaf), given)}, false)"
        way, value = self._way(path)
        return f"EXISTS (SELECT FROM {way} WHERE {self._test(condition, value, given)})"

    def _way(self, path: Path) -> tuple[str, str]:
        """Return the tables that lead to the values of a path, and what a value is called there."""
        record, tables = "r", ["(VALUES (1)) AS start"]
        for step in path.steps:
            target = self._alias()
            if step.holds_many:
                one = self._alias()
                tables.append(f"jsonb_array_elements_text({record}.properties -> {self._key(step.key)}) AS {one} (id)")
                tables.append(self._target(step, f"{one}.id", target))
            else:
                tables.append(self._target(step, f"{record}.properties ->> {self._key(step.key)}", target))
            record = target
        if not path.leaf.holds_many:
            return " CROSS JOIN LATERAL ".join(tables), self._value(record, path.leaf)
        one = self._alias()
        tables.append(f"jsonb_array_elements_text({record}.properties -> {self._key(path.leaf.key)}) AS {one} (value)")
        return " CROSS JOIN LATERAL ".join(tables), f'({one}.value COLLATE "C")'

    def _target(self, step: Property, reference: str, alias: str) -> str:
        return (
            f"(SELECT * FROM record WHERE team_id = %(team)s AND object_type = {self._bound(step.target)}"
            f" AND id = ({reference})::uuid AND deleted_at IS NULL OFFSET 0) AS {alias}"
        )

    def _value(self, record: str, prop: Property) -> str:
        """Return the comparable value of a property that holds one."""
        if prop is IDENTIFIER:
            return self._id if record == "r" else f"{record}.id"
        if prop.read_only and prop.key in MOMENTS:
            return f"{record}.{MOMENTS[prop.key]}"
        text = f"({record}.properties ->> {self._key(prop.key)})"
        match prop.kind:
            case Kind.NUM:
                return f"{text}::numeric"
            case Kind.BOOL:
                return f"{text}::boolean"
            case Kind.DATE:
                begin = f"left({text}, 10) || 'T00:00:00'" if prop.holds_days else begin_of(text)
                return f'({begin} COLLATE "C")'
            case _:
                return f'({text} COLLATE "C")'

    def _test(self, condition: Condition, value: str, other: str | None) -> str:
        kind, given = type_of(condition.path.leaf), condition.values
        if condition.test in _TEXT_TESTS:
            return _TEXT_TESTS[condition.test].format(value=value, given=other or f"{self._bound(given[0])}::text")
        if other is not None:
            return f"{value} = ANY({other})"
        match condition.test:
            case Test.PRESENT:
                return f"{value} IS NOT NULL"
            case Test.EQUALS:
                return f"{value} = ANY({self._bound([written(one, kind) for one in given])}::text[]::{kind}[])"
            case Test.BETWEEN:
                first, last = (f"{self._bound(written(one, kind))}::{kind}" for one in given)
                return f"{value} BETWEEN {first} AND {last}"
            case _:
                return f"{value} {_OPERATORS[condition.test]} {self._bound(written(given[0], kind))}::{kind}"

    # --- in which order ---

    def _sort_keys(self) -> tuple[list[str], list[tuple[str, bool, str]]]:
        """Return the joins that reach what is sorted by, and each key with its direction and type."""
        joins: list[str] = []
        keys: list[tuple[str, bool, str]] = []
        if self._query.pinned:
            ids = self._bound(list(self._query.pinned))
            keys.append(
                (
                    f"coalesce(array_position({ids}::text[]::uuid[], r.id), {len(self._query.pinned) + 1})",
                    False,
                    "integer",
                )
            )
        for key in self._query.sort:
            if not key.path.is_kept:
                keys.append((f"NULL::{sort_type(key)}", key.descending, sort_type(key)))
                continue
            record = self._joined(key, joins)
            value = self._value(record, key.path.leaf)
            if key.path.leaf.kind is Kind.SELECT:
                options = self._bound(list(key.options()))
                value = f"array_position({options}::text[], {value})"
            keys.append((value, key.descending, sort_type(key)))
        return joins, keys

    def _direction(self, key: str, *, descending: bool) -> str:
        # An id is always there; said of it too, what comes last would keep the index from being read backwards.
        return f"{key} {'DESC' if descending else 'ASC'}{'' if key == self._id else ' NULLS LAST'}"

    def _joined(self, key: SortKey, joins: list[str]) -> str:
        record = "r"
        for step in key.path.steps:
            target = self._alias()
            reference = f"{record}.properties ->> {self._key(step.key)}"
            joins.append(f"LEFT JOIN LATERAL {self._target(step, reference, target)} ON true")
            record = target
        return record

    def _beyond(self, keys: Sequence[tuple[str, bool, str]], after: Place) -> str:
        """Return the condition that a record comes after a place, its id deciding where nothing else does."""
        beyond = f"{self._id} > {self._bound(after.after)}::uuid"
        for (key, descending, kind), value in reversed(list(zip(keys, after.values, strict=True))):
            if value is None:
                beyond = f"({key} IS NULL AND {beyond})"
                continue
            place = f"{self._bound(written(value, kind))}::{kind}"
            if key == self._id:  # always there, and never twice
                beyond = f"{key} {'<' if descending else '>'} {place}"
                continue
            later = f"{key} {'<' if descending else '>'} {place} OR {key} IS NULL"
            beyond = f"({later} OR ({key} = {place} AND {beyond}))"
        return beyond

    # --- parameters ---

    def _bound(self, value: object) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"

    def _key(self, key: str) -> str:
        return f"{self._bound(key)}::text"

    def _alias(self) -> str:
        self._aliases += 1
        return f"t{self._aliases}"


def _is_like(first: Condition, other: Condition) -> bool:
    """Tell whether two conditions differ in their values alone, so that many such can be told in one."""
    return (
        first.path.is_kept
        and first.test in (Test.CONTAINS, Test.EQUALS)
        and (other.path, other.test, other.negated) == (first.path, first.test, first.negated)
    )


def _by_ids(ids: str) -> str:
    return (
        f"({ids}) AS found CROSS JOIN LATERAL (SELECT * FROM record WHERE team_id = %(team)s"
        f" AND object_type = %(type)s AND id = found.id OFFSET 0) AS r"
    )
