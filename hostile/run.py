"""Sends every kind of hostile request to every route, and notes what came of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from hostile.kinds import Kind
from hostile.memory import GIVEN_UP_MIB, Memory
from hostile.neighbour import POLL, Neighbour, Noticed
from hostile.requests import AT_ONCE, Scale
from hostile.results import Imports
from hostile.routes import Routes, Target
from hostile.wire import Answer, Request, exchange
from tests.isolation.world import TEXTS

MEMORY_MIB_MAX: Final = 512.0
POLL_S_MAX: Final = 1.0
#: Longer than anything that the server may take: the rate of a body, or a query.
_PATIENCE_S: Final = 90.0
#: Most connections of those requests that wait.
_WAITING_MAX: Final = 500
_SERVER_FAULT: Final = 500
_UNAVAILABLE: Final = 503
#: What the server says where it takes the database to be away, which it never is here.
_DATABASE_AWAY: Final = "The database"


@dataclass(slots=True)
class Row:
    """What came of one kind.

    Args:
        name: Of the kind.
        requests: How many were sent.
        statuses: How many were answered by each status; 0 is no answer.
        slowest_s: Of all answers, in seconds.
        slowest: The operation that it was, and the type of its records.
        poll_s: Slowest poll of the other team meanwhile, in seconds.
        post_s: Slowest import of ten rows of the other team, in seconds.
        peaks_mib: Of the largest process by what it is, in MiB.
        faults: What should not have been, with how often it was.
    """

    name: str
    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    slowest_s: float = 0.0
    slowest: str = ""
    poll_s: float = 0.0
    post_s: float = 0.0
    peaks_mib: dict[str, float] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)

    def note(self, whose: str, answer: Answer) -> None:
        """Take notice of an answer.

        Args:
            whose: The operation, and the type of its records.
            answer: To a hostile request.
        """
        self.requests += 1
        self.statuses[answer.status] += 1
        if answer.took_s > self.slowest_s:
            self.slowest_s, self.slowest = answer.took_s, whose
        if fault := fault_of(answer):
            self.faults[f"{whose}: {fault}"] += 1


@dataclass(frozen=True, slots=True)
class Run:
    """One run against a server.

    Args:
        url: Of the server.
        routes: That are sent to.
        scale: How much is sent.
        memory: Of the server's processes.
        neighbour: The other team.
        imports: Of the team that is hostile.
        timed: Whether it is a fault where the other team waits for long; a busy machine can do that, too.
    """

    url: str
    routes: Routes
    scale: Scale
    memory: Memory
    neighbour: Neighbour
    imports: Imports
    timed: bool = True

    def try_kind(self, kind: Kind, turn: int, names: Sequence[str] = ()) -> Row:
        """Send the requests of a kind to every route, and return what came of them.

        Args:
            kind: Of requests.
            turn: Number of the kind; with it the object types of the routes change.
            names: Of the routes to send to; all where none is given.
        """
        row = Row(kind.name)
        self.memory.forget()
        self.neighbour.taken()
        turns = range(len(TEXTS)) if kind.by_type and self.scale.every_type else (turn,)
        targets = (target for one in turns for target in self.routes.targets(one) if not names or target.name in names)
        if kind.waits:
            everything = [(target, one) for target in targets for one in kind.requests(target, self.scale)]
            self._send(row, everything, min(_WAITING_MAX, len(everything)))
        else:
            for target in targets:
                self._send(row, ((target, one) for one in kind.requests(target, self.scale)), AT_ONCE)
        if not self.given_up:
            row.faults.update(self.imports.faults())
        self._note_neighbour(row, self.neighbour.taken())
        self._note_memory(row)
        return row

    @property
    def given_up(self) -> bool:
        """Whether there is no server any more to send to."""
        return self.memory.given_up.is_set()

    def _send(self, row: Row, requests: Iterable[tuple[Target, Request]], at_once: int) -> None:
        parts = urlsplit(self.url)
        address = parts.hostname or "", parts.port or 0

        def send(one: tuple[Target, Request]) -> tuple[Target, Answer]:
            return one[0], exchange(address, one[1], _PATIENCE_S)

        with ThreadPoolExecutor(max(1, at_once)) as threads:
            for target, answer in threads.map(send, () if self.given_up else requests):
                row.note(f"{target.name} of {target.object_type}", answer)

    def _note_neighbour(self, row: Row, noticed: Sequence[Noticed]) -> None:
        for one in noticed:
            if one.what == POLL:
                row.poll_s = max(row.poll_s, one.took_s)
            else:
                row.post_s = max(row.post_s, one.took_s)
            if one.fault:
                row.faults[f"the other team's {one.what}: {one.fault}"] += 1
        if self.timed and row.poll_s > POLL_S_MAX:
            row.faults[
                f"a poll of the other team took more than {POLL_S_MAX:g} s (slowest meanwhile: {row.slowest})"
            ] += 1

    def _note_memory(self, row: Row) -> None:
        row.peaks_mib = self.memory.peaks()
        for role, peak in row.peaks_mib.items():
            if peak > MEMORY_MIB_MAX:
                row.faults[f"{role} took more than {MEMORY_MIB_MAX:.0f} MiB"] += 1
        if self.given_up:
            row.faults[f"the server was ended, as a process took more than {GIVEN_UP_MIB:,.0f} MiB"] += 1
        for role in self.memory.ended():
            row.faults[f"a process ended: {role}"] += 1


def fault_of(answer: Answer) -> str:
    """Return what is wrong with an answer to whatever was sent; nothing if it is in order."""
    if not answer.status:
        return f"no answer ({answer.said})"
    deliberate = answer.status == _UNAVAILABLE and answer.retry_after and not answer.said.startswith(_DATABASE_AWAY)
    if answer.status >= _SERVER_FAULT and not deliberate:
        return f"{answer.status} {answer.code}: {answer.said}"
    return "a row ended as internal_error" if answer.internal_errors else ""
