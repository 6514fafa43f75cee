"""The text of the metrics: counts of all processes and figures of the database, in the requested format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from prismd.services.monitoring.figures import Figures
from prismd.telemetry import declared
from prismd.telemetry.declared import Declared
from prismd.telemetry.processes import processes_in


class _Looked(Collector):
    """Metrics that are looked up at each scrape.

    Args:
        directory: The directory in which processes count.
        figures: Figures of the database; None if it does not answer.
    """

    def __init__(self, directory: Path, figures: Figures | None) -> None:
        self._directory = directory
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield _family(declared.BUILD, [((version("prismd"),), 1)])
        processes = processes_in(self._directory)
        yield _family(declared.PROCESS_MEMORY, [((one.name,), one.resident_bytes) for one in processes])
        yield _family(declared.PROCESS_CPU, [((one.name,), one.cpu_s) for one in processes])
        yield _family(declared.PROCESS_START, [((one.name,), one.started_s) for one in processes])
        yield _family(declared.DATABASE_UP, [((), self._figures is not None)])
        if self._figures is not None:
            yield from _of_database(self._figures)


def exposition(directory: Path, figures: Figures | None, accept: str) -> tuple[bytes, str]:
    """Return all metrics as text, and the media type of the text.

    Args:
        directory: The directory in which processes count.
        figures: Figures of the database; None if it does not answer.
        accept: The header ``Accept`` of the request.
    """
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(directory))  # type: ignore[no-untyped-call] # the library's
    registry.register(_Looked(directory, figures))
    encode, media_type = choose_encoder(accept)
    text: bytes = encode(registry)
    return text, media_type


def _of_database(figures: Figures) -> Iterator[Metric]:
    states = ("queued", "running")
    queue = figures.queue
    yield _family(declared.JOBS, [((one,), queue[one].jobs if one in queue else 0) for one in states])
    yield _family(declared.OLDEST_JOB_AGE, [((one,), figures.oldest_job_s.get(one, 0)) for one in states])
    yield _family(declared.ROWS_WAITING, [((), sum(one.rows for one in queue.values()))])
    yield _family(declared.WORKERS, [((), figures.workers)])
    yield _family(declared.DATABASE_BYTES, [((), figures.database_bytes)])
    yield _family(
        declared.TABLE_BYTES,
        [
            ((name, part), size)
            for name, table in figures.tables.items()
            for part, size in (
                ("rows", table.heap_bytes),
                ("indexes", table.index_bytes),
                ("other", table.all_bytes - table.heap_bytes - table.index_bytes),
            )
        ],
    )
    yield _family(
        declared.TABLE_ROWS,
        [
            ((name, state), count)
            for name, table in figures.tables.items()
            for state, count in (("live", table.live), ("dead", table.dead))
        ],
    )
    yield _family(declared.KEYS_BLOAT, [((), figures.keys_bloat_bytes)])
    yield _family(declared.RETENTION_LAG, [((name,), lag) for name, lag in figures.retention_lag_s.items()])


def _family(one: Declared, samples: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    kind = CounterMetricFamily if one.kind == "counter" else GaugeMetricFamily
    family = kind(one.name, one.meaning, labels=one.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family
