"""The limit on what one request can read: beyond it, the request is refused and memory stays free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prismd.core.errors import PrismdError

#: Bytes of memory that a value takes in addition to its text.
VALUE_BYTES: Final = 100


@dataclass(slots=True)
class ReadingBudget:
    """The bytes that one request has read, and their limit.

    Args:
        bytes_max: Maximum of bytes of JSON, where each value counts :data:`VALUE_BYTES` more.
        of: The things read, for the message.
        advice: Advice on how to read less, for the message.
        taken: Bytes read so far.
    """

    bytes_max: int
    of: str = "records"
    advice: str = "name fewer records, or fewer properties by `select`"
    taken: int = 0

    def take(self, text: str | None, values: int = 0) -> None:
        """Count a text that was read.

        Args:
            text: JSON text; None if the text alone exceeds the limit and was not read.
            values: Number of values in the text.

        Raises:
            PrismdError: ``invalid_request``: the limit is exceeded.
        """
        if text is not None:
            self.taken += (len(text) if text.isascii() else len(text.encode())) + values * VALUE_BYTES
        if text is None or self.taken > self.bytes_max:
            message = f"the request reads more than {self.bytes_max:,} bytes of {self.of} (PRISMD_READ_BYTES_MAX)"
            raise PrismdError("invalid_request", f"{message}; {self.advice}")
