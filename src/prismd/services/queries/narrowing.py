"""Finding records of a query by keys: which conditions can be looked up, and under which hashes (decision 0011)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from prismd.core.properties.schema import LISTS, Kind, Property
from prismd.core.queries.conditions import Condition, Operator
from prismd.core.queries.paths import IDENTIFIER, Path
from prismd.core.queries.tree import Query
from prismd.core.records.keys import KeyRule
from prismd.services.records.keys import ensure_key
from prismd.settings import Settings
from prismd.store.connections import transactions
from prismd.store.connections.postgres import Connection
from prismd.store.queries import pages
from prismd.store.records import record_keys

#: More records than that at the end of a reference, and it is no way to few records any more.
_TARGETS_MAX: Final = 1_000

# Which condition to go by where several could do: values of these kinds are shared by many records as a rule.
_SHARED: Final = {Kind.SELECT: 1, Kind.MULTISELECT: 1, Kind.BOOL: 2}


class Narrowing:
    """Looks for the keys of which every wanted record has one.

    Args:
        connection: Outside a transaction, or in one that may be committed: a property that becomes a key stays one,
            and nobody waits for the rest of the query.
        team_id: Whose records.
        settings: For the number of properties that can be keys.
    """

    def __init__(self, connection: Connection, team_id: int, settings: Settings) -> None:
        self._connection = connection
        self._team_id = team_id
        self._settings = settings
        self._in_use: dict[str, set[str]] = {}

    def hashes(self, query: Query) -> Sequence[int] | None:
        """Return the hashes of those keys; None where the records of the type have to be gone through."""
        if query.ids is not None:
            return None
        if query.any_clause and query.clauses:
            return self._of_any(query)
        found = self._of_first(query.object_type, query.conditions())
        if found is not None or query.list_id is None:
            return found
        return self._own_hashes(query.object_type, LISTS, [query.list_id])

    def _of_any(self, query: Query) -> Sequence[int] | None:
        found: dict[int, None] = {}
        for clause in query.clauses:
            hashes = self._of_first(query.object_type, clause.conditions)
            if hashes is None:
                return None
            found |= dict.fromkeys(hashes)
        return list(found)

    def _of_first(self, object_type: str, conditions: Iterable[Condition]) -> Sequence[int] | None:
        for condition in sorted(filter(_is_usable, conditions), key=_rank):
            hashes = self._along(object_type, condition.path, 0, condition.values)
            if hashes is not None:
                return hashes
        return None

    def _along(self, object_type: str, path: Path, step: int, values: Iterable[Any]) -> Sequence[int] | None:
        """Return the hashes under which records are found that have a value at the end of a path, from a step on."""
        if step == len(path.steps):
            return self._own_hashes(object_type, path.leaf, values)
        reference = path.steps[step]
        inner = self._along(reference.target or "", path, step + 1, values)
        if inner is None:
            return None
        targets = pages.records_with_keys(self._connection, self._team_id, inner, most=_TARGETS_MAX + 1)
        return None if len(targets) > _TARGETS_MAX else self._own_hashes(object_type, reference, targets)

    def _own_hashes(self, object_type: str, prop: Property, values: Iterable[Any]) -> Sequence[int] | None:
        rule = KeyRule(object_type, prop, fold_case=True)
        found: dict[int, None] = {}
        for value in values:
            hashes = rule.hashes(_as_stored(prop, value))
            if not hashes:
                return None  # what is blank is not kept as a key
            found |= dict.fromkeys(hashes)
        # Of an option that does not exist there is no value, and nothing to look for.
        return list(found) if not found or self._make_key(object_type, prop) else None

    def _make_key(self, object_type: str, prop: Property) -> bool:
        if object_type not in self._in_use:
            self._in_use[object_type] = set(record_keys.keys_in_use(self._connection, self._team_id, object_type))
        in_use = self._in_use[object_type]
        if prop.key in in_use:
            return True
        if len(in_use) >= self._settings.key_properties_max:
            return False
        ensure_key(self._connection, self._team_id, object_type, prop)
        transactions.commit(self._connection, self._team_id)
        in_use.add(prop.key)
        return True


def _is_usable(condition: Condition) -> bool:
    leaf = condition.path.leaf
    # What the server alone sets is kept beside the record's values, where no key is made of it.
    can_be_keys = condition.path.is_kept and leaf is not IDENTIFIER and not leaf.read_only
    return condition.operator is Operator.EQUALS and not condition.negated and can_be_keys


def _rank(condition: Condition) -> int:
    return _SHARED.get(condition.path.leaf.kind, 0)


def _as_stored(prop: Property, value: Any) -> Any:  # noqa: ANN401 - a comparable value of any type
    if prop.kind is Kind.DATE:
        return value + "Z"
    return [value] if prop.holds_many else value
