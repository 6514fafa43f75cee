"""Parquet and Arrow files: columns with names and types, read piece by piece with an extra of prismd."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any, Final

import msgspec

from prismd.core.tables.cells import Cell, CellFault, TableRow
from prismd.files.limits import FileLimits
from prismd.files.rows import FileProblemError

_ROWS_OF_PIECE: Final = 5_000
_MISSING: Final = (
    "reading Parquet and Arrow files needs an extra of prismd: install it with pip install 'prismd[parquet]', or save "
    "the file as CSV"
)


def columnar_rows(
    stream: IO[bytes], form: str, limits: FileLimits
) -> tuple[tuple[str, ...], Iterator[TableRow], list[str]]:
    """Return the names of the columns, the rows, and sentences for people.

    Args:
        stream: The file.
        form: ``parquet`` or ``arrow``.
        limits: What it may cost.

    Raises:
        FileProblemError: The extra is missing, or the file is broken or too wide.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
    except ImportError:
        raise FileProblemError(_MISSING) from None
    try:
        names, pieces = _opened(stream, form)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileProblemError(_broken(error)) from None
    if len(names) > limits.columns_max:
        raise FileProblemError(f"the file has {len(names):,} columns; at most {limits.columns_max:,} are read")
    return tuple(names), _rows(pieces, len(names), limits), []


def _opened(stream: IO[bytes], form: str) -> tuple[Sequence[str], Iterator[Any]]:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    if form == "parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

        file = pq.ParquetFile(stream)
        return file.schema_arrow.names, file.iter_batches(batch_size=_ROWS_OF_PIECE)
    try:
        reader = pa.ipc.open_file(stream)
        return reader.schema.names, (reader.get_batch(number) for number in range(reader.num_record_batches))
    except pa.ArrowInvalid:
        stream.seek(0)
        streamed = pa.ipc.open_stream(stream)
        return streamed.schema.names, iter(streamed)


def _rows(pieces: Iterator[Any], width: int, limits: FileLimits) -> Iterator[TableRow]:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    line = cells = 0
    try:
        for piece in pieces:
            for start in range(0, piece.num_rows, _ROWS_OF_PIECE):
                columns = [_values(column) for column in piece.slice(start, _ROWS_OF_PIECE).columns]
                for values in zip(*columns, strict=True):
                    line, cells = line + 1, cells + width
                    if cells > limits.cells_max:
                        raise FileProblemError(f"the file has more than {limits.cells_max:,} cells; import it in parts")
                    yield TableRow(line, [_cell(value) for value in values])
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, FileProblemError):
            raise
        raise FileProblemError(_broken(error)) from None


def _values(column: Any) -> list[object]:  # noqa: ANN401 - pyarrow has no types
    """Return the values of a column; moments of nanoseconds that Python cannot hold become text."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    kind = column.type
    if pa.types.is_duration(kind):
        column = column.cast(pa.int64()).cast(pa.string())
    elif pa.types.is_timestamp(kind) or pa.types.is_time64(kind):
        exact = pa.timestamp("us", kind.tz) if pa.types.is_timestamp(kind) else pa.time64("us")
        try:
            column = column.cast(exact)
        except pa.ArrowInvalid:
            column = column.cast(pa.string())
    values: list[object] = column.to_pylist()
    return values


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, bool | int | str | Decimal | datetime | date | time):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | dict | tuple):
        try:
            return msgspec.json.encode(value, enc_hook=str).decode()
        except (TypeError, ValueError, RecursionError):
            return CellFault("a nested value that JSON cannot hold")
    return CellFault(f"a value of the type {type(value).__name__}")


def _number(value: float) -> Cell:
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - only NaN differs from itself
        return CellFault(f"{value} as a number")
    return Decimal(repr(value)) if value % 1 else int(value)


def _broken(error: Exception) -> str:
    return f"the file is broken or cut off ({' '.join(str(error).split())[:200]}); save it again, or as CSV"
