"""The table that the run prints: a line for each kind."""

from __future__ import annotations

from hostile.memory import ROLES
from hostile.run import Row

_FAULTS_SHOWN = 20


def header() -> str:
    """Return the first two lines."""
    names = ("kind", "requests", "answers by status", "slowest answer", "slowest poll", "slowest ten rows", *ROLES)
    return f"| {' | '.join(names)} |\n|{'---|' * len(names)}"


def line(row: Row) -> str:
    """Return the line of a kind: times in seconds, peaks of memory in MiB."""
    statuses = ", ".join(f"{status or 'none'}: {times:,}" for status, times in sorted(row.statuses.items()))
    times = [f"{took_s:.2f} s" for took_s in (row.slowest_s, row.poll_s, row.post_s)]
    peaks = [f"{row.peaks_mib.get(role, 0):.0f} MiB" for role in ROLES]
    return f"| {' | '.join((row.name, f'{row.requests:,}', statuses, *times, *peaks))} |"


def faults(rows: list[Row]) -> list[str]:
    """Return what should not have been, kind by kind."""
    found = []
    for row in rows:
        found += [f"{row.name}: {fault} ({times} times)" for fault, times in row.faults.most_common(_FAULTS_SHOWN)]
        if len(row.faults) > _FAULTS_SHOWN:
            found.append(f"{row.name}: {len(row.faults) - _FAULTS_SHOWN} other faults")
    return found
