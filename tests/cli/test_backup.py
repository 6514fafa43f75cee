"""``prismd backup`` and ``prismd restore``: what clients saw of the old server, they see of the new one."""

from __future__ import annotations

import os
import secrets
import signal
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from prismd.core.properties.schema import OBJECT_TYPES
from prismd.settings import Settings
from prismd.store.migrate import migrate
from tests.isolation.world import LISTED, VIEWED, World
from tests.processes import PATIENCE_S, ended, eventually, processes_about, start_prismd, url_of

TEAM: Final = "2b9d1c7e-3f0a-4c55-9f5e-6a1d2c3b4a59"
KEY: Final = f"test-{secrets.token_urlsafe(24)}"
ROWS: Final = [{"default": {"email": f"p{number}@example.org", "city": f"Oslo {number}"}} for number in range(150)]


@contextmanager
def serving(data_dir: Path, **environment: str) -> Iterator[str]:
    """Serve a data directory, and give the server's URL."""
    given = {"MICRO_TEAM_ID": TEAM, "MICRO_API_KEY": KEY, **environment}
    process = start_prismd(["serve", "--port", "0", "--data-dir", str(data_dir)], given, data_dir.parent)
    yield url_of(process)
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 0


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture
def prismd(tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: object, **environment: str) -> tuple[int, str, str]:
        return ended(start_prismd([str(one) for one in arguments], environment, tmp_path))

    return run


Prismd = Callable[..., tuple[int, str, str]]


def seen(world: World) -> dict[str, tuple[int, Any, str | None]]:
    """What a client sees of all that a team has: by path, status, body and version."""
    job = world.one("job")
    paths = ["/properties", "/lists", f"/lists/{world.one('list')}", "/imports", f"/imports/{job}"]
    paths += [f"/imports/{job}/results?limit=1000", f"/imports/{job}/results?outcome=failed"]
    for object_type in OBJECT_TYPES:
        paths += [f"/{object_type}?limit=50", f"/{object_type}/count", f"/{object_type}/properties"]
        paths += [f"/{object_type}/{one}" for one in world.ids["record"][object_type][:3]]
    for object_type in VIEWED:
        view = world.ids["view"][object_type][0]
        paths += [f"/{object_type}/views", f"/{object_type}/views/{view}", f"/{object_type}/views/{view}/records"]
    paths += [f"/contact/by/email/{world.name}@example.org", f"/{LISTED}/{world.ids['record'][LISTED][0]}/grant"]
    found = {}
    for path in paths:
        answer = world.send("GET", path)
        body = answer.json()
        if not answer.is_success:
            del body["error"]["request_id"]
        found[path] = (answer.status_code, body, answer.headers.get("etag"))
    for object_type in OBJECT_TYPES:
        query = {"query": {"select": ["id"], "filter": [{"created_at": {"is_null": False}}], "limit": 50}}
        answer = world.send("POST", f"/{object_type}/query", json=query)
        found[f"query {object_type}"] = (answer.status_code, answer.json(), None)
    return found


def filled(url: str, http: httpx.Client) -> World:
    world = World(url, TEAM, KEY, http)
    world.fill()
    deal = world.ids["record"][LISTED][0]
    grant = {"team_id": {TEAM: "w"}, "team_group_id": [], "user_id": [{"ada": "a"}]}
    assert world.send("PUT", f"/{LISTED}/{deal}/grant", json=grant).is_success
    assert world.send("DELETE", f"/action/{world.ids['record']['action'].pop()}").is_success
    return world


def started(world: World, key: str) -> httpx.Response:
    body = {"objects": [*ROWS, {"default": {"city": 7}}], "options": {"dedupe_by": "email"}}
    return world.send("POST", "/contact/import", json=body, headers={"idempotency-key": key})


def outcome(world: World, job: str) -> dict[str, Any]:
    end = time.monotonic() + PATIENCE_S
    while (found := world.send("GET", f"/imports/{job}").json())["status"] == "processing":
        assert time.monotonic() < end, "the job did not end"
        time.sleep(0.05)
    return {name: found[name] for name in ("status", "total", "created", "existing", "failed") if name in found}


def test_a_backup_of_a_serving_prismd_becomes_a_server_that_clients_cannot_tell_from_it(
    tmp_path: Path, http: httpx.Client, prismd: Prismd
) -> None:
    before, after, file = tmp_path / "before", tmp_path / "after", tmp_path / "prismd.dump"
    with serving(before) as url:
        world = filled(url, http)
        _, out, _ = prismd("keys", "create", "--data-dir", before, "--name", "gone")
        gone = out.split("MICRO_API_KEY=")[1].strip()
        _, out, _ = prismd("keys", "list", "--data-dir", before)
        assert prismd("keys", "revoke", out.splitlines()[-1].split()[0], "--data-dir", before)[0] == 0
        first = started(world, "one and the same")
        assert first.status_code == 202
        outcome(world, first.json()["job_id"])
        wanted = seen(world)
        code, out, errors = prismd("backup", file, "--data-dir", before)
        assert (code, errors) == (0, "")
        assert out.startswith(f"backed up to {file}: ")

    code, out, errors = prismd("restore", file, "--data-dir", after)
    assert (code, errors) == (0, "")
    assert out.startswith(f"restored from {file}: 1 teams, 2 API keys, ")
    assert not processes_about(str(after))

    with serving(after) as url:
        world.url = url
        assert seen(world) == wanted
        assert world.send("GET", "/contact/count", key=gone).status_code == 403
        again = started(world, "one and the same")
        assert again.headers["idempotent-replay"] == "true"
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        # What is written from now on fits what was there: keys find their records, and nothing takes an id twice.
        made = {"template_id": "custom", "name": "new", "object_type": LISTED}
        assert world.send("POST", "/lists", json=made).status_code == 201
        third = started(world, "another").json()["job_id"]
        assert outcome(world, third) == {"status": "complete", "total": 151, "created": 0, "existing": 150, "failed": 1}


def test_an_import_under_way_is_in_the_backup_as_it_was_and_goes_on_from_there(
    tmp_path: Path, http: httpx.Client, prismd: Prismd
) -> None:
    before, after, file = tmp_path / "before", tmp_path / "after", tmp_path / "prismd.dump"
    rows = [{"default": {"email": f"p{number}@example.org", "full_name": "x" * 200}} for number in range(20_000)]
    body = {"objects": rows, "options": {"dedupe_by": "email"}}
    # Small chunks, so that the import outlasts the start of the command.
    with serving(before, PRISMD_ROWS_PER_CHUNK="10") as url:
        world = World(url, TEAM, KEY, http)
        job = world.send("POST", "/contact/import", json=body).json()["job_id"]
        eventually(lambda: world.send("GET", "/contact/count").json()["total"])
        assert prismd("backup", file, "--data-dir", before)[0] == 0
        assert outcome(world, job)["created"] == len(rows)
    _, out, _ = prismd("restore", file, "--data-dir", after)
    counted = int(out.split(" records")[0].rsplit(" ", 1)[1].replace(",", ""))
    assert counted < len(rows), "the backup came after the import"
    assert counted % 10 == 0, "a chunk was cut"
    with serving(after, PRISMD_ROWS_PER_CHUNK="100") as url:
        world.url = url
        wanted = {"status": "complete", "total": len(rows), "created": len(rows), "existing": 0, "failed": 0}
        assert outcome(world, job) == wanted
        assert world.send("GET", "/contact/count").json()["total"] == len(rows)


def test_the_file_is_new_and_its_owners_alone(tmp_path: Path, prismd: Prismd, make_database: Callable[[], str]) -> None:
    url = make_database()
    migrate(url, Settings())
    mine, link, whole = tmp_path / "mine", tmp_path / "link", tmp_path / "whole"
    mine.write_text("mine")
    link.symlink_to(tmp_path / "elsewhere")
    for taken in (mine, link):
        code, out, errors = prismd("backup", taken, PRISMD_DATABASE_URL=url)
        assert (code, out) == (1, "")
        assert errors == (f"prismd: {taken} exists: a backup never replaces another file; give another name\n")
    assert (mine.read_text(), (tmp_path / "elsewhere").exists()) == ("mine", False)
    umask = os.umask(0)
    try:
        assert prismd("backup", whole, PRISMD_DATABASE_URL=url)[0] == 0
    finally:
        os.umask(umask)
    assert stat.S_IMODE(whole.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "mine", "whole"]


def test_a_backup_that_cannot_be_made_leaves_nothing(
    tmp_path: Path, prismd: Prismd, make_database: Callable[[], str]
) -> None:
    url = make_database()
    code, _, errors = prismd("backup", tmp_path / "b", PRISMD_DATABASE_URL=url)
    assert (code, errors) == (1, "prismd: the database is empty: there is nothing to back up\n")
    code, _, errors = prismd("backup", tmp_path / "b", "--data-dir", tmp_path / "none")
    assert code == 1
    assert errors.startswith("prismd: there is no data of prismd in")
    code, _, errors = prismd("backup", tmp_path / "no" / "b", PRISMD_DATABASE_URL=url)
    assert (code, errors) == (1, f"prismd: {tmp_path / 'no' / 'b'} cannot be used: No such file or directory\n")
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_serves_is_not_restored_into(tmp_path: Path, http: httpx.Client, prismd: Prismd) -> None:
    data_dir, file = tmp_path / "data", tmp_path / "prismd.dump"
    with serving(data_dir) as url:
        assert prismd("backup", file, "--data-dir", data_dir)[0] == 0
        code, _, errors = prismd("restore", "--replace", file, "--data-dir", data_dir)
        assert (code, "other connections to the database are open: stop prismd" in errors) == (1, True)
        assert World(url, TEAM, KEY, http).send("GET", "/contact/count").status_code == 200
    code, _, errors = prismd("restore", file, "--data-dir", data_dir)
    assert (code, "with --replace" in errors) == (1, True)
    assert prismd("restore", "--replace", file, "--data-dir", data_dir)[0] == 0


@pytest.mark.parametrize("kind", ["directory", "missing", "pipe", "text"])
def test_what_is_no_backup_is_told_in_one_line(
    tmp_path: Path, prismd: Prismd, make_database: Callable[[], str], kind: str
) -> None:
    file = tmp_path / "b"
    if kind == "directory":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "text":
        file.write_text("name,email\n" * 100)
    code, out, errors = prismd("restore", file, PRISMD_DATABASE_URL=make_database())
    assert (code, out, len(errors.splitlines())) == (1, "", 1)
    assert errors.startswith("prismd: ")
