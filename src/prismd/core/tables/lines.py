r"""The lines of a text that comes in pieces."""

from __future__ import annotations

import io
from collections.abc import Iterator


class LongLineError(ValueError):
    """A line is too long to be held; the message names it."""


def lines_of(texts: Iterator[str], chars_max: int) -> Iterator[str]:
    r"""Yield lines with their ends: ``\n``, ``\r\n`` or ``\r``, and nothing else, ends a line.

    Args:
        texts: A text cut anywhere.
        chars_max: The most characters of a line.

    Raises:
        LongLineError: A line has more characters.
    """
    pending = ""
    line = 0
    for text in texts:
        pending += text
        # A carriage return at the end may be half of a line end.
        whole = pending.removesuffix("\r")
        rest = pending[len(whole) :]
        last = ""
        for last in io.StringIO(whole, newline=""):
            if last.endswith(("\n", "\r")):
                yield last
                line += 1
        pending = rest if last.endswith(("\n", "\r")) else last + rest
        if len(pending) > chars_max:
            raise LongLineError(f"line {line + 1} has more than {chars_max} characters; is this CSV?")
    if pending:
        yield pending
