"""On the battery or not, from what Linux tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_repository import put
from twolane_server.power import Supply, on_battery, supplies

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = Supply("Battery", status="Discharging")
PLUG, NO_PLUG = Supply("Mains", online="1"), Supply("Mains", online="0")


@pytest.mark.parametrize(
    ("known", "battery"),
    [
        ((), False),
        ((EMPTY,), True),
        ((EMPTY, NO_PLUG), True),
        ((EMPTY, PLUG), False),
        ((EMPTY, NO_PLUG, Supply("USB", online="1")), False),
        ((Supply("Battery", status="Full"), NO_PLUG), False),
        ((Supply("Battery", status="Charging"),), False),
        ((Supply("Battery", status="Discharging", scope="Device"),), False),  # a mouse
        ((NO_PLUG,), False),
        ((Supply(""),), False),
    ],
)
def test_who_drains(known: tuple[Supply, ...], *, battery: bool) -> None:
    assert on_battery(known) is battery


def test_it_is_read_from_the_systems_files(tmp_path: Path) -> None:
    for name, kind in (("AC", "Mains"), ("BAT0", "Battery")):
        put(tmp_path / name / "type", f"{kind}\n")
    put(tmp_path / "AC" / "online", "0\n")
    put(tmp_path / "BAT0" / "status", "Discharging\n")
    put(tmp_path / "hidpp_battery_0" / "type", "Battery\n")
    put(tmp_path / "hidpp_battery_0" / "scope", "Device\n")
    found = supplies(tmp_path)
    assert found == (
        NO_PLUG,
        EMPTY,
        Supply("Battery", scope="Device"),
    )
    assert on_battery(found)


def test_where_nothing_is_told_it_is_plugged_in(tmp_path: Path) -> None:
    assert supplies(tmp_path / "none") == ()
    put(tmp_path / "file", "x")
    assert not on_battery(supplies(tmp_path))
