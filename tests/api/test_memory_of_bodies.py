"""The memory of a body ends with its answer, without waiting for the collector of what is no longer reachable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.processes import PATIENCE_S

if TYPE_CHECKING:
    from tests.processes import RunningServer

BYTES = 60 * 2**20
REQUESTS = 4
LONG_ROW = b'{"default": {"full_name": "' + b"a" * 1_900_000 + b'"}}'


def peak_kib(pid: int) -> int:
    """The most memory that a process had since it was forgotten."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" + b"0," * (BYTES // 2) + b"0]", 400),
        (b'{"objects": [' + b",".join([LONG_ROW] * (BYTES // len(LONG_ROW))) + b"]}", 200),
    ],
    ids=["refused", "taken"],
)
def test_bodies_one_after_the_other_take_the_memory_of_one(server: RunningServer, body: bytes, status: int) -> None:
    pid = server.process.pid
    url = f"{server.url}/v2/prism/{server.team}/contact/import"
    with httpx.Client(timeout=PATIENCE_S, headers={"x-api-key": server.key}) as client:
        assert client.get(f"{server.url}/healthz/live").status_code == 200
        Path(f"/proc/{pid}/clear_refs").write_text("5")
        before = peak_kib(pid)
        for _ in range(REQUESTS):
            assert client.post(url, content=body).status_code == status
    assert peak_kib(pid) - before < 1.5 * BYTES / 1024
