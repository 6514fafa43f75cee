"""Tells whether others on the network can read the server's traffic: by its address, and by the TLS in front of it."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from prismd.settings import SettingError, Settings


def public_url(settings: Settings) -> str:
    """Return the address by which clients reach the server; empty if the setting is empty.

    Args:
        settings: The settings in force.

    Raises:
        SettingError: The setting is not the address of a server.
    """
    url = settings.public_url.rstrip("/")
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query):
        raise SettingError(
            f"PRISMD_PUBLIC_URL must be the address of a server without a path, such as https://prism.example.org, "
            f"not {settings.public_url!r}"
        )
    return url


def is_readable(settings: Settings) -> bool:
    """Say whether the server listens beyond this machine without TLS in front of it."""
    return not public_url(settings).startswith("https://") and not _is_loopback(settings.host)


def what_to_do() -> str:
    """Return the advice for a server whose traffic others can read."""
    return (
        "put a proxy that does TLS in front and tell its address with PRISMD_PUBLIC_URL=https://…, "
        "or listen on 127.0.0.1 (docs/operations.md)"
    )


def _is_loopback(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host or None, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(one[4][0]).partition("%")[0]).is_loopback for one in found)
