"""What a lane's base URL says, checked before anything is sent there."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from twolane_server.errors import SettingsError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A base URL in parts.

    Attributes:
        base: the URL without a slash at its end.
        secure: whether it is https.
        host: `host:port`; an IPv6 address in brackets.
        loopback: whether it is this machine, told from the name alone.
    """

    base: str
    secure: bool
    host: str
    loopback: bool


def address(url: str, setting: str) -> Address:
    """Read a base URL.

    Args:
        url: as configured.
        setting: the setting's name, for the sentence.

    Raises:
        SettingsError: not http or https, no host, or with parts that would be lost or shown
            (a user name, a query).
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise SettingsError(f"{setting} is no URL. Write one like https://host/v1.") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise SettingsError(f"{setting} is no http or https URL. Write one like https://host/v1.")
    if parts.username is not None or parts.password is not None:
        raise SettingsError(f"{setting} holds a user name. Give the key as {setting[:-3]}key.")
    if parts.query or parts.fragment:
        raise SettingsError(f"{setting} holds a `?` or `#`. Write it up to and with /v1 only.")
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(
        base=url.strip().rstrip("/"),
        secure=parts.scheme == "https",
        host=f"{name}:{port or _PORTS[parts.scheme]}",
        loopback=_is_loopback(parts.hostname),
    )


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
