"""What a statement of a query is given: values as numbered parameters, and a name for each table that it reads."""

from __future__ import annotations

from typing import Any


class Parameters:
    """The parameters of one statement; a value never stands in its text.

    Args:
        team_id: Whose records.
        object_type: Of the records.
    """

    def __init__(self, team_id: int, object_type: str) -> None:
        #: The values by name.
        self.values: dict[str, Any] = {"team": team_id, "type": object_type}
        self._aliases = 0

    def bound(self, value: object) -> str:
        """Return the placeholder of a value."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"

    def key(self, key: str) -> str:
        """Return the placeholder of the key of a property."""
        return f"{self.bound(key)}::text"

    def alias(self) -> str:
        """Return a name that no other table of the statement has."""
        self._aliases += 1
        return f"t{self._aliases}"
