"""Files of rows as people have them, through `prismd import` to complete, next to what else takes in the same file."""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from bench import imports, prism, processes, resident, sparse
from bench.beside_files import BESIDE, copy_and_merge
from bench.figures import Figure, Peer, Target
from bench.peers.peer import UnusableError
from bench.places import Ground
from launch import programs
from launch.server import PRISMD

SEED: Final = 8405
FORMATS: Final = ("csv", "ndjson", "xlsx", "parquet")
SHARE_OF_JSON: Final = 0.7
_MB_PER_MIB: Final = 2**20 / 10**6
_SHOWN: Final = 600
#: Exit codes of an import that came to its end: all rows are in, or some were refused.
_ENDED: Final = (0, 1)


@dataclass(frozen=True, slots=True)
class Imported:
    """What one import of a file took.

    Args:
        seconds: From the start of the command to its end.
        counts: Rows by what became of them.
        peaks: The most resident memory of each kind of process, in MiB.
    """

    seconds: float
    counts: dict[str, int]
    peaks: dict[str, float]


def measure(ground: Ground, *, rows: int, formats: Sequence[str] = FORMATS) -> list[Figure]:
    """Return the figures of imports of files.

    Args:
        ground: Where.
        rows: Of a file.
        formats: Endings of the names of files.
    """
    ground.clear(properties=True)
    with prism.connect(ground.server) as client:
        sparse.make_properties(client, prism.path(ground.server, ""))
    return _of_size(ground, rows, formats)


def through_command(ground: Ground, path: Path, *options: str) -> Imported:
    """Import a file by `prismd import`, as contacts by their address, and return what that took.

    Args:
        ground: Where.
        path: The file.
        options: Of the command, further ones.

    Raises:
        RuntimeError: It did not come to its end; nothing was measured.
    """
    server = ground.server
    state = {"XDG_STATE_HOME": str(ground.directory.absolute()), "XDG_CONFIG_HOME": str(ground.directory.absolute())}
    environment = {**programs.plain_environment(), **server.environment, **state}
    words = [str(PRISMD), "import", str(path), "--type", "contact", "--dedupe-by", "email", "--json", *options]
    postmaster = _postmaster(ground.database)
    began = time.perf_counter()
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        roots = {server.pid: "the server", process.pid: "prismd import", postmaster: processes.POSTGRES}
        with resident.watched(lambda: roots) as peaks:
            said, errors = process.communicate()
        took = time.perf_counter() - began
    if process.returncode not in _ENDED:
        raise RuntimeError(f"the import ended with {process.returncode}: {errors[-_SHOWN:]}")
    found = json.loads(said)
    return Imported(took, {name: found[name] for name in ("rows", "created", "existing", "failed")}, peaks)


def memory(section: str, what: str, found: Imported, target: Target | None = None) -> Iterator[Figure]:
    """Yield a figure for the memory of each kind of process.

    Args:
        section: Heading under which it stands.
        what: Was imported.
        found: The import.
        target: For each process of prismd.
    """
    for name, mib in sorted(found.peaks.items()):
        aimed = None if name.startswith(processes.POSTGRES) else target
        yield Figure(section, f"{what}: peak memory of {name}", "MB", [mib * _MB_PER_MIB], target=aimed)


def _of_size(ground: Ground, rows: int, formats: Sequence[str]) -> list[Figure]:
    section = f"Files of {rows:,} rows as people have them"
    took, _ = _json(ground, rows)
    figures = [Figure(section, "JSON over HTTP", imports.RATE, [rows / took], _alike(ground, rows))]
    for form in formats:
        path = ground.directory.absolute() / f"rows.{form}"
        sparse.write(path, sparse.rows(rows, SEED))
        try:
            figures += _of_file(ground, path, rows)
        finally:
            path.unlink()
    return figures


def _json(ground: Ground, rows: int) -> tuple[float, dict[str, int]]:
    """Import rows as JSON in requests, and return the seconds and what became of the rows."""
    ground.clear()
    some = sparse.rows(rows, SEED)
    bodies = []
    while held := list(itertools.islice(some, imports.ROWS_PER_REQUEST)):
        bodies.append(sparse.body(held))
    if len(bodies) == 1:
        imported = prism.run(ground.server, bodies[0])
        took, jobs = imported.total_s, [imported.job]
    else:
        took, jobs = prism.run_many(ground.server, bodies)
    return took, {name: sum(job[name] for job in jobs) for name in ("created", "existing", "failed")}


def _alike(ground: Ground, rows: int) -> Peer:
    """Import alike rows, those of the other parts, for comparison."""
    ground.clear()
    took = imports.import_new(ground.server, rows)
    return Peer("JSON of alike rows", [rows / took])


def _of_file(ground: Ground, path: Path, rows: int) -> Iterator[Figure]:
    # Measured right before, as the hour changes both.
    took, expected = _json(ground, rows)
    rate = Peer("JSON of such rows", [rows / took])
    section, name = f"Files of {rows:,} rows as people have them", path.suffix.removeprefix(".").upper()
    ground.clear()
    options = () if path.suffix == ".ndjson" else (*sparse.MAPPING, "--date-format", "ymd", "--null", "text")
    found = through_command(ground, path, *options)
    if found.counts != {"rows": rows, **expected}:
        raise RuntimeError(f"expected {expected}, found {found.counts}: nothing measured")
    target = Target(SHARE_OF_JSON, of_ratio=True) if path.suffix == ".csv" else None
    sizes = {"MB": path.stat().st_size / 1e6}
    yield Figure(section, f"{name}, prismd import", imports.RATE, [rows / found.seconds], rate, target, details=sizes)
    yield from memory(section, name, found)
    yield from _beside(ground, path, section, rows / found.seconds)


def _beside(ground: Ground, path: Path, section: str, rate: float) -> Iterator[Figure]:
    name, rows = path.suffix.removeprefix(".").upper(), int(section.split()[2].replace(",", ""))
    own = f"{name}, prismd import"
    if path.suffix == ".csv":
        ground.clear()
        took = copy_and_merge(ground.database, path)
        beside = Peer("COPY and the same merge", [rows / took])
        yield Figure(section, f"{own} next to COPY (nothing is told about rows)", imports.RATE, [rate], beside)
    for other in BESIDE:
        if path.suffix not in other.formats:
            continue
        what = f"{own} next to {other.name} ({other.less})"
        try:
            values = [rows / other.load(path, ground.directory)]
        except UnusableError as error:
            yield Figure(section, what, imports.RATE, [], note=str(error))
        else:
            yield Figure(section, what, imports.RATE, [rate], Peer(other.name, values))


def _postmaster(url: str) -> int:
    """Return the process id of the PostgreSQL of a database, which runs on this machine."""
    with psycopg.connect(url) as connection:
        return processes.parent_of(connection.info.backend_pid)
