"""The program that reads a workbook or a columnar file from standard input, and writes messages to standard output."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import IO, Final

import msgspec

from prismd.core.tables.cells import TableRow
from prismd.files.child.messages import MESSAGE_BYTES_MAX, Found, Message, encoded, encoded_rows, send
from prismd.files.limits import FileLimits
from prismd.files.rows import FileProblemError
from prismd.files.spreadsheets.notes import SheetNotes
from prismd.files.spreadsheets.workbooks import Sheet, Workbook

_ROWS_OF_MESSAGE: Final = 500
_CELLS_OF_MESSAGE: Final = 50_000


class Task(msgspec.Struct, frozen=True):
    """What the program is to do.

    Args:
        form: The format of the file.
        limits: What it may cost.
        sheet: The name of the sheet to read; None for the only visible one that holds something.
    """

    form: str
    limits: FileLimits
    sheet: str | None = None


def main() -> None:
    """Read the file, within the limits of the task."""
    task = msgspec.json.decode(sys.argv[1], type=Task)
    _limit(task.limits)
    out = sys.stdout.buffer
    try:
        for message in messages(sys.stdin.buffer, task):
            send(out, message)
    except FileProblemError as error:
        send(out, encoded(Message(refused=str(error))))
    except (MemoryError, RecursionError):
        memory = task.limits.child_memory_bytes // 2**20
        sentence = f"reading it takes more than {memory:,} MiB of memory; save it in another format, such as CSV"
        send(out, encoded(Message(refused=sentence)))
    out.flush()


def _limit(limits: FileLimits) -> None:
    for what, most in (
        (resource.RLIMIT_AS, limits.child_memory_bytes),
        (resource.RLIMIT_CPU, limits.child_cpu_s),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))


def messages(stream: IO[bytes], task: Task) -> Iterator[bytes]:
    """Yield the messages of a file: its rows and then what it holds, or the sheets to choose from.

    Args:
        stream: The file, from its beginning.
        task: How to read it.

    Raises:
        FileProblemError: The file cannot be read; the message says why.
    """
    if task.form in ("parquet", "arrow"):
        # Imported here, because it is an extra.
        from prismd.files.columnar import columnar_rows  # noqa: PLC0415

        header, rows, notes = columnar_rows(stream, task.form, task.limits)
        some = islice(rows, task.limits.rows_max)
        yield from _sent(some, lambda count: Found(header=header, notes=tuple(notes), rows=count))
        return
    book = _workbook(stream, task)
    known = tuple((sheet.name, sheet.hidden) for sheet in book.sheets)
    chosen = _chosen(book, task.sheet)
    if chosen is None:
        yield encoded(Message(choose=known))
        return
    told = SheetNotes()

    def found(count: int) -> Found:
        return Found(None, known, chosen.name, tuple(told.sentences()), count)

    yield from _sent(islice(book.rows(chosen.name, told), task.limits.rows_max), found)


def _workbook(stream: IO[bytes], task: Task) -> Workbook:
    # Each reader is imported where it is needed: a library that fails to load fails for its own format alone.
    if task.form == "xlsx":
        from prismd.files.spreadsheets.xlsx import XlsxWorkbook  # noqa: PLC0415

        return XlsxWorkbook(stream, task.limits)
    if task.form == "ods":
        from prismd.files.spreadsheets.ods import OdsWorkbook  # noqa: PLC0415

        return OdsWorkbook(stream, task.limits)
    from prismd.files.spreadsheets.xls import XlsWorkbook  # noqa: PLC0415

    return XlsWorkbook(stream, task.limits)


def _chosen(book: Workbook, wanted: str | None) -> Sheet | None:
    """Return the sheet to read; None where a person has to choose.

    Raises:
        FileProblemError: There is no such sheet, or none at all.
    """
    names = [sheet.name for sheet in book.sheets]
    if wanted is not None:
        found = [sheet for sheet in book.sheets if sheet.name == wanted]
        if not found:
            raise FileProblemError(f"there is no sheet {wanted!r}; it has {', '.join(map(repr, names[:20]))}")
        return found[0]
    visible = [sheet for sheet in book.sheets if not sheet.hidden]
    filled = [sheet for sheet in visible if next(iter(book.rows(sheet.name, SheetNotes())), None) is not None]
    if len(filled) == 1:
        return filled[0]
    if filled:
        return None
    if len(names) == 1:
        return book.sheets[0]
    raise FileProblemError(
        "no visible sheet holds anything" + (f"; name a hidden one with --sheet: {names}" if names else "")
    )


def _sent(rows: Iterator[TableRow], found: Callable[[int], Found]) -> Iterator[bytes]:
    held, cells, count = list[TableRow](), 0, 0
    for row in rows:
        held.append(row)
        cells += len(row.cells)
        count += 1
        if len(held) >= _ROWS_OF_MESSAGE or cells >= _CELLS_OF_MESSAGE:
            yield from _in_messages(held)
            held, cells = [], 0
    if held:
        yield from _in_messages(held)
    yield encoded(Message(found=found(count)))


def _in_messages(rows: Sequence[TableRow]) -> Iterator[bytes]:
    """Yield rows in messages that are short enough."""
    data = encoded_rows(rows)
    if len(data) <= MESSAGE_BYTES_MAX:
        yield data
    elif len(rows) > 1:
        yield from _in_messages(rows[: len(rows) // 2])
        yield from _in_messages(rows[len(rows) // 2 :])
    else:
        raise FileProblemError(f"row {rows[0].line} has more than {MESSAGE_BYTES_MAX:,} bytes")


if __name__ == "__main__":
    main()
