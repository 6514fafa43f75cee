"""The seats of exports: each team has a limited number of them, and so has one API process."""

from __future__ import annotations

from typing import Final

from prismd.api.limits.seats import Seats
from prismd.core.errors import PrismdError
from prismd.settings import Settings

_COME_BACK_S: Final = 5


class ExportSeats:
    """Counts the exports that are streamed.

    Args:
        settings: The settings, for the limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._of_teams = Seats(settings.exports_per_team_max)
        #: Number of exports that are streamed.
        self.taken = 0

    def take(self, team_id: int) -> None:
        """Take a seat for an export.

        Args:
            team_id: Internal id of the team.

        Raises:
            PrismdError: ``too_many_exports``.
        """
        most, each_max = self._settings.exports_max, self._settings.exports_per_team_max
        if self.taken >= most:
            raise _too_many(f"{most} exports are streamed, as many as the server does at once")
        if not self._of_teams.take(team_id):
            raise _too_many(f"the team has {each_max} exports under way, as many as it may have")
        self.taken += 1

    def leave(self, team_id: int) -> None:
        """Give back a seat of a team."""
        self._of_teams.give_back(team_id)
        self.taken -= 1


def _too_many(why: str) -> PrismdError:
    message = f"{why}; come back when one of them has ended"
    return PrismdError("too_many_exports", message, retry_after_s=_COME_BACK_S)
