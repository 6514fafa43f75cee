"""The response of a stream that takes a seat: it closes its generator and gives the seat back, however it ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Receive, Scope, Send

from prismd.api.http.scope_keys import HEAD_ONLY


class SeatedStream(ASGIStreamingResponse):
    """A streamed response.

    Args:
        parts: Yields the parts of the answer; an exception cuts the connection, so that no client takes it for whole.
        media_type: The media type of the answer.
        headers: Further headers.
        leave: Gives the seat back.
    """

    def __init__(
        self,
        parts: AsyncGenerator[bytes, None],
        *,
        media_type: str,
        headers: Mapping[str, str],
        leave: Callable[[], None],
    ) -> None:
        super().__init__(iterator=parts, media_type=media_type, headers=dict(headers))
        self._parts = parts
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        # A cancelled send leaves the generator suspended, so close it here.
        try:
            async with aclosing(self._parts):
                self.is_head_response = bool(scope.get(HEAD_ONLY))
                await super().__call__(scope, receive, send)
        finally:
            self._leave()
