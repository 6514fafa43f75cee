"""Imports through prismd as a client sees them: one request over HTTP, then polls until the job is complete."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from bench.http import Http
from launch.server import Server

#: Longest time between two polls where the import is measured: seldom enough not to be the load.
SELDOM_S: Final = 0.05
#: Of a short import polls come sooner, each after a fiftieth of the time that it has taken, but not sooner than that.
SOON_S: Final = 0.005
_SHARE: Final = 0.02
_MS: Final = 1000


@dataclass(slots=True)
class Imported:
    """What one import took.

    Args:
        accepted_s: From the request to the 202.
        total_s: From the request to the first poll that says complete.
        results_s: The poll that carried all results, in full.
        job: As it was in the end, results included.
        polls_ms: How long each poll took while the import ran.
    """

    accepted_s: float
    total_s: float
    results_s: float
    job: dict[str, Any]
    polls_ms: list[float] = field(default_factory=list)

    def expect(self, **counts: int) -> Imported:
        """Return the import if it counted as many as it had to.

        Raises:
            RuntimeError: It did not; nothing was measured.
        """
        found = {name: self.job[name] for name in counts}
        if found != counts:
            raise RuntimeError(f"expected {counts}, found {found}: nothing measured")
        return self


def connect(server: Server) -> Http:
    """Return a connection that carries the server's key."""
    return Http(server.url, {"x-api-key": server.key, "content-type": "application/json"})


def path(server: Server, rest: str) -> str:
    """Return the path of something of the team."""
    return f"/v2/prism/{server.team}{rest}"


def run(server: Server, content: bytes, *, object_type: str = "contact", polls_per_s: float = 0) -> Imported:
    """Import a body and return what that took.

    Args:
        server: The server under measurement.
        content: Body of the import request.
        object_type: Of the rows.
        polls_per_s: How often to poll; 0 for as seldom as will do.
    """
    with connect(server) as client:
        started = time.perf_counter()
        job = msgspec.json.decode(client.send("POST", path(server, f"/{object_type}/import"), content))
        accepted_s, polls_ms = time.perf_counter() - started, list[float]()
        asked = answered = started + accepted_s
        place = client.answered.get("location", "")
        for number in itertools.count(1):
            if job["status"] != "processing":
                break
            if polls_per_s:
                due = started + accepted_s + number / polls_per_s
            else:
                due = answered + min(SELDOM_S, max(SOON_S, (answered - started) * _SHARE))
            time.sleep(max(0.0, due - time.perf_counter()))
            asked = time.perf_counter()
            answer = client.send("GET", place)
            answered = time.perf_counter()
            job = msgspec.json.decode(answer)
            if job["status"] == "processing":
                polls_ms.append((answered - asked) * _MS)
        decided_s = client.decided - started
    if job["status"] != "complete":
        raise RuntimeError(f"the import ended as {job['status']}: {job.get('error')}")
    return Imported(accepted_s, decided_s, answered - asked, job, polls_ms)


def run_many(server: Server, contents: list[bytes]) -> tuple[float, list[dict[str, Any]]]:
    """Import several bodies, sent one after another while the first ones are worked on.

    Args:
        server: The server under measurement.
        contents: Bodies of import requests, each large enough to become a job.

    Returns:
        Seconds from the first request until all are complete, and the jobs without results.
    """
    with connect(server) as client:
        started = time.perf_counter()
        ids = [
            msgspec.json.decode(client.send("POST", path(server, "/contact/import"), content))["job_id"]
            for content in contents
        ]
        while True:
            listed = client.json("GET", path(server, f"/imports?limit={min(50, len(ids))}"))["data"]
            jobs = [job for job in listed if job["job_id"] in ids]
            if all(job["status"] != "processing" for job in jobs):
                break
            time.sleep(SELDOM_S)
        took = time.perf_counter() - started
    if any(job["status"] != "complete" for job in jobs) or len(jobs) != len(ids):
        raise RuntimeError("an import did not become complete: nothing measured")
    return took, jobs
