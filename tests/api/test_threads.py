"""Imports that wait for their turn take neither threads nor connections from those who look after theirs."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from prismd.settings import Settings
from prismd.store.connections.postgres import connect, open_pool

if TYPE_CHECKING:
    from tests.api.conftest import Api

PATIENCE_S = 60


def test_reads_are_answered_while_more_imports_wait_than_there_are_connections(
    serve: Callable[..., Api], database_url: str
) -> None:
    settings = Settings(database_connections_max=4, database_wait_s=PATIENCE_S)
    with open_pool(database_url, settings) as pool, connect(database_url, settings) as other:
        api = serve(pool=pool, database_connections_max=4)
        teams = [replace(api, team=team, key=api.make_key(team)) for team in (f"{api.team}-{n}" for n in range(6))]
        with ThreadPoolExecutor(6) as clients:
            # Others may read the table, but nobody may add a job to it.
            other.execute("LOCK TABLE import_job IN SHARE MODE")
            started = [clients.submit(team.start, [{}]) for team in teams]
            _wait_until_two_wait(api, database_url)
            answers = [api.send("GET", path).status_code for path in ("/healthz", "/imports", "/contact/count")]
            other.rollback()
            assert answers == [200, 200, 200]
            assert {done.result().status_code for done in started} == {200}


def _wait_until_two_wait(api: Api, database_url: str) -> None:
    end = time.monotonic() + PATIENCE_S
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'import_job'::regclass"
    with connect(database_url, api.settings, autocommit=True) as connection:
        while time.monotonic() < end:
            if connection.execute(waiting).fetchone() == (2,):
                return
            time.sleep(0.01)
    raise AssertionError("the imports never came to wait")
