"""A million rows of one team: memory of every process, what other teams notice of it, and how soon a cancel stops."""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import psycopg

from bench import people, processes
from launch.server import Server, fresh_directory, new_team, own_server
from prismd.embedded.server import EmbeddedPostgres

PLACE: Final = Path("build/bench")
WORKERS: Final = 2
ROWS_PER_REQUEST: Final = 100_000
SMALL_ROWS: Final = 10
MIDDLE_ROWS: Final = 1_000
CANCELLED_REQUESTS: Final = 5
POLL_S: Final = 0.02
#: Between two imports of the other team: it shall notice the load, not be it.
REST_S: Final = 1.0
#: Results stay out of what is measured here: jobs are polled by the listing, which carries none.
JOBS_SHOWN_MAX: Final = 50

Job = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Team:
    """A team as its client sees it.

    Args:
        client: Knows the key.
        path: Where its routes begin.
    """

    client: httpx.Client
    path: str

    def send(self, body: bytes) -> Job:
        """Send an import and return what is answered."""
        job: Job = _decoded(self.client.post(f"{self.path}/contact/import", content=body))
        return job

    def jobs(self, ids: list[str]) -> list[Job]:
        """Return jobs as they stand, without results."""
        listed = _decoded(self.client.get(f"{self.path}/imports", params={"limit": JOBS_SHOWN_MAX}))["data"]
        return [job for job in listed if job["job_id"] in ids]

    def cancel(self, job_id: str) -> Job:
        """Cancel a job and return it as it stands then."""
        job: Job = _decoded(self.client.post(f"{self.path}/imports/{job_id}/cancel"))
        return job

    def wait(self, ids: list[str], done: Callable[[list[Job]], bool]) -> list[Job]:
        """Poll jobs until they are as wanted, and return them."""
        while not done(jobs := self.jobs(ids)):
            time.sleep(POLL_S)
        return jobs


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make million", description=__doc__)
    parser.add_argument("--requests", type=int, default=10, help=f"of {ROWS_PER_REQUEST:,} rows (default: %(default)s)")
    requests = parser.parse_args().requests
    with (
        fresh_directory(PLACE) as directory,
        # The default is one worker; two of them show that memory is flat in each.
        own_server(directory, {"PRISMD_WORKERS": str(WORKERS)}) as server,
        _teams(server, directory) as teams,
    ):
        _million(server, teams, requests)
        _cancel(teams[0], directory)
        _print_peaks(server, "at the end")
    print(f"{processes.processor()}, {processes.cores()} cores, {processes.memory_gib()} GiB; {WORKERS} workers")
    return 0


def _million(server: Server, teams: list[Team], requests: int) -> None:
    started, ids = time.monotonic(), list[str]()
    with ThreadPoolExecutor(1) as threads:
        other: Future[None] | None = None
        over = [False]
        try:
            for number in range(requests):
                ids.append(teams[0].send(people.body(people.contacts(ROWS_PER_REQUEST, number)))["job_id"])
                other = other or threads.submit(_notice, teams[1], lambda: over[0])
            for share in range(1, requests + 1):
                rows = share * ROWS_PER_REQUEST
                jobs = teams[0].wait(ids, lambda jobs, rows=rows: sum(job["processed"] for job in jobs) >= rows)  # type: ignore[misc] # a default that binds
                _print_peaks(server, f"after {rows:,} rows, {time.monotonic() - started:.0f} s")
        finally:
            over[0] = True
        if other:
            other.result()
    assert all(job["status"] == "complete" for job in jobs), jobs  # noqa: S101 - else nothing was measured
    print(f"{requests * ROWS_PER_REQUEST:,} rows: {sum(job['created'] for job in jobs):,} records created")


def _notice(team: Team, over: Callable[[], bool]) -> None:
    """Import a few rows and some rows again and again, and print how long that takes."""
    took: dict[int, list[float]] = {SMALL_ROWS: [], MIDDLE_ROWS: []}
    seeds = itertools.count(1_000)
    while not over():
        for rows, times in took.items():
            body = people.body(people.contacts(rows, next(seeds)))
            asked = time.monotonic()
            job = team.send(body)
            if job["job_id"]:
                team.wait([job["job_id"]], lambda jobs: jobs[0]["status"] == "complete")
            times.append(time.monotonic() - asked)
        time.sleep(REST_S)
    for rows, times in took.items():
        print(
            f"another team's {rows:,} rows meanwhile: median {statistics.median(times):.2f} s, "
            f"longest {max(times):.2f} s of {len(times)}"
        )


def _cancel(team: Team, directory: Path) -> None:
    """Cancel an import of 500,000 rows in the middle, and hold its counts against the database."""
    bodies = [people.body(people.contacts(ROWS_PER_REQUEST, 10_000 + number)) for number in range(CANCELLED_REQUESTS)]
    ids = [team.send(body)["job_id"] for body in bodies]
    team.wait(ids, lambda jobs: all(job["processed"] > 0 for job in jobs))
    asked = time.monotonic()
    with ThreadPoolExecutor(len(ids)) as threads:
        longest = max(threads.map(lambda job_id: _timed(lambda: team.cancel(job_id)), ids))
    print(
        f"{CANCELLED_REQUESTS * ROWS_PER_REQUEST:,} rows cancelled at once in {time.monotonic() - asked:.2f} s "
        f"(longest answer {longest:.2f} s)"
    )
    told = {job["job_id"]: (job["state"], job["created"], job["processed"]) for job in team.jobs(ids)}
    with EmbeddedPostgres(directory / "postgres").borrowed() as url, psycopg.connect(url) as connection:
        found = {job_id: _counted(connection, job_id) for job_id in ids}
    for job_id in ids:
        state, created, processed = told[job_id]
        agrees = "as many" if (created, processed) == found[job_id] else f"NOT AS MANY: {found[job_id]}"
        print(
            f"  {state}: {created:,} created of {processed:,} attempted; records and results in the database: {agrees}"
        )


def _counted(connection: psycopg.Connection[Any], job_id: str) -> tuple[int, int]:
    (records,) = connection.execute("SELECT count(*) FROM record WHERE import_id = %s", (job_id,)).fetchall()[0]
    (rows,) = connection.execute(
        "SELECT coalesce(sum(row_count), 0) FROM import_result WHERE job_id = %s", (job_id,)
    ).fetchall()[0]
    return records, rows


def _timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


@contextmanager
def _teams(server: Server, directory: Path) -> Iterator[list[Team]]:
    team, key = new_team(directory / "postgres")
    with _client(server, server.key) as first, _client(server, key) as second:
        yield [Team(first, f"/v2/prism/{server.team}"), Team(second, f"/v2/prism/{team}")]


def _client(server: Server, key: str) -> httpx.Client:
    headers = {"x-api-key": key, "content-type": "application/json"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=600)


def _print_peaks(server: Server, when: str) -> None:
    peaks = processes.peaks_mib(server.pid)
    own = ", ".join(f"{name} {peak:.0f}" for name, peak in peaks.items() if name.startswith("prismd"))
    # PostgreSQL's processes count the memory that they share, each in full.
    rest = max((peak for name, peak in peaks.items() if not name.startswith("prismd")), default=0)
    print(f"peak memory in MiB {when}: {own}, largest process of PostgreSQL {rest:.0f}", flush=True)


def _decoded(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(answer.raise_for_status().content)


if __name__ == "__main__":
    sys.exit(main())
