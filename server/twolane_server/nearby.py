"""Where the local lane may lead: this machine, a private network, or what the user listed.

Told of an address, never of a name: a name may mean something else at the next look-up. An address
that only leads to another one (IPv4 in IPv6, NAT64, 6to4) is judged by where it leads, or not at all.

Refused, though some call them private, are 169.254.0.0/16 and fe80::/10, where clouds answer with a
machine's own keys, and 100.64.0.0/10: it belongs to internet providers, and only who uses it for a
network of his own (Tailscale does) knows that it is one; he lists it.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Network, IPv6Network

__all__ = ["Address", "Network", "literal", "network", "refusal"]

Address: TypeAlias = "IPv4Address | IPv6Address"
Network: TypeAlias = "IPv4Network | IPv6Network"

_NEAR: tuple[Network, ...] = tuple(
    ip_network(each)
    for each in (
        *("127.0.0.0/8", "::1/128"),
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    )
)
_HINTS: tuple[tuple[Network, str], ...] = (
    (ip_network("0.0.0.0/32"), "that is no address to go to; write 127.0.0.1"),
    (ip_network("::/128"), "that is no address to go to; write ::1"),
    (
        ip_network("169.254.0.0/16"),
        "there a cloud's machine finds its own keys; link-local addresses are not used",
    ),
    (ip_network("fe80::/10"), "link-local addresses are not used"),
    (
        ip_network("100.64.0.0/10"),
        "that range is your internet provider's, unless you use it yourself, as with Tailscale",
    ),
)


def network(text: str) -> Network:
    """An address or a network as a person lists it: `203.0.113.7`, `10.1.0.0/16`.

    Raises:
        ValueError: it is neither, has bits behind its prefix, or is all there is.
    """
    found = ip_network(text.strip())
    if found.prefixlen == 0:
        raise ValueError("is everything; name the networks that are yours")
    return found


def literal(host: str) -> Address | None:
    """The address that a URL's host is, or `None` for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def refusal(host: str, address: Address, allowed: Iterable[Network] = ()) -> str | None:
    """Why the local lane must not lead to an address, and what to do; `None` if it may.

    Args:
        host: as the URL names it.
        address: where a connection would go.
        allowed: the networks that the user listed.
    """
    why = _why_far(address, allowed)
    if why is None:
        return None
    leads = host if literal(host) == address else f"{host} ({address})"
    return (
        f"local.url leads to {leads}: {why}. Code under NDA would leave, so nothing is sent there. "
        "Give the local lane a server of your own, or list its address in local.allow."
    )


def _why_far(address: Address, allowed: Iterable[Network]) -> str | None:
    meant = _meant(address)
    if _within(meant, (*_NEAR, *allowed)):
        return None
    for held, hint in _HINTS:
        if _within(meant, (held,)):
            return hint
    return "that is neither this machine nor in a private network"


def _meant(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == each.version and address in each for each in networks)
