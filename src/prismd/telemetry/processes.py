"""What the system tells of the processes that count in one directory."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prismd.telemetry.metrics import places

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")

#: Fields of ``/proc/PID/stat`` behind the name of the command, counted from 0.
_USER, _SYSTEM, _STARTED, _RESIDENT = 11, 12, 19, 21


@dataclass(frozen=True, slots=True)
class Process:
    """A process.

    Args:
        place: What it is called.
        resident_bytes: Its memory.
        cpu_s: Time of the processor that it has taken, in seconds.
        started_s: When it began, in seconds since 1970.
    """

    place: str
    resident_bytes: int
    cpu_s: float
    started_s: float


def processes_in(directory: Path) -> list[Process]:
    """Return the processes that count in a directory and live.

    Args:
        directory: As :func:`prismd.telemetry.metrics.begin` has it.
    """
    found = []
    with suppress(OSError):  # where there is no such system
        booted_s = _booted_s()
        for place, pid in places(directory):
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
                cpu_s = (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS_PER_S
                started_s = booted_s + int(fields[_STARTED]) / _TICKS_PER_S
                found.append(Process(place, int(fields[_RESIDENT]) * _PAGE_BYTES, cpu_s, started_s))
    return found


def _booted_s() -> float:
    lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("btime ")))
