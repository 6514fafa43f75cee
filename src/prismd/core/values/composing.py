"""The composed form of texts (NFC), in time that is linear in their length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

#: The most marks in a row that are sorted together, as in the Stream-Safe Text Format (UAX #15); no language has more.
#: Sorting marks takes time that grows with the square of their number.
MARKS_MAX: Final = 30

#: The part of Unicode with marks; searching all of it would make every start a tenth of a second longer.
_PLANES: Final = range(0x20000)
_MARK: Final = "".join(char for char in map(chr, _PLANES) if unicodedata.combining(char))
_MANY_MARKS: Final = re.compile(f"(?<![{_MARK}])[{_MARK}]{{{MARKS_MAX + 1},}}+")


def composed(text: str) -> str:
    """Return a text in its composed form; of more than thirty marks in a row, each thirty are composed separately.

    Args:
        text: Any text, of any length.
    """
    if text.isascii():
        return text
    if _MANY_MARKS.search(text) is None:
        return unicodedata.normalize("NFC", text)
    return "".join(unicodedata.normalize("NFC", part) for part in _parts(text))


def _parts(text: str) -> Iterator[str]:
    start = 0
    for run in _MANY_MARKS.finditer(text):
        for end in range(run.start() + MARKS_MAX, run.end(), MARKS_MAX):
            yield text[start:end]
            start = end
    yield text[start:]
