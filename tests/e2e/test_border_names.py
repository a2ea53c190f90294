"""One file under several names, and one text under several files: the label follows, saved or not."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from support_channel_desk import ChannelDesk
from support_fake_server import FakeServer, answer
from support_leaks import MODEL, REPLY, World, tariff
from support_repository import put
from support_waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

MARKED = "# CONFIDENTIAL\n"


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[World]:
    with FakeServer(answer(REPLY), models=(MODEL,)) as cloud:
        world = World(tmp_path, cloud, capfd)
        for name, value in world.variables.items():
            monkeypatch.setenv(name, value)
        yield world
        world.check()


@pytest.mark.parametrize("marked_first", [True, False], ids=["opened first", "opened last"])
def test_a_marker_under_one_name_holds_for_the_file(world: World, marked_first: bool) -> None:  # noqa: FBT001 - the order
    """L5, L13: two documents of one file, each with a text of its own."""
    file = put(world.root / "lib" / "one.py", "def one(a):\n    return a\n")
    link = world.root / "lib" / "two.py"
    link.symlink_to(file)
    text = f"def one(a):\n    return '{world.secret}'\n"
    texts = {link.as_uri(): MARKED + text, file.as_uri(): text}
    caller = put(world.root / "caller.py", "from lib.one import one\n\n\ndef f(a):\n    one(a)\n")
    with closing(ChannelDesk(world)) as desk:
        for uri in sorted(texts, key=lambda each: texts[each] == text, reverse=not marked_first):
            desk.open(uri, "python", texts[uri])
        for uri in texts:
            assert desk.act(uri, 1, lane="cloud").startswith("local: NDA (marker CONFIDENTIAL")
        desk.open(caller.as_uri(), "python", caller.read_text("utf-8"))
        for action in ("docstring", "changes-all", "tests"):
            desk.act(caller.as_uri(), 4, lane="cloud", action=action)
        copied = f"{caller.read_text('utf-8')}\n\n{tariff(world.secret)}"
        desk.change(link.as_uri(), MARKED + tariff(world.secret))
        desk.change(file.as_uri(), text)
        desk.change(caller.as_uri(), copied)
        assert "code of root-zq7/lib/one.py" in desk.act(caller.as_uri(), 9, lane="cloud")


@pytest.mark.parametrize("by", ["link", "target"])
def test_what_is_typed_into_a_file_behind_a_link_is_known_again(world: World, by: str) -> None:
    target = put(world.top / "away" / "x.py", "x = 1\n")
    link = world.root / "clients" / "x.py"
    link.symlink_to(target)
    copy = put(world.root / "copy.py", "def copy(a):\n    return a\n")
    with closing(ChannelDesk(world)) as desk:
        desk.open((link if by == "link" else target).as_uri(), "python", tariff(world.secret))
        desk.open(copy.as_uri(), "python", copy.read_text("utf-8") + tariff(world.secret))
        assert "code of root-zq7/clients/x.py" in desk.act(copy.as_uri(), 4, lane="cloud")


@pytest.mark.parametrize("ready", [False, True], ids=["at once", "later"])
def test_what_is_cut_from_a_file_under_nda_is_known_where_it_is_pasted(
    world: World,
    ready: bool,  # noqa: FBT001 - before anything is read, or after
) -> None:
    """L13, L15: the disk still has it, the document does not."""
    put(world.nda, tariff(world.secret))
    copy = put(world.root / "copy.py", "def copy(a):\n    return a\n")
    with closing(ChannelDesk(world, wait=ready)) as desk:
        desk.open(world.nda.as_uri(), "python", tariff(world.secret))
        desk.open(copy.as_uri(), "python", copy.read_text("utf-8"))
        desk.change(world.nda.as_uri(), "x = 1\n")
        desk.change(copy.as_uri(), copy.read_text("utf-8") + tariff(world.secret))
        assert "NDA" in desk.act(copy.as_uri(), 4, lane="cloud")


def _opened(desk: ChannelDesk, old: str, new: str, text: str) -> None:
    desk.open(new, "python", text)
    desk.close_document(old)


def _renamed(desk: ChannelDesk, old: str, new: str, text: str) -> None:
    desk.close_document(old)
    desk.open(new, "python", text)


def _filled(desk: ChannelDesk, old: str, new: str, text: str) -> None:
    desk.open(new, "python", "")
    desk.change(new, text)
    desk.change(old, "")
    desk.close_document(old)


@pytest.mark.parametrize("save", [_opened, _renamed, _filled], ids=lambda save: save.__name__)
@pytest.mark.parametrize("kind", ["saved", "unsaved", "respaced"])
def test_a_short_file_that_is_saved_under_an_open_name_stays_nda(
    world: World, save: Callable[[ChannelDesk, str, str, str], None], kind: str
) -> None:
    """L8: as Neovim and VS Code tell of it. Too short to be recognised by a part of it."""
    text = f"def q(a):\n    return '{world.secret}'\n"
    put(world.nda, "x = 1\n" if kind == "unsaved" else text)
    new = world.root / "q.py"
    with closing(ChannelDesk(world)) as desk:
        desk.open(world.nda.as_uri(), "python", text)
        text = text.replace("    ", "  ") if kind == "respaced" else text
        put(new, text)
        save(desk, world.nda.as_uri(), new.as_uri(), text)
        # Before the server has noted it, the border finds it in what is to leave.
        patience = time.monotonic() + PATIENCE
        while not (said := desk.act(new.as_uri(), 1, lane="cloud")).startswith("local: NDA"):
            assert said.startswith("local: ")
            assert "which is NDA" in said
            assert time.monotonic() < patience
    assert world.run("label", "--json", new).json["label"] == "NDA"
    put(new, f"{text}\n\ndef r(a):\n    return '{world.secret}'\n")
    assert world.docstring(new, "--lane", "cloud", line=1).json["decision"]["lane"] == "local"


@pytest.mark.parametrize(
    "text", ["", "pass\n", "# Copyright 2026 Acme\n\nfrom .x import thing_of_ours\n"]
)
def test_what_everybody_has_is_open_where_it_lies(world: World, text: str) -> None:
    """Empty files, imports and notices are the same everywhere."""
    put(world.nda, text)
    new = put(world.root / "__init__.py", text)
    with closing(ChannelDesk(world)) as desk:
        desk.open(world.nda.as_uri(), "python", text)
        _opened(desk, world.nda.as_uri(), new.as_uri(), text)
        titles = str(desk.actions(new.as_uri(), 0))
        desk.change(new.as_uri(), f"{text}\n\ndef f(a):\n    return a\n")
        line = text.count("\n") + 2
        assert desk.act(new.as_uri(), line, lane="cloud").startswith("cloud"), titles


def test_a_copy_of_a_short_file_leaves_by_no_command(world: World) -> None:
    put(world.nda, f"def q(a):\n    return '{world.secret}'\n")
    new = put(world.root / "q.py", f"def q(a):\n        return '{world.secret}'\n")
    for command in ("do", "route"):
        done = world.run(command, "docstring", f"{new}:1", "--json", "--lane", "cloud").json
        assert done.get("lane", done.get("decision", {}).get("lane")) == "local"
    world.run("do", "changes", world.root, "--json", "--lane", "cloud")
    assert world.run("label", "--json", new).json["label"] == "NDA"
    assert world.docstring(world.tool).json["decision"]["lane"] == "cloud"
