"""A document into which code under NDA was pasted stays NDA, also where another action reads it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from support_channel_desk import ChannelDesk
from support_fake_server import FakeServer, answer
from support_git import Repo
from support_leaks import MODEL, REPLY, World, canary, traces
from support_repository import put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

SECRET = "".join(f"    value_{n} = settle_account({n}, other={n + 1})\n" for n in range(30))
PASTED = f"def settle_all(a):\n{SECRET}    return a\n"
CALLER = "from lib.host import helper\n\n\ndef caller(a):\n    return helper(a)\n"


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[World]:
    with FakeServer(answer(REPLY), models=(MODEL,)) as cloud:
        world = World(tmp_path, cloud, capfd)
        for name, value in world.variables.items():
            monkeypatch.setenv(name, value)
        put(world.root / "clients" / "settle.py", PASTED)
        put(world.root / "lib" / "host.py", "def helper(a):\n    return a\n")
        put(world.root / "lib" / "caller.py", CALLER)
        repo = Repo(world.root)
        repo.git("add", "-A")
        repo.commit("Start")
        yield world


@pytest.mark.parametrize("taken_out", [True, False], ids=["pasted", "never pasted"])
def test_what_was_pasted_into_is_read_by_no_other_action(world: World, taken_out: bool) -> None:  # noqa: FBT001 - the case and its twin
    """What is written after it may be made of it: for the cloud the document does not exist."""
    mark = canary()
    derived = f"def helper(a, {mark}=1):\n    return a\n"
    host, caller = world.root / "lib" / "host.py", world.root / "lib" / "caller.py"
    with closing(ChannelDesk(world)) as desk:
        desk.open(host.as_uri(), "python", host.read_text("utf-8"))
        desk.open(caller.as_uri(), "python", CALLER)
        assert desk.act(host.as_uri(), 1).startswith("cloud")
        if taken_out:
            desk.change(host.as_uri(), PASTED)
            assert desk.act(host.as_uri(), 1, lane="cloud").startswith("local: NDA")
        desk.change(host.as_uri(), derived)
        put(host, derived)
        Repo(world.root).git("add", "-A")
        own = desk.act(host.as_uri(), 1)
        assert own.startswith("local: NDA" if taken_out else "cloud")
        world.cloud.received.clear()
        assert desk.act(caller.as_uri(), 3, lane="cloud").startswith("cloud")
        for action in ("changes-all", "changes-staged", "commit", "tests"):
            desk.act(caller.as_uri(), 3, lane="cloud", action=action)
        told = f"no parameter `{mark}`"
        desk.act(caller.as_uri(), 4, lane="cloud", action="fix", instruction=told)
        assert bool(traces(bytes(world.cloud.received), mark)) is not taken_out
