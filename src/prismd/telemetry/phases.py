"""The phases of a chunk: each is timed, and becomes a span if traces are kept."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Final

from prismd.telemetry import metrics, traces
from prismd.telemetry.declared import PHASE_DURATION

if TYPE_CHECKING:
    from prismd.core.imports.job import Job

_NOTHING: Final[AbstractContextManager[None]] = nullcontext()


def phase(job: Job, name: str) -> AbstractContextManager[None]:
    """Time the block, as a phase of a chunk.

    Args:
        job: The job of the chunk.
        name: Name of the phase; one of a few words.
    """
    return _Phase(job, name) if metrics.counting() or traces.tracing() else _NOTHING


def phase_took(job: Job, name: str, seconds: float) -> None:
    """Note the duration of a phase that cannot be timed as a block."""
    metrics.observe(PHASE_DURATION, seconds, _kind(job), name)


class _Phase:
    __slots__ = ("_began", "_job", "_name", "_span")

    def __init__(self, job: Job, name: str) -> None:
        self._job = job
        self._name = name
        self._began = 0.0
        self._span = traces.group(name)

    def __enter__(self) -> None:
        self._span.__enter__()
        self._began = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        phase_took(self._job, self._name, time.perf_counter() - self._began)
        self._span.__exit__(kind, error, where)


def _kind(job: Job) -> str:
    return "request" if job.synchronous else "job"
