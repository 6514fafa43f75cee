"""``prismd serve`` as people run it: a real process, real signals, real accidents."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from launch.programs import children_of
from tests.cli.serving import KEY, TEAM, Serve, closes_as_the_server_goes, lets_in, workers_of
from tests.processes import (
    PATIENCE_S,
    ended,
    eventually,
    ignoring,
    postmasters,
    processes_about,
    url_of,
)


def is_ready(url: str) -> bool:
    return httpx.get(f"{url}/healthz", timeout=PATIENCE_S).status_code == 200


def imports_in_the_background(url: str) -> bool:
    address = f"{url}/v2/prism/a%20team"
    rows = [{"default": {"full_name": f"Person {number}"}} for number in range(150)]
    headers = {"x-api-key": KEY}
    answer = httpx.post(f"{address}/contact/import", json={"objects": rows}, headers=headers, timeout=PATIENCE_S)
    assert answer.status_code == 202, answer.text
    job = f"{address}/imports/{answer.json()['job_id']}"
    eventually(lambda: httpx.get(job, headers=headers, timeout=PATIENCE_S).json()["status"] == "complete")
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_in_order_and_leaves_no_process(
    serve: Serve, data_dir: Path, number: signal.Signals
) -> None:
    process = serve("--workers", "2")
    assert is_ready(url_of(process))
    eventually(lambda: len(workers_of(process)) == 2)
    workers = workers_of(process)
    process.send_signal(number)
    code, _, errors = ended(process)
    assert (code, errors) == (0, "")
    assert not processes_about(str(data_dir))
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


def test_a_server_under_nohup_outlives_the_terminal_and_stops_when_told(serve: Serve, data_dir: Path) -> None:
    process = serve(prefix=ignoring(signal.SIGHUP))
    url = url_of(process)
    eventually(lambda: workers_of(process))
    for pid in (process.pid, *workers_of(process), *postmasters(data_dir)):
        os.kill(pid, signal.SIGHUP)  # a terminal that closes tells all that it has started
    assert imports_in_the_background(url)
    process.terminate()
    code, _, errors = ended(process)
    assert (code, errors) == (0, "")
    assert not processes_about(str(data_dir))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_a_shell_starts_in_the_background_works_and_stops(
    serve: Serve, data_dir: Path, number: signal.Signals
) -> None:
    # A shell without job control has what it starts with `&` ignore Ctrl-C; some that start servers ignore more.
    process = serve(prefix=ignoring(signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD))
    url = url_of(process)
    eventually(lambda: workers_of(process))
    (worker,) = workers_of(process)
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: workers_of(process) - {worker})
    assert imports_in_the_background(url)
    process.send_signal(number)
    code, _, errors = ended(process)
    assert code == 0
    assert "Traceback" not in errors
    assert not processes_about(str(data_dir))


def test_a_stop_does_not_wait_for_a_request_that_never_ends(serve: Serve, data_dir: Path) -> None:
    process = serve(PRISMD_SHUTDOWN_S="1")
    port = int(url_of(process).rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(
            f"POST /v2/prism/a%20team/contact/import HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n"
            "content-length: 100\r\nexpect: 100-continue\r\n\r\n{".encode()
        )
        assert client.recv(1000)
        process.terminate()
        assert ended(process)[0] == 0
    assert not processes_about(str(data_dir))


def test_a_stop_closes_open_streams_in_order(serve: Serve) -> None:
    process = serve()
    url = url_of(process)
    ticket = httpx.post(f"{url}/v2/realtime/ticket", headers={"x-api-key": KEY}, timeout=PATIENCE_S).json()
    with connect(f"{ticket['ws_url']}?token={ticket['ticket']}", proxy=None) as stream:
        assert '"hello"' in stream.recv(PATIENCE_S)
        process.terminate()
        closes_as_the_server_goes(stream)
    code, _, errors = ended(process)
    assert (code, errors) == (0, "")


def test_a_signal_during_the_start_stops_it(serve: Serve, data_dir: Path) -> None:
    process = serve()
    eventually((data_dir / "prismd.lock").exists)
    process.terminate()
    code, _, errors = ended(process)
    assert (code, errors) == (0, "")
    assert not processes_about(str(data_dir))


def test_after_a_kill_the_next_start_takes_over_what_lives_on(serve: Serve, data_dir: Path) -> None:
    killed = serve()
    assert lets_in(url_of(killed), TEAM, KEY)
    eventually(lambda: workers_of(killed))
    workers = workers_of(killed)
    postgres = postmasters(data_dir)
    killed.kill()
    ended(killed)
    again = serve()
    assert lets_in(url_of(again), TEAM, KEY)
    assert postmasters(data_dir) == postgres
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    again.terminate()
    assert ended(again)[0] == 0
    assert not processes_about(str(data_dir))


def test_after_a_kill_of_everything_the_next_start_recovers(serve: Serve, data_dir: Path) -> None:
    killed = serve()
    url_of(killed)
    for pid in (killed.pid, *postmasters(data_dir)):
        os.kill(pid, signal.SIGKILL)
    ended(killed)
    assert lets_in(url_of(serve()), TEAM, KEY)


def test_a_worker_that_dies_is_started_again(serve: Serve) -> None:
    process = serve()
    url_of(process)
    eventually(lambda: workers_of(process))
    (dead,) = workers_of(process)
    os.kill(dead, signal.SIGKILL)
    eventually(lambda: workers_of(process) - {dead})


def test_no_file_of_the_current_directory_is_run(serve: Serve, tmp_path: Path) -> None:
    for name in ("email", "random", "queue", "gc", "psycopg", "prismd"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__)")
    process = serve()
    url = url_of(process)
    rows = {"objects": [{"default": {"email": f"p{number}@example.org"}} for number in range(200)]}
    jobs = f"{url}/v2/prism/{TEAM}/contact/import"
    job = httpx.post(jobs, json=rows, headers={"x-api-key": KEY}, timeout=PATIENCE_S).json()
    about = f"{url}/v2/prism/{TEAM}/imports/{job['job_id']}"
    eventually(lambda: httpx.get(about, headers={"x-api-key": KEY}).json()["status"] == "complete")
    assert not (tmp_path / "ran").exists()


def test_a_postgres_that_dies_is_started_again(serve: Serve, data_dir: Path) -> None:
    process = serve()
    url = url_of(process)
    (dead,) = postmasters(data_dir)
    os.kill(dead, signal.SIGKILL)
    eventually(lambda: postmasters(data_dir) - {dead})
    eventually(lambda: lets_in(url, TEAM, KEY))


def test_a_postgres_that_dies_while_the_server_starts_is_started_again(serve: Serve, data_dir: Path) -> None:
    pid_file = data_dir / "postgres" / "postmaster.pid"
    process = serve()
    eventually(lambda: pid_file.exists() and "ready" in pid_file.read_text())
    (dead,) = postmasters(data_dir)
    os.kill(dead, signal.SIGKILL)
    assert lets_in(url_of(process), TEAM, KEY)


@contextlib.contextmanager
def stopped(pids: set[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_health_is_answered_while_postgres_hangs(serve: Serve, data_dir: Path) -> None:
    process = serve(PRISMD_DATABASE_WAIT_S="2")
    url = url_of(process)
    assert is_ready(url)
    (postmaster,) = postmasters(data_dir)
    # First the one that would make more of them.
    with stopped({postmaster}), stopped(set(children_of(postmaster))):
        # Who asks right after another is given the answer that the other got.
        eventually(lambda: not is_ready(url))
        for _ in range(3):
            answer = httpx.get(f"{url}/healthz", timeout=PATIENCE_S)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "service_unavailable")
            assert answer.json()["error"]["message"].startswith("The database does not answer")
        assert httpx.get(f"{url}/healthz/live", timeout=PATIENCE_S).status_code == 200
    eventually(lambda: is_ready(url))


def test_health_tells_that_no_worker_lives(serve: Serve) -> None:
    process = serve("--workers", "0", PRISMD_WORKERS_WAIT_S="0.5")
    url = url_of(process)
    eventually(lambda: not is_ready(url))
    answer = httpx.get(f"{url}/healthz", timeout=PATIENCE_S).json()
    assert answer["error"]["message"].startswith("No worker has been connected to the database for ")


def test_many_who_ask_for_health_are_served_by_few_connections(serve: Serve, data_dir: Path) -> None:
    url = url_of(serve())
    assert is_ready(url)
    with ThreadPoolExecutor(16) as clients:
        assert all(clients.map(is_ready, [url] * 200))
    (postmaster,) = postmasters(data_dir)
    assert len([line for line in children_of(postmaster).values() if line.startswith("postgres: prismd ")]) < 16


def test_a_weak_key_of_the_operator_is_refused(serve: Serve, data_dir: Path) -> None:
    code, out, errors = ended(serve(MICRO_API_KEY="changeme"))
    assert (code, out) == (1, "")
    assert errors == (
        "prismd: MICRO_API_KEY could be guessed: it has 8 characters, and 15 are the least; "
        "leave it out, and a random one is made\n"
    )
    assert lets_in(url_of(serve()), TEAM, KEY), "nothing has been made"
    assert data_dir.exists()


def test_a_key_of_the_operator_is_not_printed(serve: Serve) -> None:
    process = serve()
    url_of(process)
    assert process.stdout
    said = [process.stdout.readline() for _ in range(3)]
    assert said[2] == "# MICRO_API_KEY is as you gave it\n"
    process.terminate()
    _, out, errors = ended(process)
    assert KEY not in "".join([*said, out, errors])


def test_a_second_server_on_the_same_directory_is_refused(serve: Serve, data_dir: Path) -> None:
    first = serve()
    url = url_of(first)
    code, out, errors = ended(serve())
    assert (code, out) == (1, "")
    assert errors == f"prismd: the data directory {data_dir} is in use by another prismd (process {first.pid})\n"
    assert is_ready(url)


def test_a_port_in_use_is_told_before_anything_starts(serve: Serve, data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, out, errors = ended(serve("--port", port))
    assert (code, out) == (1, "")
    assert errors == f"prismd: port {port} of 127.0.0.1 is in use: choose another with --port\n"
    assert not data_dir.exists()


def test_an_address_that_is_none_is_told(serve: Serve) -> None:
    code, _, errors = ended(serve("--host", "no.such.host.invalid"))
    assert code == 1
    assert errors.startswith("prismd: cannot listen on port 0 of 'no.such.host.invalid': ")
    assert len(errors.splitlines()) == 1


def test_a_directory_with_other_things_in_it_is_left_alone(serve: Serve, data_dir: Path) -> None:
    data_dir.mkdir(mode=0o755)
    (data_dir / "letter.txt").write_text("mine")
    code, _, errors = ended(serve())
    assert code == 1
    assert errors == (
        f"prismd: {data_dir} holds files that are not prismd's: choose an empty or new directory with --data-dir\n"
    )
    assert data_dir.stat().st_mode & 0o777 == 0o755
    assert [entry.name for entry in data_dir.iterdir()] == ["letter.txt"]


def test_a_file_is_no_data_directory(serve: Serve, data_dir: Path) -> None:
    data_dir.write_text("")
    code, _, errors = ended(serve())
    assert (code, errors) == (1, f"prismd: the data directory {data_dir} is not a directory\n")


@pytest.mark.parametrize("name", ["PRISMD_PORT", "PRISMD_LOG_LEVEL"])
def test_a_setting_that_makes_no_sense_is_told(serve: Serve, name: str) -> None:
    code, _, errors = ended(serve(**{name: "loud"}))
    assert code == 1
    assert errors.startswith(f"prismd: {name} must be ")
    assert len(errors.splitlines()) == 1


def test_an_unreachable_database_is_told(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    code, out, errors = ended(serve(PRISMD_DATABASE_URL=f"postgresql://nobody@127.0.0.1:{port}/none"))
    assert (code, out) == (1, "")
    assert errors.startswith("prismd: cannot reach PostgreSQL: ")
    assert len(errors.splitlines()) == 1


def test_the_first_start_says_all_that_a_client_needs(serve: Serve) -> None:
    process = serve(MICRO_TEAM_ID="", MICRO_API_KEY="")
    assert process.stdout is not None
    url = url_of(process)
    said = dict(process.stdout.readline().strip().removeprefix("export ").split("=", 1) for _ in range(3))
    assert said["MICRO_BASE_URL"] == url
    assert lets_in(url, said["MICRO_TEAM_ID"], said["MICRO_API_KEY"])


def test_a_data_directory_with_a_long_path_works(data_dir: Path, serve: Serve) -> None:
    long = data_dir / ("long" * 30)
    process = serve("--data-dir", str(long))
    assert is_ready(url_of(process))
    process.terminate()
    assert ended(process)[0] == 0
