"""Imports through prismd next to the same rows through other programs, on the same PostgreSQL where they use one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bench import imports, people, places, prism
from bench.figures import Figure, Target
from bench.figures import Peer as Beside
from bench.peers.datasette import Datasette
from bench.peers.directus import Directus, DirectusOnSqlite, DirectusWithoutLog
from bench.peers.django_import_export import DjangoImportExport
from bench.peers.dlt import Dlt
from bench.peers.peer import Peer, UnusableError
from bench.peers.postgrest import Postgrest, PostgrestWithRows
from bench.peers.sqlite_library import SqliteUtils
from bench.places import Ground

SEED: Final = 8404
PEERS: Final[tuple[type[Peer], ...]] = (
    PostgrestWithRows,
    Postgrest,
    Datasette,
    SqliteUtils,
    Dlt,
    DjangoImportExport,
    Directus,
    DirectusWithoutLog,
    DirectusOnSqlite,
)
#: How many times as fast prismd shall be; nothing is aimed at next to the one that says nothing about the rows.
AIMED: Final[dict[type[Peer], float]] = {kind: 1 for kind in PEERS if kind is not Postgrest}
AIMED_AT_DIRECTUS: Final = 30


@dataclass(slots=True)
class Rates:
    """Rows per second, a value a run."""

    own: list[float] = field(default_factory=list)
    other: list[float] = field(default_factory=list)


def measure(ground: Ground, *, rows: int, runs: int, names: list[str] | None = None) -> list[Figure]:
    """Return how fast prismd is next to each program.

    Args:
        ground: Where.
        rows: Of an import; programs that are slow get fewer.
        runs: How often each is measured.
        names: Of the directories in which the wanted programs are installed; None for all programs.
    """
    ground.clear(properties=True)  # keys that other parts made would cost this one
    return [_next_to(ground, kind, rows, runs) for kind in PEERS if names is None or kind.home in names]


def _next_to(ground: Ground, kind: type[Peer], rows: int, runs: int) -> Figure:
    section = f"Import of {rows:,} contacts next to other programs"
    name = f"prismd next to {kind.name}"
    rates = Rates()
    try:
        note = _measured(ground, kind, rows, runs, rates)
    except UnusableError as error:
        return Figure(section, name, imports.RATE, [], note=str(error))
    times = AIMED_AT_DIRECTUS if issubclass(kind, Directus) else AIMED.get(kind)
    target = None if times is None else Target(times, of_ratio=True)
    return Figure(section, name, imports.RATE, rates.own, Beside(kind.name, rates.other), target, f"{kind.less}{note}")


def _measured(ground: Ground, kind: type[Peer], rows: int, runs: int, rates: Rates) -> str:
    """Measure both by turns, and return what else must be known."""
    load, own_load = people.load(min(rows, kind.rows_max), SEED), people.load(rows, SEED)
    given = list({row["email"]: row for row in reversed(load.valid)}.values()) if kind.distinct else load.valid
    content = people.body(own_load.rows)
    stored = 0
    with places.database(ground.url, f"bench_{kind.__name__.lower()}") as url:
        peer = kind(url, ground.directory / kind.__name__.lower())
        peer.install()
        try:
            peer.start()
            for _ in range(runs):
                ground.clear()
                imported = prism.run(ground.server, content).expect(created=own_load.created, failed=own_load.invalid)
                rates.own.append(rows / imported.total_s)
                loaded = peer.load(given)
                rates.other.append(len(given) / loaded.seconds)
                stored = loaded.stored
        finally:
            peer.stop()
    return _notes(len(load.rows), stored, load.created, kind, rows)


def _notes(given: int, stored: int, expected: int, kind: type[Peer], rows: int) -> str:
    notes = ""
    if given < rows:
        notes += f"; given {given:,} rows"
    if kind.distinct:
        notes += "; given each address once"
    if stored != expected:
        notes += f"; it kept {stored:,} records, not {expected:,}"
    return notes
