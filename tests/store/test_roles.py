"""The roles of the embedded PostgreSQL: prismd's login is no superuser, also where a former version made it one."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded import cluster, roles
from prismd.embedded.server import EmbeddedPostgres
from prismd.services.runtime import system_clock
from prismd.settings import Settings
from prismd.store.connections.postgres import connect, open_pool
from prismd.store.connections.transactions import of_all_teams
from prismd.store.migrate import migrate
from prismd.store.teams import insert_team
from tests.processes import eventually, postmasters

_ROLES = "SELECT rolname, rolsuper, rolcanlogin FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1"
_MAY = "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = %s"
_OWNERS = """
SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
TODAY = [("postgres", True, False), ("prismd", False, True), ("prismd_team", False, False)]


@pytest.fixture
def former(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """One on which a former version works: its login is the superuser that the cluster began with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "_INITDB", (*cluster._INITDB[:-1], f"--username={roles.LOGIN}"))
        patch.setattr(cluster.Cluster, "_divide", lambda *_: None)
        made = EmbeddedPostgres(data_dir)
        url = made.start()
    migrate(url, Settings())
    with connect(url, Settings(), autocommit=True) as connection:
        assert connection.execute(_MAY, ("prismd",)).fetchone() == (True,) * 5
        insert_team(connection, "kept", system_clock())
        connection.execute("CREATE FUNCTION public.own() RETURNS int LANGUAGE sql RETURN 1")
        connection.execute("CREATE VIEW own_view AS SELECT 1")
    yield made
    made.stop()


def works(embedded: EmbeddedPostgres) -> None:
    """See that prismd has what it had, and can go on, as a login that is no superuser."""
    url = embedded.start()
    migrate(url, Settings())
    with connect(url, Settings()) as connection:
        assert connection.execute(_ROLES).fetchall() == TODAY
        assert connection.execute(_MAY, ("prismd",)).fetchone() == (False,) * 5
        assert connection.execute(_OWNERS).fetchall() == [("prismd",)]
        connection.execute("CREATE TABLE later ()")
        insert_team(connection, "new", system_clock())
    with open_pool(url, Settings()) as pool, of_all_teams(pool) as connection:
        assert connection.execute("SELECT public_id FROM team ORDER BY id").fetchall() == [("kept",), ("new",)]


def test_a_new_one_gives_prismd_no_more_than_its_database(embedded: EmbeddedPostgres) -> None:
    with psycopg.connect(embedded.start(), autocommit=True) as connection:
        assert connection.execute(_ROLES).fetchall() == TODAY
        assert connection.execute(_MAY, ("prismd",)).fetchone() == (False,) * 5
        for attack in (
            "COPY (SELECT) TO PROGRAM 'true'", "ALTER SYSTEM SET work_mem = '1GB'", "SET ROLE postgres",
            "SELECT pg_read_file('postgresql.conf')", "ALTER ROLE prismd SUPERUSER", "CREATE ROLE other",
            "UPDATE pg_authid SET rolsuper = true",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attack.encode())


def test_nobody_can_log_in_as_the_superuser(embedded: EmbeddedPostgres) -> None:
    url = conninfo.make_conninfo(embedded.start(), user=roles.SUPERUSER)
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba.conf entry|not permitted to log in"):
        psycopg.connect(url)


def test_one_of_a_former_version_is_brought_there_with_what_is_in_it(
    former: EmbeddedPostgres, embedded: EmbeddedPostgres
) -> None:
    former.stop()
    works(embedded)


def test_and_so_is_one_that_was_killed(former: EmbeddedPostgres, embedded: EmbeddedPostgres, data_dir: Path) -> None:
    for pid in postmasters(data_dir):
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not postmasters(data_dir))
    former.stop()
    works(embedded)


def test_and_so_is_one_that_lives_on_without_its_server(
    former: EmbeddedPostgres, embedded: EmbeddedPostgres, data_dir: Path
) -> None:
    former._data.unlock()
    running = postmasters(data_dir)
    works(embedded)
    assert not running & postmasters(data_dir)


def test_and_so_it_is_after_a_start_that_was_cut_off(
    former: EmbeddedPostgres, embedded: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    former.stop()
    run_alone = cluster.Cluster._run_alone

    def cut_off(made: cluster.Cluster, files: Path, statement: str) -> str:
        run_alone(made, files, statement)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(cluster.Cluster, "_run_alone", cut_off)
        embedded.start()
    works(embedded)


def test_what_stands_against_it_is_told_and_nothing_is_changed(
    former: EmbeddedPostgres, embedded: EmbeddedPostgres, data_dir: Path
) -> None:
    with psycopg.connect(former.start() if former._postmaster is None else former._url(former._postmaster)) as admin:
        admin.execute("CREATE ROLE postgres")
    former.stop()
    with pytest.raises(DatabaseUnusableError, match=r'a login of its own: FATAL: .* "postgres" already exists'):
        embedded.start()
    assert not postmasters(data_dir)
    assert not (data_dir / "postgres" / "prismd.roles").exists()
