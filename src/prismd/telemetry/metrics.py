"""Counting in files that outlive the process: each process has its own files, and the server of a scrape adds them up.

Before :func:`begin`, a process counts nothing and loads no library for it.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from prismd.telemetry import declared
from prismd.telemetry.declared import COUNTED, Declared

if TYPE_CHECKING:
    from prismd.core.imports.job import Counts

#: The variable by which the library finds the files, also in the processes that this one starts.
DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"
#: The pattern of process names. A restarted process keeps its name, so a restart makes no further file.
_NAME: Final = re.compile(r"[a-z]+(?:-[0-9]+)?")

#: The label of every method that a route does not accept, and of every path without a route.
OTHER: Final = "other"

#: Sizes of the files, reserved at the start: a disk that fills up later would end a process that writes to them. They
#: have room for a thousand numbers of each kind, which is more than the combinations of routes, methods and statuses.
_ROOM_BYTES: Final = {"counter": 2**19, "histogram": 2**21, "gauge_sum": 2**16}

_instruments: dict[Declared, Any] = {}


def begin(directory: Path, name: str) -> None:
    """Begin to count in this process, and continue where the last process of the same name stopped.

    Args:
        directory: The directory of the files; private, and the same for all processes of one server.
        name: Name of this process, such as ``worker-0``; unique among the running processes.

    Raises:
        OSError: The disk has no room for the files.
    """
    from prometheus_client import Counter, Gauge, Histogram, values  # noqa: PLC0415 - loaded where it is wanted alone

    assert _NAME.fullmatch(name), name  # noqa: S101 - a programmer's error
    os.environ[DIRECTORY] = str(directory)
    for kind, room in _ROOM_BYTES.items():
        _take_room(directory / f"{kind}_{name}.db", room)
    (directory / f"{name}.pid").write_text(str(os.getpid()))
    values.ValueClass = values.MultiProcessValue(lambda: name)  # type: ignore[no-untyped-call] # the library's
    for one in COUNTED:
        if one.kind == "counter":
            _instruments[one] = Counter(one.name, one.meaning, one.labels, registry=None)
        elif one.kind == "gauge":
            _instruments[one] = Gauge(one.name, one.meaning, one.labels, registry=None, multiprocess_mode="sum")
        else:
            _instruments[one] = Histogram(one.name, one.meaning, one.labels, registry=None, buckets=one.buckets)
    # Every label exists from the start, so that the first count shows as a rise.
    for result in declared.RESULTS:
        add(declared.CHUNKS, 0, result)
    for outcome, dry_run in itertools.product(declared.OUTCOMES, ("false", "true")):
        add(declared.ROWS, 0, outcome, dry_run)


def join(name: str) -> None:
    """Begin to count in the directory of the process that started this one, if that process counts.

    Args:
        name: Name of this process, as in :func:`begin`.
    """
    if directory := os.environ.get(DIRECTORY):
        begin(Path(directory), name)


def end() -> None:
    """Stop counting, as at the end of a test."""
    _instruments.clear()
    os.environ.pop(DIRECTORY, None)


def counting() -> bool:
    """Say whether this process counts."""
    return bool(_instruments)


def add(one: Declared, amount: float = 1, *labels: str) -> None:
    """Add to a counter.

    Args:
        one: The counter.
        amount: The amount to add.
        labels: Values of the counter's labels, in their order.
    """
    if instrument := _labelled(one, labels):
        instrument.inc(amount)


def observe(one: Declared, seconds: float, *labels: str) -> None:
    """Add a time to a histogram; see :func:`add`."""
    if instrument := _labelled(one, labels):
        instrument.observe(seconds)


def set_to(one: Declared, value: float, *labels: str) -> None:
    """Set a gauge; see :func:`add`."""
    if instrument := _labelled(one, labels):
        instrument.set(value)


def request_ended(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request.

    Args:
        method: A method that the route accepts, or :data:`OTHER`.
        route: The template of the request's path, or :data:`OTHER`.
        status: Status of the answer; 0 if the request got none.
        seconds: Duration of the request.
    """
    if _instruments:
        add(declared.REQUESTS, 1, method, route, str(status))
        observe(declared.REQUEST_DURATION, seconds, method, route)


def rows_done(counts: Counts, *, dry_run: bool) -> None:
    """Count rows of an import, after they are committed.

    Args:
        counts: The numbers of rows, by outcome.
        dry_run: Whether the import is a dry run.
    """
    told = (counts.created, counts.existing - counts.updated, counts.updated, counts.failed)
    for outcome, count in zip(declared.OUTCOMES, told, strict=True):
        if count:
            add(declared.ROWS, count, outcome, str(dry_run).lower())


def named_processes(directory: Path) -> Iterable[tuple[str, int]]:
    """Yield the names and process ids of the processes that count in a directory."""
    for file in sorted(directory.glob("*.pid")):
        with suppress(OSError, ValueError):
            yield file.stem, int(file.read_text())


def _take_room(file: Path, size: int) -> None:
    opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(opened, 0, size)
    finally:
        os.close(opened)


def _labelled(one: Declared, labels: tuple[str, ...]) -> Any:  # noqa: ANN401 - of a library that is loaded where it is wanted alone
    instrument = _instruments.get(one)
    return instrument.labels(*labels) if instrument is not None and labels else instrument
