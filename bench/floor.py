"""The raw floor: the fewest steps by which PostgreSQL can take in rows that must not be doubled."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import psycopg

from bench.disk import Written, written
from bench.people import Contact

TABLES: Final = """
    DROP TABLE IF EXISTS bench_floor, bench_staging;
    CREATE TABLE bench_floor (
        id         uuid   NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
        team_id    bigint NOT NULL,
        email      text   NOT NULL,
        properties jsonb  NOT NULL,
        UNIQUE (team_id, email)
    );
    CREATE UNLOGGED TABLE bench_staging (email text NOT NULL, properties jsonb NOT NULL);
"""
INSERT: Final = """
    INSERT INTO bench_floor (team_id, email, properties)
    SELECT 1, lower(email), properties FROM bench_staging
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Floor:
    """What the floor took.

    Args:
        seconds: From the first row to the commit.
        wrote: To the disk meanwhile.
    """

    seconds: float
    wrote: Written


def run(url: str, rows: Sequence[Contact]) -> Floor:
    """Take rows in through COPY and INSERT … SELECT … ON CONFLICT, commit included, and return what that took.

    The rows are there as text beforehand, so nothing of Python but psycopg's COPY is in the figure.

    Args:
        url: The PostgreSQL that prismd uses in the same run.
        rows: What to load; none that must be refused, since the floor refuses nothing.
    """
    texts = [(row["email"], msgspec.json.encode(row).decode()) for row in rows]
    with psycopg.connect(url) as connection:
        connection.execute(TABLES)
        connection.commit()
        with written(url) as wrote:
            started = time.perf_counter()
            with connection.cursor() as cursor:
                with cursor.copy("COPY bench_staging (email, properties) FROM STDIN") as copy:
                    for text in texts:
                        copy.write_row(text)
                cursor.execute(INSERT)
            connection.commit()
            took = time.perf_counter() - started
        connection.execute("DROP TABLE bench_floor, bench_staging")
    return Floor(took, wrote)
