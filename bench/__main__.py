"""The benchmark: how fast prismd is, next to the fastest that the same PostgreSQL could be and to other programs."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench import places, records
from bench.figures import Figure, show, write_page
from demo.server import fresh_directory

#: What is measured, in this order: each gets the URL of PostgreSQL, a directory and what the command line says.
Part = Callable[[str, Path, argparse.Namespace], list[Figure]]


def main(words: list[str] | None = None) -> int:
    """Measure, print the tables and write the figures; say with the exit code whether all was measured.

    Args:
        words: Of the command line; None for those of this process.
    """
    arguments = _arguments(words)
    chosen = arguments.only.split(",") if arguments.only else list(PARTS)
    figures, failed, took = list[Figure](), list[str](), dict[str, float]()
    with fresh_directory(places.PLACE) as directory, places.postgres(arguments.database_url, directory) as url:
        machine = places.machine(url)
        for name in chosen:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            begun = time.monotonic()
            try:
                figures += PARTS[name](url, directory, arguments)
            except Exception:  # noqa: BLE001 - what was measured before is kept, and the exit code tells
                traceback.print_exc()
                failed.append(name)
            took[name] = round(time.monotonic() - begun)
    _keep(figures, machine, took, failed)
    if (not arguments.only and not failed) or arguments.page:
        write_page(places.PAGE, figures, machine)
        print(f"The table in {places.PAGE} is that of this run")
    return 1 if failed else 0


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    add = parser.add_argument
    add("--only", help=f"parts to measure, with commas between: {', '.join(PARTS)}; default: all")
    add("--runs", type=int, default=3, help="how often each thing is measured (default: %(default)s)")
    add("--records", type=int, default=1_000_000, help="contacts of the record API (default: %(default)s)")
    add("--requests", type=int, default=300, help="requests of each kind in a run (default: %(default)s)")
    add("--page", action="store_true", help=f"write the table of {places.PAGE} even if only some parts were measured")
    add("--database-url", help="PostgreSQL to use, for all sides; default: the embedded one")
    return parser.parse_args(words)


def _keep(figures: list[Figure], machine: dict[str, Any], took: dict[str, float], failed: list[str]) -> None:
    show(figures)
    print(", ".join(f"{name}: {value}" for name, value in machine.items()))
    print("took: " + ", ".join(f"{name} {seconds} s" for name, seconds in took.items()))
    missed = [figure.name for figure in figures if figure.holds is False]
    print(f"targets missed: {'; '.join(missed) or 'none'}")
    if failed:
        print(f"not measured, see above: {', '.join(failed)}")
    whole = {
        "machine": machine,
        "took_s": took,
        "failed": failed,
        "figures": [figure.json() for figure in figures],
    }
    path = places.PLACE / dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H%M%SZ.json")
    path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
    print(f"Written to {path}")


def _records(url: str, directory: Path, arguments: argparse.Namespace) -> list[Figure]:
    return records.measure(url, directory, records=arguments.records, runs=arguments.runs, requests=arguments.requests)


PARTS: Final[dict[str, Part]] = {"records": _records}


if __name__ == "__main__":
    sys.exit(main())
