"""What service and menu make of a cloud lane that is left alone; and on whose behalf lanes are asked."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support_fake_server import FakeServer, answer, refusal
from support_repositories import Alone
from support_repository import put
from support_team import rest_is_over, until_probed
from support_trust import make_folders, trusted_repository
from twolane_context.spans import Span
from twolane_server.actions.catalogue import action_named
from twolane_server.documents import Document
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.limits import Who
from twolane_server.orders import Order, who
from twolane_server.rules.knowledge import Known
from twolane_server.rules.labels import rules_for
from twolane_server.service import Service
from twolane_server.session import Session
from twolane_server.settings.resolved import (
    EmbeddedSettings,
    HealthSettings,
    KeySource,
    LaneSettings,
    Mode,
    NdaRules,
    Settings,
)
from twolane_server.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.orders import Result

CODE = "def join(a):\n    return a\n"
CLOUD, LOCAL = LaneName.CLOUD, LaneName.LOCAL
MODEL = "deepseek-v3.2"


class Desk:
    """A repository whose open code may use the cloud, and a service before two servers."""

    def __init__(self, top: Path, cloud: FakeServer, local: FakeServer) -> None:
        self.folders = make_folders(top / "own")
        self.root = trusted_repository(top / "r", self.folders, '[nda]\npaths = ["clients/"]\n')
        self.environ = {"KEY": "sk-" + "x" * 20}
        self.service = Service(self.folders, self.environ, Alone())
        self.settings = Settings(
            local=LaneSettings(local.url, "Qwen3-Coder", retries=0),
            cloud=LaneSettings(cloud.url, MODEL, KeySource(environment="KEY"), retries=0),
            embedded=EmbeddedSettings(enabled=False),
            health=HealthSettings(breaker_failures=1, rest_seconds=600.0),
        )

    def document(self, name: str = "a.py") -> Document:
        file = put(self.root / name, CODE)
        return Document(file.as_uri(), str(file), "python", 1, Text.of(CODE))

    def order(self, name: str = "a.py") -> Order:
        at = CODE.index("return")
        return self.service.order("docstring", self.document(name), Span(at, at))

    async def run(
        self,
        name: str = "a.py",
        settings: Settings | None = None,
        forced: LaneName | None = None,
    ) -> Result:
        order = replace(self.order(name), forced=forced)
        ready = await self.service.prepare(order, settings or self.settings, may_ask=True)
        return await self.service.carry_out(
            ready, lambda _t, _c: None, lambda _s, _p: None, lambda _d: None
        )

    def titles(self) -> list[str]:
        session, document = Session(self.folders, self.environ), self.document()
        session.settings = self.settings
        session.put(document)
        session.learn(document.uri, self.service.known(document.path, self.settings))
        snapshot = session.snapshot(document.uri)
        assert snapshot is not None
        found = self.service.offers(session, snapshot, Span(20, 20))
        return [o.decision.short for o in found if o.decision and o.action.name == "docstring"]


DONE = answer("Join it.")


async def test_while_it_rests_menu_and_decision_say_local_and_nobody_calls_it(
    tmp_path: Path,
) -> None:
    async with (
        FakeServer(refusal(503), DONE, models=(MODEL,)) as cloud,
        FakeServer(DONE) as local,
    ):
        desk = Desk(tmp_path, cloud, local)
        assert desk.titles() == ["[cloud deepseek-v3.2]"]
        assert (await desk.run()).decision.lane is LOCAL
        assert desk.titles() == ["[local: cloud unusable]"]
        called = len(cloud.requests)
        ready = await desk.service.prepare(desk.order(), desk.settings)
        assert ready.decision.lane is LOCAL
        assert re.search(r"it is left alone for (5\d\d|600) s", str(ready.decision))
        assert len(cloud.requests) == called
        await desk.service.aclose()


async def test_who_would_use_it_has_it_probed_and_then_it_is_used_again(tmp_path: Path) -> None:
    async with (
        FakeServer(refusal(503), DONE, models=(MODEL,)) as cloud,
        FakeServer(DONE) as local,
    ):
        desk = Desk(tmp_path, cloud, local)
        assert (await desk.run()).decision.lane is LOCAL
        runner = desk.service._runner  # pyright: ignore[reportPrivateUsage] - for its clock
        assert runner is not None
        traffic = runner._kept.traffic(CLOUD, desk.settings)  # pyright: ignore[reportPrivateUsage] - as above
        await rest_is_over(traffic)
        called = len(cloud.requests)
        for looking in (desk.titles, lambda: None):
            looking()
            await desk.service.prepare(desk.order(), desk.settings)  # as `twolane route` does
            await desk.run("clients/b.py")
            await desk.run(settings=replace(desk.settings, mode=Mode.LOCAL))
            await desk.run(forced=LOCAL)
        await asyncio.sleep(0.3)
        assert len(cloud.requests) == called, "nobody wanted the cloud"
        assert (await desk.run()).decision.lane is LOCAL
        assert await cloud.until(lambda fake: len(fake.requests) == called + 1)
        await until_probed(traffic)
        assert (await desk.run()).decision.lane is CLOUD
        await desk.service.aclose()


@pytest.mark.parametrize(("action", "batch"), [("docstring", False), ("refactor", True)])
def test_lanes_are_asked_for_a_document_or_in_batches_for_its_repository(
    action: str,
    batch: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    root = trusted_repository(tmp_path / "r", make_folders(tmp_path / "own"), "[nda]\n")
    file = put(root / "a.py", CODE)
    document = Document(file.as_uri(), str(file), "python", 1, Text.of(CODE))
    order = Order(action_named(action), document, Span(0, 0))
    known = Known(rules_for(file, NdaRules()))
    assert who(order, known) == Who(str(root if batch else file), batch)
    untitled = replace(document, uri="untitled:1", path="")
    assert who(replace(order, document=untitled), Known(None)) == Who("untitled:1", batch)
