"""Seats for long-lived streams: each team has a limited number of them in one API process."""

from __future__ import annotations


class Seats:
    """Counts the seats that each team has taken.

    Args:
        each_max: The most seats of one team.
    """

    def __init__(self, each_max: int) -> None:
        self._each_max = each_max
        self._taken: dict[int, int] = {}

    def take(self, team_id: int) -> bool:
        """Take a seat for a team, and return whether one was free.

        Args:
            team_id: Internal id of the team.
        """
        taken = self._taken.get(team_id, 0)
        if taken >= self._each_max:
            return False
        self._taken[team_id] = taken + 1
        return True

    def give_back(self, team_id: int) -> None:
        """Give back a seat of a team."""
        left = self._taken.pop(team_id) - 1
        if left:
            self._taken[team_id] = left
