"""Memory, processor time and start of the processes that count in one directory, as the system reports them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prismd.telemetry.metrics import named_processes

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")

#: Fields of ``/proc/PID/stat`` after the name of the command, counted from 0.
_USER, _SYSTEM, _STARTED, _RESIDENT = 11, 12, 19, 21


@dataclass(frozen=True, slots=True)
class Process:
    """A process.

    Args:
        name: Name of the process.
        resident_bytes: Resident memory of the process.
        cpu_s: Processor time that the process has used, in seconds.
        started_s: Time of the process's start, in seconds since 1970.
    """

    name: str
    resident_bytes: int
    cpu_s: float
    started_s: float


def processes_in(directory: Path) -> list[Process]:
    """Return the running processes that count in a directory.

    Args:
        directory: The directory that was given to :func:`prismd.telemetry.metrics.begin`.
    """
    found = []
    with suppress(OSError):  # systems other than Linux have no /proc
        booted_s = _booted_s()
        for name, pid in named_processes(directory):
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
                cpu_s = (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS_PER_S
                started_s = booted_s + int(fields[_STARTED]) / _TICKS_PER_S
                found.append(Process(name, int(fields[_RESIDENT]) * _PAGE_BYTES, cpu_s, started_s))
    return found


def _booted_s() -> float:
    lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("btime ")))
