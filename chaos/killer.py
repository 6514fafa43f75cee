"""The kills: which process, when, and how long it takes until imports go on."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final

from chaos.victim import STEP_TIMEOUT_S, Victim

#: How often each kind comes in a round of kills; every round is shuffled.
ROUND: Final = {"API server": 2, "worker": 3, "PostgreSQL": 2, "backend of PostgreSQL": 2, "worker paused": 1}
#: Time between two kills, in seconds: often shorter than what recovery takes, so that kills meet recovery too.
_GAP_S: Final = (0.1, 1.6)
#: Share of the kills that come when all before have been recovered from, and are recovered from before the next one.
_ALONE: Final = 0.5
_PAUSED_S: Final = STEP_TIMEOUT_S + 1.0
_LOOK_S: Final = 0.02


class Progress:
    """Sees import work go on, and how long that took after each kill; safe in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, str, bool]] = []
        #: By kind of kill: where it was left alone, and where others may have followed before imports went on.
        self.longest_alone_s: dict[str, float] = {}
        self.longest_s: dict[str, float] = {}
        self.standstill_s = 0.0
        self.last_seen = time.time()
        #: Set where nobody waits for imports any more.
        self.given_up = threading.Event()

    def killed(self, kind: str, *, alone: bool) -> None:
        """Take notice of a kill.

        Args:
            kind: What was killed.
            alone: Whether no other kill comes before imports go on.
        """
        with self._lock:
            self._waiting.append((time.time(), kind, alone))

    def recovered(self) -> bool:
        """Say whether imports have gone on after every kill."""
        with self._lock:
            return not self._waiting

    def stood_still(self, took_s: float) -> None:
        """Take notice of how long one import did not move, its wait for others included, in seconds."""
        with self._lock:
            self.standstill_s = max(self.standstill_s, took_s)

    def seen(self, began_at: datetime) -> None:
        """Take notice of a chunk that has been committed.

        Args:
            began_at: When work on the chunk began; only what began after a kill shows that work goes on.
        """
        began, now = began_at.timestamp(), time.time()
        with self._lock:
            self.last_seen = now
            for at, kind, alone in self._waiting:
                longest_s = self.longest_alone_s if alone else self.longest_s
                if at < began:
                    longest_s[kind] = max(longest_s.get(kind, 0.0), now - at)
            self._waiting = [kill for kill in self._waiting if kill[0] >= began]


class Killer:
    """Kills at random moments.

    Args:
        victim: The server that is killed.
        progress: Is told of every kill.
        seed: The same seed gives the same kinds and gaps; which chunks they meet is up to the machine.
    """

    def __init__(self, victim: Victim, progress: Progress, seed: int) -> None:
        self._victim = victim
        self._progress = progress
        self._dice = random.Random(seed)  # noqa: S311 - repeatable accidents, no secret
        self._coming: list[str] = []
        self.kills: Counter[str] = Counter()
        self._pauses: list[threading.Timer] = []

    def run(self, kills: int, goes_on: Callable[[], None]) -> None:
        """Make kills.

        Args:
            kills: How many.
            goes_on: Looked after between kills; raises where there is no point in going on.
        """

        def wait(done: Callable[[], bool]) -> None:
            while not done():
                goes_on()
                self._victim.keep_running()
                time.sleep(_LOOK_S)

        for _ in range(kills):
            alone, at = self._dice.random() < _ALONE, time.monotonic() + self._dice.uniform(*_GAP_S)
            wait(lambda at=at: time.monotonic() > at)  # type: ignore[misc] # a default that binds
            if alone:
                wait(self._progress.recovered)
            kind = self._next_kind()
            # What does not run at the moment will again, or imports will be seen to stand still.
            wait(lambda kind=kind, alone=alone: self._kill(kind, alone=alone))  # type: ignore[misc] # as above
            self.kills[kind] += 1
            if alone:
                wait(self._progress.recovered)
        for pause in self._pauses:
            pause.join()

    def _next_kind(self) -> str:
        if not self._coming:
            self._coming = [kind for kind, times in ROUND.items() for _ in range(times)]
            self._dice.shuffle(self._coming)
        return self._coming.pop()

    def _kill(self, kind: str, *, alone: bool) -> bool:
        victim = self._victim
        look: Callable[[], list[int]] = {
            "API server": victim.server,
            "PostgreSQL": victim.postmaster,
            "backend of PostgreSQL": victim.backends,
        }.get(kind, victim.workers)
        found = look()
        target = victim.look(self._dice.choice(found)) if found else None
        if target is None:
            return False
        self._progress.killed(kind, alone=alone)
        if kind == "worker paused":
            target.send(signal.SIGSTOP)
            self._pauses.append(threading.Timer(_PAUSED_S, target.send, (signal.SIGCONT,)))
            self._pauses[-1].start()
            return True
        target.send(signal.SIGKILL)
        if kind == "API server":
            victim.restart()
        return True
