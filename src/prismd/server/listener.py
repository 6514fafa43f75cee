"""The listening socket of ``prismd serve``; it is opened before anything slow begins."""

from __future__ import annotations

import errno
import socket
from typing import Final

from prismd.server.failure import Failure

_BACKLOG: Final = 1024
_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared with, not bound to


def listen(host: str, port: int, chosen_with: str = "--port") -> socket.socket:
    """Listen on an address; connections wait until the server is ready.

    Args:
        host: Name or address.
        port: TCP port; 0 takes a free one.
        chosen_with: The option or variable that chooses another port, for the message.

    Raises:
        Failure: The address is in use or not available; the line says why.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return socket.create_server(found[0][4][:2], family=found[0][0], backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise Failure(f"port {port} of {host} is in use: choose another with {chosen_with}") from error
        raise Failure(f"cannot listen on port {port} of {host!r}: {reason}") from error


def url_of(listener: socket.socket) -> str:
    """Return the URL under which this machine reaches a listening socket."""
    return _url(*listener.getsockname()[:2])


def local_url(host: str, port: int) -> str | None:
    """Return the URL under which this machine reaches a server; None if its port is 0, which stands for any free port.

    Args:
        host: Name or address that the server listens on.
        port: TCP port.
    """
    return _url(host, port) if port else None


def _url(host: str, port: int) -> str:
    host = _ANY_ADDRESS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
