"""What /proc tells about the processes of a server: their peaks of resident memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
KIB_PER_MIB: Final = 1024
POSTGRES: Final = "a process of PostgreSQL"


def peaks_mib(server_pid: int) -> dict[str, float]:
    """Return the peak of resident memory of each process of a server so far, in MiB.

    PostgreSQL is not among them: its memory is mostly shared, so a sum or a peak per process would mislead.

    Args:
        server_pid: Process id of `prismd serve`; its descendants are looked at too.
    """
    parents = {pid: status["PPid"] for pid, status in _statuses().items()}
    family, fresh = set[str](), {str(server_pid)}
    while fresh:
        family |= fresh
        fresh = {pid for pid, parent in parents.items() if parent in family} - family
    peaks = {}
    for pid, status in _statuses().items():
        if pid in family and "VmHWM" in status:
            peaks[f"{_command(pid)} ({pid})"] = int(status["VmHWM"].split()[0]) / KIB_PER_MIB
    return peaks


def resident_mib(roots: Mapping[int, str]) -> Iterator[tuple[str, float]]:
    """Yield the resident memory of some processes and their descendants, with a name for each.

    Of the processes of PostgreSQL it is the memory of their own, since each shows the memory that all share as its own;
    they have one name.

    Args:
        roots: Names by process id.
    """
    statuses = _statuses()
    names = {str(pid): name for pid, name in roots.items()}
    # A process has a lower id than its children, as long as the ids have not begun anew.
    for pid, status in sorted(statuses.items(), key=lambda item: int(item[0])):
        name = names.get(pid) or names.get(status.get("PPid", ""))
        if name is None or "VmRSS" not in status:
            continue
        names[pid] = name
        if status["Name"] == "postgres":
            yield f"{POSTGRES}, memory of its own", int(status["RssAnon"].split()[0]) / KIB_PER_MIB
        else:
            yield _kind(pid, name), int(status["VmRSS"].split()[0]) / KIB_PER_MIB


def _kind(pid: str, name: str) -> str:
    command = _command(pid)
    kinds = {"worker": "a worker", "files.child": "the reader of the file"}
    return next((kind for word, kind in kinds.items() if word in command), name)


def parent_of(pid: int) -> int:
    """Return the process that started a process."""
    return int(_statuses()[str(pid)]["PPid"])


def processor() -> str:
    """Return the name of the processor."""
    lines = (PROC / "cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def memory_gib() -> float:
    """Return the memory of the machine, in GiB."""
    kib = (PROC / "meminfo").read_text().split()[1]
    return round(int(kib) / KIB_PER_MIB**2, 1)


def _statuses() -> dict[str, dict[str, str]]:
    found = {}
    for path in PROC.glob("[0-9]*/status"):
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue  # the process ended while we looked
        pairs = (line.partition(":") for line in lines)
        found[path.parent.name] = {name: value.strip() for name, _, value in pairs}
    return found


def _command(pid: str) -> str:
    try:
        words = (PROC / pid / "cmdline").read_bytes().decode().split("\0")
    except OSError:
        return "ended"
    names = [Path(word).name for word in words if word not in {"", "-P", "-m"}]
    # `python -P -m prismd.cli.main worker` and `python .../prismd serve` alike.
    return " ".join(names[1:3]).replace("prismd.cli.main", "prismd")
