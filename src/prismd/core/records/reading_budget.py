"""How much of records one request may read: what would be more is refused, and never held in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prismd.core.errors import PrismdError

#: What a value takes in memory beside its text.
VALUE_BYTES: Final = 100


@dataclass(slots=True)
class ReadingBudget:
    """What one request reads.

    Args:
        bytes_max: Bytes of JSON, with :data:`VALUE_BYTES` more for each value.
        of: What it reads.
        advice: How to read less.
        taken: Bytes read so far.
    """

    bytes_max: int
    of: str = "records"
    advice: str = "name fewer records, or fewer properties by `select`"
    taken: int = 0

    def take(self, text: str | None, values: int = 0) -> None:
        """Count what was read.

        Args:
            text: JSON, or None where it alone was too long to be read.
            values: Values in it.

        Raises:
            PrismdError: ``invalid_request``: it is more than may be.
        """
        if text is not None:
            self.taken += (len(text) if text.isascii() else len(text.encode())) + values * VALUE_BYTES
        if text is None or self.taken > self.bytes_max:
            message = f"the request reads more than {self.bytes_max:,} bytes of {self.of} (PRISMD_READ_BYTES_MAX)"
            raise PrismdError("invalid_request", f"{message}; {self.advice}")
