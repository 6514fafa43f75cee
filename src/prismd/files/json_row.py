"""One row of a JSON or NDJSON file: checked for being JSON at all, wrapped where it is flat, never rewritten."""

from __future__ import annotations

from typing import Final

import msgspec

from prismd.files.rows import FileRow, RowProblem

_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENVELOPE: Final = ("default", "list", "extended")


def json_row(number: int, line: int, raw: bytes) -> FileRow:
    """Return a row of JSON text as it is sent.

    The text goes out byte for byte, so that numbers, repeated keys and escapes reach the server as they are written. A
    row with any of the members ``default``, ``list`` and ``extended`` is sent as is; any other is a flat object of
    slug to value and becomes ``default``.

    Args:
        number: Position of the row in the file, from 1.
        line: Line of the file at which the row begins, from 1.
        raw: The JSON text, without white space around it.
    """
    try:
        original = raw.decode()
    except UnicodeDecodeError as error:
        found = f"byte {error.start + 1} of the row is 0x{raw[error.start]:02X}"
        return _failed(number, line, raw, f"expected UTF-8, but {found}; save the file as UTF-8 or give --encoding")
    try:
        members = _MEMBERS.decode(raw)
    except msgspec.ValidationError:
        return _failed(number, line, raw, f"expected an object with values by slug, found {_kind_of(raw)}")
    except msgspec.DecodeError as error:
        return _failed(number, line, raw, f"expected one JSON object, but {_reason(error, raw)}")
    except RecursionError:
        return _failed(number, line, raw, "expected an object with values by slug, found one nested too deeply")
    if any(name in members for name in _ENVELOPE):
        return FileRow(number, line, (original,), raw)
    return FileRow(number, line, (original,), b'{"default":' + raw + b"}")


def _failed(number: int, line: int, raw: bytes, message: str) -> FileRow:
    original = raw.decode(errors="backslashreplace")
    return FileRow(number, line, (original,), None, RowProblem("invalid_row", message))


def _kind_of(raw: bytes) -> str:
    first = raw[:1]
    names = {b"[": "an array", b'"': "a text", b"t": "true", b"f": "false", b"n": "null"}
    return names.get(first, "a number")


def _reason(error: msgspec.DecodeError, raw: bytes) -> str:
    if not raw:
        return "found nothing between two commas"
    if "truncated" in str(error):
        return "the row ends too early, or holds half of a character pair (\\ud800 to \\udfff)"
    return f"it is not JSON: {str(error).removeprefix('JSON is malformed: ')}"
