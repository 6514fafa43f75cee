"""sqlite-utils: a library for SQLite, called without any server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from bench.peers.peer import Loaded, Peer, command
from bench.people import Contact

_SCRIPT = """
import json, sys, time
from pathlib import Path
import sqlite_utils
source, place = sys.argv[1:]
Path(place).unlink(missing_ok=True)
begun = time.perf_counter()
rows = json.loads(Path(source).read_bytes())
contacts = sqlite_utils.Database(place)["contacts"]
contacts.insert_all(rows, pk="email", ignore=True, batch_size=1000)
print(time.perf_counter() - begun, contacts.count)
"""


class SqliteUtils(Peer):
    """sqlite-utils."""

    name = "sqlite-utils 4.2.1"
    less = "a library: no server, no results for rows, no job, no checks of values"
    pip: ClassVar = ("sqlite-utils==4.2.1",)
    home = "sqlite-utils"

    def load(self, rows: Sequence[Contact]) -> Loaded:
        """Insert all rows, those with a known address ignored."""
        source = (self.directory / "rows.json").absolute()
        source.write_bytes(msgspec.json.encode(rows))
        said = command([self.python, "-c", _SCRIPT, str(source), str(source.with_suffix(".db"))])
        seconds, stored = said.split()
        return Loaded(float(seconds), int(stored))
