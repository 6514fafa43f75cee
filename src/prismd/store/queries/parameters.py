"""The parameters of a query's statement, numbered, and a name for each table that it reads."""

from __future__ import annotations

from typing import Any


class Parameters:
    """The parameters of one statement; its text contains no value.

    Args:
        team_id: The team whose records are searched.
        object_type: The type of the records.
    """

    def __init__(self, team_id: int, object_type: str) -> None:
        #: The values, by name.
        self.values: dict[str, Any] = {"team": team_id, "type": object_type}
        self._aliases = 0

    def bound(self, value: object) -> str:
        """Add a value, and return its placeholder."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"

    def key(self, key: str) -> str:
        """Add the key of a property, and return its placeholder."""
        return f"{self.bound(key)}::text"

    def alias(self) -> str:
        """Return a name that no other table of the statement has."""
        self._aliases += 1
        return f"t{self._aliases}"
