"""``prismd keys`` and ``prismd migrate``, beside a running server and without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from prismd.settings import Settings
from prismd.store.migrate import check_schema
from tests.processes import PATIENCE_S, RunningServer, ended, processes_about, start_prismd

Prismd = Callable[..., tuple[int, str, str]]


@pytest.fixture
def prismd(tmp_path: Path) -> Prismd:
    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        return ended(start_prismd(arguments, environment, tmp_path))

    return run


def exported(out: str) -> dict[str, str]:
    return dict(line.removeprefix("export ").split("=", 1) for line in out.splitlines())


def status(url: str, team: str, key: str) -> int:
    path = f"{url}/v2/prism/{team}/contact/count"
    return httpx.get(path, headers={"x-api-key": key}, timeout=PATIENCE_S).status_code


def test_a_key_is_made_listed_accepted_and_revoked_beside_a_running_server(
    prismd: Prismd, server: RunningServer
) -> None:
    environment = {"PRISMD_DATABASE_URL": server.database_url}
    code, out, errors = prismd("keys", "create", "--team", server.team, "--name", "for the test", **environment)
    assert (code, errors) == (0, "")
    made = exported(out)
    assert made["MICRO_TEAM_ID"] == server.team
    key = made["MICRO_API_KEY"]
    assert status(server.url, server.team, key) == 200

    _, out, _ = prismd("keys", "list", "--team", server.team, **environment)
    (line,) = [line for line in out.splitlines() if "for the test" in line]
    assert key not in out
    assert f"…{key[-4:]}" in line
    key_id = line.split()[0]

    assert prismd("keys", "revoke", key_id, **environment)[:2] == (0, f"revoked {key_id}\n")
    assert status(server.url, server.team, key) == 403
    assert status(server.url, server.team, server.key) == 200


def test_a_narrow_key_is_rotated_beside_a_running_server(prismd: Prismd, server: RunningServer) -> None:
    environment = {"PRISMD_DATABASE_URL": server.database_url}
    options = ("--name", "narrow", "--scope", "read:contact", "--scope", "import", "--expires-in", "30d")
    old = exported(prismd("keys", "create", "--team", server.team, *options, **environment)[1])["MICRO_API_KEY"]
    assert status(server.url, server.team, old) == 200

    def listed() -> list[str]:
        _, out, _ = prismd("keys", "list", "--team", server.team, **environment)
        return [line for line in out.splitlines() if line.endswith("  narrow")]

    (line,) = listed()
    assert "  import,read:contact  narrow" in line
    assert "  good until 20" in line
    assert "  used 20" in line
    key_id = line.split()[0]
    code, out, told = prismd("keys", "rotate", key_id, "--overlap", "1h", **environment)
    assert code == 0
    assert told.startswith(f"{key_id} is good until 20")
    new = exported(out)["MICRO_API_KEY"]
    assert [status(server.url, server.team, key) for key in (old, new)] == [200, 200]
    first, second = listed()
    assert f"  replaced by {second.split()[0]}  " in first
    assert "  import,read:contact  narrow" in second
    code, out, _ = prismd("keys", "rotate", second.split()[0], "--overlap", "0s", **environment)
    newest = exported(out)["MICRO_API_KEY"]
    assert [status(server.url, server.team, key) for key in (old, new, newest)] == [200, 403, 200]


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--scope", "reed", 'there is no scope "reed"; did you mean "read"?'),
        ("--scope", "read:people", 'there is no scope "read:people"'),
        ("--expires-in", "90", "expected a number and a unit of s, m, h or d, such as 90d"),
        ("--expires-in", "999999d", "at most 36500d"),
    ],
)
def test_what_is_no_scope_and_no_span_is_told(prismd: Prismd, option: str, value: str, told: str) -> None:
    code, out, errors = prismd("keys", "create", option, value)
    assert (code, out) == (2, "")
    assert told in errors.replace("\n", " ")


def test_keys_work_on_a_directory_whose_server_does_not_run(prismd: Prismd, tmp_path: Path) -> None:
    data_dir = str(tmp_path / "data")
    code, out, errors = prismd("keys", "create", "--new-team", "--data-dir", data_dir)
    assert (code, errors) == (0, "")
    team = exported(out)["MICRO_TEAM_ID"]
    assert not processes_about(data_dir)
    code, out, errors = prismd("keys", "list", "--data-dir", data_dir)
    assert (code, errors) == (0, "")
    assert f"team {team}" in out
    assert not processes_about(data_dir)


def test_commands_at_the_same_time_on_one_directory_all_do_their_work(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    create = ["keys", "create", "--new-team", "--data-dir", str(data_dir)]
    together = [start_prismd(create, {}, tmp_path) for _ in range(3)]
    assert [ended(process)[0] for process in together] == [0, 0, 0]
    _, out, _ = ended(start_prismd(["keys", "list", "--data-dir", str(data_dir)], {}, tmp_path))
    assert len(out.splitlines()) == 3
    assert not processes_about(str(data_dir))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create"], "there is no team yet: make one with --new-team"),
        (["create", "--team", "x"], "there is no team 'x': name another, or make it with --new-team"),
        (["revoke", "x"], "there is no key with id 'x'; `prismd keys list` shows those there are"),
        (["rotate", "x"], "there is no key with id 'x'; `prismd keys list` shows those there are"),
        (
            ["revoke", "x", "--team", "y"],
            "there is no key with id 'x' in team 'y'; `prismd keys list` shows those there are",
        ),
        (
            ["create", "--new-team", "--name", "a\nb"],
            'the name "a\\nb" holds what cannot be printed: name the key in one line',
        ),
    ],
)
def test_what_is_not_there_is_told(
    prismd: Prismd, make_database: Callable[[], str], arguments: list[str], message: str
) -> None:
    found = prismd("keys", *arguments, PRISMD_DATABASE_URL=make_database())
    assert found == (1, "", f"prismd: {message}\n")


def test_migrate_brings_an_empty_database_to_the_schema_and_leaves_it_there(
    prismd: Prismd, make_database: Callable[[], str]
) -> None:
    url = make_database()
    for _ in range(2):
        code, _, errors = prismd("migrate", PRISMD_DATABASE_URL=url)
        assert (code, errors) == (0, "")
        check_schema(url, Settings())
