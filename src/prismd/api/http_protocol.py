"""HTTP itself: what is no request is refused with the envelope too (contract, section 3); streams end at a stop."""

from __future__ import annotations

from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from prismd.api.errors import JSON, refusal
from prismd.api.scope_keys import ON_STOP
from prismd.core.errors import PrismdError


class HttpProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, for ``uvicorn.Config(http=HttpProtocol)``."""

    def shutdown(self) -> None:
        """Let the request under way finish, and tell the application, so that it ends those that have no end."""
        super().shutdown()
        if on_stop := self.app_state.get(ON_STOP):
            on_stop()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP request, which never reaches the application, and close the connection.

        Args:
            msg: What the parser says.
        """
        answer = refusal(PrismdError("invalid_request", f"This is no HTTP request: {msg}"), str(uuid4()))
        headers = {
            "content-type": JSON,
            "content-length": str(len(answer.body)),
            "connection": "close",
            **answer.headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(f"HTTP/1.1 400 Bad Request\r\n{lines}\r\n".encode() + answer.body)
        self.transport.close()
