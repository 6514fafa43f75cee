"""Root on data of others: whatever is planted there, nothing but the data is touched, and nobody else is let in."""

from __future__ import annotations

import functools
import itertools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import conninfo

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded import programs
from prismd.embedded.as_owner import Owner, done_as, opened_as
from prismd.embedded.pinned_directories import ForeignLinkError, path_by, pinned
from prismd.embedded.server import EmbeddedPostgres
from prismd.settings import Settings
from prismd.store.backups.whole_file import existing_file, whole_file
from tests.processes import ended, eventually, postmasters, start_prismd, url_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be led astray by another user")

#: Every name that prismd or its PostgreSQL uses in a data directory.
NAMES = [
    "prismd.lock", "postgres.log", "postgres.log.1", "hba.conf", "ident.conf", "socket", "postgres", "postgres.old",
    "postgres.new.1",
]  # fmt: skip
KINDS = ["link to a directory", "link to a file", "file under a second name"]


@pytest.fixture(scope="module")
def mallory() -> Iterator[Owner]:
    """A user of this machine who means harm."""
    name = f"prismd-{secrets.token_hex(4)}"
    subprocess.run(["useradd", "--system", "--user-group", "--no-create-home", name], check=True)
    user = pwd.getpwnam(name)
    yield Owner(user.pw_uid, user.pw_gid, borrowed=True, name=name)
    subprocess.run(["userdel", name], check=True)


@pytest.fixture
def service() -> Owner:
    """The user that runs PostgreSQL for root."""
    user = pwd.getpwnam(Settings().postgres_user)
    return Owner(user.pw_uid, user.pw_gid, borrowed=True, name=user.pw_name)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder in which everybody may make files, as /tmp is one."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o1777)
        yield Path(made)


@pytest.fixture
def treasure(shared: Path) -> Path:
    """A directory of root's, with a file in it, which others can name and nothing else."""
    made = shared / "treasure"
    made.mkdir(mode=0o755)
    (made / "secret").write_text("root's own")
    (made / "secret").chmod(0o600)
    return made


def looks(directory: Path) -> dict[str, tuple[Any, ...]]:
    """What can be seen of a directory, itself included."""
    found = {}
    for path in (directory, *sorted(directory.rglob("*"))):
        seen = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (seen.st_mode, seen.st_uid, seen.st_gid, seen.st_mtime_ns, content)
    return found


def own_directory(parent: Path, owner: Owner) -> Path:
    """A data directory that a user made."""
    path = parent / "data"
    path.mkdir(mode=0o755)
    os.chown(path, owner.uid, owner.gid)
    return path


def all_commands(data_dir: Path, directory: Path) -> None:
    """Run each command that works on a data directory, and have PostgreSQL revived; each may refuse, in one line."""
    backup = ["backup", str(directory / f"{secrets.token_hex(4)}.dump")]
    for command in (["keys", "create", "--new-team"], ["migrate"], backup):
        code, _, errors = ended(start_prismd([*command, "--data-dir", str(data_dir)], {}, directory))
        assert code == 0 or (errors.startswith("prismd: ") and len(errors.splitlines()) == 1), errors
    server = start_prismd(["serve", "--port", "0", "--data-dir", str(data_dir)], {}, directory)
    assert server.stdout
    if "ready" in server.stdout.readline():
        (running,) = postmasters(data_dir)
        os.kill(running, signal.SIGKILL)
        eventually(lambda: postmasters(data_dir) - {running})
    server.terminate()
    _, _, errors = ended(server)
    assert "Traceback" not in errors


def used(data_dir: Path) -> None:
    """Use a data directory as a short command does, then as a server does whose PostgreSQL is killed."""
    embedded = EmbeddedPostgres(data_dir)
    try:
        with embedded.borrowed() as url, psycopg.connect(url) as connection:
            connection.execute("SELECT 1")
        embedded.start()
        for running in postmasters(Path(os.path.realpath(data_dir))):
            os.kill(running, signal.SIGKILL)
        eventually(embedded.revive)
    except DatabaseUnusableError:
        pass  # which may well be the answer to what is planted there
    finally:
        embedded.stop()


@pytest.mark.parametrize("case", list(itertools.product(NAMES, KINDS)), ids="-".join)
def test_what_the_owner_of_a_directory_plants_leads_nowhere(
    shared: Path, treasure: Path, mallory: Owner, case: tuple[str, str]
) -> None:
    name, kind = case
    data_dir = own_directory(shared, mallory)
    done_as(mallory, (data_dir / "prismd.lock").touch)
    before = looks(treasure)
    (data_dir / name).unlink(missing_ok=True)
    if kind == "file under a second name":
        (data_dir / name).hardlink_to(treasure / "secret")
    else:
        (data_dir / name).symlink_to(treasure if kind == "link to a directory" else treasure / "secret")
    used(data_dir)
    assert looks(treasure) == before
    assert not postmasters(data_dir)


def test_links_planted_by_the_owner_of_a_directory_lead_no_command_astray(
    shared: Path, treasure: Path, tmp_path: Path, mallory: Owner
) -> None:
    data_dir = own_directory(shared, mallory)
    before = looks(treasure)

    def plant() -> None:
        (data_dir / "prismd.lock").touch()
        for name in ("postgres.log", "hba.conf", "ident.conf", "postgres.new.1"):
            (data_dir / name).symlink_to(treasure / "secret")

    done_as(mallory, plant)
    all_commands(data_dir, tmp_path)
    assert looks(treasure) == before


def test_links_planted_by_whom_postgresql_runs_as_lead_nowhere(
    shared: Path, treasure: Path, tmp_path: Path, service: Owner
) -> None:
    data_dir = shared / "data"
    all_commands(data_dir, tmp_path)
    before = looks(treasure)

    def plant() -> None:
        for name in ("postgres/postmaster.pid", "postgres/PG_VERSION.old", "socket/.s.PGSQL.5432"):
            (data_dir / name).unlink(missing_ok=True)
            (data_dir / name).symlink_to(treasure / "secret")

    done_as(service, plant)
    all_commands(data_dir, tmp_path)
    assert looks(treasure) == before
    for path in data_dir.iterdir():
        with pytest.raises(PermissionError):
            done_as(service, lambda: (data_dir / "new").symlink_to(treasure))
        with pytest.raises(PermissionError):
            done_as(service, functools.partial(os.rename, path, data_dir / "else"))


def test_a_link_to_a_data_directory_that_somebody_else_laid_is_refused(
    shared: Path, treasure: Path, tmp_path: Path, mallory: Owner
) -> None:
    done_as(mallory, lambda: (shared / "data").symlink_to(treasure))
    before = looks(treasure)
    used(shared / "data")
    all_commands(shared / "data" / "below", tmp_path)
    assert looks(treasure) == before
    with pytest.raises(DatabaseUnusableError, match="a symbolic link that does not belong to root"):
        EmbeddedPostgres(shared / "data").start()


def test_a_backup_follows_no_link_of_others(shared: Path, treasure: Path, mallory: Owner) -> None:
    theirs = own_directory(shared, mallory)
    done_as(mallory, lambda: (theirs / "b.dump").symlink_to(treasure / "secret"))
    done_as(mallory, lambda: (theirs / "below").symlink_to(treasure))
    before = looks(treasure)
    for path, kind in ((theirs / "b.dump", FileExistsError), (theirs / "below" / "b.dump", ForeignLinkError)):
        with pytest.raises(kind), whole_file(path) as opened:
            os.write(opened, b"keys")
        with pytest.raises(OSError, match="symbolic link"), existing_file(path):
            pass
    assert looks(treasure) == before


def test_a_backup_in_a_directory_of_somebody_else_is_roots_alone(shared: Path, mallory: Owner) -> None:
    theirs = own_directory(shared, mallory)
    with whole_file(theirs / "b.dump") as opened:
        os.write(opened, b"keys")
    found = (theirs / "b.dump").lstat()
    assert (found.st_uid, found.st_mode & 0o777, found.st_nlink) == (0, 0o600, 1)
    with pytest.raises(PermissionError):
        done_as(mallory, (theirs / "b.dump").read_text)


def test_a_link_of_roots_own_is_followed(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (shared / "data").symlink_to(tmp_path / "real")
    used(shared / "data" / "db")
    assert (tmp_path / "real" / "db" / "postgres" / "PG_VERSION").exists()


def test_a_directory_exchanged_while_it_is_in_use_stays_the_one_that_it_was(
    shared: Path, treasure: Path, mallory: Owner
) -> None:
    place = shared / "place"
    place.mkdir()
    os.chown(place, mallory.uid, mallory.gid)
    held = pinned(place / "data", mode=0o700)

    def exchange() -> None:
        (place / "data").rename(place / "moved")
        (place / "data").symlink_to(treasure)

    done_as(mallory, exchange)
    before = looks(treasure)
    (path_by(held) / "written").touch()
    assert (place / "moved" / "written").exists()
    assert looks(treasure) == before
    with pytest.raises(ForeignLinkError):
        pinned(place / "data", mode=0o700)
    os.close(held)


@pytest.fixture
def far(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory whose path is too long for a socket in it; the socket goes to the shared folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    return tmp_path / ("long" * 30)


@pytest.mark.parametrize("kind", ["link", "directory"])
def test_the_place_of_a_socket_in_the_shared_folder_is_not_taken_from_others(
    far: Path, treasure: Path, mallory: Owner, kind: str
) -> None:
    data_dir, shared = far, treasure.parent
    embedded = EmbeddedPostgres(data_dir)
    url = embedded.start()
    embedded.stop()
    place = Path(str(conninfo.conninfo_to_dict(url)["host"]))
    assert place.parent == shared
    assert place.lstat().st_uid == pwd.getpwnam("prismd").pw_uid
    shutil.rmtree(place)
    make: Callable[[], None] = place.mkdir if kind == "directory" else lambda: place.symlink_to(treasure)
    done_as(mallory, make)
    before = looks(treasure), looks(place)
    with pytest.raises(DatabaseUnusableError, match="is not a private directory of this user"):
        embedded.start()
    assert (looks(treasure), looks(place)) == before
    assert not postmasters(data_dir)


def test_a_server_of_somebody_else_on_the_socket_is_not_talked_to(shared: Path, mallory: Owner) -> None:
    own = EmbeddedPostgres(own_directory(shared, mallory))
    theirs = own.start()
    mine = EmbeddedPostgres(shared / "mine")
    peer = conninfo.conninfo_to_dict(mine.start())["requirepeer"]
    mine.stop()
    try:
        with pytest.raises(psycopg.OperationalError, match="requirepeer specifies"):
            psycopg.connect(conninfo.make_conninfo(theirs, requirepeer=peer))
    finally:
        own.stop()


def test_postgresql_has_no_rights_but_those_of_a_user_of_its_own(shared: Path, treasure: Path, service: Owner) -> None:
    data_dir = shared / "closed" / "data"
    data_dir.parent.mkdir(mode=0o700)
    embedded = EmbeddedPostgres(data_dir, login_options="IN ROLE pg_read_server_files")
    try:
        with psycopg.connect(embedded.start(), autocommit=True) as connection:
            connection.execute("SELECT 1")
            for pid in (*postmasters(data_dir), connection.info.backend_pid):
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                said = {line.partition(":")[0]: line.partition(":")[2].split() for line in lines}
                assert [int(said[name][0], 16) for name in ("CapPrm", "CapEff", "CapAmb")] == [0, 0, 0]
                assert (said["Uid"], said["Gid"], said["Groups"]) == (
                    [str(service.uid)] * 4,
                    [str(service.gid)] * 4,
                    [],
                )
            connection.execute("CREATE TEMP TABLE stolen (secret text)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="Permission denied"):
                connection.execute(f"COPY stolen FROM '{treasure / 'secret'}'".encode())
    finally:
        embedded.stop()


def test_whoever_becomes_the_user_of_postgresql_cannot_change_whom_it_lets_in(shared: Path, service: Owner) -> None:
    data_dir = shared / "data"
    embedded = EmbeddedPostgres(data_dir, login_options="IN ROLE pg_execute_server_program")
    try:
        with psycopg.connect(embedded.start(), autocommit=True) as connection:
            before = looks(data_dir / "hba.conf"), looks(data_dir / "ident.conf")
            for name in ("hba.conf", "ident.conf"):
                for attack in ("echo local all all trust > {0}", "rm -f {0}", "mv {0} {0}.old", "chmod 666 {0}"):
                    with pytest.raises(psycopg.errors.ExternalRoutineException):
                        connection.execute(f"COPY (SELECT) TO PROGRAM '{attack.format(data_dir / name)}'")
            files = data_dir / "postgres"
            for change in (
                f"echo hba_file = elsewhere >> {files}/postgresql.auto.conf",
                f"kill -HUP $(head -1 {files}/postmaster.pid)",
            ):
                connection.execute(f"COPY (SELECT) TO PROGRAM '{change}'".encode())
            assert (looks(data_dir / "hba.conf"), looks(data_dir / "ident.conf")) == before
            socket_dir = str(conninfo.conninfo_to_dict(connection.info.dsn)["host"])
        assert "Peer authentication failed" in done_as(service, lambda: _refusal(socket_dir))
    finally:
        embedded.stop()


def _refusal(socket_dir: str) -> str:
    try:
        psycopg.connect(host=socket_dir, user="prismd", dbname="postgres").close()
    except psycopg.OperationalError as error:
        return str(error)
    return "let in"


def test_a_missing_user_is_told_with_what_to_do(shared: Path, tmp_path: Path) -> None:
    command = ["keys", "create", "--new-team", "--data-dir", str(shared / "data")]
    code, _, errors = ended(start_prismd(command, {"PRISMD_POSTGRES_USER": "no-such-user"}, tmp_path))
    assert code == 1
    assert errors.startswith("prismd: PostgreSQL does not run as root, and there is no user 'no-such-user' to run it: ")
    assert "useradd --system" in errors
    assert "PRISMD_POSTGRES_USER" in errors
    _, _, errors = ended(start_prismd(command, {"PRISMD_POSTGRES_USER": "root"}, tmp_path))
    assert errors == "prismd: PostgreSQL does not run as 'root': name another with PRISMD_POSTGRES_USER\n"


@pytest.fixture
def nobody() -> Owner:
    user = pwd.getpwnam("nobody")
    return Owner(user.pw_uid, user.pw_gid, borrowed=True, name="nobody")


def former_directory(shared: Path, nobody: Owner) -> Path:
    """A data directory as former versions made it for root: all of it belongs to `nobody`."""
    data_dir = own_directory(shared, nobody)
    former = EmbeddedPostgres(data_dir)
    with psycopg.connect(former.start()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    former.stop()
    for name in ("hba.conf", "ident.conf"):
        done_as(nobody, (data_dir / name).touch)
    return data_dir


def kept(embedded: EmbeddedPostgres) -> int:
    try:
        with psycopg.connect(embedded.start()) as connection:
            row = connection.execute("SELECT count(*) FROM kept").fetchone()
            assert row
            return int(row[0])
    finally:
        embedded.stop()


def test_a_directory_of_nobodys_becomes_roots_with_all_that_is_kept_in_it(
    shared: Path, treasure: Path, nobody: Owner, service: Owner
) -> None:
    data_dir = former_directory(shared, nobody)
    before = looks(treasure)

    def plant() -> None:
        (data_dir / "postgres.log").unlink()
        (data_dir / "postgres.log").symlink_to(treasure / "secret")
        (data_dir / "postgres.new.7").mkdir()
        (data_dir / "postgres.new.7" / "link").symlink_to(treasure)
        (data_dir / "elsewhere").symlink_to(treasure)

    done_as(nobody, plant)
    (data_dir / "ident.conf").unlink()
    (data_dir / "ident.conf").hardlink_to(treasure / "secret")
    assert kept(EmbeddedPostgres(data_dir)) == 1000
    assert looks(treasure) == before
    assert data_dir.stat().st_uid == 0
    owners = {path.name: path.lstat().st_uid for path in data_dir.iterdir()}
    assert owners.pop("postgres") == owners.pop("socket") == service.uid
    assert set(owners) == {"prismd.lock", "postgres.log", "hba.conf", "ident.conf"}
    assert set(owners.values()) == {0}
    assert {path.lstat().st_uid for path in (data_dir / "postgres").rglob("*")} == {service.uid}
    assert kept(EmbeddedPostgres(data_dir)) == 1000


def test_a_move_that_was_cut_off_is_taken_up_again(shared: Path, nobody: Owner, service: Owner) -> None:
    data_dir = former_directory(shared, nobody)
    # As after a kill in the middle of copying.
    os.chown(data_dir, 0, service.gid)
    data_dir.chmod(0o710)
    (data_dir / "postgres").rename(data_dir / "postgres.old")
    (data_dir / "postgres.new.7").mkdir(mode=0o700)
    os.chown(data_dir / "postgres.new.7", service.uid, service.gid)
    assert kept(EmbeddedPostgres(data_dir)) == 1000
    assert not (data_dir / "postgres.old").exists()
    assert not (data_dir / "postgres.new.7").exists()


def test_a_directory_that_others_can_write_to_is_left_alone(shared: Path, mallory: Owner) -> None:
    done_as(mallory, (shared / "prismd.lock").touch)
    before = shared.stat().st_mode
    with pytest.raises(DatabaseUnusableError, match="others can write to"):
        EmbeddedPostgres(shared).start()
    assert shared.stat().st_mode == before


def test_what_cannot_be_copied_is_told_and_stays(shared: Path, treasure: Path, nobody: Owner) -> None:
    data_dir = former_directory(shared, nobody)
    done_as(nobody, lambda: (data_dir / "postgres" / "pg_tblspc" / "1").symlink_to(treasure))
    before = looks(treasure)
    with pytest.raises(DatabaseUnusableError, match=r"cannot be copied from nobody to prismd"):
        EmbeddedPostgres(data_dir).start()
    assert looks(treasure) == before
    assert (data_dir / "postgres.old" / "PG_VERSION").exists()


def test_another_user_named_by_the_operator_takes_over(shared: Path, mallory: Owner) -> None:
    data_dir = shared / "data"
    first = EmbeddedPostgres(data_dir)
    with psycopg.connect(first.start()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 10) AS number")
    first.stop()
    assert kept(EmbeddedPostgres(data_dir, user=mallory.name)) == 10
    assert (data_dir / "postgres").stat().st_uid == mallory.uid


def test_the_copy_of_programs_is_roots_and_made_once(monkeypatch: Any, shared: Path) -> None:
    monkeypatch.setattr(programs, "COPIES", shared / "cache")
    installed = programs._installed()
    first = programs._copied(installed)
    assert (first / "bin" / "postgres").stat().st_uid == 0
    inode = first.stat().st_ino
    assert programs._copied(installed).stat().st_ino == inode
    assert [path.name for path in (shared / "cache").iterdir()] == [first.parents[1].name]


def test_work_of_another_user_has_their_rights_alone(treasure: Path, mallory: Owner) -> None:
    with pytest.raises(PermissionError):
        opened_as(mallory, treasure / "secret", os.O_RDONLY)
    assert done_as(mallory, lambda: [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()]) == [
        mallory.uid, mallory.uid, mallory.gid, [],
    ]  # fmt: skip
    with pytest.raises(TimeoutError):
        done_as(mallory, signal.pause, timeout_s=0.1)


def test_a_whole_server_on_a_directory_of_roots(shared: Path, tmp_path: Path) -> None:
    server = start_prismd(["serve", "--port", "0", "--data-dir", str(shared / "data")], {}, tmp_path)
    url_of(server)
    server.terminate()
    assert ended(server)[0] == 0
