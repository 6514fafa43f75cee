"""Hostile texts for addresses and headers: as they stand there, percent-encoded where that is how they get in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

#: Makes a text of about so many characters.
Text = Callable[[int], str]


def _repeated(part: str) -> Text:
    return lambda most: part * (most // len(part))


#: By name, what stands in a path, in a query or in a header.
TEXTS: Final[Mapping[str, Text]] = {
    "NUL characters": _repeated("%00"),
    "bytes that are no UTF-8": _repeated("%ff%c0"),
    "halves of pairs": _repeated("%ed%a0%80"),
    "percent signs": _repeated("%25"),
    "broken percent signs": _repeated("%zz%"),
    "combining marks": lambda most: "a" + "%cc%81%cc%a3" * (most // 12),
    "digits": _repeated("7"),
    "a minus and digits": lambda most: "-" + "9" * (most - 1),
    "an absurd exponent": lambda _: "1e999999999",
    "a number that no column holds": lambda _: "9" * 30,
    "letters": _repeated("a"),
    "commas": _repeated("a,"),
    "dots": _repeated("a."),
    "slashes": _repeated("%2F.."),
    "quotation marks": _repeated("%22"),
    "brackets": _repeated("%5B%7B"),
    "a path through references": _repeated("contacts.company."),
    "text of a regular expression": _repeated("(a+)%2B%24|%5C1"),
    "wildcards": _repeated("%25_%5C"),
    "SQL": _repeated("%27%3B--"),
    "nothing": lambda _: "",
}
