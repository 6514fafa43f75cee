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
    parser = XmlParser(stream, what, begin, end, text)
    while block := parser.block():
        parser.feed(block)
        yield
    parser.finish()
    yield


class XmlParser:
    """A parser of XML that is given the XML piece by piece.

    Args:
        stream: The XML.
        what: Its name in messages.
        begin: Called where an element begins.
        end: Called where it ends.
        text: Called with the text between.
    """

    def __init__(self, stream: IO[bytes], what: str, begin: Begin, end: End, text: Text) -> None:
        self._stream, self._what, self._begin = stream, what, begin
        #: How many elements have begun.
        self.begun = 0
        #: The encoding that the XML names, in small letters.
        self.encoding: str | None = None
        # Names with a prefix, such as `x:row`, are rare; the parser cuts them only where they occur.
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.buffer_size = 64 * 1024
        parser.StartElementHandler = self._count_begin
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        parser.CharacterDataHandler = text
        parser.XmlDeclHandler = self._note_encoding
        parser.StartDoctypeDeclHandler = _refuse_doctype(what)

    def block(self) -> bytes:
        """Return the next bytes of the stream; none at its end.

        Raises:
            UnreadableError: It is broken.
        """
        try:
            return self._stream.read(_BLOCK_BYTES)
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError):
            raise UnreadableError(f"{self._what} is broken or cut off; save the workbook again") from None

    def feed(self, data: bytes) -> None:
        """Parse the next bytes.

        Raises:
            UnreadableError: They are no XML.
        """
        self._parse(data, last=False)

    def finish(self) -> None:
        """Parse the end.

        Raises:
            UnreadableError: What was parsed is no whole XML.
        """
        self._parse(b"", last=True)

    def _parse(self, data: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise UnreadableError(
                f"{self._what} is broken: {expat.ErrorString(error.code)} in line {error.lineno}; "
                "save the workbook again"
            ) from None

    def _count_begin(self, name: str, attributes: dict[str, str]) -> None:
        self.begun += 1
        self._begin(name.rpartition(":")[2], attributes)

    def _note_encoding(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = encoding and encoding.lower()


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
