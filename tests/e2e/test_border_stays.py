"""A document into which code under NDA was pasted stays NDA, also where another action reads it."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from support_channel_desk import ChannelDesk
from support_fake_server import FakeServer, answer
from support_git import Repo
from support_leaks import MODEL, REPLY, World, canary, traces
from support_repository import put
from support_wire import TWOLANE
from twolane_server.rules.tainted import Tainted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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


@pytest.mark.parametrize("taken_out", [True, False], ids=["pasted", "never pasted"])
def test_it_stays_so_after_a_restart_and_for_every_other_process(
    world: World,
    taken_out: bool,  # noqa: FBT001 - the case and its twin
) -> None:
    """L51: what was written after it is canary; no process sends a trace until the owner opens it."""
    mark = canary()
    derived = f"def helper(a, {mark}=1):\n    return a\n"
    host, caller = world.root / "lib" / "host.py", world.root / "lib" / "caller.py"
    repo = Repo(world.root)
    with closing(ChannelDesk(world)) as desk:
        desk.open(host.as_uri(), "python", host.read_text("utf-8"))
        desk.change(host.as_uri(), PASTED if taken_out else derived)
        desk.act(host.as_uri(), 1, lane="cloud")
        desk.change(host.as_uri(), derived)
    put(host, derived)
    repo.git("add", "-A")
    world.cloud.received.clear()
    expected = "local" if taken_out else "cloud"
    with closing(ChannelDesk(world)) as desk:
        desk.open(host.as_uri(), "python", derived)
        desk.open(caller.as_uri(), "python", CALLER)
        assert desk.act(host.as_uri(), 1, lane="cloud").startswith(expected)
        assert desk.act(caller.as_uri(), 3, lane="cloud").startswith("cloud")
        told = f"no parameter `{mark}`"
        desk.act(caller.as_uri(), 4, lane="cloud", action="fix", instruction=told)
        for action in ("changes-all", "changes-staged", "commit", "tests"):
            desk.act(caller.as_uri(), 3, lane="cloud", action=action)
        if taken_out:
            titles = str(desk.actions(host.as_uri(), 1))
            assert "[local: NDA code pasted into it on" in titles
            assert "(twolane label --open)" in titles
    asked = ("--json", "--lane", "cloud")
    assert world.run("route", "docstring", f"{host}:1", *asked).json["lane"] == expected
    assert world.docstring(host, "--lane", "cloud", line=1).json["decision"]["lane"] == expected
    assert world.docstring(caller, "--lane", "cloud", line=4).json["decision"]["lane"] == "cloud"
    world.run("do", "commit", f"{caller}:1", *asked)
    label = world.run("label", "--json", host).json
    assert label["label"] == ("NDA" if taken_out else "OPEN")
    shown = world.run("context", "--repo", world.root, "--audience", "cloud", f"{caller}:4").out
    assert (mark in shown) is not taken_out
    repo.git("mv", "lib/host.py", "lib/moved.py")
    moved = world.root / "lib" / "moved.py"
    assert world.docstring(moved, "--lane", "cloud", line=1).json["decision"]["lane"] == expected
    assert bool(traces(bytes(world.cloud.received), mark)) is not taken_out
    if taken_out:
        assert world.run("label", "--open", "--yes", moved).status == 0
        assert world.docstring(moved, line=1).json["decision"]["lane"] == "cloud"
        assert traces(bytes(world.cloud.received), mark)


def test_a_paste_that_is_taken_back_at_once_counts_too(world: World) -> None:
    """L26: no menu, no action and no save saw it; and the server ends before any did."""
    host = world.root / "lib" / "host.py"
    text = host.read_text("utf-8")
    with closing(ChannelDesk(world)) as desk:
        desk.open(host.as_uri(), "python", text)
        assert desk.act(host.as_uri(), 1).startswith("cloud")
        desk.change(host.as_uri(), PASTED)
        desk.change(host.as_uri(), text)
        assert desk.act(host.as_uri(), 1, lane="cloud").startswith("local: NDA")
    assert world.run("label", "--open", "--yes", host).status == 0
    assert world.docstring(host, line=1).json["decision"]["lane"] == "cloud"


@pytest.mark.parametrize("pasted", [True, False], ids=["pasted", "never pasted"])
@pytest.mark.parametrize("closed_first", [True, False], ids=["closed first", "closed after"])
@pytest.mark.parametrize("kind", ["file", "untitled", "untitled, opened with it"])
def test_what_is_saved_under_another_name_takes_it_along(
    world: World,
    pasted: bool,  # noqa: FBT001 - the case and its twin
    closed_first: bool,  # noqa: FBT001 - editors differ
    kind: str,
) -> None:
    """L8: a buffer into which code was pasted, saved as another file when that is out again."""
    mark = canary()
    derived = f"def helper(a, {mark}=1):\n    return a\n"
    uri = (world.root / "lib" / "host.py").as_uri() if kind == "file" else "untitled:Untitled-1"
    first = PASTED if pasted else derived
    saved = world.root / "lib" / "saved.py"
    with closing(ChannelDesk(world)) as desk:
        desk.open(uri, "python", first if kind.endswith("it") else "def helper(a):\n    return a\n")
        if kind == "file":
            assert desk.act(uri, 1).startswith("cloud")
        if not kind.endswith("it"):
            desk.change(uri, first)
        desk.change(uri, derived)
        put(saved, derived)
        if closed_first:
            desk.close_document(uri)
        desk.open(saved.as_uri(), "python", derived)
        if not closed_first:
            desk.close_document(uri)
        said = desk.act(saved.as_uri(), 1, lane="cloud")
        assert said.startswith("local: NDA" if pasted else "cloud"), said
    lane = world.docstring(saved, "--lane", "cloud", line=1).json["decision"]["lane"]
    assert lane == ("local" if pasted else "cloud")
    assert bool(traces(bytes(world.cloud.received), mark)) is not pasted
    if pasted:
        assert world.run("label", "--open", "--yes", saved).status == 0
        assert world.docstring(saved, line=1).json["decision"]["lane"] == "cloud"


def test_one_that_was_closed_without_saving_stays_too(world: World) -> None:
    """Editors bring back what was not saved, and nobody tells the server of that."""
    host = world.root / "lib" / "host.py"
    text = host.read_text("utf-8")
    with closing(ChannelDesk(world)) as desk:
        desk.open(host.as_uri(), "python", text)
        assert desk.act(host.as_uri(), 1).startswith("cloud")
        desk.change(host.as_uri(), PASTED)
        assert desk.act(host.as_uri(), 1).startswith("local: NDA")
        desk.close_document(host.as_uri())
        desk.open(host.as_uri(), "python", text)
        assert desk.act(host.as_uri(), 1, lane="cloud").startswith("local: NDA")
    assert world.docstring(host, "--lane", "cloud", line=1).json["decision"]["lane"] == "local"
    assert world.run("label", "--open", "--yes", host).status == 0
    assert world.docstring(host, line=1).json["decision"]["lane"] == "cloud"


def test_nothing_is_learnt_of_a_file_that_a_rule_keeps(world: World) -> None:
    """It holds its own code; once the rule is gone and the owner says so, it is open."""
    file = world.root / "clients" / "settle.py"
    with closing(ChannelDesk(world)) as desk:
        desk.open(file.as_uri(), "python", PASTED)
        desk.act(file.as_uri(), 1)
        desk.change(file.as_uri(), f"{PASTED}\n\n{PASTED}")
        desk.act(file.as_uri(), 1)
    assert not (world.folders.state / "pasted.json").exists()


def test_the_owners_word_reaches_a_running_editor(world: World) -> None:
    """And what is pasted after it counts anew."""
    host = world.root / "lib" / "host.py"
    text = host.read_text("utf-8")
    with closing(ChannelDesk(world)) as desk:
        desk.open(host.as_uri(), "python", text)
        for _ in range(2):
            assert desk.act(host.as_uri(), 1).startswith("cloud")
            desk.change(host.as_uri(), PASTED)
            assert desk.act(host.as_uri(), 1).startswith("local: NDA")
            assert world.run("label", "--open", "--yes", host).status == 0
            assert desk.act(host.as_uri(), 1).startswith("local: NDA"), "the code is still there"
            desk.change(host.as_uri(), text)
            assert desk.act(host.as_uri(), 1).startswith("local: NDA")
            assert world.run("label", "--open", "--yes", host).status == 0


def test_it_is_lost_with_nothing_but_its_file(world: World) -> None:
    """The cache may be thrown away; and while the file is gone, the editor still knows."""
    host = world.root / "lib" / "host.py"
    text = host.read_text("utf-8")
    with closing(ChannelDesk(world)) as desk:
        desk.open(host.as_uri(), "python", text)
        desk.change(host.as_uri(), PASTED)
        assert desk.act(host.as_uri(), 1).startswith("local: NDA")
        desk.change(host.as_uri(), text)
        while not (said := desk.act(host.as_uri(), 1)).startswith("local: NDA (code pasted"):
            assert said.startswith("local: NDA"), said  # also while the code is still read
        (world.folders.state / "pasted.json").unlink()
        assert desk.act(host.as_uri(), 1, lane="cloud").startswith("local: NDA")
    for file in (world.folders.cache / "index").iterdir():
        file.unlink()
    assert world.docstring(host, "--lane", "cloud", line=1).json["decision"]["lane"] == "local"
    put(world.folders.state / "pasted.json", "{")
    for file in (host, world.tool):
        done = world.docstring(file, "--lane", "cloud")
        assert done.json["decision"]["lane"] == "local"
        assert "nobody can tell" in str(done.json["decision"]["reasons"])


def _labels(patch: pytest.MonkeyPatch) -> tuple[str, ...]:
    def nothing(*_: object) -> None: ...

    patch.setattr(Tainted, "why", nothing)
    return TWOLANE


def _notes(_: pytest.MonkeyPatch) -> tuple[str, ...]:
    off = "import twolane_server.rules.tainted as one; one.Tainted.add = lambda *_: True"
    run = "import sys; from twolane_server.cli import main; sys.exit(main(['lsp']))"
    return (sys.executable, "-c", f"{off}\n{run}")


def _nothing(_: pytest.MonkeyPatch) -> tuple[str, ...]:
    return TWOLANE


@pytest.mark.parametrize("switched_off", [_labels, _notes, _nothing])
def test_without_any_of_its_checks_it_is_sent(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    switched_off: Callable[[pytest.MonkeyPatch], tuple[str, ...]],
) -> None:
    """The note, and the labels that read it; of what is shown around other code `test_indexed` tells."""
    server = switched_off(monkeypatch)
    mark = canary()
    derived = f"def helper(a, {mark}=1):\n    return a\n"
    host, caller = world.root / "lib" / "host.py", world.root / "lib" / "caller.py"
    with closing(ChannelDesk(world, server)) as desk:
        desk.open(host.as_uri(), "python", host.read_text("utf-8"))
        desk.act(host.as_uri(), 1)
        desk.change(host.as_uri(), PASTED)
        desk.act(host.as_uri(), 1)
    put(host, derived)
    world.docstring(host, "--lane", "cloud", line=1)
    world.docstring(caller, "--lane", "cloud", line=4)
    world.check()
    assert bool(traces(bytes(world.cloud.received), mark)) is (switched_off is not _nothing)
