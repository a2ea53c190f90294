"""The local lane's entry in the ledger."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from support_border import sending
from support_waiting import PATIENCE
from twolane_server.border.ledger import Ledger
from twolane_server.lanes.base import LaneName
from twolane_server.routing.account import recorded
from twolane_server.routing.reply import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twolane_server.border.records import Sending


async def test_the_entry_is_begun_before_the_request_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, before_send = threading.Event(), Ledger.before_send

    def noted(ledger: Ledger, one: Sending, allowed: Callable[[], None]) -> int:
        begun.set()
        return before_send(ledger, one, allowed)

    monkeypatch.setattr(Ledger, "before_send", noted)
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        answer = Answer(lambda _text, _many: None)
        async with recorded(ledger, sending(lane=LaneName.LOCAL), answer, pytest.fail) as entry:
            assert begun.wait(PATIENCE)  # in which the loop does nothing
            assert await entry is not None
