"""Every setting of prismd, with its unit, default and meaning; read from the environment as ``PRISMD_<NAME>``."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from prismd.declared_settings import setting
from prismd.file_settings import FileSettings


class SettingError(ValueError):
    """An environment variable has a value that its setting cannot have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(FileSettings):
    """The settings in force; every limit of the server is declared here and nowhere else."""

    database_url: str = setting("", "text", "PostgreSQL 15 or newer to use; empty starts the embedded PostgreSQL")
    distribute_by_team: bool = setting(
        False,  # noqa: FBT003 - the default of a switch
        "true or false",
        "whether `prismd migrate` distributes the tables by team over the nodes of a Citus cluster",
    )
    data_dir: str = setting("data", "text", "directory of the embedded PostgreSQL")
    postgres_buffers_mib: int = setting(
        0,
        "MiB",
        "memory in which the embedded PostgreSQL keeps pages; 0 takes an eighth of what there is, from 128 to 2,048",
    )
    postgres_user: str = setting(
        "prismd", "text", "system user that runs the embedded PostgreSQL where prismd runs as root; never root"
    )
    host: str = setting("127.0.0.1", "text", "address to listen on")
    port: int = setting(8400, "TCP port", "port to listen on; 0 takes a free one")
    public_url: str = setting(
        "", "text", "address by which clients reach the server, such as `https://…` of the proxy that does TLS for it"
    )
    log_level: str = setting("warning", "text", "least level of logs that is shown: debug, info, warning or error")
    log_format: str = setting("logfmt", "text", "form of the lines of logs: logfmt or json")
    access_log: str = setting("off", "text", "whether each request is a line of the log, whatever its level: on or off")
    postgres_log_bytes_max: int = setting(
        32 * 2**20,
        "bytes",
        "size at which the log of the embedded PostgreSQL is cut; what stood in it is kept until the next cut",
        minimum=2**16,
    )
    metrics_host: str = setting(
        "127.0.0.1", "text", "address of the metrics; everybody who reaches it can read them, without a key"
    )
    metrics_port: int = setting(0, "TCP port", "port at which metrics are read; 0 serves none")
    traces_endpoint: str = setting(
        "", "text", "URL of an OpenTelemetry collector (OTLP over HTTP) that gets traces; empty sends none"
    )
    traces_share: float = setting(1, "of 1", "share of requests and of their imports that are traced")
    workers: int = setting(1, "processes", "import workers that `prismd serve` starts; 0 where others run them")
    processes: int = setting(
        1, "processes", "processes in which `prismd serve` answers requests, on one socket", minimum=1
    )
    database_connections_max: int = setting(
        16,
        "connections",
        "connections of one API process to PostgreSQL: a quarter for keys and polls, a third for imports",
        minimum=4,
    )
    database_wait_s: float = setting(5, "seconds", "longest wait for PostgreSQL to answer or lend a connection")

    workers_wait_s: float = setting(
        10, "seconds", "time without any worker after which `/healthz` says so", minimum=0.1
    )
    queue_wait_s: float = setting(
        300, "seconds", "time without a step of the job whose turn it is after which `/healthz` says so", minimum=0.1
    )
    connections_max: int = setting(20_000, "connections", "most connections open at one API process", minimum=1)
    connections_per_address_max: int = setting(
        2_000,
        "connections",
        "most from one address, or one /64 network of IPv6, at all API processes of a server; 0 sets no such limit",
    )
    trusted_proxies: str = setting(
        "",
        "text",
        "proxies whose `x-forwarded-for` tells where requests come from: addresses or networks, separated by commas",
    )
    wrong_keys_per_minute_max: int = setting(
        60, "requests", "requests with an unknown API key that one address may send in a minute; 0 sets no limit"
    )
    request_line_bytes_max: int = setting(
        16 * 2**10, "bytes", "longest address of a request, with its query", minimum=64
    )
    header_bytes_max: int = setting(64 * 2**10, "bytes", "largest head of a request: address and headers", minimum=1024)
    headers_max: int = setting(100, "headers", "most headers of a request", minimum=8)
    request_head_s: float = setting(
        10, "seconds", "longest time from the first byte of a request to the end of its headers", minimum=0.1
    )
    body_wait_s: float = setting(10, "seconds", "time over which the rate of a body is measured", minimum=0.1)
    body_bytes_per_second_min: float = setting(
        1_000, "bytes per second", "least rate of a body; a slower one is given up"
    )
    answer_wait_s: float = setting(60, "seconds", "time that a client gets to go on reading its answer", minimum=0.1)
    keep_alive_s: float = setting(30, "seconds", "longest wait for the next request on a connection", minimum=0.1)
    body_bytes_max: int = setting(64 * 2**20, "bytes", "largest body of an import request", minimum=1024)
    small_body_bytes_max: int = setting(2**20, "bytes", "largest body of any other request", minimum=1024)
    bodies_bytes_max: int = setting(
        192 * 2**20, "bytes", "most bytes of bodies that one API process holds; at least one of the largest", minimum=1
    )
    team_bodies_bytes_max: int = setting(
        128 * 2**20,
        "bytes",
        "most from one team, at all API processes of a server; at least one of the largest",
        minimum=1,
    )
    rows_per_request_max: int = setting(100_000, "rows", "most rows of one import request", minimum=1)
    row_bytes_max: int = setting(2 * 2**20, "bytes", "largest row of an import, as JSON", minimum=1024)
    row_errors_max: int = setting(100, "errors", "most errors listed for one row", minimum=1)
    text_chars_max: int = setting(1_000_000, "characters", "longest text value", minimum=1)
    list_values_max: int = setting(1_000, "values", "most values of one multi-value property", minimum=1)
    references_created_per_row_max: int = setting(
        100, "records", "most records that one row of an import creates for its references by key", minimum=1
    )
    properties_per_type_max: int = setting(500, "properties", "most custom properties of one object type")
    options_per_property_max: int = setting(5_000, "options", "most options of one select property")
    options_per_type_max: int = setting(20_000, "options", "most options of all properties of one object type")
    lists_max: int = setting(200, "lists", "most lists of one team")
    views_max: int = setting(1_000, "views", "most views of one object type in one team")
    pinned_records_max: int = setting(1_000, "records", "most records pinned to the top of one view", minimum=1)
    mappings_max: int = setting(1_000, "mappings", "most saved mappings of one team")
    mapping_versions_max: int = setting(100, "versions", "most versions kept of one saved mapping", minimum=1)
    grant_ids_max: int = setting(1_000, "ids", "most ids of one record's grant", minimum=1)

    batch_items_max: int = setting(100, "items", "most items of one batch update or batch delete", minimum=1)

    sync_rows_max: int = setting(99, "rows", "largest import that is answered at once; larger ones become jobs")
    rows_per_chunk: int = setting(5_000, "rows", "most rows committed together by an import job", minimum=1)
    bytes_per_chunk: int = setting(4 * 2**20, "bytes", "JSON of a chunk above which no further row is added", minimum=1)
    active_jobs_per_team_max: int = setting(100, "jobs", "most import jobs of a team that have not ended", minimum=1)
    running_jobs_per_team_max: int = setting(
        10, "jobs", "most import jobs of a team that take turns; its others stay queued", minimum=1
    )
    import_retention_days: int = setting(7, "days", "how long an import job and its results can be read", minimum=1)
    change_retention_days: int = setting(
        30, "days", "how long it is kept what single writes, batches and deletions changed of records", minimum=1
    )
    audit_retention_days: int = setting(365, "days", "how long the audit is kept", minimum=1)
    step_attempts_max: int = setting(
        3, "attempts", "tries of one chunk before its job fails; the last one parts its rows", minimum=1
    )
    row_faults_max: int = setting(100, "rows", "rows of a chunk that may fail for reasons of the server's own")
    step_backoff_s: float = setting(1, "seconds", "wait after the first failure of a chunk; doubles each time")
    step_timeout_s: float = setting(
        10, "seconds", "longest silence of a worker inside a chunk before it loses its turn"
    )
    import_pipeline: bool = setting(
        True,  # noqa: FBT003 - the default of a switch
        "true or false",
        "whether workers do some of the work of an import ahead, while PostgreSQL works; it changes speed alone",
    )
    worker_poll_s: float = setting(1, "seconds", "longest wait of an idle worker before it looks for work unasked")
    worker_memory_mib_max: int = setting(
        1_024, "MiB", "memory that one worker may take; a row that needs more is refused; 0 sets no limit"
    )
    retention_interval_s: float = setting(60, "seconds", "time between two purges of expired rows")

    idempotency_hours: int = setting(24, "hours", "how long an answer is replayed under its idempotency key", minimum=1)
    idempotency_stale_days: int = setting(7, "days", "how long after that the key is refused as stale")
    client_repeat_s: float = setting(
        300, "seconds", "how long a repeat by the official client itself, without a key, gets the lost answer"
    )
    requests_per_team_max: int = setting(
        4,
        "requests",
        "requests of a team that one API process works at at once: so many imports, so many polls, so many others",
        minimum=1,
    )
    requests_waiting_per_team_max: int = setting(
        1_000, "requests", "requests of a team that wait for their turn; further ones are refused"
    )
    request_turn_s: float = setting(10, "seconds", "longest wait of a request for its turn", minimum=0.01)
    requests_per_second_max: float = setting(
        0, "requests per second", "rate limit of one API key, at all API processes of a server; 0 sets none"
    )
    results_page_max: int = setting(1_000, "rows", "most row outcomes on one page of results", minimum=1)
    results_bytes_max: int = setting(
        4 * 2**20, "bytes", "JSON of row outcomes after which a page of results ends before it is full", minimum=1
    )
    problem_groups_max: int = setting(
        1_000,
        "groups",
        "most groups of an import's problems that are told apart; further ones are counted together",
        minimum=1,
    )
    query_filter_max: int = setting(100, "entries", "most entries of a query's filter", minimum=1)
    query_sort_max: int = setting(10, "properties", "most properties that a query sorts by", minimum=1)
    query_select_max: int = setting(500, "properties", "most properties that a query selects", minimum=1)
    query_ids_max: int = setting(1_000, "ids", "most ids that a query is restricted to", minimum=1)
    query_offset_max: int = setting(10_000, "records", "records that `page` can leave out; cursors have no such limit")
    query_timeout_s: float = setting(30, "seconds", "longest time of a query, all its statements together", minimum=0.1)
    key_properties_max: int = setting(
        32, "properties", "properties of an object type by whose values records are found without reading the others"
    )
    read_bytes_max: int = setting(
        16 * 2**20, "bytes", "JSON of records that one request reads, with 100 bytes more for each value", minimum=1024
    )
    answer_bytes_max: int = setting(
        8 * 2**20, "bytes", "largest answer, those apart that are sent in parts: results of imports", minimum=1024
    )
    unread_bytes_max: int = setting(
        32 * 2**20, "bytes", "answers that a team's clients have not read yet; with more, its requests are refused"
    )
    nested_rows_max: int = setting(
        100_000, "records", "most records that one answer shows inside others, each counted wherever it is shown"
    )
    references_shown_max: int = setting(
        100, "records", "most records shown where a reference is read from its other side"
    )
    page_max: int = setting(50, "entries", "most entries on any other page", minimum=1)
    events_heartbeat_s: float = setting(
        15, "seconds", "longest silence of an event stream; a comment ends it", minimum=0.01
    )
    event_streams_max: int = setting(10_000, "streams", "most event streams open at one API process", minimum=1)
    event_streams_per_team_max: int = setting(1_000, "streams", "most of them for one team", minimum=1)
    exports_max: int = setting(100, "exports", "most exports that one API process streams at once", minimum=1)
    exports_per_team_max: int = setting(4, "exports", "most of them for one team", minimum=1)
    export_page_rows_max: int = setting(
        1_000, "records", "most records that an export reads and sends together", minimum=1
    )
    realtime_ticket_s: int = setting(60, "seconds", "time in which a realtime ticket opens a stream, once", minimum=1)
    realtime_session_s: float = setting(
        3600, "seconds", "longest life of a realtime stream; the client then needs a new ticket", minimum=0.01
    )
    realtime_sockets_max: int = setting(10_000, "streams", "most realtime streams open at one API process", minimum=1)
    realtime_sockets_per_team_max: int = setting(1_000, "streams", "most of them for one team", minimum=1)
    realtime_queue_max: int = setting(
        1_000,
        "messages",
        "most messages that wait for one realtime client; one that lags further is cut off",
        minimum=1,
    )
    shutdown_s: float = setting(3, "seconds", "time that requests under way get to finish at a stop")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, **given: object) -> Self:
        """Return the settings of an environment.

        Args:
            environment: Variables by name.
            given: Settings from another source, such as the command line; None means not given.

        Raises:
            SettingError: A variable holds a value that its setting cannot have, or has a former name.
        """
        for former, name in _RENAMED.items():
            if former in environment:
                raise SettingError(f"{former} is called {name} now; rename it")
        values: dict[str, Any] = {}
        for declared in fields(cls):
            raw = environment.get(f"PRISMD_{declared.name.upper()}")
            if raw is not None:
                values[declared.name] = _converted(declared.name, raw, _KINDS[str(declared.type)])
        values.update({name: value for name, value in given.items() if value is not None})
        _check_minimums(values)
        return cls(**values)

    def as_environment(self) -> dict[str, str]:
        """Return an environment from which :meth:`from_environment` reads these settings."""
        return {f"PRISMD_{declared.name.upper()}": str(getattr(self, declared.name)) for declared in fields(self)}


def _finite(raw: str) -> float:
    number = float(raw)
    if not math.isfinite(number):
        raise ValueError(raw)
    return number


def _switch(raw: str) -> bool:
    word = raw.strip().lower()
    if word not in ("true", "false"):
        raise ValueError(raw)
    return word == "true"


#: Former name of a variable -> its name now. A former name is refused, because ignoring it would change the setting.
_RENAMED: Final = {"PRISMD_UPKEEP_INTERVAL_S": "PRISMD_RETENTION_INTERVAL_S"}

#: Declared type of a setting -> the function that reads its value.
_KINDS: Final[Mapping[str, Callable[[str], object]]] = {"str": str, "int": int, "float": _finite, "bool": _switch}
#: What a reader accepts; every other reader accepts a number.
_EXPECTED: Final = {int: "a whole number", _switch: "true or false"}


def _converted(name: str, raw: str, read: Callable[[str], object]) -> object:
    try:
        return read(raw)
    except ValueError:
        expected = _EXPECTED.get(read, "a number")
        raise SettingError(f"PRISMD_{name.upper()} must be {expected}, not {raw!r}") from None


def _check_minimums(values: Mapping[str, Any]) -> None:
    for declared in fields(Settings):
        value, minimum = values.get(declared.name), declared.metadata["minimum"]
        if isinstance(value, int | float) and not value >= minimum:
            unit = declared.metadata["unit"]
            raise SettingError(f"PRISMD_{declared.name.upper()} must be at least {minimum} {unit}, not {value}")
