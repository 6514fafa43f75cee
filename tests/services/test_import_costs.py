"""What an import costs by design: statements for each chunk, and bytes copied for each row; counted, never timed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

import psycopg
import pytest

from tests.services.importing import Importer

#: Ids, version, two times, import and row of a record: what it costs beside its values.
RECORD_BYTES_MAX: Final = 190
#: Team, hash and id of a key.
KEY_BYTES_MAX: Final = 70
#: Team, job, record, row, two versions and no values.
TOUCH_BYTES_MAX: Final = 110
#: With the job accepted, judged, written and counted.
STATEMENTS_MAX: Final = 14

ROW: Final = {
    "first_name": "Ada", "last_name": "Lovelace", "title": "Countess", "city": "London", "country": "England",
    "description": "Wrote of engines", "linkedin": "in/ada", "twitter": "@ada", "github": "ada",
}  # fmt: skip


@dataclass
class Cost:
    """What went to PostgreSQL."""

    statements: list[str] = field(default_factory=list)
    copied: dict[str, int] = field(default_factory=dict)


@contextmanager
def counted(connection: Any) -> Iterator[Cost]:
    """Count what goes through a connection while the block runs."""
    cost = Cost()
    table = ""
    execute, executemany, copy = psycopg.Cursor.execute, psycopg.Cursor.executemany, psycopg.Cursor.copy
    write = psycopg.Copy.write

    def on_execute(cursor: Any, query: Any, parameters: Any = None, **options: Any) -> Any:
        if cursor.connection is connection:
            cost.statements.append(str(query))
        return execute(cursor, query, parameters, **options)

    def on_executemany(cursor: Any, query: Any, rows: Any, **options: Any) -> Any:
        rows = list(rows)
        cost.statements.extend([str(query)] * len(rows))
        return executemany(cursor, query, rows, **options)

    def on_copy(cursor: Any, statement: Any, parameters: Any = None, **options: Any) -> Any:
        nonlocal table
        table = str(statement).split()[1]
        cost.statements.append(str(statement))
        return copy(cursor, statement, parameters, **options)

    def on_write(self: Any, buffer: Any) -> None:
        size = len(buffer.encode() if isinstance(buffer, str) else buffer)
        cost.copied[table] = cost.copied.get(table, 0) + size
        write(self, buffer)

    with (
        patch.object(psycopg.Cursor, "execute", on_execute),
        patch.object(psycopg.Cursor, "executemany", on_executemany),
        patch.object(psycopg.Cursor, "copy", on_copy),
        patch.object(psycopg.Copy, "write", on_write),
    ):
        yield cost


def people(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [{**ROW, "email": f"p{number}@example.org"} for number in range(first, first + count)]


@pytest.mark.parametrize(
    "options", [{}, {"dedupe_by": "email"}, {"dedupe_by": "email", "update_existing": True}], ids=str
)
def test_the_statements_of_a_chunk_do_not_grow_with_its_rows(importer: Importer, options: dict[str, Any]) -> None:
    importer.at_once(people(1), **options)  # what becomes a key does so once
    with counted(importer.connection) as few:
        importer.at_once(people(5), **options)
    with counted(importer.connection) as many:
        importer.at_once(people(500, first=3), **options)
    assert len(many.statements) <= len(few.statements)
    assert len(few.statements) <= STATEMENTS_MAX


def test_a_row_is_copied_once_with_little_beside_its_values(importer: Importer) -> None:
    rows = people(500)
    importer.at_once(people(1, first=9_000), dedupe_by="email")
    with counted(importer.connection) as cost:
        importer.at_once(rows, dedupe_by="email")
    values = sum(len(name) + len(value) + len('"":"",') for row in rows for name, value in row.items())
    assert cost.copied.keys() == {"record", "record_key"}
    assert values < cost.copied["record"] <= values + RECORD_BYTES_MAX * len(rows)
    assert 0 < cost.copied["record_key"] <= KEY_BYTES_MAX * len(rows)


def test_rows_that_match_copy_nothing_but_that_they_did(importer: Importer) -> None:
    importer.at_once(people(50), dedupe_by="email")
    with counted(importer.connection) as cost:
        importer.at_once(people(50), dedupe_by="email")
    assert cost.copied.keys() == {"import_touch"}
    assert cost.copied["import_touch"] <= TOUCH_BYTES_MAX * 50


def test_of_a_record_that_changes_only_the_change_is_copied(importer: Importer) -> None:
    importer.at_once(people(50), dedupe_by="email")
    with counted(importer.connection) as cost:
        importer.at_once([{**row, "city": "Rome"} for row in people(50)], dedupe_by="email", update_existing=True)
    changed = len('{"city":"London"}{"city":"Rome"}')
    assert cost.copied.keys() == {"import_touch"}
    assert cost.copied["import_touch"] <= (TOUCH_BYTES_MAX + changed) * 50


def test_a_chunk_takes_a_statement_more_for_each_thousand_rows_and_no_more(importer: Importer) -> None:
    """A thousand are looked for, and updated, while those before them are judged."""
    importer.at_once(people(2_100), dedupe_by="email")
    with counted(importer.connection) as few:
        importer.as_job([{**row, "city": "Rome"} for row in people(5)], dedupe_by="email", update_existing=True)
    with counted(importer.connection) as many:
        importer.as_job([{**row, "city": "Bern"} for row in people(2_100)], dedupe_by="email", update_existing=True)
    look_ups = updates = 2
    assert len(many.statements) == len(few.statements) + look_ups + updates


def test_a_small_import_reads_properties_and_keys_once(importer: Importer) -> None:
    importer.at_once(people(1), dedupe_by="email")
    with counted(importer.connection) as cost:
        importer.at_once(people(3), dedupe_by="email")
    for table in ("FROM property\n", "FROM key_property", "FROM import_job"):
        assert sum(table in one for one in cost.statements) == 1, table
