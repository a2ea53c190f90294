"""A refactoring that takes several questions: which part is asked, and what a cancel in between leaves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import types

from support_git import Repo
from support_lsp import Editor, editing
from support_repository import put
from support_waiting import PATIENCE
from support_writing import tree_of
from twolane_server.cli import main

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


CART = "def total(items):\n    return sum(items)\n"
FILES = 4
USES = 40
WINDOW = 16_000
PLAN = "rename total to sum_of everywhere"


def user(number: int) -> str:
    uses = "".join(f"print(total([{n}]))  # use {n} of {number}\n" for n in range(USES))
    return f"from shop.cart import total\n\n{uses}"


def block(path: str, search: str, replace: str) -> str:
    return f"{path}\n<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n\n"


def edits(number: int) -> str:
    """The answer about one of the files: each of its lines changed."""
    old = user(number).rstrip("\n")
    return block(f"shop/u{number}.py", old, old.replace("total", "sum_of"))


DEFINITION = block("shop/cart.py", "def total(items):", "def sum_of(items):")
# A part's question holds all of its file, the others' lines do not stand in it.
ANSWERS = [{"match": "You plan a change", "reply": PLAN}] + [
    {"match": f"use 7 of {n}\n", "reply": edits(n) + (DEFINITION if n == 0 else "")}
    for n in range(FILES)
]


class Shop:
    """A repository whose impact set does not fit the window, and a script for the local lane."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = Repo(folder / "repository").root
        put(self.root / "shop/__init__.py", "")
        self.cart = put(self.root / "shop/cart.py", CART)
        for n in range(FILES):
            put(self.root / f"shop/u{n}.py", user(n))
        self.before = tree_of(self.root / "shop")
        self.replies = folder / "replies.json"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TWOLANE_EMBEDDED": "no",
            **{f"TWOLANE_{n}_DIR": str(folder / n) for n in ("CONFIG", "STATE", "CACHE")},
        }

    def script(self, *answers: object) -> dict[str, object]:
        """What the local lane says; the settings that name it."""
        self.replies.write_text(json.dumps(answers), "utf-8")
        return {"url": f"scripted:{self.replies}", "window": WINDOW, "concurrency": 1}

    @asynccontextmanager
    async def editor(self, *answers: object) -> AsyncGenerator[Editor]:
        async with editing(self.environ, self.root, local=self.script(*answers)) as editor:
            editor.open(self.cart.as_uri(), "python", CART)
            yield editor

    @property
    def untouched(self) -> bool:
        """Whether no file has changed and nothing is left on its way."""
        journal = self.folder / "STATE" / "journal"
        left = {one.name for one in journal.glob("*")} - {"lock"}
        return tree_of(self.root / "shop") == self.before and not left


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def slow(answers: list[dict[str, str]], part: str) -> list[dict[str, object]]:
    """The same, but the answer to one part begins and does not end."""
    found: list[dict[str, object]] = []
    for one in answers:
        if one["match"] == part:
            reply = one["reply"]
            chunks = [reply[:5], *["\n"] * 600, reply[5:]]
            found.append({"match": part, "chunks": chunks, "delay_seconds": 0.2})
        else:
            found.append({**one})
    return found


async def begun(editor: Editor, shop: Shop) -> types.CodeAction:
    actions = await editor.labelled(shop.cart.as_uri(), 0)
    (action,) = [one for one in actions if one.title.startswith("Refactor across")]
    return action


def told(editor: Editor) -> list[str]:
    """The messages of the run's progress."""
    return [getattr(one, "message", None) or "" for one in editor.progress_reports["t"]]


async def until(editor: Editor, text: str) -> None:
    for _ in range(3_000):
        if any(text in one for one in told(editor)):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(told(editor))


async def test_each_part_is_named_also_while_its_answer_comes(shop: Shop) -> None:
    async with shop.editor(*ANSWERS) as editor:
        action = await begun(editor, shop)
        answer = await editor.run(action, "t", instruction="rename total to sum_of")
        assert answer["applied"], answer
        said = told(editor)
        assert any(one.startswith(f"a plan for {FILES + 1} files · local") for one in said)
        parts = [one for one in said if one.startswith("part ") and "·" not in one]
        count = int(parts[0].split()[3])
        assert count > 1
        assert parts == [f"part {n + 1} of {count} {n / count:.0%}" for n in range(count)]
        for n in range(count):
            wanted = f"part {n + 1} of {count} · local"
            assert any(one.startswith(wanted) and one.endswith(" tokens") for one in said), wanted
        for n in range(FILES):
            uri = (shop.root / f"shop/u{n}.py").as_uri()
            assert editor.texts[uri] == user(n).replace("total", "sum_of")
        assert editor.texts[shop.cart.as_uri()] == CART.replace("total", "sum_of")


@pytest.mark.parametrize("how", ["request", "progress"])
async def test_a_cancel_between_parts_applies_nothing_and_frees_the_lane(
    shop: Shop, how: str
) -> None:
    last = f"use 7 of {FILES - 1}\n"
    after = {"match": "Explain", "reply": "It sums."}
    async with shop.editor(*slow(ANSWERS, last), after, {"reply": "It sums."}) as editor:
        action = await begun(editor, shop)
        running = editor.run(action, "t", instruction="rename total to sum_of")
        await until(editor, "part 2 of ")
        if how == "request":
            editor.cancel_all()
        else:
            editor.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("t"))
        (result,) = await asyncio.gather(running, return_exceptions=True)
        assert isinstance(result, BaseException) or not result["applied"]
        # The lane has one turn: who still held it would keep this waiting.
        actions = await editor.actions(shop.cart.as_uri(), 0)
        (explain,) = [one for one in actions if one.title.startswith("Explain")]
        assert (await asyncio.wait_for(editor.run(explain), PATIENCE))["applied"] is True
        assert editor.asked == []
        assert editor.texts == {shop.cart.as_uri(): CART}
        assert shop.untouched


@pytest.mark.skipif(sys.platform == "win32", reason="it sends SIGINT")
def test_an_interrupt_between_parts_on_the_command_line_applies_nothing(shop: Shop) -> None:
    lane = shop.script(*slow(ANSWERS, f"use 7 of {FILES - 1}\n"))
    settings = "\n".join(f"{name} = {json.dumps(value)}" for name, value in lane.items())
    put(shop.folder / "CONFIG" / "settings.toml", f"[local]\n{settings}\n")
    words = ("refactor", f"{shop.cart}:1", "--instruction", "rename total to sum_of", "--apply")
    kept = {
        name: os.environ[name] for name in ("PYTHONPATH", "PYTHONSAFEPATH") if name in os.environ
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "twolane_server.cli", "do", *words],
        env={**shop.environ, **kept, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    seen = b""
    assert process.stdout is not None
    while b"part 2 of" not in seen:
        piece = os.read(process.stdout.fileno(), 65_536)
        assert piece, seen
        seen += piece
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (1, b"twolane: stopped\n")
    assert shop.untouched


def test_parts_on_the_command_line_are_applied_together(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lane = shop.script(*ANSWERS)
    settings = "\n".join(f"{name} = {json.dumps(value)}" for name, value in lane.items())
    put(shop.folder / "CONFIG" / "settings.toml", f"[local]\n{settings}\n")
    for name, value in shop.environ.items():
        monkeypatch.setenv(name, value)
    place: list[Any] = ["do", "refactor", f"{shop.cart}:1", "--instruction", "rename it", "--apply"]
    assert main(place) == 0
    out = capsys.readouterr().out
    assert f"a plan for {FILES + 1} files" in out
    assert "part 1 of" in out
    assert "part 2 of" in out
    after = tree_of(shop.root / "shop")
    assert after["u3.py"].decode() == user(3).replace("total", "sum_of")
    assert after["cart.py"].decode() == CART.replace("total", "sum_of")
