"""The benchmark: how fast prismd imports, next to the fastest that the same PostgreSQL could do it."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psycopg
from rich.console import Console
from rich.table import Table

from bench import floor, people, prism, processes
from demo.server import Server, fresh_directory, own_server
from prismd.store.embedded import EmbeddedPostgres

PLACE: Final = Path("build/bench")
SEED: Final = 8400
#: Empties what an import fills, so that each run starts from nothing, as its floor does.
EMPTY: Final = "TRUNCATE record, record_key, import_job CASCADE"


def main() -> int:
    """Measure, print a table and write the figures below `build/bench`."""
    arguments = _arguments()
    with fresh_directory(PLACE) as directory, _postgres(arguments, directory) as url:
        settings = {"PRISMD_DATABASE_URL": url, "PRISMD_ROWS_PER_REQUEST_MAX": str(arguments.rows)}
        with own_server(directory, settings) as server:
            figures = _measure(server, url, arguments)
    name = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H%M%SZ.json")
    (PLACE / name).write_text(json.dumps(figures, indent=2) + "\n")
    _print(figures)
    print(f"Written to {PLACE / name}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="contacts of one import (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="how often everything is measured (default: %(default)s)")
    parser.add_argument("--database-url", help="PostgreSQL to use, for both sides; default: the embedded one")
    return parser.parse_args()


@contextmanager
def _postgres(arguments: argparse.Namespace, directory: Path) -> Iterator[str]:
    if arguments.database_url:
        yield arguments.database_url
        return
    embedded = EmbeddedPostgres(directory / "postgres")
    try:
        yield embedded.start()
    finally:
        embedded.stop()


def _measure(server: Server, url: str, arguments: argparse.Namespace) -> dict[str, Any]:
    rows = people.contacts(arguments.rows, SEED)
    content = people.body(rows)
    floors, first, again = list[float](), list[prism.Imported](), list[prism.Imported]()
    polls_ms = list[float]()
    for number in range(arguments.runs):
        print(f"run {number + 1} of {arguments.runs} …", file=sys.stderr)
        _start_from_nothing(url)
        floors.append(floor.seconds(url, rows))
        _start_from_nothing(url)
        first.append(_checked(prism.run(server, content), created=arguments.rows))
        again.append(_checked(prism.run(server, content), created=0))
        _start_from_nothing(url)
        watched = prism.run(server, content, poll_interval_s=prism.OFTEN_S)
        polls_ms += _checked(watched, created=arguments.rows).polls_ms
    return {
        "rows": arguments.rows,
        "runs": arguments.runs,
        "body_mib": round(len(content) / 2**20, 1),
        "floor_rows_per_s": _spread([arguments.rows / took for took in floors]),
        "import_rows_per_s": _spread([arguments.rows / one.total_s for one in first]),
        "again_rows_per_s": _spread([arguments.rows / one.total_s for one in again]),
        "share_of_floor": _spread([took / one.total_s for took, one in zip(floors, first, strict=True)]),
        "accept_s": _spread([one.accepted_s for one in first]),
        "results_s": _spread([one.results_s for one in first]),
        "poll_ms": {"count": len(polls_ms), **_percentiles(polls_ms)},
        "peak_rss_mib": processes.peaks_mib(server.pid),
        "machine": _machine(url),
    }


def _start_from_nothing(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(EMPTY)
        # What one measurement wrote must not be flushed on the time of the next.
        connection.execute("CHECKPOINT")


def _checked(imported: prism.Imported, *, created: int) -> prism.Imported:
    if imported.created != created:
        raise RuntimeError(f"expected {created} records to be created, found {imported.created}: nothing measured")
    return imported


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def _percentiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": cuts[49], "p99": cuts[98], "max": max(values)}


def _machine(url: str) -> dict[str, Any]:
    with psycopg.connect(url) as connection:
        postgres = connection.info.parameter_status("server_version")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607 - git of the person who measures
    return {
        "processor": processes.processor(),
        "cores": processes.cores(),
        "memory_gib": processes.memory_gib(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "postgresql": postgres,
        "psycopg": version("psycopg"),
        "prismd": f"{version('prismd')} {commit.stdout.strip()}".strip(),
    }


def _print(figures: dict[str, Any]) -> None:
    table = Table(title=f"{figures['rows']:,} contacts of ten properties, de-duplicated by email")
    for heading in ("", "median", "lowest", "highest"):
        table.add_column(heading, justify="right" if heading else "left")
    for label, name, pattern in (
        ("raw floor, rows/s", "floor_rows_per_s", "{:,.0f}"),
        ("prismd, all new, rows/s", "import_rows_per_s", "{:,.0f}"),
        ("prismd, all matched, rows/s", "again_rows_per_s", "{:,.0f}"),
        ("share of the floor, all new", "share_of_floor", "{:.0%}"),
        ("accepting the body, s", "accept_s", "{:.2f}"),
        ("reading all results, s", "results_s", "{:.2f}"),
    ):
        spread = figures[name]
        table.add_row(label, *(pattern.format(spread[which]) for which in ("median", "min", "max")))
    console = Console()
    console.print(table)
    polls, machine = figures["poll_ms"], figures["machine"]
    print(f"polls while importing: p50 {polls['p50']:.1f} ms, p99 {polls['p99']:.1f} ms, {polls['count']} polls")
    for process, peak in figures["peak_rss_mib"].items():
        print(f"peak memory of {process}: {peak:.0f} MiB")
    print(", ".join(f"{name} {value}" for name, value in machine.items()))


if __name__ == "__main__":
    sys.exit(main())
