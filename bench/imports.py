"""Imports of contacts of ten properties, next to the raw floor of the same PostgreSQL."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bench import floor, people, places, prism, processes
from bench.disk import Written, written
from bench.figures import Figure, Peer, Target
from bench.people import Load
from bench.places import Ground
from launch.server import Server

SEED: Final = 8400
#: Rows of a request; more rows go in several requests, as `prismd import` sends them.
ROWS_PER_REQUEST: Final = 100_000
#: From here on a measurement takes minutes, and is made twice.
MANY_ROWS: Final = 1_000_000
RUNS_OF_MANY: Final = 2
#: The size that the targets are about.
TARGET_ROWS: Final = 100_000
SHARE_OF_FLOOR: Final = 0.75
SHARE_OF_CREATE: Final = 0.5
RSS_MB: Final = 250
_MB_PER_MIB: Final = 2**20 / 10**6
RATE: Final = "rows/s"
FLOOR: Final = "raw floor"


@dataclass(slots=True)
class Found:
    """Seconds of each measurement, a value a run, and what was written."""

    floor: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    update: list[float] = field(default_factory=list)
    floor_wrote: list[Written] = field(default_factory=list)
    wrote: list[Written] = field(default_factory=list)


def measure(ground: Ground, *, sizes: Sequence[int], runs: int) -> list[Figure]:
    """Return the figures of imports of several sizes.

    Args:
        ground: Where.
        sizes: Rows of an import.
        runs: How often each is measured.
    """
    ground.clear(properties=True)
    figures = []
    for rows in sizes:
        figures += _of_size(ground, rows, runs if rows < MANY_ROWS else min(runs, RUNS_OF_MANY))
    return figures


def import_new(server: Server, rows: int) -> float:
    """Import new contacts, alike ones, and return the seconds until all are complete.

    Args:
        server: The server under measurement.
        rows: How many.
    """
    loads = _loads(rows)
    created, refused = sum(load.created for load in loads), sum(load.invalid for load in loads)
    return timed_import(server, [people.body(load.rows) for load in loads], created=created, failed=refused)


def memory(ground: Ground) -> list[Figure]:
    """Return the peak memory of the processes of the server since it started."""
    peaks = processes.peaks_mib(ground.server.pid)
    target = Target(RSS_MB, at_least=False)
    return [
        Figure("Memory", f"peak resident memory of {name}", "MB", [peak * _MB_PER_MIB], target=target)
        for name, peak in peaks.items()
        if name.startswith("prismd")
    ]


def _of_size(ground: Ground, rows: int, runs: int) -> list[Figure]:
    loads = _loads(rows)
    bodies = [people.body(load.rows) for load in loads]
    found = Found()
    for _ in range(runs):
        _run(ground, loads, bodies, found)
    return _figures(rows, sum(map(len, bodies)), found)


def _loads(rows: int) -> list[Load]:
    return [
        people.load(min(ROWS_PER_REQUEST, rows - first), SEED + first, first=first)
        for first in range(0, rows, ROWS_PER_REQUEST)
    ]


def _run(ground: Ground, loads: list[Load], bodies: list[bytes], found: Found) -> None:
    server, url = ground.server, ground.database
    created, refused = sum(load.created for load in loads), sum(load.invalid for load in loads)
    valid = [row for load in loads for row in load.valid]
    ground.clear()
    lowest = floor.run(url, valid)
    found.floor.append(lowest.seconds)
    found.floor_wrote.append(lowest.wrote)
    ground.clear()
    with written(url) as wrote:
        took = timed_import(server, bodies, created=created, existing=len(valid) - created, failed=refused)
    found.first.append(took)
    found.wrote.append(wrote)
    found.again.append(timed_import(server, bodies, created=0, existing=len(valid), failed=refused))
    if len(loads) > 1 and found.update:
        return  # it takes the longest, and once will do
    changes = [people.body(people.changed(load.rows), update_existing=True) for load in loads]
    places.settle(url)
    found.update.append(timed_import(server, changes, created=0, updated=len(valid), failed=refused))


def timed_import(server: Server, bodies: list[bytes], **counts: int) -> float:
    """Import bodies and return the seconds from the first request until all are complete.

    Args:
        server: The server under measurement.
        bodies: Of import requests.
        counts: What the jobs together must have counted.

    Raises:
        RuntimeError: They counted something else; nothing was measured.
    """
    if len(bodies) == 1:
        return prism.run(server, bodies[0]).expect(**counts).total_s
    took, jobs = prism.run_many(server, bodies)
    totals = {name: sum(job[name] for job in jobs) for name in counts}
    if totals != counts:
        raise RuntimeError(f"expected {counts}, found {totals}: nothing measured")
    return took


def _figures(rows: int, body_bytes: int, found: Found) -> list[Figure]:
    section = f"Import of {rows:,} contacts"

    def rates(seconds: list[float]) -> list[float]:
        return [rows / one for one in seconds]

    aimed = rows == TARGET_ROWS
    lowest, first = Peer(FLOOR, rates(found.floor)), Peer("all new", rates(found.first))
    update_target = Target(SHARE_OF_CREATE, of_ratio=True) if aimed else None
    floor_target = Target(SHARE_OF_FLOOR, of_ratio=True) if aimed else None
    note = f"{people.REPEATED_PERCENT} % repeat an earlier email, {people.INVALID_PERCENT} % are refused"
    return [
        Figure(section, "all new", RATE, rates(found.first), lowest, floor_target, note),
        Figure(section, "all matched", RATE, rates(found.again), lowest),
        Figure(section, "every row changes one property", RATE, rates(found.update), first, update_target),
        _wrote(section, "log and tables", body_bytes, found.wrote, found.floor_wrote),
        _wrote_log(section, body_bytes, found),
    ]


def _wrote(section: str, what: str, body_bytes: int, mine: list[Written], lowest: list[Written]) -> Figure:
    peer = Peer(FLOOR, [one.total / body_bytes for one in lowest])
    values = [one.total / body_bytes for one in mine]
    return Figure(section, f"bytes written for each byte sent, {what}", "bytes", values, peer)


def _wrote_log(section: str, body_bytes: int, found: Found) -> Figure:
    peer = Peer(FLOOR, [one.log / body_bytes for one in found.floor_wrote])
    values = [one.log / body_bytes for one in found.wrote]
    details = {"MB sent": body_bytes / 1e6, "MB of tables": statistics.median(one.tables for one in found.wrote) / 1e6}
    return Figure(section, "of which to the log", "bytes", values, peer, details=details)
