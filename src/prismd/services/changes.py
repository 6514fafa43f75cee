"""Telling of changed records, in the transaction that changes them."""

from __future__ import annotations

from collections.abc import Sequence

from prismd.core.changes import Change, RecordsChanged, notices_of
from prismd.store import changes
from prismd.store.postgres import Connection


def record_changed(
    connection: Connection, team_id: int, object_type: str, record_ids: Sequence[str], change: Change
) -> None:
    """Tell the realtime streams of a team that records changed, once the transaction commits (contract, section 15).

    Args:
        connection: Inside the transaction that changes the records; one statement, however many they are.
        team_id: Internal id of their team.
        object_type: Their type.
        record_ids: Which ones, without repetition; if none, nothing is told.
        change: What happened to all of them.
    """
    if record_ids:
        changes.tell(connection, list(notices_of(RecordsChanged(team_id, object_type, change, record_ids))))
