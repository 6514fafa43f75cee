"""A JSON text of any size split into its outermost values, by strings and brackets alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from prismd.files.rows import BUFFER_BYTES_MAX, FileProblemError

_WHITE: Final = b" \t\r\n"
# Everything up to the next relevant character, complete strings included; the match stops before a string that is not
# complete yet. Possessive repeats prevent backtracking over a broken string.
_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_UP_TO_OUTER_SIGN: Final = re.compile(rb'(?:[^"\[\]{},:]++|' + _STRING + rb")*+", re.DOTALL)
_UP_TO_BRACKET: Final = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+", re.DOTALL)
_NOT_WHITE: Final = re.compile(rb"[^ \t\r\n]")


class JsonScanner:
    """Reads a JSON text from left to right and returns raw values; it holds one value and one chunk at most.

    Args:
        chunks: The bytes of the text in UTF-8, cut anywhere.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = b""
        self._at = 0
        #: The current line, from 1.
        self.line = 1
        self._fill()
        while len(self._held) < len(b"\xef\xbb\xbf") and self._fill():
            pass
        self._held = self._held.removeprefix(b"\xef\xbb\xbf")

    def next_sign(self) -> bytes:
        """Return the next byte that is not white space, and stay before it; empty at the end of the text."""
        while True:
            found = _NOT_WHITE.search(self._held, self._at)
            if found:
                self._step_to(found.start())
                return found[0]
            self._step_to(len(self._held))
            if not self._fill():
                return b""

    def step_over(self, sign: bytes) -> None:
        """Step over a byte that :meth:`next_sign` has returned."""
        assert self._held.startswith(sign, self._at)  # noqa: S101 - a scanner out of step would lose rows
        self._at += len(sign)

    def take_value(self) -> bytes:
        """Return the raw value that begins here: an array or object to its end, another value to the next delimiter.

        Raises:
            FileProblemError: The text ends inside the value, or the value is too long to be held.
        """
        begins = self.line
        # The offset counts from the scanner's position, which does not move until the value is complete.
        depth, offset = 0, 0
        while True:
            passed = (_UP_TO_BRACKET if depth else _UP_TO_OUTER_SIGN).match(self._held, self._at + offset)
            assert passed  # noqa: S101 - the pattern matches the empty text too
            position = passed.end()
            sign = self._held[position : position + 1]
            offset = position - self._at
            if sign in (b"", b'"'):
                self._fill_value(begins)
                continue
            if depth == 0 and sign not in (b"[", b"{"):
                return self._cut(position)
            depth += 1 if sign in (b"[", b"{") else -1
            offset += 1
            if depth == 0:
                return self._cut(position + 1)

    def _cut(self, end: int) -> bytes:
        value = self._held[self._at : end]
        self._step_to(end)
        return value.strip(_WHITE)

    def _step_to(self, position: int) -> None:
        self.line += self._held.count(b"\n", self._at, position)
        self._at = position

    def _fill_value(self, begins: int) -> None:
        if len(self._held) - self._at > BUFFER_BYTES_MAX:
            raise FileProblemError(f"the value that begins at line {begins} has more than {BUFFER_BYTES_MAX} bytes")
        if not self._fill():
            raise FileProblemError(f"the file ends inside the value that begins at line {begins}; is it cut off?")

    def _fill(self) -> bool:
        chunk = next(self._chunks, b"")
        self._held = self._held[self._at :] + chunk
        self._at = 0
        return bool(chunk)
