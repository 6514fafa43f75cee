"""A CSV file of several gigabytes through `prismd import`: the resident memory of every process on the way."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench import imports, people
from bench.figures import Figure, Target
from bench.file_imports import memory, through_command
from bench.places import Ground

SEED: Final = 8406
#: Of each process of prismd.
RESIDENT_MB: Final = 315  # 300 MiB
#: Words of the description of a contact; some seven kilobytes.
_WORDS: Final = 1_100
_BYTES_PER_GB: Final = 10**9


def measure(ground: Ground, *, gigabytes: float) -> list[Figure]:
    """Return the rate and the memory of the import of a large file.

    Args:
        ground: Where.
        gigabytes: The size of the file.

    Raises:
        RuntimeError: A row is not in; nothing was measured.
    """
    ground.clear(properties=True)
    path = ground.directory.absolute() / "large.csv"
    try:
        rows = write(path, int(gigabytes * _BYTES_PER_GB))
        found = through_command(ground, path)
    finally:
        path.unlink(missing_ok=True)
    if found.counts != {"rows": rows, "created": rows, "existing": 0, "failed": 0}:
        raise RuntimeError(f"expected {rows:,} records, found {found.counts}: nothing measured")
    section = f"A CSV file of {gigabytes:g} GB"
    rate = Figure(section, f"prismd import of {rows:,} rows", imports.RATE, [rows / found.seconds])
    return [rate, *memory(section, "CSV", found, Target(RESIDENT_MB, at_least=False))]


def write(path: Path, bytes_min: int) -> int:
    """Write contacts with long descriptions to a CSV file, and return how many they are.

    Args:
        path: The file.
        bytes_min: The file has so many bytes and no more than a row more.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["email", "full_name", "city", "description"])
        count = 0
        for row in _rows():
            writer.writerow(row)
            count += 1
            if count % 1_000 == 0 and file.tell() >= bytes_min:
                return count
    return count


def _rows() -> Iterator[list[str]]:
    dice = random.Random(SEED)  # noqa: S311 - a repeatable load, no secret
    words = [*people.WORDS, *people.FIRST, *people.LAST, '"quoted"', "a, b", "second\nline"]
    number = 0
    while True:
        number += 1
        name, (city, _) = f"{dice.choice(people.FIRST)} {dice.choice(people.LAST)}", dice.choice(people.CITIES)
        yield [f"{dice.getrandbits(40):x}.{number}@example.org", name, city, " ".join(dice.choices(words, k=_WORDS))]
