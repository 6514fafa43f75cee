"""The kill test: imports while processes are killed at random, compared with the same imports left in peace."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chaos import comparing, store
from chaos.killer import Killer, Progress
from chaos.load import TEAMS, Lane, lanes
from chaos.sending import Clients, Import
from chaos.victim import Victim
from launch.server import fresh_directory

PLACE: Final = Path("build/chaos")
#: If no import goes on for so long, the server has not recovered.
STANDSTILL_S: Final = 120.0
SHOWN: Final = 10
LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Report:
    """What a kill test found.

    Args:
        lines: For people.
        passed: Whether nothing was lost, doubled or otherwise different.
    """

    lines: list[str]
    passed: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the kill test and return its exit code."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="how many kills to make (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="of requests and kills (default: another each time)")
    given = parser.parse_args(arguments)
    # A polite stop from outside ends like Ctrl-C: in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with fresh_directory(PLACE) as directory:
        seed = random.randrange(10**6) if given.seed is None else given.seed  # noqa: S311 - no secret
        report = run(directory, kills=given.kills, seed=seed)
    print("\n".join(report.lines))
    return 0 if report.passed else 1


def run(directory: Path, *, kills: int, seed: int) -> Report:
    """Run the kill test.

    Args:
        directory: Where both servers keep their data.
        kills: How many kills to make.
        seed: Of requests and kills.
    """
    disturbed = _Run(directory / "kills", seed)
    victim, progress = disturbed.victim, disturbed.progress
    killer, over, started = Killer(victim, progress, seed), threading.Event(), time.monotonic()

    def kill(goes_on: Callable[[], None]) -> None:
        try:
            killer.run(kills, goes_on)
        finally:
            over.set()

    found = disturbed.imported(lambda _lane, _number: not over.is_set(), kill)
    killing_s = time.monotonic() - started
    numbers = Counter(one.lane for one in disturbed.imports)
    calm = _Run(directory / "calm", seed).imported(lambda lane, number: number < numbers[lane])
    lost, doubled, differences = (of(found, calm) for of in (comparing.lost, comparing.doubled, comparing.different))
    # The measure itself is measured: an undisturbed run that loses anything would prove nothing.
    differences += [f"in the run without kills: {fault}" for fault in calm.lost + calm.doubled]
    rows = sum(one.rows for one in disturbed.imports)
    lines = [
        f"seed {seed}: {killer.kills.total()} kills in {killing_s:.0f} s: {_listed(killer.kills, '{}')}",
        f"imports {len(disturbed.imports)}, rows {rows}, records {found.records.total()}",
        f"lost {len(lost)}",
        f"doubled {len(doubled)}",
        f"otherwise different from the run without kills {len(differences)}",
        f"longest time until imports went on, after a kill left alone: {_listed(progress.longest_alone_s, '{:.1f} s')}",
        f"the same, where other kills could follow: {_listed(progress.longest_s, '{:.1f} s')}",
        f"longest standstill of one import, its wait for others included: {progress.standstill_s:.1f} s",
        f"servers that ended by themselves and were started again: {victim.ended_unasked}",
        *(f"  {fault}" for faults in (lost, doubled, differences) for fault in faults[:SHOWN]),
    ]
    return Report(lines, not lost and not doubled and not differences)


class _Run:
    """Imports on a fresh server.

    Args:
        directory: Of the server; made here.
        seed: Of the requests.
    """

    def __init__(self, directory: Path, seed: int) -> None:
        directory.mkdir()
        self.victim = Victim(directory)
        self.progress = Progress()
        self.imports: list[Import] = []
        self._seed = seed

    def imported(
        self, more: Callable[[Lane, int], bool], disturb: Callable[[Callable[[], None]], None] | None = None
    ) -> store.Found:
        """Import, disturbed or not, and return what that left behind.

        Args:
            more: Whether to go on in a lane with the request of this number.
            disturb: Called with what looks whether there is a point in going on.
        """
        victim = self.victim
        victim.start()
        try:
            victim.wait_until_ready()
            accesses = [victim.make_team() for _ in range(TEAMS)]
            self._send(Clients(victim.url, accesses, self._seed, self.progress, more), disturb)
            victim.wait_until_ready()
            with victim.database() as connection:
                return store.read(connection, self.imports, [access.team for access in accesses])
        finally:
            victim.stop()

    def _send(self, clients: Clients, disturb: Callable[[Callable[[], None]], None] | None) -> None:
        with ThreadPoolExecutor(len(lanes())) as threads:
            sent = [threads.submit(clients.send, lane) for lane in lanes()]
            try:
                if disturb is not None:
                    disturb(lambda: self._check(sent))
                while not all(future.done() for future in sent):
                    self._check(sent)
                    self.victim.keep_running()
                    time.sleep(LOOK_S)
            except BaseException:
                self.progress.given_up.set()
                raise
            self.imports = [one for future in sent for one in future.result()]

    def _check(self, sent: list[Future[list[Import]]]) -> None:
        for future in sent:
            if future.done():
                future.result()  # raises what went wrong
        if time.time() - self.progress.last_seen > STANDSTILL_S:
            raise RuntimeError(f"imports stand still; the server's last words:\n{self.victim.last_words()}")


def _listed(numbers: Mapping[str, float], pattern: str) -> str:
    return ", ".join(f"{kind} {pattern.format(number)}" for kind, number in sorted(numbers.items())) or "none"


if __name__ == "__main__":
    sys.exit(main())
