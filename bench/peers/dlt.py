"""dlt: a library that loads into databases, merging by a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final
from urllib.parse import quote

import msgspec
import psycopg
from psycopg import conninfo

from bench.peers.peer import Loaded, Peer, command
from bench.people import Contact

_SCRIPT: Final = """
import json, sys, time
from pathlib import Path
import dlt
source, url, home = sys.argv[1:]
pipeline = dlt.pipeline(
    "bench", destination=dlt.destinations.postgres(url), dataset_name="dlt_bench", pipelines_dir=home
)
begun = time.perf_counter()
rows = json.loads(Path(source).read_bytes())
pipeline.run(rows, table_name="contacts", write_disposition="merge", primary_key="email")
print(time.perf_counter() - begun)
"""


class Dlt(Peer):
    """dlt, merging by the address."""

    name = "dlt 1.31.0, merge"
    less = "a library: no server, no results for rows, no job that could be watched"
    pip: ClassVar = ("dlt[postgres]==1.31.0",)
    home = "dlt"

    def load(self, rows: Sequence[Contact]) -> Loaded:
        """Run a pipeline, its tables made anew."""
        source = (self.directory / "rows.json").absolute()
        source.write_bytes(msgspec.json.encode(rows))
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS dlt_bench CASCADE")
            connection.execute("DROP SCHEMA IF EXISTS dlt_bench_staging CASCADE")
            home = str((self.directory / f"pipelines-{len(list(self.directory.iterdir()))}").absolute())
            quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
            said = command([self.python, "-c", _SCRIPT, str(source), self._address(), home], environment=quiet)
            row = connection.execute("SELECT count(*) FROM dlt_bench.contacts").fetchone()
        return Loaded(float(said.split()[-1]), int(row[0]) if row else 0)

    def _address(self) -> str:
        """Return the URL as dlt takes it: with a password, and with a host that the real one then replaces."""
        parts = conninfo.conninfo_to_dict(self.url)
        known = {
            name: quote(str(parts.get(name) or ""), safe="") for name in ("user", "password", "host", "port", "dbname")
        }
        whom = f"{known['user']}:{known['password'] or 'none'}"
        return f"postgresql://{whom}@localhost/{known['dbname']}?host={known['host']}&port={known['port'] or 5432}"
