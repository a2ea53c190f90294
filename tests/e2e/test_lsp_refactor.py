"""The real server refactors across a repository: open and unopened files, made, renamed, deleted."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import types

from support_fake_server import DONE, MODEL, Answer, FakeServer, chunk, usage
from support_git import Repo
from support_lsp import Editor, editing, path_of
from support_repository import put

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

CART = "\r\n\r\ndef total(items):\r\n\treturn sum(items)  # é 😀\r\n"
SHOW = "# é 😀\nfrom shop.cart import total\n\n\ndef show(items):\n    print('😀', total(items))"
TEST = "\ufefffrom shop.cart import total\n\n\ndef test():\n    assert total([1]) == 1\n"
OLD = "from shop.cart import total\nprint(total([]))\n"
NEOVIM = "neovim@v0.11.0"


def block(path: str, search: str, replace: str = "") -> str:
    new = replace or search.replace("total", "sum_of")
    return f"{path}\n<<<<<<< SEARCH\n{search}\n=======\n{new}\n>>>>>>> REPLACE\n\n"


EDITS = (
    block("shop/cart.py", "def total(items):")
    + block("shop/show.py", "from shop.cart import total")
    + block("shop/show.py", "    print('😀', total(items))")
    + block("tests/test_cart.py", "from shop.cart import total")
    + block("tests/test_cart.py", "    assert total([1]) == 1")
)
FILES = "DELETE shop/old.py\nRENAME shop/show.py -> shop/view.py\n" + block(
    "docs/new.md", "", "# Sum\n"
).replace("SEARCH\n\n=", "SEARCH\n=")
SIMPLE = EDITS + "DELETE shop/old.py\n"


class Shop:
    """A repository, a script for the local lane, and an editor."""

    def __init__(self, folder: Path) -> None:
        self.root = Repo(folder / "repository").root
        put(self.root / "shop/__init__.py", "")
        self.cart = put(self.root / "shop/cart.py", CART).as_uri()
        self.show = put(self.root / "shop/show.py", SHOW).as_uri()
        self.test = put(self.root / "tests/test_cart.py", TEST).as_uri()
        self.old = put(self.root / "shop/old.py", OLD).as_uri()
        self.replies = folder / "replies.json"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            **{f"TWOLANE_{n}_DIR": str(folder / n) for n in ("CONFIG", "STATE", "CACHE")},
        }

    @asynccontextmanager
    async def editor(self, reply: str, **more: Any) -> AsyncGenerator[Editor]:  # noqa: ANN401 - settings
        self.replies.write_text(json.dumps([{"reply": reply}]), "utf-8")
        lane = {"url": f"scripted:{self.replies}"}
        async with editing(self.environ, self.root, local=lane, **more) as editor:
            editor.open(self.cart, "python", CART)
            editor.open(self.show, "python", SHOW)
            yield editor


@dataclass
class Held:
    """An answer whose text comes at once, and its end when it is let go."""

    text: str
    held: bool = True

    def __iter__(self) -> Iterator[bytes | float]:
        yield chunk(self.text)
        while self.held:
            yield 0.005
        yield from (chunk(finish="stop"), usage(), DONE)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


async def refactor(editor: Editor, uri: str, line: int = 2) -> dict[str, Any]:
    actions = await editor.labelled(uri, line)
    (action,) = [one for one in actions if one.title.startswith("Refactor across")]
    assert action.title.startswith("Refactor across the repository…  [local: ")
    return await editor.run(action, instruction="rename total to sum_of")


def messages(editor: Editor) -> list[str]:
    return [message.message for message in editor.messages]


async def test_open_and_unopened_files_change_together(shop: Shop) -> None:
    async with shop.editor(SIMPLE) as editor:
        answer = await refactor(editor, shop.cart)
        assert answer["applied"], answer
        assert editor.expected == [], "this client did not ask for it"
        (asked,) = editor.asked
        changes = asked.edit.document_changes or []
        assert [type(change) for change in changes] == [types.TextDocumentEdit] * 3 + [
            types.DeleteFile
        ]
        versions = {
            change.text_document.uri: change.text_document.version
            for change in changes
            if isinstance(change, types.TextDocumentEdit)
        }
        assert versions == {shop.cart: 1, shop.show: 1, shop.test: None}
        (annotation,) = (asked.edit.change_annotations or {}).values()
        assert annotation.needs_confirmation
        assert editor.questions == []
        assert editor.texts[shop.cart] == CART.replace("total", "sum_of")
        assert editor.texts[shop.show] == SHOW.replace("total", "sum_of")
        assert editor.texts[shop.test] == TEST.replace("total", "sum_of").removeprefix("\ufeff")
        assert not path_of(shop.old).exists()


async def test_files_are_made_and_renamed(shop: Shop) -> None:
    async with shop.editor(EDITS + FILES, expected=True) as editor:
        answer = await refactor(editor, shop.cart)
        assert answer["applied"], answer
        view = shop.show.replace("show.py", "view.py")
        # What each file had to hold, as an editor has it: LF, no byte order mark, no last line end.
        held = {shop.cart: CART, shop.show: SHOW, shop.test: TEST, shop.old: OLD}
        plain = {
            uri: text.removeprefix("\ufeff").replace("\r\n", "\n").removesuffix("\n")
            for uri, text in held.items()
        }
        hashes = {uri: sha256(text.encode()).hexdigest() for uri, text in plain.items()}
        made_or_moved = {(shop.root / "docs/new.md").as_uri(): None, view: None}
        (told,) = editor.expected
        assert {one["uri"]: one["sha256"] for one in told["files"]} == hashes | made_or_moved
        assert editor.texts[view] == SHOW.replace("total", "sum_of")
        assert not path_of(shop.show).exists()
        made = (shop.root / "docs/new.md").as_uri()
        assert editor.texts[made] == "# Sum\n"


async def test_a_client_that_cannot_show_it_is_asked_first(shop: Shop) -> None:
    async with shop.editor(SIMPLE, client=NEOVIM, says="Leave it") as editor:
        answer = await refactor(editor, shop.cart)
        assert not answer["applied"]
        assert editor.asked == []
        (question,) = editor.questions
        told = question.message.splitlines()
        assert told[0] == "twolane: Refactor across the repository… Change 4 files?"
        assert told[1:] == [
            "edit shop/cart.py",
            "delete shop/old.py",
            "edit shop/show.py",
            "edit tests/test_cart.py",
        ]
    async with shop.editor(SIMPLE, client=NEOVIM, says="Apply") as editor:
        assert (await refactor(editor, shop.cart))["applied"]
        assert (editor.asked[0].edit.change_annotations or {}) == {}
        assert editor.texts[shop.show] == SHOW.replace("total", "sum_of")


async def test_a_client_for_single_documents_is_told_where_else_to_do_it(shop: Shop) -> None:
    async with shop.editor(SIMPLE, client="emacs@v29.1") as editor:
        answer = await refactor(editor, shop.cart)
        assert "This editor cannot delete files" in answer["message"]
        assert editor.asked == []


@pytest.mark.parametrize("how", ["typed", "disk", "made"])
async def test_what_changed_meanwhile_stops_all(shop: Shop, how: str) -> None:
    more = block("docs/new.md", "", "x").replace("SEARCH\n\n=", "SEARCH\n=")
    reply = Held(SIMPLE + more)
    lane = {"model": MODEL}
    async with (
        FakeServer(Answer(reply)) as server,
        editing(shop.environ, shop.root, local=lane | {"url": server.url}, preview=True) as editor,
    ):
        editor.open(shop.cart, "python", CART)
        editor.open(shop.show, "python", SHOW)
        run = asyncio.ensure_future(refactor(editor, shop.cart))
        await editor.streamed.wait()  # so the server has read all that it asks about
        if how == "typed":
            editor.replace(shop.show, types.Range(types.Position(0, 0), types.Position(0, 0)), "#")
        elif how == "disk":
            put(shop.root / "tests/test_cart.py", f"{TEST}# more\n")
        else:
            put(shop.root / "docs/new.md", "theirs\n")
        await editor.actions(shop.cart, 0)  # answered once the server has heard of it
        reply.held = False
        answer = await run
        assert not answer["applied"]
        assert "nothing was applied" in answer["message"]
        assert editor.asked == []
        assert editor.texts[shop.cart] == CART


async def test_what_the_editor_applied_in_part_is_taken_back(shop: Shop) -> None:
    async with shop.editor(EDITS) as editor:
        editor.open(shop.test, "python", TEST.removeprefix("\ufeff"))
        editor.stubborn = {shop.test}
        answer = await refactor(editor, shop.cart)
        assert not answer["applied"]
        assert "tests/test_cart.py, so it was taken back everywhere" in answer["message"]
        assert editor.texts[shop.cart] == CART
        assert editor.texts[shop.show] == SHOW


async def test_a_forgotten_reference_is_shown(shop: Shop) -> None:
    short = EDITS.replace(block("shop/show.py", "    print('😀', total(items))"), "")
    async with shop.editor(short + "DELETE shop/old.py\n") as editor:
        answer = await refactor(editor, shop.cart)
        assert answer["applied"]
        assert answer["message"] == "1 reference was not changed: shop/show.py:6"
        assert messages(editor)[-1].endswith(answer["message"])
