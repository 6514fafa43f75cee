"""What else takes in a file: PostgreSQL's COPY with a merge, sqlite-utils and DuckDB."""

from __future__ import annotations

import time
from pathlib import Path
from typing import ClassVar, Final

import psycopg

from bench.peers.peer import command, installed
from bench.sparse import COLUMNS

_NAMES: Final = ", ".join(slug for _, slug, _ in COLUMNS)
_TABLES: Final = f"""
    DROP TABLE IF EXISTS bench_staging, bench_merged;
    CREATE UNLOGGED TABLE bench_staging ({", ".join(f"{slug} text" for _, slug, _ in COLUMNS)});
    CREATE TABLE bench_merged (
        id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY, team_id bigint NOT NULL, email text,
        properties jsonb NOT NULL, UNIQUE (team_id, email)
    );
"""
_MERGE: Final = """
    INSERT INTO bench_merged (team_id, email, properties)
    SELECT 1, lower(email), jsonb_strip_nulls(jsonb_build_object(
        'email', email, 'first_name', first_name, 'last_name', last_name, 'title', title, 'city', city,
        'score', score::numeric, 'visits', visits::numeric, 'subscribed', subscribed::boolean, 'stage', stage,
        'first_interaction_date', first_interaction_date::date))
    FROM bench_staging ON CONFLICT DO NOTHING
"""
_BLOCK_BYTES: Final = 2**20


def copy_and_merge(url: str, path: Path) -> float:
    r"""Take a CSV file in as `\\copy` does, merge it, commit, and return the seconds that it takes.

    Values become what their types say, and of rows with one address the first is kept, as prismd does; nothing is told
    about any row, and a value that does not fit would end it.

    Args:
        url: Of a database.
        path: The file.
    """
    with psycopg.connect(url) as connection:
        connection.execute(_TABLES)
        connection.commit()
        began = time.perf_counter()
        with connection.cursor() as cursor:
            with (
                path.open("rb") as file,
                cursor.copy(f"COPY bench_staging ({_NAMES}) FROM STDIN (FORMAT csv, HEADER)") as copy,
            ):
                while block := file.read(_BLOCK_BYTES):
                    copy.write(block)
            cursor.execute(_MERGE)
        connection.commit()
        took = time.perf_counter() - began
        connection.execute("DROP TABLE bench_staging, bench_merged")
    return took


class SqliteUtilsUpsert:
    """`sqlite-utils upsert`, by its command."""

    name: ClassVar = "sqlite-utils 4.2.1 upsert"
    less: ClassVar = "a file of SQLite, no checks of values, nothing told about rows; rows without an address are one"
    formats: ClassVar = {".csv": ["--csv", "--pk", "E-mail"], ".ndjson": ["--nl", "--pk", "email"]}

    def load(self, path: Path, directory: Path) -> float:
        """Load a file and return the seconds that it takes.

        Args:
            path: The file.
            directory: Of the database.

        Raises:
            UnusableError: It cannot be had, or fails.
        """
        place = installed("sqlite-utils", ["sqlite-utils==4.2.1"])
        (directory / "contacts.db").unlink(missing_ok=True)
        source = _with_keys(path, directory) if path.suffix == ".ndjson" else path
        words = [str(place / "bin" / "sqlite-utils"), "upsert", str(directory / "contacts.db"), "contacts", str(source)]
        began = time.perf_counter()
        command([*words, *self.formats[path.suffix]])
        return time.perf_counter() - began


_DUCKDB: Final = """
import sys, time
from pathlib import Path
import duckdb
source, place, key = sys.argv[1:]
Path(place).unlink(missing_ok=True)
reader = {".csv": "read_csv", ".ndjson": "read_json", ".parquet": "read_parquet"}[Path(source).suffix]
begun = time.perf_counter()
with duckdb.connect(place) as base:
    base.execute(f"CREATE TABLE contacts AS SELECT * FROM {reader}('{source}') LIMIT 0")
    base.execute(f'ALTER TABLE contacts ALTER COLUMN "{key}" SET DATA TYPE VARCHAR')
    base.execute(f'CREATE UNIQUE INDEX one ON contacts ("{key}")')
    base.execute(f"INSERT OR IGNORE INTO contacts BY NAME SELECT * FROM {reader}('{source}')")
print(time.perf_counter() - begun)
"""


class DuckDb:
    """DuckDB, as a library."""

    name: ClassVar = "DuckDB 2.0.1"
    less: ClassVar = "a file of its own, nothing told about rows"
    formats: ClassVar = {".csv": "E-mail", ".ndjson": "email", ".parquet": "E-mail"}

    def load(self, path: Path, directory: Path) -> float:
        """Load a file and return the seconds that it takes.

        Args:
            path: The file.
            directory: Of the database.

        Raises:
            UnusableError: It cannot be had, or fails.
        """
        place = installed("duckdb", ["duckdb==2.0.1"])
        database = directory / "contacts.duckdb"
        key = self.formats[path.suffix]
        said = command([str(place / "bin" / "python"), "-c", _DUCKDB, str(path.absolute()), str(database), key])
        return float(said.split()[-1])


Beside = SqliteUtilsUpsert | DuckDb
BESIDE: Final[tuple[Beside, ...]] = (SqliteUtilsUpsert(), DuckDb())


def _with_keys(path: Path, directory: Path) -> Path:
    """Return a copy of an NDJSON file of the rows that have an address, as the program takes no others."""
    copy = directory / "with-keys.ndjson"
    with path.open("rb") as source, copy.open("wb") as file:
        file.writelines(line for line in source if b'"email"' in line)
    return copy
