"""Narrowing a query by record keys: find the hashes that its records have, without writing anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from prismd.core.properties.schema import Property
from prismd.core.queries.key_lookups import KeyLookup, key_hashes, key_lookups
from prismd.core.queries.tree import Query
from prismd.store.connections.postgres import Connection
from prismd.store.queries import pages
from prismd.store.records import record_keys

#: Most targets of a reference to look up by; more targets would match too many records to be faster than a scan.
_TARGETS_MAX: Final = 1_000


class NotFindableError(Exception):
    """Records cannot be found by a property yet, but making keys would change that.

    Args:
        object_type: The type of the records.
        prop: The property.
    """

    def __init__(self, object_type: str, prop: Property) -> None:
        super().__init__(f"no keys are kept of {object_type}.{prop.slug}")
        self.object_type = object_type
        self.prop = prop


class Narrowing:
    """Chooses the record keys to look a query's records up by.

    Args:
        connection: A connection inside the team's transaction.
        team_id: Internal id of the team.
        keys_max: Maximum number of properties of an object type that can have keys.
    """

    def __init__(self, connection: Connection, team_id: int, keys_max: int) -> None:
        self._connection = connection
        self._team_id = team_id
        self._keys_max = keys_max
        self._in_use: dict[str, set[str]] = {}

    def hashes(self, query: Query) -> Sequence[int] | None:
        """Return hashes such that each matching record has one of them; None if no look-up is possible.

        Raises:
            NotFindableError: The query could be looked up by a property that has no keys yet.
        """
        found: dict[int, None] = {}
        for choices in key_lookups(query):
            hashes = self._of_first(choices)
            if hashes is None:
                return None
            found |= dict.fromkeys(hashes)
        return list(found)

    def _of_first(self, choices: Iterable[KeyLookup]) -> Sequence[int] | None:
        return next((found for one in choices if (found := self._looked_up(one)) is not None), None)

    def _looked_up(self, lookup: KeyLookup) -> Sequence[int] | None:
        (leaf_type, leaf), *references = lookup.steps
        found = self._kept_hashes(leaf_type, leaf, lookup.values)
        for object_type, reference in references:
            if found is None:
                return None
            targets = pages.records_with_keys(self._connection, self._team_id, found, most=_TARGETS_MAX + 1)
            found = None if len(targets) > _TARGETS_MAX else self._kept_hashes(object_type, reference, targets)
        return found

    def _kept_hashes(self, object_type: str, prop: Property, values: Iterable[Any]) -> Sequence[int] | None:
        """Return the hashes if the property has keys; None if it has none and the type has its maximum of keys.

        Raises:
            NotFindableError: The property has no keys yet.
        """
        found = key_hashes(object_type, prop, values)
        # Without hashes, for instance for an option that does not exist, no record can match, so no keys are needed.
        if not found or prop.key in self._keys(object_type):
            return found
        if len(self._keys(object_type)) >= self._keys_max:
            return None
        raise NotFindableError(object_type, prop)

    def _keys(self, object_type: str) -> set[str]:
        if object_type not in self._in_use:
            self._in_use[object_type] = set(record_keys.keys_in_use(self._connection, self._team_id, object_type))
        return self._in_use[object_type]
