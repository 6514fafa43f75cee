"""Compares the columns of a CSV file with the properties of a server before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prismd.client.calls import ClientError
from prismd.core.quoting import nearest, quoted

_SHOWN_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What is done with columns beyond sending their text.

    Args:
        multiple: Columns whose cells hold several values.
        ignored: Columns that the server does not know.
    """

    multiple: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()


def plan_columns(columns: Sequence[str], properties: Mapping[str, str] | None, *, ignore_unknown: bool) -> ColumnPlan:
    """Return what to do with the columns of a file.

    Args:
        columns: The names of the header.
        properties: Types by slug; None where the server does not tell, and every column is sent as it is.
        ignore_unknown: Leave out columns that are no property.

    Raises:
        ClientError: A column is no property; the message names the nearest ones.
    """
    if properties is None:
        return ColumnPlan()
    unknown = [name for name in columns if name not in properties]
    if unknown and not ignore_unknown:
        raise ClientError(_unknown_sentence(unknown, properties))
    if len(unknown) == len(columns):
        raise ClientError("no column of the file is a property; the header must name property slugs")
    multiple = (name for name in columns if properties.get(name, "").startswith("multi"))
    return ColumnPlan(frozenset(multiple), frozenset(unknown))


def check_key(dedupe_by: str, columns: Sequence[str] | None, properties: Mapping[str, str] | None) -> None:
    """Refuse a de-duplication key that cannot match anything, since every row would be created.

    Args:
        dedupe_by: The slug.
        columns: The names of the header; None for a file without one.
        properties: Types by slug; None where the server does not tell.

    Raises:
        ClientError: The key is no property, or no column of the file.
    """
    if properties is not None and dedupe_by not in properties:
        raise ClientError(f"--dedupe-by: there is no property {quoted(dedupe_by)}{nearest(dedupe_by, properties)}")
    if columns is not None and dedupe_by not in columns:
        raise ClientError(f"--dedupe-by: the file has no column {quoted(dedupe_by)}{nearest(dedupe_by, columns)}")


def _unknown_sentence(unknown: Sequence[str], properties: Mapping[str, str]) -> str:
    shown = ", ".join(f"{quoted(name)}{_meant(name, properties)}" for name in unknown[:_SHOWN_MAX])
    more = f" and {len(unknown) - _SHOWN_MAX} more" if len(unknown) > _SHOWN_MAX else ""
    which = "column is no property" if len(unknown) == 1 else "columns are no properties"
    return (
        f"{len(unknown)} {which} of this object type: {shown}{more}; rename them in the header, or give "
        "--ignore-unknown-columns to leave them out"
    )


def _meant(name: str, properties: Mapping[str, str]) -> str:
    # People's headers have spaces where slugs have underscores.
    hint = nearest(name.replace(" ", "_"), properties)
    return f" ({hint.removeprefix('; ')})" if hint else ""
