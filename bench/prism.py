"""The same rows through prismd: one request over HTTP, then polls until the job is complete."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from typing import Final

import httpx
import msgspec

from demo.server import Server

#: Time between two polls where the import is measured: seldom enough not to be the load.
SELDOM_S: Final = 0.05
#: Time between two polls where the polls are measured: two hundred a second.
OFTEN_S: Final = 0.005


@dataclass(slots=True)
class Imported:
    """What one import took.

    Args:
        accepted_s: From the request to the 202.
        total_s: From the request to the first poll that says complete.
        results_s: The poll that carried all results, in full.
        created: Records made.
        existing: Rows that matched.
        polls_ms: How long each poll took while the import ran.
    """

    accepted_s: float
    total_s: float
    results_s: float
    created: int
    existing: int
    polls_ms: list[float] = field(default_factory=list)


def run(server: Server, content: bytes, *, poll_interval_s: float = SELDOM_S) -> Imported:
    """Import a body and return what that took.

    Args:
        server: The server under measurement.
        content: Body of the import request.
        poll_interval_s: Time between two polls.
    """
    headers = {"x-api-key": server.key, "content-type": "application/json"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=600) as client:
        started = time.perf_counter()
        answer = client.post(f"/v2/prism/{server.team}/contact/import", content=content).raise_for_status()
        accepted_s, place, polls_ms = time.perf_counter() - started, answer.headers["location"], list[float]()
        for number in itertools.count(1):
            time.sleep(max(0.0, started + accepted_s + number * poll_interval_s - time.perf_counter()))
            asked = time.perf_counter()
            with client.stream("GET", place) as response:
                # The server has decided what to answer once its headers are here; results may still follow.
                decided = time.perf_counter()
                job = msgspec.json.decode(response.raise_for_status().read())
            answered = time.perf_counter()
            if job["status"] != "processing":
                break
            polls_ms.append((answered - asked) * 1000)
    if job["status"] != "complete":
        raise RuntimeError(f"the import ended as {job['status']}: {job.get('error')}")
    return Imported(accepted_s, decided - started, answered - asked, job["created"], job["existing"], polls_ms)
