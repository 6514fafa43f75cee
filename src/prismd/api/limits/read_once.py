"""A request class that returns the body once and keeps no copy, so that its memory is free after the answer."""

from __future__ import annotations

from typing import Any

from litestar import Request


class ReadOnce(Request[Any, Any, Any]):
    """A request of the framework; without this class it would keep a second copy of the body until it is collected."""

    async def body(self) -> bytes:
        """Return the body; it can be read once. A body that arrived as one piece is not copied."""
        pieces = [piece async for piece in self.stream() if piece]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
