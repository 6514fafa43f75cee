"""A worker that is killed at any statement of an undo: what comes out is the same as without, and is done once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from prismd.core.imports.job import Job
from prismd.services.changes.undo import undo_job
from prismd.services.imports.stepping import step_next
from prismd.services.runtime import Runtime, SoleRuntime
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, connect
from tests.services.importing import Importer
from tests.services.test_undo import edit, keys, state
from tests.simulation.faults import Call, SimulatedConnection, drive, has_answer


@dataclass
class Killer:
    """Loses the connection at one call, before it is made or when its answer is there.

    Args:
        at: Number of the call, from 0.
        answered: Whether the server does what the call asks before the connection is lost.
    """

    at: int
    answered: bool
    calls: int = 0

    def call(self, connection: SimulatedConnection, call: Call) -> Any:
        number, self.calls = self.calls, self.calls + 1
        if number == self.at and not self.answered:
            connection.pgconn.finish()
            call.close()
            raise psycopg.OperationalError("killed")
        return drive(connection, call, lambda: _wait(connection), lose_answer=number == self.at)


def _wait(connection: Connection) -> None:
    while not has_answer(connection, 1):
        pass


@pytest.fixture
def importer(connection: Connection, runtime: Runtime, make_team: Callable[[], int]) -> Importer:
    connection.autocommit = True
    connection.execute("UPDATE import_job SET state = 'cancelled' WHERE state IN ('queued', 'running')")
    connection.execute("DELETE FROM import_queue")
    return Importer(connection, runtime, make_team())


def told(results: list[Any]) -> list[Any]:
    """Return results without what differs from run to run."""
    return [(one["object_type"], one["outcome"], one.get("change"), len(one.get("kept", ()))) for one in results]


def prepared(importer: Importer) -> Job:
    """Import into earlier records, make contacts on the way, edit something, and start the undo."""
    importer.as_job([{"linkedin": f"n{n}", "email_addresses": ["old@x.org"]} for n in range(2)], "identity")
    rows = [{"linkedin": f"n{n}", "email_addresses": [f"{n}@x.org"], "city": "Oslo"} for n in range(4)]
    job, results = importer.as_job(rows, "identity", chunk=2, dedupe_by="linkedin", on_match="update")
    assert job.failed == 0
    edit(importer, results[0]["id"], "identity", city="Bergen")
    with importer.connection.transaction():
        return undo_job(importer.transaction, job.id).job


def work(importer: Importer, connection: Connection) -> None:
    runtime = importer.runtime
    while step_next(SoleRuntime(connection, runtime.settings, runtime.now, runtime.new_id)):
        pass


def values(importer: Importer) -> list[Any]:
    """Return the values of all records that are there, with addresses for the ids of contacts."""
    found = state(importer)
    emails = {record_id: values.get("email") for record_id, (_, values) in found.items()}
    named = [
        (kind, sorted(f"{key}={[emails.get(one, one) for one in value] if isinstance(value, list) else value}"
                      for key, value in values.items()))
        for kind, values in found.values()
    ]  # fmt: skip
    return sorted(named)


@pytest.mark.parametrize("answered", [False, True])
def test_an_undo_that_is_killed_anywhere_does_the_same(
    importer: Importer, make_team: Callable[[], int], database_url: str, *, answered: bool
) -> None:
    undo = prepared(importer)
    work(importer, importer.connection)
    done = importer.job(undo.id)
    expected = values(importer), told(importer.verdicts(undo.id)), done.counts, len(keys(importer))
    assert (done.state, done.total, done.partly_reverted) == ("complete", 8, 1)
    # Every call is lost in one of the two ways; a world for each takes its time.
    at = int(answered)
    while True:
        importer = Importer(importer.connection, importer.runtime, make_team())
        undo = prepared(importer)
        killer = Killer(at, answered)
        with SimulatedConnection.connect(database_url, autocommit=True) as connection:
            connection.conductor = killer
            try:
                work(importer, connection)
            except psycopg.Error:
                connection.close()
            connection.conductor = None
        with connect(database_url, Settings(), autocommit=True) as other:
            work(importer, other)
        done = importer.job(undo.id)
        found = values(importer), told(importer.verdicts(undo.id)), done.counts, len(keys(importer))
        assert found == expected, f"killed at call {at}"
        changes = importer.connection.execute(
            "SELECT count(*), count(DISTINCT record_id) FROM record_change WHERE team_id = %s AND change_set_id = %s",
            (importer.team_id, undo.id),
        ).fetchone()
        assert changes == (done.updated, done.updated)
        if killer.calls <= at:
            break
        at += 2
    assert at > 100
