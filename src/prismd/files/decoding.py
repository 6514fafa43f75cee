"""Decoding: one encoding for the whole file, and an error that names the position of a bad byte."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final

from prismd.core.tables import lines as tables
from prismd.files.rows import BUFFER_BYTES_MAX, FileProblemError

_BOM = "\ufeff"
_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
#: Encodings of Python's own, by which no file is written: they would change what stands in it.
_NOT_OF_FILES: Final = ("idna", "punycode", "raw-unicode-escape", "unicode-escape")
#: The most frequent first; any bytes fit the last two.
_USUAL_ENCODINGS: Final = ("utf-8", "cp1252", "cp1250", "mac-roman", "cp850")


def canonical_encoding(name: str) -> str:
    """Return the usual name of a text encoding.

    Args:
        name: A name as people write it, such as ``UTF-8``, ``latin1`` or ``cp1252``.

    Raises:
        FileProblemError: There is no such text encoding.
    """
    try:
        "".encode(name)
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        found = ""
    if not found or found.replace("_", "-") in _NOT_OF_FILES:
        raise FileProblemError(f"there is no encoding {name!r}; use a name such as utf-8, utf-16, cp1252")
    return found


def decoded(chunks: Iterator[bytes], encoding: str) -> Iterator[str]:
    """Yield the text of a file, without a byte order mark.

    Args:
        chunks: The bytes of the file, cut anywhere.
        encoding: A canonical name.

    Raises:
        FileProblemError: A byte does not fit the encoding; the message names its line and position.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    begun = False
    bytes_read = lines = 0
    for chunk in _and_end(chunks):
        bytes_read += len(chunk)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise FileProblemError(_bad_byte(error, bytes_read, lines, encoding)) from None
        except UnicodeError as error:
            raise FileProblemError(
                f"the file is not {encoding.upper()}: {error}; where only the byte order mark is missing, give "
                f"--encoding {encoding}-le or {encoding}-be"
            ) from None
        lines += text.count("\n")
        if text and not begun:
            begun, text = True, text.removeprefix(_BOM)
        yield text


def as_utf8(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the bytes of a file in UTF-8.

    Args:
        chunks: The bytes of the file, cut anywhere.
        encoding: A canonical name; ``utf-8`` passes unchecked, so that a bad byte fails only its own row.

    Raises:
        FileProblemError: A byte does not fit the encoding.
    """
    if encoding in ("utf-8", "utf-8-sig"):
        return chunks
    return (text.encode() for text in decoded(chunks, encoding) if text)


def lines_of(texts: Iterator[str]) -> Iterator[str]:
    r"""Yield lines with their ends: ``\n``, ``\r\n`` or ``\r``, and nothing else, ends a line.

    Args:
        texts: A text cut anywhere.

    Raises:
        FileProblemError: A line is too long to be held.
    """
    try:
        yield from tables.lines_of(texts, BUFFER_BYTES_MAX)
    except tables.LongLineError as error:
        raise FileProblemError(str(error)) from None


def _and_end(chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield from (chunk for chunk in chunks if chunk)
    yield b""


def _bad_byte(error: UnicodeDecodeError, bytes_read: int, lines: int, encoding: str) -> str:
    # ``error.object`` is what the decoder had kept and the last chunk; it ends where reading has arrived.
    position = bytes_read - len(error.object) + error.start
    before = error.object[: error.start].decode(encoding, errors="replace")
    line, bad = lines + before.count(chr(10)) + 1, error.object[error.start]
    return (
        f"line {line}, byte {position + 1} of the file: 0x{bad:02X} is not {encoding.upper()}; "
        f"save the file as UTF-8 or {_hint(error, position, encoding)}"
    )


def _hint(error: UnicodeDecodeError, position: int, encoding: str) -> str:
    """Return advice that names an encoding which these bytes fit, never the one that failed."""
    if error.object[:2] in _UTF_16_MARKS and position == 0 and not encoding.startswith("utf-16"):
        return "it looks like UTF-16: give --encoding utf-16"
    fits = (name for name in _USUAL_ENCODINGS if not encoding.startswith(name) and _fits(error.object, name))
    return f"name its own encoding with --encoding, such as {next(fits)}"


def _fits(data: bytes, encoding: str) -> bool:
    try:
        # The end of the data may be the middle of a character.
        codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeError:
        return False
    return True
