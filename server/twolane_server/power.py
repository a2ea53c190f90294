"""Whether this machine runs on its battery, as Linux tells it; elsewhere it is taken to be plugged in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["POWER_SUPPLIES", "Supply", "on_battery", "supplies"]

POWER_SUPPLIES = Path("/sys/class/power_supply")


@dataclass(frozen=True, slots=True)
class Supply:
    """What one folder of `/sys/class/power_supply` says; empty where it says nothing.

    Attributes:
        kind: `Mains`, `USB`, `Battery`, `UPS`, `Wireless`.
        online: `1` where a mains supply is plugged in.
        status: of a battery: `Discharging`, `Charging`, `Full`, `Not charging`, `Unknown`.
        scope: `Device` for the battery of a mouse or the like.
    """

    kind: str
    online: str = ""
    status: str = ""
    scope: str = ""


def on_battery(known: Iterable[Supply]) -> bool:
    """Whether a battery of the machine's own is being used up and nothing is plugged in."""
    there = [one for one in known if one.scope != "Device"]
    if any(one.kind != "Battery" and one.online == "1" for one in there):
        return False
    return any(one.kind == "Battery" and one.status == "Discharging" for one in there)


def supplies(folder: Path = POWER_SUPPLIES) -> tuple[Supply, ...]:
    """Read what the system says. Waits for the hardware, milliseconds at most."""
    try:
        folders = sorted(folder.iterdir())
    except OSError:
        return ()
    return tuple(
        Supply(*(_word(one / name) for name in ("type", "online", "status", "scope")))
        for one in folders
    )


def _word(file: Path) -> str:
    try:
        return file.read_text("ascii", "replace").strip()
    except OSError:
        return ""
