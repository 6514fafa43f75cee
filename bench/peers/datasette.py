"""Datasette: SQLite over HTTP, with a JSON API for writes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import ClassVar, Final

import msgspec

from bench.http import Http, RefusedError
from bench.peers.peer import Loaded, Peer, UnusableError
from bench.peers.postgrest import COLUMNS
from bench.people import Contact
from launch.programs import free_port

#: Rows of a request. The default is 100; its documentation names the setting for more.
ROWS_PER_REQUEST: Final = 10_000


class Datasette(Peer):
    """Datasette's JSON write API."""

    name = "Datasette 1.0a41, JSON write API"
    less = "SQLite, a request at a time; it says nothing about the rows, checks no values and keeps no job"
    pip: ClassVar = ("datasette==1.0a41",)
    home = "datasette"

    def start(self) -> None:
        """Make the database, and serve it to whoever asks on loopback."""
        self._database = (self.directory / "bench.db").absolute()
        self._database.unlink(missing_ok=True)
        with sqlite3.connect(self._database) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            columns = ", ".join(f"{name} text" for name in COLUMNS[1:])
            connection.execute(f"CREATE TABLE contacts (email text PRIMARY KEY, {columns})")
        port = free_port()
        self._http = Http(f"http://127.0.0.1:{port}", {"content-type": "application/json"})
        options = {
            "max_insert_rows": ROWS_PER_REQUEST,
            "max_post_body_bytes": 0,
            "permissions.insert-row": "true",
        }
        words = [str(self.place / "bin" / "datasette"), "serve", str(self._database), "--port", str(port)]
        for name, value in options.items():
            scope = "" if "." in name else "settings."
            words += ["--setting", f"{scope}{name}", str(value)]
        self.serve(words, self._ready)

    def load(self, rows: Sequence[Contact]) -> Loaded:
        """Insert the rows by requests of ten thousand, those with a known address ignored."""
        with sqlite3.connect(self._database) as connection:
            connection.execute("DELETE FROM contacts")
        parts = [rows[first : first + ROWS_PER_REQUEST] for first in range(0, len(rows), ROWS_PER_REQUEST)]
        contents = [msgspec.json.encode({"rows": part, "ignore": True}) for part in parts]
        begun = time.perf_counter()
        for content in contents:
            try:
                self._http.send("POST", "/bench/contacts/-/insert", content)
            except RefusedError as error:
                raise UnusableError(str(error)) from None
        took = time.perf_counter() - begun
        with sqlite3.connect(self._database) as connection:
            (stored,) = connection.execute("SELECT count(*) FROM contacts").fetchone()
        return Loaded(took, int(stored))

    def _ready(self) -> bool:
        try:
            self._http.send("GET", "/-/versions.json")
        except (OSError, RefusedError):
            return False
        return True
