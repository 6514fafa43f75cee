"""How soon prismd answers: small imports, polls while an import runs, and polls of one that stands still."""

from __future__ import annotations

import itertools
from typing import Final

from bench import floor, people, places, prism
from bench.figures import Figure, Peer, Target
from bench.places import Ground
from bench.timing import percentiles, timed
from launch.server import own_server

SECTION: Final = "Answers"
SEED: Final = 8402
#: Small imports by rows, with the milliseconds below which their median shall be.
SMALL: Final = {99: 25, 1: 8}
POLLS_PER_S: Final = 200
POLL_P99_MS: Final = 10
SHARE_OF_MINIMAL: Final = 0.5
#: Runs of the floor for each run of small imports.
FLOORS: Final = 20
#: The least that becomes a job.
JOB_ROWS: Final = 100


def measure(ground: Ground, *, rows: int, runs: int, requests: int) -> list[Figure]:
    """Return the figures of answers.

    Args:
        ground: Where.
        rows: Of the import during which is polled; so many records there are, too, when small imports are measured.
        runs: How often each is measured.
        requests: Of each kind in a run.
    """
    ground.clear(properties=True)
    return [
        *_busy(ground, rows=rows, runs=runs, requests=requests),
        _idle(ground, runs=runs, requests=requests),
    ]


def _busy(ground: Ground, *, rows: int, runs: int, requests: int) -> list[Figure]:
    accepted, results, medians, polls = list[float](), list[float](), list[float](), list[float]()
    count = 0
    load = people.load(rows, SEED)
    content = people.body(load.rows)
    for _ in range(runs):
        ground.clear()
        watched = prism.run(ground.server, content, polls_per_s=POLLS_PER_S).expect(created=load.created)
        accepted.append(watched.accepted_s * 1000)
        results.append(watched.results_s * 1000)
        count += len(watched.polls_ms)
        if watched.polls_ms:
            medians.append(percentiles(watched.polls_ms)["p50"])
            polls.append(percentiles(watched.polls_ms)["p99"])
    small = [_small(ground, count, runs=runs, requests=requests) for count in SMALL]
    size, polled = f"{rows:,} rows", f"poll of a running import, {POLLS_PER_S} a second"
    note = f"{count:,} polls" if polls else "the import was over before a poll"
    return [
        *small,
        Figure(SECTION, f"import of {size}: from the first byte sent to the 202", "ms", accepted),
        Figure(SECTION, f"import of {size}: reading the job with all results", "ms", results),
        Figure(SECTION, f"{polled}: median", "ms", medians, note=note),
        Figure(SECTION, f"{polled}: p99", "ms", polls, target=Target(POLL_P99_MS, at_least=False), note=note),
    ]


def _small(ground: Ground, count: int, *, runs: int, requests: int) -> Figure:
    """Return how soon an import is answered that is done at once, into a team that has records."""
    seeds = itertools.count(SEED + 1)
    medians, p99s, lowest = [], [], []
    for _ in range(runs):
        bodies = [people.body(people.contacts(count, next(seeds))) for _ in range(requests)]
        with prism.connect(ground.server) as client:
            place = prism.path(ground.server, "/contact/import")
            took = timed([lambda number: client.send("POST", place, bodies[number])], requests).took_ms  # noqa: B023 - used at once
        cuts = percentiles(took)
        medians.append(cuts["p50"])
        p99s.append(cuts["p99"])
        some = [people.contacts(count, next(seeds)) for _ in range(min(FLOORS, requests))]
        floors = [floor.run(ground.database, rows).seconds * 1000 for rows in some]
        lowest.append(percentiles(floors)["p50"])
    name = f"import of {count} {'row' if count == 1 else 'rows'}, answered at once: median"
    target = Target(SMALL[count], at_least=False)
    return Figure(SECTION, name, "ms", medians, Peer("raw floor", lowest), target, details={"p99 ms": max(p99s)})


def _idle(ground: Ground, *, runs: int, requests: int) -> Figure:
    """Return how often a job that waits can be polled, next to what reads one row by its primary key.

    Nothing works on the job here: its answer is that of an import under way, without results.
    """
    polls, least = list[float](), list[float]()
    directory = ground.directory / "idle"
    directory.mkdir(exist_ok=True)
    with (
        places.database(ground.url, "bench_idle") as own,
        own_server(directory, {"PRISMD_DATABASE_URL": own, "PRISMD_WORKERS": "0"}) as server,
        prism.connect(server) as client,
    ):
        base = prism.path(server, "")
        view = client.json("POST", f"{base}/organization/views", {"name": "All", "view_type": "grid"})["id"]
        made = client.json("POST", f"{base}/contact", {"default": {"email": "ada@example.org"}})["id"]
        job = client.json("POST", f"{base}/contact/import", {"objects": [{"default": {}}] * JOB_ROWS})["job_id"]
        others = [f"{base}/organization/views/{view}", f"{base}/contact/{made}?select=email"]
        for _ in range(runs):
            rates = [
                timed([lambda _, place=place: client.send("GET", place)], requests).per_s  # type: ignore[misc] # a default that binds
                for place in (f"{base}/imports/{job}", *others)
            ]
            polls.append(rates[0])
            least.append(max(rates[1:]))
    target = Target(SHARE_OF_MINIMAL, of_ratio=True)
    peer = Peer("the faster of GET view and GET record", least)
    return Figure(SECTION, "polls of an import while nothing else goes on", "requests/s", polls, peer, target)
