"""Requests whose bodies are handed out once and kept by nobody, so that their memory ends with the answer."""

from __future__ import annotations

from typing import Any

from litestar import Request


class ReadOnce(Request[Any, Any, Any]):
    """A request of the framework, which would keep a second copy of each body for as long as it is not collected."""

    async def body(self) -> bytes:
        """Return the body; it can be asked for once. The piece that it came in is not copied, where it was one."""
        pieces = [piece async for piece in self.stream() if piece]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
