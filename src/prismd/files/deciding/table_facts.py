"""A table as JSON values: how it is read, and what its columns hold."""

from __future__ import annotations

from typing import Any

from prismd.core.tables.columns.profile import ColumnProfile
from prismd.files.deciding.table_reading import OpenedTable


def table_facts(opened: OpenedTable) -> dict[str, Any]:
    """Return how a table is read, with the proof of what was found.

    Args:
        opened: The table.
    """
    profile = opened.profile
    return {
        "format": opened.form,
        "encoding": profile.encoding or None,
        "delimiter": profile.dialect.delimiter if profile.dialect else None,
        "header_lines": profile.header_lines,
        "first_line": profile.first_line,
        "footer_rows": profile.footer_rows,
        "decisions": profile.decisions,
    }


def column_facts(column: ColumnProfile) -> dict[str, Any]:
    """Return what the cells of a column have in common.

    Args:
        column: The column.
    """
    return {
        "name": column.name,
        "rows": column.rows,
        "filled": column.filled,
        "distinct": column.distinct,
        "distinct_is_least": column.distinct_is_least,
        "unique": column.unique,
        "kinds": sorted(column.kinds),
        "examples": column.examples,
    }
