"""The local lane's look-up: every address that a name has must be near.

A connection looks its name up once and goes to one of those very addresses, so that another answer of
the name server a moment later changes nothing. TLS still asks for the name.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from twolane_server.errors import LaneNotLocal
from twolane_server.lanes.connect import look_up
from twolane_server.nearby import Network, refusal

if TYPE_CHECKING:
    from twolane_server.lanes.connect import LookUp

__all__ = ["only_near"]


def only_near(allowed: tuple[Network, ...] = (), find: LookUp = look_up) -> LookUp:
    """A look-up that gives near addresses or none.

    It raises `LaneNotLocal` where one of a name's addresses is not near, so that nothing is
    connected to, and what `find` raises.

    Args:
        allowed: networks that the user listed.
        find: looks a name up.
    """

    async def near(host: str, port: int) -> tuple[str, ...]:
        addresses = [ip_address(each) for each in await find(host, port)]
        for address in addresses:
            if told := refusal(host, address, allowed):
                raise LaneNotLocal(told)
        return tuple(map(str, addresses))

    return near
