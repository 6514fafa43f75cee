"""Run simulations by seed: ``python -m tests.simulation --seeds 2000``."""

from __future__ import annotations

import argparse
import multiprocessing
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import conninfo

from prismd.embedded.server import EmbeddedPostgres
from tests.simulation.simulation import Report
from tests.simulation.theatre import Theatre, silence, told

_FOUND_SHOWN_MAX = 3


def main() -> None:
    """Run what the command line asks for; the exit code says whether anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=secrets.randbelow(10**9), help="the first seed; else any")
    parser.add_argument("--seed", type=int, help="run this one alone and print all that happens")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        postgres = EmbeddedPostgres(Path(directory) / "data", login_options="CREATEDB")
        try:
            url = postgres.start()
            if given.seed is not None:
                report = next(_run(url, range(given.seed, given.seed + 1)))
                sys.stdout.write(f"{told(report)}\n")
                sys.exit(report.violation is not None)
            sys.exit(_run_many(url, range(given.first, given.first + given.seeds), given.processes))
        finally:
            postgres.stop()


def _run_many(url: str, seeds: range, processes: int) -> int:
    began = time.monotonic()
    shares = [(url, seeds[number::processes]) for number in range(processes)]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        reports = [report for share in pool.imap_unordered(_share, shares) for report in share]
    found = [report for report in reports if report.violation]
    for report in found[:_FOUND_SHOWN_MAX]:
        sys.stdout.write(f"{told(report)}\n\n")
    faults = sum((report.faults for report in reports), Counter[str]())
    speed = len(reports) / (time.monotonic() - began)
    lines = [
        f"seeds       {len(reports)} ({seeds[0]} to {seeds[-1]}), {speed:.1f} a second",
        f"chunks      {sum(report.chunks for report in reports)}",
        f"checks      {sum(report.checks for report in reports)}",
        f"faults      {faults.total()}",
        *(f"  {count:>8}  {fault}" for fault, count in faults.most_common()),
        f"violations  {len(found)} {[report.seed for report in found][:20] or ''}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return min(1, len(found))


def _share(share: tuple[str, range]) -> list[Report]:
    reports = []
    for report in _run(*share):
        if not report.violation:
            report.log.clear()
        reports.append(report)
    return reports


def _run(url: str, seeds: range) -> Iterator[Report]:
    name = f"simulation_{secrets.token_hex(8)}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    with silence():
        theatre = Theatre(conninfo.make_conninfo(url, dbname=name))
        for seed in seeds:
            yield theatre.run(seed)
        theatre.close()


if __name__ == "__main__":
    main()
