"""How often a second something can be done, and how long it takes: by one caller, or by several at once."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

MS: Final = 1000

#: Does the work of a number.
Work = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Timed:
    """What a measurement found.

    Args:
        seconds: From the first call to the last return.
        took_ms: How long each call took.
    """

    seconds: float
    took_ms: list[float]

    @property
    def per_s(self) -> float:
        """Calls per second."""
        return len(self.took_ms) / self.seconds


def timed(callers: Sequence[Work], count: int) -> Timed:
    """Do a work so often, each caller in a thread of its own where there are several.

    Args:
        callers: The work as each caller does it.
        count: Calls in all; they get the numbers from 0.
    """
    if len(callers) == 1:
        started = time.perf_counter()
        took = _calls(callers[0], range(count))
        return Timed(time.perf_counter() - started, took)
    results: list[list[float]] = []
    failures: list[BaseException] = []
    gate = threading.Barrier(len(callers) + 1)

    def run(number: int, work: Work) -> None:
        gate.wait()
        try:
            results.append(_calls(work, range(number, count, len(callers))))
        except BaseException as error:  # noqa: BLE001 - raised again where the measurement was asked for
            failures.append(error)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(callers)]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - started
    if failures:
        raise failures[0]
    return Timed(took_s, [one for took in results for one in took])


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return the median, the 99th percentile and the largest of some values."""
    if len(values) == 1:
        return dict.fromkeys(("p50", "p99", "max"), values[0])
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": cuts[49], "p99": cuts[98], "max": max(values)}


def _calls(work: Work, numbers: range) -> list[float]:
    took = []
    for number in numbers:
        begun = time.perf_counter()
        work(number)
        took.append((time.perf_counter() - begun) * MS)
    return took
