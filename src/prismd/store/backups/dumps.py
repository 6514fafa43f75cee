"""Dumps in PostgreSQL's custom format: ``pg_dump`` writes them, ``pg_restore`` reads them table by table.

Nothing in a dump is executed. prismd takes the rows of each table and the position of each sequence from it.
Migrations make the tables themselves, so a dump fits any login, role and schema.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

from prismd.database_errors import DatabaseUnusableError
from prismd.store.backups.client_programs import Program, environment_for
from prismd.store.migrate import EARLIER_VERSION_TABLE, VERSION_TABLE

#: The longest that ``pg_dump`` waits for tables that somebody else has locked, such as a migration.
_LOCK_WAIT_MS: Final = 60_000
_ENTRY: Final = re.compile(r"^\d+; \d+ \d+ (TABLE DATA|SEQUENCE SET) (\S+) (\S+) \S+$", re.MULTILINE)
_DUMPED_FROM: Final = re.compile(r"^;\s+Dumped from database version: (\S+)", re.MULTILINE)
_NAME: Final = r'(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")'
_COPY: Final = re.compile(rf"COPY {_NAME}\.{_NAME} \(({_NAME}(?:, {_NAME})*)\) FROM stdin;\n")
_COLUMN: Final = re.compile(_NAME)
_POSITION: Final = re.compile(r"SELECT pg_catalog\.setval\('([^']+)', (\d+), (true|false)\);")
_END: Final = b"\\.\n"


class BadDumpError(DatabaseUnusableError):
    """The file to restore is not a dump that prismd can read; the message says why."""


class _EarlyEndError(Exception):
    """The dump ends in the middle of a table's rows."""


def write_dump(program: Program, url: str, schema: str, file: int) -> None:
    """Write a dump of a schema as it is at one moment, even if others write meanwhile.

    Args:
        program: A ``pg_dump`` that fits the server.
        url: The database's connection string.
        schema: Name of the schema.
        file: Descriptor of the file to write.

    Raises:
        DatabaseUnusableError: ``pg_dump`` fails; the message is the last line that it printed.
    """
    environment, rest = environment_for(url)
    options = ["--format=custom", "--no-password", f"--lock-wait-timeout={_LOCK_WAIT_MS}", "--strict-names"]
    # ``pg_dump`` writes the offsets of the dump's parts only into a file that it opens by path, not to standard output.
    options += [f"--schema={_as_pattern(schema)}", f"--file=/proc/self/fd/{file}", f"--dbname={rest}"]
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [str(program.path), *options], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        pass_fds=(file,), check=False,
    )  # fmt: skip
    if done.returncode:
        raise DatabaseUnusableError(f"pg_dump does not end well: {_last_words(done.stderr)}")


@dataclass(frozen=True, slots=True)
class SequencePosition:
    """The position of a sequence.

    Args:
        sequence: The sequence's name.
        value: The sequence's last value.
        is_called: Whether the sequence has handed out that value.
    """

    sequence: str
    value: int
    is_called: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table, in the text format of COPY.

    Args:
        columns: Names of the columns, in order.
        lines: One row each, with its line end; the caller reads them to the end.
    """

    columns: Sequence[str]
    lines: Iterator[bytes]


class Dump:
    """A dump that can be read.

    Args:
        program: A ``pg_restore`` of the version of PostgreSQL that wrote the dump, or newer.
        file: Descriptor of the file; this object moves its offset.

    Raises:
        BadDumpError: The file is not a dump of prismd's tables, or a newer PostgreSQL wrote it.
    """

    def __init__(self, program: Program, file: int) -> None:
        self._program = program
        self._file = file
        contents = self._said("--list")
        found: dict[str, list[tuple[str, str]]] = {"TABLE DATA": [], "SEQUENCE SET": []}
        for kind, schema, name in _ENTRY.findall(contents):
            found[kind].append((schema, name))
        self.tables = [name for _, name in found["TABLE DATA"]]
        self._sequences = [name for _, name in found["SEQUENCE SET"]]
        server = _DUMPED_FROM.search(contents)
        #: The version of the PostgreSQL server that was dumped.
        self.server_version = server[1] if server else "unknown"
        #: Whether the dumped schema is older than the first migration.
        self.is_earlier = VERSION_TABLE not in self.tables
        table = EARLIER_VERSION_TABLE if self.is_earlier else VERSION_TABLE
        if table not in self.tables or len({schema for schema, _ in found["TABLE DATA"]}) > 1:
            raise BadDumpError("this is a dump of something else than one database of prismd")
        #: The version of the dumped schema.
        self.schema_version = self._last_version(table)

    @contextmanager
    def rows(self, table: str) -> Iterator[Rows]:
        """Yield the rows of a table.

        Args:
            table: The table's name.

        Raises:
            BadDumpError: The dump ends early, or is damaged.
        """
        with self._reading("--data-only", f"--table={table}", "--file=-") as said:
            for line in said:
                if begin := _COPY.fullmatch(line.decode(errors="replace")):
                    columns = [_unquoted(name) for name in _COLUMN.findall(begin[1])]
                    yield Rows(columns, _until_end(said))
                    return
        raise BadDumpError(f"the dump has no rows of {table}")

    def positions(self) -> list[SequencePosition]:
        """Return the positions of the sequences."""
        if not self._sequences:
            return []
        said = self._said("--data-only", *(f"--table={name}" for name in self._sequences), "--file=-")
        return [
            SequencePosition(_unquoted(name.rpartition(".")[2]), int(value), called == "true")
            for name, value, called in _POSITION.findall(said)
        ]

    def _last_version(self, table: str) -> str:
        # Both tables have the version in their first column.
        with self.rows(table) as rows:
            versions = [line.decode().rstrip("\n").split("\t")[0] for line in rows.lines]
        if not versions:
            raise BadDumpError("the dump does not tell the version of its schema")
        return max(versions)

    def _said(self, *options: str) -> str:
        with self._reading(*options) as said:
            return said.read().decode(errors="replace")

    @contextmanager
    def _reading(self, *options: str) -> Iterator[IO[bytes]]:
        os.lseek(self._file, 0, os.SEEK_SET)
        command = [str(self._program.path), *options]
        with (
            tempfile.TemporaryFile() as words,
            subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
                command, stdin=self._file, stdout=subprocess.PIPE, stderr=words
            ) as process,
        ):
            assert process.stdout is not None  # noqa: S101 - it was asked for
            try:
                yield process.stdout
                process.stdout.read()
            except _EarlyEndError:
                pass  # the error says why itself
            except BaseException:
                process.kill()
                raise
            words.seek(0)
            if process.wait():
                why = _last_words(words.read())
                raise BadDumpError(f"pg_restore (PostgreSQL {self._program.major}) cannot read it: {why}")


def _until_end(said: IO[bytes]) -> Iterator[bytes]:
    # No row equals that line: the text format doubles every backslash of a value.
    for line in said:
        if line == _END:
            return
        yield line
    raise _EarlyEndError


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _as_pattern(name: str) -> str:
    quoted = name.replace('"', '""')
    return f'"{quoted}"'


def _last_words(said: bytes) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line]
    return (telling or lines or ["it said nothing"])[-1].partition("error: ")[2] or (lines or ["it said nothing"])[-1]
