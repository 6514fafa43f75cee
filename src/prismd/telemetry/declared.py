"""Every metric of prismd: its name, kind, labels and meaning; prismd has no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """A metric.

    Args:
        name: The name in a scrape; names of counters end in ``_total``.
        kind: The kind of metric.
        meaning: The description, in one sentence.
        labels: Names of the labels; each label has few values, whatever clients send.
        buckets: Upper bounds of a histogram's buckets, in seconds.
    """

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_REQUEST_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_PHASE_S: Final = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS: Final = Declared(
    "prismd_http_requests_total", "counter", "Requests answered, by route template.", ("method", "route", "status")
)
REQUEST_DURATION: Final = Declared(
    "prismd_http_request_duration_seconds",
    "histogram",
    "Time from the head of a request to the end of its answer.",
    ("method", "route"),
    _REQUEST_S,
)
OUTCOMES: Final = ("created", "existing", "updated", "failed")
RESULTS: Final = ("done", "failed", "lost", "waited")

ROWS: Final = Declared(
    "prismd_import_rows_total", "counter", "Rows of imports that came to an end.", ("outcome", "dry_run")
)
CHUNKS: Final = Declared(
    "prismd_import_chunks_total", "counter", "Turns of workers at chunks of imports, by how they ended.", ("result",)
)
PHASE_DURATION: Final = Declared(
    "prismd_import_phase_duration_seconds",
    "histogram",
    "Time of the phases of a chunk; kind tells jobs from imports that are answered at once.",
    ("kind", "phase"),
    _PHASE_S,
)
PROCESS_RESTARTS: Final = Declared(
    "prismd_process_restarts_total", "counter", "Processes of the server that ended unasked.", ("program",)
)
POSTGRES_RESTARTS: Final = Declared(
    "prismd_postgres_restarts_total", "counter", "Times that the embedded PostgreSQL ended unasked."
)

CONNECTIONS: Final = Declared("prismd_http_connections", "gauge", "Connections of clients that are open.")
EVENT_STREAMS: Final = Declared("prismd_event_streams", "gauge", "Event streams of imports that are open.")
EXPORTS: Final = Declared("prismd_exports", "gauge", "Exports that are streamed.")
REALTIME_SOCKETS: Final = Declared("prismd_realtime_sockets", "gauge", "Realtime WebSockets that are open.")
BODY_BYTES: Final = Declared(
    "prismd_body_bytes_in_flight", "gauge", "Bytes of bodies that are read or held until their requests are answered."
)
POOL: Final = Declared("prismd_pool_connections", "gauge", "Connections to PostgreSQL that requests share.", ("state",))
POOL_WAITING: Final = Declared("prismd_pool_waiting", "gauge", "Requests that wait for a connection to PostgreSQL.")
LOOP_LATE: Final = Declared(
    "prismd_event_loop_late_seconds_total", "counter", "Time in which the server could attend to nobody."
)

DATABASE_UP: Final = Declared("prismd_database_up", "gauge", "Whether PostgreSQL answered this scrape in time.")
JOBS: Final = Declared(
    "prismd_import_jobs", "gauge", "Import jobs that have not ended, of all teams; counted up to 10,000.", ("state",)
)
OLDEST_JOB_AGE: Final = Declared(
    "prismd_import_oldest_job_age_seconds", "gauge", "Age of the oldest import job that has not ended.", ("state",)
)
ROWS_WAITING: Final = Declared("prismd_import_rows_waiting", "gauge", "Rows of those jobs that have no result yet.")
WORKERS: Final = Declared("prismd_workers", "gauge", "Workers connected to the database, on whatever machine.")
DATABASE_BYTES: Final = Declared("prismd_database_bytes", "gauge", "Size of the database.")
TABLE_BYTES: Final = Declared(
    "prismd_database_table_bytes", "gauge", "Size of the tables that grow, with what is stored beside them.",
    ("table", "part"),
)  # fmt: skip
TABLE_ROWS: Final = Declared(
    "prismd_database_table_rows", "gauge", "Rows of these tables, as PostgreSQL estimates them.", ("table", "state")
)
KEYS_BLOAT: Final = Declared(
    "prismd_record_key_bloat_bytes", "gauge", "Size of the key table beyond what its rows need, as estimated."
)
RETENTION_LAG: Final = Declared(
    "prismd_retention_lag_seconds", "gauge", "How long what should have been purged has been there.", ("table",)
)
PROCESS_MEMORY: Final = Declared(
    "prismd_process_resident_bytes", "gauge", "Memory of a process of this server.", ("process",)
)
PROCESS_CPU: Final = Declared(
    "prismd_process_cpu_seconds_total", "counter", "Time of the processor that a process has taken.", ("process",)
)
PROCESS_START: Final = Declared(
    "prismd_process_start_time_seconds", "gauge", "When a process began, since 1970.", ("process",)
)
BUILD: Final = Declared("prismd_build_info", "gauge", "Always 1, with the version of prismd.", ("version",))

#: Metrics that each process counts for itself.
COUNTED: Final = (
    REQUESTS, REQUEST_DURATION, ROWS, CHUNKS, PHASE_DURATION, PROCESS_RESTARTS, POSTGRES_RESTARTS, CONNECTIONS,
    EVENT_STREAMS, REALTIME_SOCKETS, BODY_BYTES, POOL, POOL_WAITING, LOOP_LATE,
)  # fmt: skip
#: Metrics that are looked up at each scrape.
LOOKED_UP: Final = (
    DATABASE_UP, JOBS, OLDEST_JOB_AGE, ROWS_WAITING, WORKERS, DATABASE_BYTES, TABLE_BYTES, TABLE_ROWS, KEYS_BLOAT,
    RETENTION_LAG, PROCESS_MEMORY, PROCESS_CPU, PROCESS_START, BUILD,
)  # fmt: skip
METRICS: Final = (*COUNTED, *LOOKED_UP)
