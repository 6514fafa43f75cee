"""A real server that tests start, signal and ask; fixtures for :mod:`tests.cli.conftest`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection

from launch.programs import children_of
from tests.processes import PATIENCE_S, ended, processes_about, start_prismd

TEAM, KEY = "a team", "a key of a test"
NAMED = {"MICRO_TEAM_ID": TEAM, "MICRO_API_KEY": KEY}

Serve = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def serve(data_dir: Path, tmp_path: Path) -> Iterator[Serve]:
    """Start a server; whatever a test leaves of it is ended by process id."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, prefix: Sequence[str] = (), **environment: str) -> subprocess.Popen[str]:
        command = ["serve", "--port", "0", "--data-dir", str(data_dir), *arguments]
        started.append(start_prismd(command, {**NAMED, **environment}, tmp_path, prefix=prefix))
        return started[-1]

    yield start
    try:
        for process in started:
            if process.poll() is None:
                process.terminate()
                print(ended(process))  # noqa: T201 - shown where a test fails
    finally:
        for pid in processes_about(str(data_dir)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)


def closes_as_the_server_goes(stream: ClientConnection) -> None:
    """Hold a web socket to its end: in order, because the server goes, and without another message."""
    with pytest.raises(ConnectionClosedOK) as closed:
        stream.recv(PATIENCE_S)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1001


def workers_of(process: subprocess.Popen[str]) -> set[int]:
    return {pid for pid, line in children_of(process.pid).items() if " worker " in line}


def lets_in(url: str, team: str, key: str) -> bool:
    answer = httpx.get(f"{url}/v2/prism/{team}/contact/count", headers={"x-api-key": key}, timeout=PATIENCE_S)
    return answer.status_code == 200
