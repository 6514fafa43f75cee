"""XML of a great many like elements, such as rows: those in their usual form are taken as text, past the parser.

A parser of XML makes a call for each tag and each text. Where an element stands in a form of which every character is
accounted for, it is taken out of the XML, and the parser gets what is around it. What the parser gets is well-formed
exactly if the whole is. That holds only where the parser stands between two elements, so this is made sure of:

- The first element is taken out right after a tag that the parser itself has reported as begun.
- An element that is not in the usual form goes to the parser, up to its end. It must begin with the tag of such an
  element and have no other one within, else its end might not be the end of the tag that it begins with.
- An element with a comment, a marked section or an instruction is left to the parser with all that follows it, as the
  tags within these are none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Final

from prismd.files.spreadsheets.xml_events import Begin, End, Text, XmlParser

#: An element that is longer than this, in bytes, goes to the parser with all that follows it.
_ELEMENT_BYTES_MAX: Final = 2**20
_SPACE: Final = " \t\r\n"
_ENCODINGS: Final = (None, "utf-8", "us-ascii")


@dataclass(frozen=True, slots=True)
class UsualElements:
    """The elements that are taken as text.

    Args:
        name: Of the element, without a prefix.
        take: Takes elements in their usual form from a place of a text on, and returns the place after the last one
            that it takes, which is the end of an element; what it takes has no line ends.
    """

    name: str
    take: Callable[[str, int], int]


def parsed_past_usual(  # noqa: PLR0917 - those of `parsed`, and the elements
    stream: IO[bytes], what: str, usual: UsualElements, begin: Begin, end: End, text: Text
) -> Iterator[None]:
    """Read XML block by block, and yield after each block; the arguments are those of :func:`parsed`.

    Args:
        stream: The XML.
        what: Its name in messages.
        usual: Elements to take as text; for them, nothing else is called.
        begin: Called where an element begins.
        end: Called where it ends.
        text: Called with the text between.

    Raises:
        UnreadableError: It is no XML, or declares a document type.
    """
    parser = XmlParser(stream, what, begin, end, text)
    reader = _Reader(parser, usual)
    while block := parser.block():
        reader.read(block)
        yield
    reader.finish()
    yield


class _Reader:
    """Gives each part of the XML to the parser, or takes it as text.

    Args:
        parser: The parser.
        usual: The elements to take as text.
    """

    def __init__(self, parser: XmlParser, usual: UsualElements) -> None:
        self._parser, self._usual = parser, usual
        self._opening, self._closing = f"<{usual.name}", f"</{usual.name}>"
        self._close = self._closing.encode()
        self._rest = b""
        #: Whether an element has come, and whether the parser stands between two of them.
        self._met = self._between = False

    def read(self, block: bytes) -> None:
        """Read the next bytes."""
        if self._met and not self._between:
            self._parser.feed(block)
            return
        data = self._rest + block
        whole = data.rfind(self._close) + len(self._close)
        if whole < len(self._close):
            self._rest = data
        else:
            self._rest = data[whole:]
            self._read_whole(data[:whole])
        if (self._met and not self._between) or len(self._rest) > _ELEMENT_BYTES_MAX:
            self._leave_to_parser(self._rest)

    def finish(self) -> None:
        """Read the end of the XML."""
        self._parser.feed(self._rest)
        self._parser.finish()

    def _leave_to_parser(self, data: bytes) -> None:
        self._met, self._between, self._rest = True, False, b""
        self._parser.feed(data)

    def _read_whole(self, data: bytes) -> None:
        """Read bytes that end with the tag that ends an element."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self._leave_to_parser(data + self._rest)
            return
        at = 0
        if not self._met:
            self._met = True
            at = self._begun(text)
        while self._between and at < len(text):
            at = self._usual.take(text, at)
            if at < len(text):
                at = self._parse_one(text, at)
        self._parser.feed(text[at:].encode())

    def _begun(self, text: str) -> int:
        """Parse what stands before the first element, and return the place of that."""
        at = text.find(self._opening)
        before = text[: max(at, 0)]
        tags = before.rstrip(_SPACE)
        if at < 0 or not tags.endswith(">") or tags.endswith("/>"):
            return 0
        # Only the tag's last sign makes the parser tell of it: so it is the end of a tag, and no text of an attribute.
        self._parser.feed(tags[:-1].encode())
        known = self._parser.begun
        self._parser.feed(before[len(tags) - 1 :].encode())
        self._between = self._parser.begun > known and self._parser.encoding in _ENCODINGS
        return at

    def _parse_one(self, text: str, at: int) -> int:
        """Give what stands up to the end of the next element to the parser, and return the place after it."""
        after = text.find(self._closing, at) + len(self._closing)
        element = text[at:after]
        self._between = (
            _is_plain(element)
            and element.count(self._opening) == 1
            and element.lstrip(_SPACE).startswith(self._opening)
        )
        self._parser.feed(element.encode())
        return after


def _is_plain(text: str) -> bool:
    return "<!" not in text and "<?" not in text
