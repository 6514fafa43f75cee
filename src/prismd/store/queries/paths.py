"""Paths as SQL: the tables that lead from a record to a value, and the value in comparable form."""

from __future__ import annotations

from typing import Final

from prismd.core.properties.schema import Kind, Property
from prismd.core.queries.paths import IDENTIFIER, Path
from prismd.store.queries.parameters import Parameters
from prismd.store.queries.values import MOMENTS, begin_of

_AND_FROM_THERE: Final = " CROSS JOIN LATERAL "


class Paths:
    """Writes the paths of one statement.

    Args:
        parameters: The parameters of the statement.
        record_id: The expression of the id of the record at which the paths begin.
    """

    def __init__(self, parameters: Parameters, record_id: str) -> None:
        self._parameters = parameters
        self._record_id = record_id

    def value(self, record: str, prop: Property) -> str:
        """Return the comparable value of a single-valued property.

        Args:
            record: The record's name in the statement: ``r`` at the beginning of a path.
            prop: The property.
        """
        if prop is IDENTIFIER:
            return self._record_id if record == "r" else f"{record}.id"
        if prop.read_only and prop.key in MOMENTS:
            return f"{record}.{MOMENTS[prop.key]}"
        text = f"({record}.properties ->> {self._parameters.key(prop.key)})"
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

    def values(self, path: Path) -> tuple[str, str]:
        """Return the tables that lead to all values of a path, and the expression of one value."""
        record, tables = "r", ["(VALUES (1)) AS start"]
        for step in path.steps:
            target = self._parameters.alias()
            if step.holds_many:
                one = self._parameters.alias()
                tables.append(f"{self._elements(record, step)} AS {one} (id)")
                tables.append(self._target(step, f"{one}.id", target))
            else:
                tables.append(self._target(step, self._reference(record, step), target))
            record = target
        if not path.leaf.holds_many:
            return _AND_FROM_THERE.join(tables), self.value(record, path.leaf)
        one = self._parameters.alias()
        tables.append(f"{self._elements(record, path.leaf)} AS {one} (value)")
        return _AND_FROM_THERE.join(tables), f'({one}.value COLLATE "C")'

    def one_value(self, path: Path) -> tuple[list[str], str]:
        """Return the joins to the only value of a path, and its expression, which is NULL if the record has no value.

        Args:
            path: A path that leads to one value at most.
        """
        record = "r"
        joins: list[str] = []
        for step in path.steps:
            target = self._parameters.alias()
            joins.append(f"LEFT JOIN LATERAL {self._target(step, self._reference(record, step), target)} ON true")
            record = target
        return joins, self.value(record, path.leaf)

    def _elements(self, record: str, prop: Property) -> str:
        return f"jsonb_array_elements_text({record}.properties -> {self._parameters.key(prop.key)})"

    def _reference(self, record: str, step: Property) -> str:
        return f"{record}.properties ->> {self._parameters.key(step.key)}"

    def _target(self, step: Property, reference: str, alias: str) -> str:
        return (
            f"(SELECT * FROM record WHERE team_id = %(team)s AND object_type = {self._parameters.bound(step.target)}"
            f" AND id = ({reference})::uuid AND deleted_at IS NULL OFFSET 0) AS {alias}"
        )
