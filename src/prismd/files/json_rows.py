"""JSON files: an array of rows, or an object whose ``objects`` is one; read as a stream, so of any size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from prismd.files.json_row import json_row
from prismd.files.json_scan import JsonScanner
from prismd.files.rows import FileProblemError, FileRow


@dataclass(frozen=True, slots=True)
class JsonRows:
    """The rows of a JSON file; a row's original is its JSON text, in the column ``original``.

    Args:
        columns: The name of that column.
        nulls_are_blank: Leave out null, instead of sending it to clear a value.
    """

    columns: tuple[str, ...] = ("original",)
    nulls_are_blank: bool = False

    def rows(self, chunks: Iterator[bytes]) -> Iterator[FileRow]:
        """Yield the items of the array; an item that is not a JSON object is a row with a problem.

        Args:
            chunks: The bytes of the file in UTF-8, cut anywhere.

        Raises:
            FileProblemError: Brackets, commas or quotes are broken so that rows cannot be separated, or there is no
                array.
        """
        scanner = JsonScanner(chunks)
        sign = scanner.next_sign()
        if sign == b"[":
            yield from _items(scanner, nulls=self.nulls_are_blank)
        elif sign == b"{":
            yield from _objects(scanner, nulls=self.nulls_are_blank)
        else:
            found = "an empty file" if not sign else "something else"
            raise FileProblemError(f'expected a JSON array of rows, or an object with "objects"; found {found}')
        if scanner.next_sign():
            raise FileProblemError(
                f"line {scanner.line}: expected the end of the file, found more after the rows; import "
                "files that were joined one by one"
            )


def _items(scanner: JsonScanner, *, nulls: bool) -> Iterator[FileRow]:
    scanner.step_over(b"[")
    if scanner.next_sign() == b"]":
        scanner.step_over(b"]")
        return
    number = 0
    while True:
        number += 1
        scanner.next_sign()
        line = scanner.line
        yield json_row(number, line, scanner.take_value(), nulls_are_blank=nulls)
        sign = scanner.next_sign()
        if sign not in (b",", b"]"):
            raise FileProblemError(_unexpected(scanner, sign, "a comma or ] after row " + str(number)))
        scanner.step_over(sign)
        if sign == b"]":
            return


def _objects(scanner: JsonScanner, *, nulls: bool) -> Iterator[FileRow]:
    scanner.step_over(b"{")
    found = False
    while scanner.next_sign() != b"}":
        if _name(scanner) != "objects":
            scanner.take_value()
        elif found:
            raise FileProblemError(f'line {scanner.line}: "objects" stands twice; keep one of them')
        elif scanner.next_sign() != b"[":
            raise FileProblemError(f'line {scanner.line}: "objects" must be an array of rows')
        else:
            found = True
            yield from _items(scanner, nulls=nulls)
        sign = scanner.next_sign()
        if sign == b",":
            scanner.step_over(sign)
        elif sign != b"}":
            raise FileProblemError(_unexpected(scanner, sign, "a comma or } after a member"))
    scanner.step_over(b"}")
    if not found:
        raise FileProblemError('expected a JSON array of rows, or an object with "objects"; found an object without it')


def _name(scanner: JsonScanner) -> str:
    scanner.next_sign()
    raw = scanner.take_value()
    sign = scanner.next_sign()
    if sign != b":":
        raise FileProblemError(_unexpected(scanner, sign, "a colon after a member's name"))
    scanner.step_over(b":")
    try:
        name = msgspec.json.decode(raw, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise FileProblemError(f"line {scanner.line}: expected a member's name in quotes") from None
    if name == "options":
        raise FileProblemError(
            f'line {scanner.line}: the file brings "options", which are not read from files; take them out and '
            "give them to the command, such as --dedupe-by"
        )
    return name


def _unexpected(scanner: JsonScanner, sign: bytes, expected: str) -> str:
    found = repr(sign.decode(errors="backslashreplace")) if sign else "the end of the file"
    return f"line {scanner.line}: expected {expected}, found {found}"
