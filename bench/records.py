"""The record API on a million contacts of one team, next to the same statements sent straight to PostgreSQL."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from bench import people, places, prism
from bench.figures import Figure, Peer, Target
from bench.http import Http
from bench.places import Ground
from bench.record_cases import PER_COMPANY, Case, Request, Stock, cases, company_name, pages
from bench.recording import Log, Statement, recorded, recording, replay, session
from bench.timing import Timed, percentiles, timed
from launch.server import Server
from prismd.store.connections.postgres import Connection

SECTION: Final = "Records"
CLIENTS: Final = 8
SEED: Final = 8401
ROWS_PER_IMPORT: Final = 100_000
#: Contacts that are asked for by id or address.
SAMPLE: Final = 2_000
#: Different requests of a case whose statements are sent again; what they read stays in memory on both sides.
DISTINCT: Final = 100
#: More often than psycopg sees a statement before it prepares it.
WARM: Final = 10
DIRECT: Final = "the same statements by psycopg"
#: A deep page may cost a tenth more than the first: what a measurement of the same varies by.
AS_FAST: Final = 0.9


@dataclass(slots=True)
class Found:
    """What one case took, a measurement a run, by way and number of clients."""

    http: list[Timed] = field(default_factory=list)
    direct: list[Timed] = field(default_factory=list)
    http_many: list[Timed] = field(default_factory=list)
    direct_many: list[Timed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bench:
    """What measures.

    Args:
        server: The server under measurement.
        twin: Where the prismd listens whose statements are written down.
        log: Where they are.
        requests: Of a case, each run.
        sessions: By which the statements are sent again.
    """

    server: Server
    twin: str
    log: Log
    requests: int
    sessions: list[Connection]


def measure(ground: Ground, *, records: int, runs: int, requests: int) -> list[Figure]:
    """Return the figures of the record API.

    Args:
        ground: Where.
        records: Contacts of the team.
        runs: How often each case is measured.
        requests: Requests of a case in a run, where it is not slow.
    """
    ground.clear(properties=True)
    stock, load_s = _stocked(ground.server, records)
    places.settle(ground.database, "record", "record_key")
    name = f"importing {records:,} contacts that refer to companies"
    figures = [Figure(SECTION, name, "rows/s", [records / load_s])]
    with recording(ground.database) as (twin, log), _sessions(ground.database, CLIENTS) as sessions:
        bench = Bench(ground.server, twin, log, requests, sessions)
        all_cases = cases(stock)
        figures += [_first(bench, case) for case in all_cases if case.first]
        for case in all_cases:
            figures += _figures(case, _measured(bench, case, runs, Found()))
        return figures + _paged(bench, stock, runs)


def _stocked(server: Server, records: int) -> tuple[Stock, float]:
    """Import organizations and the contacts that refer to them; say what there is, and how long the contacts took."""
    companies = [{"name": company_name(number)} for number in range(max(1, records // PER_COMPANY))]
    content = people.body(companies, dedupe_by="name")
    imported = prism.run(server, content, object_type="organization").expect(created=len(companies))
    company_ids = [result["id"] for result in imported.job["results"]]
    emails, ids, took = list[str](), list[str](), 0.0
    step = max(1, records // SAMPLE)
    for first in range(0, records, ROWS_PER_IMPORT):
        count = min(ROWS_PER_IMPORT, records - first)
        rows = people.contacts(count, SEED + first, first=first)
        for number, row in enumerate(rows, first):
            row["company"] = company_ids[number % len(company_ids)]
        one = prism.run(server, people.body(rows)).expect(created=count)
        took += one.total_s
        emails += [row["email"] for row in rows[::step]]
        ids += [result["id"] for result in one.job["results"][::step]]
    return Stock(server, records, emails, ids), took


def _first(bench: Bench, case: Case) -> Figure:
    """Return what the first query by a property takes, which makes it a key."""
    with prism.connect(bench.server) as client:
        begun = time.perf_counter()
        client.send(*case.request(0))
        took = time.perf_counter() - begun
    return Figure(SECTION, f"{case.name}: the first of all", "s", [took], note="it makes keys of the property's values")


def _measured(bench: Bench, case: Case, runs: int, found: Found) -> Found:
    count = 1 if case.slow else bench.requests
    sessions = bench.sessions
    with _senders(bench.server.url, bench.server.key, CLIENTS) as senders:
        again = _Again(bench, case, count)
        _check(senders[0], case)
        again.warm(sessions)
        for _ in range(runs):
            requests = [case.request(number) for number in range(count)]
            found.http.append(timed([lambda number: senders[0].send(*requests[number])], count))  # noqa: B023 - used at once
            found.direct.append(timed([again.by(sessions[0])], count))
            if not case.slow:
                requests = [case.request(number) for number in range(count)]
                callers = [_sender(client, requests) for client in senders]
                found.http_many.append(timed(callers, count))
                again.renew()
                found.direct_many.append(timed([again.by(one) for one in sessions], count))
            again.renew()
    return found


def _check(client: Http, case: Case) -> None:
    """See to it that a case finds what it asks for."""
    answer = msgspec.json.decode(client.send(*case.request(0)))
    if not (answer.get("data") or answer.get("id")):
        raise RuntimeError(f"{case.name} found nothing: nothing measured")


class _Again:
    """The statements of a case, sent again; those of a writing one are written down anew for each measurement."""

    def __init__(self, bench: Bench, case: Case, count: int) -> None:
        self._bench, self._case = bench, case
        self._count = count if case.writes else min(count, DISTINCT)
        self._steps: list[list[Statement | None]] = []
        self._record()

    def renew(self) -> None:
        if self._case.writes:
            self._record()

    def warm(self, connections: list[Connection]) -> None:
        """Have each session prepare what it prepares: those of the server have done so long ago."""
        if not self._case.writes and not self._case.slow:
            for connection in connections:
                timed([self.by(connection)], min(WARM, self._count))

    def by(self, connection: Connection) -> Callable[[int], None]:
        return lambda number: replay(connection, self._steps[number % len(self._steps)])

    def _record(self) -> None:
        with Http(self._bench.twin, _headers(self._bench.server.key)) as client:
            self._steps = [
                recorded(self._bench.log, _sending(client, self._case.request(number)), undo=self._case.writes)
                for number in range(self._count)
            ]


def _paged(bench: Bench, stock: Stock, runs: int) -> list[Figure]:
    first, deep = pages(stock)
    shallow, low = Found(), Found()
    for _ in range(runs):  # by turns, so that what else the machine does meets both
        _measured(bench, first, 1, shallow)
        _measured(bench, deep, 1, low)
    figures = [*_figures(first, shallow), *_figures(deep, low)]
    peer = Peer("page 1", [one.per_s for one in shallow.http])
    target = Target(AS_FAST, of_ratio=True)
    return [*figures, Figure(SECTION, deep.name, "requests/s", [one.per_s for one in low.http], peer, target)]


def _figures(case: Case, found: Found) -> list[Figure]:
    figures = [_figure(case.name, found.http, found.direct)]
    if found.http_many:
        figures.append(_figure(f"{case.name}, {CLIENTS} clients", found.http_many, found.direct_many))
    return figures


def _figure(name: str, http: list[Timed], direct: list[Timed]) -> Figure:
    cuts = percentiles([took for one in http for took in one.took_ms])
    details = {"p50 ms": cuts["p50"], "p99 ms": cuts["p99"]}
    peer = Peer(DIRECT, [one.per_s for one in direct])
    return Figure(SECTION, name, "requests/s", [one.per_s for one in http], peer, details=details)


def _headers(key: str) -> dict[str, str]:
    return {"x-api-key": key, "content-type": "application/json"}


def _sending(client: Http, request: Request) -> Callable[[], object]:
    return lambda: client.send(*request)


def _sender(client: Http, requests: list[Request]) -> Callable[[int], object]:
    return lambda number: client.send(*requests[number])


@contextlib.contextmanager
def _senders(url: str, key: str, count: int) -> Iterator[list[Http]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Http(url, _headers(key))) for _ in range(count)]


@contextlib.contextmanager
def _sessions(url: str, count: int) -> Iterator[list[Connection]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(session(url)) for _ in range(count)]
