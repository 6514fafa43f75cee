"""The benchmark: how fast prismd is, next to the fastest that the same PostgreSQL could be and to other programs."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

from bench import answers, file_imports, imports, large_file, places, records, rivals, standing
from bench.figures import Figure, show, write_page
from bench.places import Ground
from launch.server import fresh_directory

#: What is measured, in this order: each gets where, and what the command line says.
Part = Callable[[Ground, argparse.Namespace], list[Figure]]

#: What of the command line makes a run another one than that of the page.
SIZES: Final = ("only", "peers", "sizes", "rows", "standing", "records")


def main(words: list[str] | None = None) -> int:
    """Measure, print the tables and write the figures; say with the exit code whether all was measured.

    Args:
        words: Of the command line; None for those of this process.
    """
    arguments = _arguments(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped, too
    chosen = arguments.only.split(",") if arguments.only else [name for name in PARTS if name not in ON_DEMAND]
    figures, failed, took = list[Figure](), list[str](), dict[str, float]()
    with ExitStack() as stack:
        directory = stack.enter_context(fresh_directory(places.PLACE))
        url = stack.enter_context(places.postgres(arguments.database_url, directory))
        ground, machine = Ground(url, directory, stack), places.machine(url)
        for name in chosen:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            begun = time.monotonic()
            try:
                figures += PARTS[name](ground, arguments)
            except Exception:  # noqa: BLE001 - what was measured before is kept, and the exit code tells
                traceback.print_exc()
                failed.append(name)
            took[name] = round(time.monotonic() - begun)
    _keep(figures, machine, took, failed)
    if arguments.page or (_is_whole(arguments) and not failed):
        write_page(places.PAGE, figures, machine)
        print(f"The table in {places.PAGE} is that of this run")
    return 1 if failed else 0


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    add = parser.add_argument
    add("--only", help=f"parts to measure, with commas between: {', '.join(PARTS)}; default: all but size")
    add("--runs", type=int, default=3, help="how often each thing is measured (default: %(default)s)")
    add(
        "--sizes",
        type=_sizes,
        default=[10_000, 100_000, 1_000_000],
        help="rows of imports, with commas between; files have the most of them",
    )
    add("--rows", type=int, default=100_000, help="rows of all other imports (default: %(default)s)")
    add("--gigabytes", type=float, default=5, help="of the file of the part size (default: %(default)s)")
    add("--standing", type=int, default=10_000_000, help="records there before imports (default: %(default)s)")
    add("--records", type=int, default=1_000_000, help="contacts of the record API (default: %(default)s)")
    add("--requests", type=int, default=300, help="requests of each kind in a run (default: %(default)s)")
    add("--peers", type=_names, help="programs to measure next to prismd, such as postgrest,dlt; default: all")
    add(
        "--page", action="store_true", help=f"write the table of {places.PAGE}, even if this is not all or not as large"
    )
    add("--database-url", help="PostgreSQL to use, for all sides; default: the embedded one")
    return parser.parse_args(words)


def _is_whole(arguments: argparse.Namespace) -> bool:
    """Say whether everything is measured, at the sizes that the page is about."""
    usual = vars(_arguments([]))
    return all(getattr(arguments, name) == usual[name] for name in SIZES)


def _names(text: str) -> list[str]:
    return text.split(",")


def _sizes(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


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


PARTS: Final[dict[str, Part]] = {
    "imports": lambda ground, given: imports.measure(ground, sizes=given.sizes, runs=given.runs),
    "answers": lambda ground, given: answers.measure(ground, rows=given.rows, runs=given.runs, requests=given.requests),
    "standing": lambda ground, given: standing.measure(
        ground, standing=given.standing, rows=given.rows, runs=given.runs
    ),
    "records": lambda ground, given: records.measure(
        ground, records=given.records, runs=given.runs, requests=given.requests
    ),
    "peers": lambda ground, given: rivals.measure(ground, rows=given.rows, runs=given.runs, names=given.peers),
    "files": lambda ground, given: file_imports.measure(ground, rows=max(given.sizes)),
    "size": lambda ground, given: large_file.measure(ground, gigabytes=given.gigabytes),
    "memory": lambda ground, _: imports.memory(ground),
}


#: Measured only if they are named, as they take long and much room.
ON_DEMAND: Final = {"size"}

if __name__ == "__main__":
    sys.exit(main())
