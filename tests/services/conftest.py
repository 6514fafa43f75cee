"""What tests of use cases share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prismd.services.runtime import Runtime
from prismd.store.connections.postgres import Connection
from tests.services.importing import Importer


@pytest.fixture
def importer(connection: Connection, runtime: Runtime, make_team: Callable[[], int]) -> Importer:
    """An importer with a team of its own."""
    connection.autocommit = True
    # Turns go to whoever waits longest, so nothing of an earlier test may wait.
    connection.execute("UPDATE import_job SET state = 'cancelled' WHERE state IN ('queued', 'running')")
    connection.execute("DELETE FROM import_queue")
    return Importer(connection, runtime, make_team())
