"""A file of failed rows that somebody repaired: which rows it holds, whatever program saved it in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from prismd.core.imports.failed_rows import (
    OTHER_COLUMN,
    PROBLEMS_COLUMN,
    TOKEN_COLUMN,
    RowToken,
    column_of_problem,
    read_row_token,
    repaired,
)
from prismd.core.wording.quoting import nearest, quoted
from prismd.files.failed_cells import unescaped
from prismd.files.opening import open_file
from prismd.files.rows import FileProblemError, FileRow
from prismd.importer.calls import ClientError, PrismClient
from prismd.importer.failed_rows import failed_rows_of
from prismd.importer.imports import properties_of
from prismd.importer.jobs import read_job

_SHOWN_MAX: Final = 10
_TELLING: Final = (TOKEN_COLUMN, PROBLEMS_COLUMN, OTHER_COLUMN)


@dataclass(slots=True)
class RepairedFile:
    """The content of a repaired file.

    Args:
        job_id: Id of the import in which the rows failed.
        columns: The names of the columns that hold values.
        rows: The cells of each row by column, without apostrophes, by the row's index in the import.
        added: Numbers of rows without a token, from 1.
        has_other: Whether the file has a column of values that stand in no column of their own.
    """

    job_id: str
    columns: tuple[str, ...]
    rows: dict[int, dict[str, str]] = field(default_factory=dict)
    added: list[int] = field(default_factory=list)
    has_other: bool = False

    def notes(self, *, leaves_out: bool) -> Iterator[str]:
        """Yield sentences about what of the file is not read.

        Args:
            leaves_out: Whether rows that somebody added are left out.

        Raises:
            ClientError: Rows were added, and are not to be left out.
        """
        if self.added:
            which = _listed(self.added)
            if not leaves_out:
                message = f"{len(self.added):,} rows have no {TOKEN_COLUMN}, so they are no failed rows: {which}"
                raise ClientError(f"{message}; import them from a file of their own, or give --added leave-out")
            yield f"left out, as they have no {TOKEN_COLUMN}: {len(self.added):,} rows ({which})"
        if self.has_other:
            yield f'the column "{OTHER_COLUMN}" is not read back: what it tells stays as it was sent'


def read_repaired(path: Path, encoding: str, delimiter: str | None) -> RepairedFile:
    """Return the rows of a repaired file.

    Args:
        path: The file, CSV.
        encoding: Name of its encoding; a byte order mark is dropped.
        delimiter: The sign between cells; None finds it in the header.

    Raises:
        ClientError: It cannot be read, is no file of failed rows, or names a row twice.
    """
    try:
        opened = open_file(path, form="csv", encoding=encoding, delimiter=delimiter)
        names = opened.source.columns
        if TOKEN_COLUMN not in names:
            raise ClientError(
                f"{path} has no column {TOKEN_COLUMN}{nearest(TOKEN_COLUMN, names)}: put it back, or write the failed "
                "rows anew with `prismd imports failed-rows`"
            )
        return _read(names, opened.rows())
    except FileProblemError as error:
        raise ClientError(f"{path}: {error}") from None
    except OSError as error:
        raise ClientError(f"{path} cannot be read: {error.strerror}") from None


def _read(names: Sequence[str], rows: Iterator[FileRow]) -> RepairedFile:
    columns = tuple(name for name in names if name and name not in _TELLING and column_of_problem(name) is None)
    found = RepairedFile("", columns, has_other=OTHER_COLUMN in names)
    numbers: dict[int, int] = {}
    for row in rows:
        if row.left_out is not None:
            continue
        if row.problem is not None:
            raise ClientError(f"row {row.number} (line {row.line}) cannot be read: {row.problem.message}")
        cells = dict(zip(names, map(unescaped, row.original), strict=False))
        token = _token(cells.get(TOKEN_COLUMN, ""), row)
        if token is None:
            found.added.append(row.number)
            continue
        if found.job_id not in ("", token.job_id):
            raise ClientError(f"row {row.number} is of the import {token.job_id}, and others of {found.job_id}")
        if token.index in numbers:
            message = f"rows {numbers[token.index]} and {row.number} have the same {TOKEN_COLUMN}"
            raise ClientError(f"{message}, so it is not clear which of them is right; keep one")
        found.job_id, numbers[token.index] = token.job_id, row.number
        found.rows[token.index] = {name: cells.get(name, "") for name in columns}
    if not found.rows:
        raise ClientError(f"no row of the file has a {TOKEN_COLUMN}, so there is nothing to run")
    return found


def _token(cell: str, row: FileRow) -> RowToken | None:
    if not cell.strip():
        return None
    token = read_row_token(cell)
    if token is None:
        message = f"row {row.number} (line {row.line}): {quoted(cell)} is no {TOKEN_COLUMN}"
        raise ClientError(f"{message}; put it back as it was, or empty the cell of a row that was added")
    return token


def repaired_rows(client: PrismClient, found: RepairedFile) -> dict[int, dict[str, Any]]:
    """Return the repaired rows as they are sent: what the file changes, and the rest as it was sent before.

    Args:
        client: The server.
        found: The content of the file.

    Raises:
        ClientError: A row did not fail, a column is neither in the failed rows nor a property, or the server cannot
            be used.
    """
    job = read_job(client, found.job_id)
    sent = failed_rows_of(client, found.job_id)
    strange = [index for index in found.rows if index not in sent]
    if strange:
        raise ClientError(f"rows {_listed(strange)} did not fail in the import {found.job_id}; take them out")
    properties = properties_of(client, str(job.get("object_type"))) or {}
    _check_columns(found.columns, sent, properties)
    many = [slug for slug, known in properties.items() if known.type.startswith("multi")]
    return {index: repaired(sent[index], cells, many) for index, cells in sorted(found.rows.items())}


def _check_columns(columns: Sequence[str], sent: Mapping[int, Any], properties: Mapping[str, object]) -> None:
    known = set(properties)
    for row in sent.values():
        values = row.get("default") if isinstance(row, dict) else None
        known.update(values if isinstance(values, dict) else ())
    unknown = [name for name in columns if name not in known]
    if unknown:
        shown = ", ".join(f"{quoted(name)}{nearest(name, known)}" for name in unknown[:_SHOWN_MAX])
        message = f"{len(unknown)} columns are neither of the failed rows nor properties: {shown}"
        raise ClientError(f"{message}; rename them back, or delete them")


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:_SHOWN_MAX]))
    return shown + (f" and {len(numbers) - _SHOWN_MAX:,} more" if len(numbers) > _SHOWN_MAX else "")
