"""XML as a stream of events, without document types and entities, which no spreadsheet needs."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Final
from xml.parsers import expat

from prismd.files.spreadsheets.workbooks import UnreadableError

_BLOCK_BYTES: Final = 256 * 1024

#: Takes the name of an element without its prefix, and its attributes.
Begin = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def parsed(stream: IO[bytes], what: str, begin: Begin, end: End, text: Text) -> Iterator[None]:
    """Read XML block by block, and yield after each block.

    Args:
        stream: The XML.
        what: Its name in messages.
        begin: Called where an element begins.
        end: Called where it ends.
        text: Called with the text between.

    Raises:
        UnreadableError: It is no XML, or declares a document type.
    """
    # Names with a prefix, such as `x:row`, are rare; the parser cuts them only where they occur.
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 64 * 1024
    parser.StartElementHandler = lambda name, found: begin(name.rpartition(":")[2], found)
    parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_doctype(what)
    while True:
        try:
            block = stream.read(_BLOCK_BYTES)
            parser.Parse(block, not block)
        except expat.ExpatError as error:
            raise UnreadableError(
                f"{what} is broken: {expat.ErrorString(error.code)} in line {error.lineno}; save the workbook again"
            ) from None
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError):
            raise UnreadableError(f"{what} is broken or cut off; save the workbook again") from None
        yield
        if not block:
            return


def _refuse_doctype(what: str) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise UnreadableError(f"{what} declares a document type, which no spreadsheet does; save the workbook again")

    return refuse


def attribute(attributes: Mapping[str, str], name: str) -> str | None:
    """Return an attribute by its name, with any prefix.

    Args:
        attributes: Of one element.
        name: Without a prefix.
    """
    if name in attributes:
        return attributes[name]
    return next((value for key, value in attributes.items() if key.rpartition(":")[2] == name), None)
