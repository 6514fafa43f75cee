"""One row of a JSON or NDJSON file: it must be JSON, a flat row is wrapped, and blank texts are left out."""

from __future__ import annotations

from typing import Final

import msgspec

from prismd.files.json_blanks import list_without_blanks, may_be_blank, members_of, without_blanks
from prismd.files.rows import FileRow, RowProblem

_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENVELOPE: Final = ("default", "list", "extended")


def json_row(number: int, line: int, raw: bytes, *, nulls_are_blank: bool = False) -> FileRow:
    """Return a row of JSON text in the form in which it is sent.

    Everything that is not blank is sent byte for byte, so that numbers, repeated keys and escapes reach the server as
    they are written. A row with a member ``default``, ``list`` or ``extended`` keeps its members; any other row is a
    flat object of values by slug and becomes ``default``. A row without values is left out.

    Args:
        number: Position of the row in the file, from 1.
        line: Line of the file at which the row begins, from 1.
        raw: The JSON text, without white space around it.
        nulls_are_blank: Leave out null too, instead of sending it to clear a value.
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
    enveloped = any(name in members for name in _ENVELOPE)
    if may_be_blank(raw, nulls=nulls_are_blank):
        raw = _in_envelope(raw, nulls=nulls_are_blank) if enveloped else without_blanks(raw, nulls=nulls_are_blank)
        if not raw or (raw == b"{}" and members):
            return FileRow(number, line, (original,), None, left_out="is empty")
    return FileRow(number, line, (original,), raw if enveloped else b'{"default":' + raw + b"}")


def _in_envelope(raw: bytes, *, nulls: bool) -> bytes:
    """Return a row that has an envelope, without blanks; empty where no value is left."""
    changed, nothing, members = False, True, list[bytes]()
    for name, value in members_of(raw):
        clean = {b'"list"': list_without_blanks, b'"default"': without_blanks, b'"extended"': without_blanks}.get(name)
        kept = clean(value, nulls=nulls) if clean else value
        changed = changed or kept != value
        nothing = nothing and clean is not None and kept == b"{}"
        members.append(name + b":" + kept)
    if not changed:
        return raw
    return b"" if nothing else b"{" + b",".join(members) + b"}"


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
