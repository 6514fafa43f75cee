"""``prismd doctor``: what it prints and how it exits, with and without a server, and that it changes nothing."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from prismd.settings import Settings
from prismd.store.connections.postgres import connect
from prismd.store.migrate import migrate
from tests.processes import RunningServer, ended, eventually, processes_about, start_prismd, url_of

EVERYWHERE = "0.0.0.0"  # noqa: S104 - on a free port, for a moment
CLOSED = "http://127.0.0.1:1"


@pytest.fixture
def doctor(tmp_path: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    def run(*arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
        code, out, errors = ended(start_prismd(["doctor", "--json", *arguments], environment, tmp_path))
        assert errors == ""
        told = json.loads(out)
        return code, {**{one["check"]: one for one in told["findings"]}, "state": told["state"]}

    return run


Doctor = Callable[..., tuple[int, dict[str, Any]]]


def test_all_is_well_with_a_server_that_serves(doctor: Doctor, server: RunningServer) -> None:
    def looked() -> tuple[int, dict[str, Any]]:
        return doctor("--url", server.url, PRISMD_DATABASE_URL=server.database_url)

    eventually(lambda: looked()[1]["workers"]["level"] == "ok")
    code, found = looked()
    assert (code, found["state"]) == (0, "ok"), found
    assert found["reachability"]["found"].startswith(f"{server.url} answers in")
    assert found["disk"]["level"] == "skipped"


def test_people_read_what_is_wrong_and_what_to_do(tmp_path: Path, make_database: Callable[[], str]) -> None:
    environment = {"PRISMD_DATABASE_URL": make_database(), "PRISMD_WROKERS": "3"}
    code, out, errors = ended(start_prismd(["doctor", "--url", CLOSED], environment, tmp_path))
    assert (code, errors) == (1, "")
    lines = out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("error    migrations"))
    assert lines[at].endswith("the database is empty")
    assert lines[at + 1].endswith("→ run `prismd migrate`, or start the server")
    assert "mend them: PRISMD_WROKERS (meant PRISMD_WORKERS?)" in out
    assert lines[-1].startswith("3 wrong, 1 to look at, ")


def test_a_database_that_cannot_be_reached_is_a_finding(doctor: Doctor) -> None:
    code, found = doctor("--url", CLOSED, PRISMD_DATABASE_URL="postgresql://prismd@127.0.0.1:1/prismd")
    assert code == 1
    assert found["database"]["level"] == "error"
    assert "cannot reach PostgreSQL" in found["database"]["found"]
    assert found["indexes"]["level"] == "skipped"


def test_a_directory_without_data_stays_as_it_is(doctor: Doctor, tmp_path: Path) -> None:
    place = tmp_path / "nothing here"
    code, found = doctor("--url", CLOSED, "--data-dir", str(place))
    assert (code, found["database"]["level"]) == (1, "error")
    assert found["database"]["advice"].startswith("name its directory with --data-dir")
    assert not place.exists()


def test_the_embedded_database_of_a_stopped_server_is_looked_at_and_stopped_again(
    doctor: Doctor, tmp_path: Path
) -> None:
    data_dir = str(tmp_path / "data")
    ended(start_prismd(["keys", "create", "--new-team", "--data-dir", data_dir], {}, tmp_path))
    code, found = doctor("--url", CLOSED, "--data-dir", data_dir)
    assert code == 1
    not_ok = {name for name in found if name != "state" and found[name]["level"] != "ok"}
    assert not_ok - {"disk"} == {"workers", "reachability"}, "the disk of this machine may be full for other reasons"
    assert "GiB are free" in found["disk"]["found"]
    assert not processes_about(data_dir)


def test_it_changes_nothing_in_a_database_that_needs_a_migration(
    doctor: Doctor, make_database: Callable[[], str]
) -> None:
    url = make_database()
    doctor("--url", CLOSED, PRISMD_DATABASE_URL=url)
    with connect(url, Settings()) as connection:
        assert connection.execute("SELECT to_regclass('team')").fetchone() == (None,)


def test_warnings_alone_have_an_exit_code_of_their_own(doctor: Doctor, server: RunningServer) -> None:
    def looked() -> tuple[int, dict[str, Any]]:
        return doctor("--url", server.url, PRISMD_DATABASE_URL=server.database_url, PRISMD_HOST=EVERYWHERE)

    eventually(lambda: looked()[1]["workers"]["level"] == "ok")
    code, found = looked()
    assert (code, found["state"], found["exposure"]["level"]) == (3, "warning", "warning")


def test_tls_in_front_settles_where_the_server_listens(doctor: Doctor, make_database: Callable[[], str]) -> None:
    environment = {"PRISMD_HOST": EVERYWHERE, "PRISMD_PUBLIC_URL": "https://127.0.0.1:1"}
    _, found = doctor(PRISMD_DATABASE_URL=make_database(), **environment)
    assert found["exposure"]["level"] == "ok"
    assert found["reachability"]["found"].startswith("https://127.0.0.1:1 does not answer")


def test_a_server_that_is_unwell_is_told_in_its_own_words(doctor: Doctor, tmp_path: Path) -> None:
    url = server_without_workers(tmp_path)
    eventually(
        lambda: doctor("--url", url, "--data-dir", str(tmp_path / "data"))[1]["reachability"]["level"] == "error"
    )
    _, found = doctor("--url", url, "--data-dir", str(tmp_path / "data"))
    assert "/healthz says 503: No worker has been connected" in found["reachability"]["found"]


def server_without_workers(tmp_path: Path) -> str:
    environment = {"PRISMD_WORKERS_WAIT_S": "0.1"}
    return url_of(start_prismd(["serve", "--port", "0", "--workers", "0"], environment, tmp_path))


@pytest.fixture
def stranger() -> Iterator[str]:
    """A web server that is not prismd."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_another_server_at_the_address_is_told(doctor: Doctor, stranger: str, make_database: Callable[[], str]) -> None:
    _, found = doctor("--url", stranger, PRISMD_DATABASE_URL=make_database())
    assert found["reachability"]["found"] == f"{stranger} answers 200, and is not prismd"


def test_an_address_that_is_none_is_one_line(tmp_path: Path) -> None:
    code, out, errors = ended(start_prismd(["doctor", "--url", "prism.example.org/api"], {}, tmp_path))
    assert (code, out) == (1, "")
    assert errors.startswith("prismd: PRISMD_PUBLIC_URL must be the address of a server without a path")


def test_a_bind_beyond_loopback_warns_unless_tls_stands_in_front(
    tmp_path: Path, make_database: Callable[[], str]
) -> None:
    url = make_database()
    migrate(url, Settings())
    for host, public, warned in (
        (EVERYWHERE, "", True),
        ("127.0.0.1", "", False),
        (EVERYWHERE, "https://prism.example.org", False),
    ):
        environment = {"PRISMD_DATABASE_URL": url, "PRISMD_HOST": host, "PRISMD_PUBLIC_URL": public}
        process = start_prismd(["serve", "--port", "0", "--workers", "0"], environment, tmp_path)
        local = url_of(process)
        assert process.stdout
        assert process.stdout.readline() == f"export MICRO_BASE_URL={public or local}\n"
        process.send_signal(signal.SIGTERM)
        code, _, errors = ended(process)
        assert code == 0
        assert ("keys and records can be read on the network" in errors) is warned
