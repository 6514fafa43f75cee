"""Every kind of hostile request to every route, eight at once, while another team works: what that costs whom."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx

from bench import processes
from hostile import table
from hostile.ground import fatten, world
from hostile.kinds import kinds
from hostile.memory import Memory
from hostile.neighbour import Neighbour
from hostile.requests import FULL, SMALL, Scale
from hostile.results import Imports
from hostile.routes import Routes
from hostile.run import Row, Run
from launch.server import Server, fresh_directory, new_team, own_server

PLACE: Final = Path("build/hostile")
#: What PostgreSQL's processes share is counted in each of them, so it is little here.
_SETTINGS: Final = {"PRISMD_POSTGRES_BUFFERS_MIB": "128"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and return the exit code: 0 where nothing was as it should not be."""
    parser = argparse.ArgumentParser(prog="make hostile", description=__doc__)
    parser.add_argument("--only", help="kinds, by the beginnings of their names, between commas")
    parser.add_argument("--routes", help="operations of the document, between commas")
    parser.add_argument("--small", action="store_true", help="little of everything, for a first look")
    given = parser.parse_args(arguments)
    # A polite stop from outside ends like Ctrl-C: in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(table.header(), flush=True)
    with fresh_directory(PLACE) as directory:
        rows = run(
            directory,
            scale=SMALL if given.small else FULL,
            wanted=_listed(given.only),
            names=_listed(given.routes),
            tell=_tell,
        )
        shutil.copy(directory / "server.log", PLACE)
    found = table.faults(rows)
    print(f"{processes.processor()}, {processes.cores()} cores, {processes.memory_gib()} GiB")
    print("\n".join(["", f"Faults ({PLACE}/server.log may tell more):", *found] if found else ["", "No faults."]))
    return 1 if found else 0


def run(
    directory: Path,
    *,
    scale: Scale,
    wanted: Sequence[str] = (),
    names: Sequence[str] = (),
    timed: bool = True,
    tell: Callable[[Row], None] = lambda _: None,
) -> list[Row]:
    """Run, and return what came of each kind.

    Args:
        directory: Where the server keeps its data.
        scale: How much is sent.
        wanted: Beginnings of the names of kinds; all where none is given.
        names: Of operations; all where none is given.
        timed: Whether it is a fault where the other team waits for long.
        tell: Is told of each kind.
    """
    rows = []
    with (
        own_server(directory, _SETTINGS) as server,
        _prepared(server, directory / "postgres", scale, timed) as prepared,
    ):
        for turn, kind in enumerate(kinds(wanted)):
            rows.append(prepared.try_kind(kind, turn, names))
            tell(rows[-1])
            if prepared.given_up:
                break
    return rows


@contextmanager
def _prepared(server: Server, data_dir: Path, scale: Scale, timed: bool) -> Iterator[Run]:  # noqa: FBT001 - passed on
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(timeout=120, trust_env=False))
        lasting, fleeting = (world(server, http, data_dir) for _ in range(2))
        fatten(lasting, scale)
        document = http.get(f"{server.url}/openapi.json").raise_for_status().json()
        memory, neighbour = Memory(server.pid), Neighbour(server.url, *new_team(data_dir))
        stack.enter_context(neighbour.living())
        stack.enter_context(memory.watching())
        yield Run(
            server.url, Routes(document, lasting, fleeting), scale, memory, neighbour, Imports(lasting), timed=timed
        )


def _tell(row: Row) -> None:
    print(table.line(row), flush=True)
    for fault in table.faults([row]):
        print(fault, file=sys.stderr, flush=True)


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in text.split(",")] if text else []


if __name__ == "__main__":
    sys.exit(main())
