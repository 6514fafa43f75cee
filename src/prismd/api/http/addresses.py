"""The address that a request comes from: its connection's peer, or the client that a trusted proxy names."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from prismd.settings import SettingError

#: A host with one IPv6 address can use every address of its network of this size.
_NETWORK_BITS: Final = 64
#: The most proxies in a row that are followed.
_HOPS_MAX: Final = 20

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def origin_of(address: str) -> str:
    """Return the origin that limits count: the IPv4 address, or the network of an IPv6 address.

    Args:
        address: The address, as the system writes it.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _NETWORK_BITS), strict=False))


class TrustedProxies:
    """The proxies whose header ``x-forwarded-for`` prismd trusts.

    Args:
        text: Addresses and networks, separated by commas.

    Raises:
        SettingError: One part is neither an address nor a network.
    """

    def __init__(self, text: str) -> None:
        self._networks = [_network(part.strip()) for part in text.split(",") if part.strip()]

    def __contains__(self, address: str) -> bool:
        """Say whether an address is that of a trusted proxy."""
        if not self._networks:
            return False
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return any(found in network for network in self._networks)

    def client(self, peer: str, forwarded: Iterable[str]) -> str:
        """Return the address that a request comes from.

        Args:
            peer: Address of the connection's other end.
            forwarded: The values of ``x-forwarded-for``, in order; each proxy appends the address of its own peer.
        """
        if peer not in self:
            return peer
        hops = [hop.strip() for hop in ",".join(forwarded).rsplit(",", _HOPS_MAX)]
        for hop in reversed(hops):
            if not _is_address(hop):
                break
            peer = hop
            if hop not in self:
                break
        return peer


def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise SettingError(
            f"PRISMD_TRUSTED_PROXIES must be addresses or networks, separated by commas, not {text!r}"
        ) from None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
