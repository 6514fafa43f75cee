"""The values of records as PostgreSQL returns them: only the wanted ones, one record at a time, within a budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Final, TypeVar, cast

import psycopg
from psycopg.sql import SQL

from prismd.core.errors import PrismdError
from prismd.core.json.text import decode_stored, encode
from prismd.core.records.reading_budget import ReadingBudget
from prismd.store.connections.faults import PARAMETERS_MAX
from prismd.store.connections.postgres import Connection

_Read = TypeVar("_Read")

#: The keys of the wanted values, by object type; all values of a type that is not in it are wanted. Without it, all
#: values are.
Wanted = Mapping[str, Collection[str]]

#: Bytes below which values that are not compressed are returned whatever the limit is.
SHORT_BYTES: Final = 2_000

#: The values of a record ``r`` as JSON. Of a long record it takes only the wanted ones; NULL if those are too long.
VALUES: Final = f"""CASE
    WHEN pg_column_size(r.properties) < {SHORT_BYTES} AND pg_column_compression(r.properties) IS NULL
        THEN r.properties::text
    WHEN %(wanted)s::jsonb IS NULL
        THEN CASE WHEN octet_length(r.properties::text) <= %(bytes_max)s::bigint THEN r.properties::text END
    ELSE (
        SELECT CASE WHEN octet_length(part.text) <= %(bytes_max)s::bigint THEN part.text END
        FROM (
            SELECT coalesce(jsonb_object_agg(one.key, one.value), '{{}}')::text AS text
            FROM jsonb_each(r.properties) AS one
            WHERE coalesce((%(wanted)s::jsonb -> r.object_type) ? one.key, true)
            OFFSET 0
        ) AS part
    ) END"""


def asked(budget: ReadingBudget, wanted: Wanted | None = None) -> dict[str, Any]:
    """Return the parameters of :data:`VALUES`.

    Args:
        budget: The request's reading budget.
        wanted: The values to read of each record; None for all.
    """
    keys = None if wanted is None else encode({name: sorted(keys) for name, keys in wanted.items()}).decode()
    return {"wanted": keys, "bytes_max": budget.bytes_max}


def read_values(budget: ReadingBudget, text: str | None) -> dict[str, Any]:
    """Return the values of a record that PostgreSQL returned, and take them from the budget.

    Args:
        budget: The request's reading budget.
        text: The text from PostgreSQL.

    Raises:
        PrismdError: ``invalid_request``: the budget is used up.
    """
    budget.take(text)
    values: dict[str, Any] = decode_stored(text or "{}")
    budget.take("", sum(len(value) if type(value) is list else 1 for value in values.values()))
    return values


def read_rows(
    connection: Connection, statement: str, parameters: Mapping[str, Any], load: Callable[[tuple[Any, ...]], _Read]
) -> list[_Read]:
    """Run a statement, and return the values that ``load`` makes of its rows, one row after the other.

    Args:
        statement: A statement of the store, with every value as a parameter.
        parameters: The values.
        load: Reads a row; if it raises, no further row is taken into memory.

    Raises:
        PrismdError: ``query_timeout`` if the statement takes too long; ``invalid_request`` for a pattern that
            PostgreSQL cannot read and for too many parameters; the errors of ``load``.
    """
    if len(parameters) > PARAMETERS_MAX:
        message = f"the query takes {len(parameters):,} parameters, the most is {PARAMETERS_MAX:,}; ask for less"
        raise PrismdError.invalid(".body.query.filter", message, "maxItems")
    # Close the rows at once: unread rows would block the connection.
    with _refusing(), connection.cursor() as cursor:
        rows = cast("Generator[tuple[Any, ...], None, None]", cursor.stream(SQL(cast("Any", statement)), parameters))
        with closing(rows):
            return [load(row) for row in rows]


def read_few_rows(
    connection: Connection,
    statement: str,
    parameters: Mapping[str, Any],
    load: Callable[[tuple[Any, ...]], _Read],
    *,
    rows_max: int,
    text_column: int,
) -> list[_Read]:
    """Do what :func:`read_rows` does by a prepared statement, which PostgreSQL plans once and not each time.

    All rows are in memory together, so each may take an equal share of the budget. Only where a record is longer than
    that, the rows are read again, one by one.

    Args:
        statement: A statement of the store with :data:`VALUES`.
        parameters: The values, with those of :func:`asked`.
        load: Reads a row.
        rows_max: The most rows that the statement returns.
        text_column: The column of :data:`VALUES`, from 0.

    Raises:
        PrismdError: The errors of :func:`read_rows`.
    """
    share = parameters["bytes_max"] // max(rows_max, 1)
    if share < SHORT_BYTES:
        return read_rows(connection, statement, parameters, load)
    with _refusing():
        rows = connection.execute(SQL(cast("Any", statement)), {**parameters, "bytes_max": share}).fetchall()
    if any(row[text_column] is None for row in rows):
        return read_rows(connection, statement, parameters, load)
    return [load(row) for row in rows]


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.InvalidRegularExpression as error:
        message = f"the pattern cannot be read: {error.diag.message_primary}"
        raise PrismdError.invalid(".body.query.filter", message, "pattern") from None
    except psycopg.errors.QueryCanceled:
        message = "the query takes too long; filter by equality on a property, or ask for less"
        raise PrismdError("query_timeout", message) from None
