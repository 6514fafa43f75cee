"""Compares the columns of a CSV file with the server's properties, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prismd.core.wording.quoting import nearest, quoted
from prismd.importer.calls import ClientError
from prismd.importer.imports import KnownProperty

_SHOWN_MAX: Final = 10
_OTHER_DELIMITERS: Final = ";\t|,"


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """The columns that are split or left out; all others are sent as text.

    Args:
        multiple: Columns whose cells have several values.
        ignored: Columns that are not sent; the empty name stands for columns without a name.
    """

    multiple: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()


def plan_columns(
    columns: Sequence[str], properties: Mapping[str, KnownProperty] | None, *, ignore_unknown: bool
) -> ColumnPlan:
    """Return how to send the columns of a file.

    Args:
        columns: The names in the header; empty for a column without a name.
        properties: Properties by slug; None if the server does not list them, so that every column is sent as it is.
        ignore_unknown: Whether to leave out columns that are not properties, are read-only, or have no name.

    Raises:
        ClientError: A column cannot be sent; the message says why and what to do.
    """
    nameless = {name for name in columns if not name and ignore_unknown}
    if properties is None:
        return ColumnPlan(ignored=frozenset(nameless))
    named = [name for name in columns if name]
    unknown = [name for name in named if name not in properties]
    read_only = [name for name in named if name in properties and properties[name].read_only]
    if not ignore_unknown and (unknown or read_only):
        raise ClientError("; ".join(_refusals(unknown, read_only, properties)))
    if len(unknown) + len(read_only) == len(named):
        raise ClientError(
            "no column of the file is a property that can be written; the header must name property slugs"
        )
    multiple = (name for name in named if name in properties and properties[name].type.startswith("multi"))
    return ColumnPlan(frozenset(multiple), frozenset([*unknown, *read_only, *nameless]))


def check_key(dedupe_by: str, columns: Sequence[str] | None, properties: Mapping[str, KnownProperty] | None) -> None:
    """Refuse a de-duplication key that cannot match any record, because every row would create one.

    Args:
        dedupe_by: The slug of the key.
        columns: The names in the header; None for a file without a header.
        properties: Properties by slug; None if the server does not list them.

    Raises:
        ClientError: The key is not a property, or not a column of the file.
    """
    if properties is not None and dedupe_by not in properties:
        raise ClientError(f"--dedupe-by: there is no property {quoted(dedupe_by)}{nearest(dedupe_by, properties)}")
    if columns is not None and dedupe_by not in columns:
        has = _listed([quoted(name) for name in columns[:_SHOWN_MAX]], len(columns))
        meant = nearest(dedupe_by, columns) or f"; it has {has}"
        # A header with one cell is probably a line above the real header, or was cut at the wrong delimiter.
        advice = (
            "; if cells were told apart wrongly, --delimiter names the sign between them" if len(columns) == 1 else ""
        )
        raise ClientError(f"--dedupe-by: the file has no column {quoted(dedupe_by)}{meant}{advice}")


def _refusals(unknown: Sequence[str], read_only: Sequence[str], properties: Mapping[str, KnownProperty]) -> list[str]:
    sentences = []
    if unknown:
        shown = _listed([f"{quoted(name)}{_meant(name, properties)}" for name in unknown[:_SHOWN_MAX]], len(unknown))
        which = "column is no property" if len(unknown) == 1 else "columns are no properties"
        sentences.append(f"{len(unknown)} {which} of this object type: {shown}")
    if read_only:
        shown = _listed(list(map(quoted, read_only[:_SHOWN_MAX])), len(read_only))
        which = "column is" if len(read_only) == 1 else "columns are"
        sentences.append(f"{len(read_only)} {which} read only, set by the server alone: {shown}")
    verb = "rename them in the header" if unknown else "delete them from the file"
    sentences.append(f"{verb}, or give --ignore-unknown-columns to leave them out")
    if any(sign in name for name in unknown for sign in _OTHER_DELIMITERS):
        sentences.append("if cells were told apart wrongly, --delimiter names the sign between them")
    return sentences


def _listed(shown: list[str], number: int) -> str:
    return ", ".join(shown) + (f" and {number - len(shown)} more" if number > len(shown) else "")


def _meant(name: str, properties: Mapping[str, KnownProperty]) -> str:
    # Headers often have spaces where slugs have underscores.
    hint = nearest(name.replace(" ", "_"), properties)
    return f" ({hint.removeprefix('; ')})" if hint else ""
