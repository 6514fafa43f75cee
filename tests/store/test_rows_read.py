"""No hot statement reads more than it is asked for, however much there is: counted among a million records.

Never timed. Each is measured before and after PostgreSQL took statistics, with the plan of a first run and with the one
that a session keeps after many.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Final

import pytest

import prismd.store
from prismd.store.connections.postgres import Connection
from tests.store.hot_statements import HOT, NOT_HOT, OF_ALL_TEAMS, Hot
from tests.store.million import RECORDS
from tests.store.plans import Read, read_at_once, read_prepared

pytestmark = pytest.mark.xdist_group("million")

#: A bitmap reads twice: entries of the index, then rows.
TWICE: Final = 2
#: Entries of indexes that runs that were undone left behind.
LEFT_BEHIND: Final = 10
#: Down an index to a row and, where it is changed, to the ends of the table and of its indexes.
PAGES_PER_ROW: Final = 8
PAGES_BESIDE: Final = 50
#: Asked for at once: too few to hide a search among the pages, and as many as a chunk has rows.
COUNTS: Final = (3, 2_000)

BY_KEY: Final = HOT["values by key"]
BOUNDED: Final = [name for name, hot in HOT.items() if hot.once is not None]
#: What requests ask, each for its team alone.
OF_REQUESTS: Final = [name for name in BOUNDED if name not in OF_ALL_TEAMS]


@pytest.mark.parametrize("name", BOUNDED)
def test_no_more_is_read_than_is_asked_for(million: Connection, name: str) -> None:
    check(million, name)


@pytest.mark.parametrize("name", OF_REQUESTS)
def test_row_level_security_does_not_change_that(bound_million: Connection, name: str) -> None:
    check(bound_million, name)


def check(million: Connection, name: str) -> None:
    """Count what a statement reads of the million."""
    hot = HOT[name]
    if million.info.server_version < hot.since:
        pytest.skip(f"not used before PostgreSQL {hot.since // 10_000}")
    for count in COUNTS if hot.each else (1,):
        for read in (read_at_once, read_prepared):
            found = read(million, hot.statement, hot.parameters(count))
            assert found.rows >= (count if hot.each else min(1, hot.once or 0)), "it does not find what it asks for"
            assert excess(found, hot, count) == set(), (read.__name__, count, found)


def excess(found: Read, hot: Hot, count: int) -> set[str]:
    """Return of what a statement read more than it may when it asks for so many records."""
    rows = TWICE * ((hot.once or 0) + hot.each * count) + LEFT_BEHIND
    over = {"rows": found.rows > rows, "pages": found.pages > rows * PAGES_PER_ROW + PAGES_BESIDE}
    return {what for what, too_many in over.items() if too_many}


def test_every_statement_is_measured_or_named_as_one_that_need_not_be(million: Connection) -> None:
    rows = million.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    tables = "|".join(name for (name,) in rows if name != "schema_migration")
    reads = re.compile(rf"\b(FROM|JOIN|INTO|UPDATE|USING)\s+({tables})\b")
    known = {hot.statement for hot in HOT.values()} | set(NOT_HOT)
    assert [where for where, text in statements() if reads.search(text) and text not in known] == []


def statements() -> Iterator[tuple[str, str]]:
    """Return the statements of store/, without those that only put rows in: these read nothing."""
    for module in pkgutil.walk_packages(prismd.store.__path__, "prismd.store."):
        for name, text in vars(import_module(module.name)).items():
            if not isinstance(text, str) or re.match(r"\s*INSERT INTO \w+\s*\([^)]*\)\s*VALUES", text):
                continue
            if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", text):
                yield f"{module.name}.{name}", text


def test_the_guard_notices_a_statement_that_reads_everything(million: Connection) -> None:
    search = "SELECT id FROM record WHERE team_id = 1 AND object_type = 'contact' AND properties ->> 'title' = 'none'"
    found = read_at_once(million, search, None)
    assert found.rows > RECORDS / 2
    assert excess(found, BY_KEY, 3) == {"rows", "pages"}


def test_the_guard_notices_an_index_that_is_gone_through(million: Connection) -> None:
    """What the condition of an index passes over is in no count of rows, so pages are counted too."""
    with million.transaction(force_rollback=True):
        million.execute("ALTER TABLE record_key DROP CONSTRAINT record_key_pkey")
        million.execute("CREATE INDEX record_key_misplaced ON record_key (team_id, record_id, key_hash)")
        found = read_at_once(million, BY_KEY.statement, BY_KEY.parameters(3))
    assert excess(found, BY_KEY, 3) == {"pages"}
