"""Watching what prismd's own code sends to PostgreSQL while tests run, for statements that do not name their team."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final
from unittest.mock import patch

import psycopg

import prismd
from prismd.store.backups import restoring
from prismd.store.monitoring import diagnosis, figures
from tests.naming_teams import without_team

_OF_PRISMD: Final = f"{Path(prismd.__file__).parent}/"
#: What stands between prismd's code and the cursor: psycopg, and other watchers of tests.
_BETWEEN: Final = (f"{Path(psycopg.__file__).parent}/", f"{Path(__file__).parent / 'statements.py'}", __file__)

#: What asks of all teams at once, and why it may.
OF_ALL_TEAMS: Final[dict[Callable[..., Any], str]] = {
    figures.queue_by_state: "it reads how far the jobs of all teams are, for metrics",
    figures.oldest_kept: "it reads what is purged next of all teams, for metrics",
    diagnosis.oldest_expired: "it reads what is purged next of all teams, for the doctor",
    restoring.queue_earlier_jobs: "whole databases are restored",
    restoring.has_rows: "whole databases are restored",
    restoring.write_rows: "whole databases are restored",
}
_CODE_OF_ALL_TEAMS: Final = {function.__code__ for function in OF_ALL_TEAMS}


class SentStatements:
    """The statements that were sent without their team; see :func:`watched`."""

    def __init__(self) -> None:
        self._known: dict[str, list[str]] = {}
        self._forgetful: list[str] = []

    def note(self, query: object, sender: CodeType | None) -> None:
        """Look at a statement.

        Args:
            sender: The function of prismd that sends it; None where somebody else does.
        """
        if sender is None or sender in _CODE_OF_ALL_TEAMS:
            return
        text = _text(query)
        if text not in self._known:
            self._known[text] = without_team(text)
        if tables := self._known[text]:
            self._forgetful.append(f"{sender.co_filename}: {sender.co_qualname} reaches {', '.join(tables)}: {text}")

    def taken(self) -> list[str]:
        """Return what was found since this was last asked."""
        found, self._forgetful = self._forgetful, []
        return found


@contextmanager
def watched() -> Iterator[SentStatements]:
    """Watch all statements that are sent while the block runs."""
    sent = SentStatements()

    def looked_at(name: str) -> Any:
        original = getattr(psycopg.Cursor, name)

        def call(cursor: psycopg.Cursor[Any], query: Any, *rest: Any, **options: Any) -> Any:
            sent.note(query, _sender(sys._getframe(1)))
            return original(cursor, query, *rest, **options)

        return patch.object(psycopg.Cursor, name, call)

    with ExitStack() as patches:
        for name in ("execute", "executemany", "stream", "copy"):
            patches.enter_context(looked_at(name))
        yield sent


def _sender(frame: FrameType | None) -> CodeType | None:
    while frame is not None and frame.f_code.co_filename.startswith(_BETWEEN):
        frame = frame.f_back
    return frame.f_code if frame is not None and frame.f_code.co_filename.startswith(_OF_PRISMD) else None


def _text(query: object) -> str:
    if isinstance(query, bytes):
        return query.decode(errors="replace")
    return query.as_string(None) if isinstance(query, psycopg.sql.Composable) else str(query)
