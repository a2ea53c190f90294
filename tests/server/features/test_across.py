"""Changes of several documents against a person who types at any moment, and editors of all sorts.

`TWOLANE_RACES` says how many are tried.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from lsprotocol import types

from support_actions import chances
from support_counts import how_many
from support_writing import change
from twolane_server import convert
from twolane_server.actions.outcomes import Across
from twolane_server.documents import Document
from twolane_server.edits.changes import Changes
from twolane_server.errors import ActionError, StaleDocument
from twolane_server.features import across as applying
from twolane_server.features.across import apply_across
from twolane_server.session import Session
from twolane_server.settings.resolved import Folders
from twolane_server.text import Text

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from pygls.lsp.server import LanguageServer

RACES = how_many("TWOLANE_RACES", 120)
BEFORE = "x = 1\nname = é\ny = 2\n"
AFTER = BEFORE.replace("name", "other")
NAMES = ("a.py", "b.py", "c.py")


class Editor:
    """A client with three documents whose messages take their time.

    Styles: `whole` refuses all when one is stale (VS Code), `skips` drops the stale ones and says
    that all is well (Neovim), `stops` applies until it meets a stale one (LSP's `abort`).
    """

    def __init__(self, root: Path, style: str, chance: random.Random) -> None:
        self.session = Session(Folders(root, root, root), {})
        self.style, self.chance = style, chance
        self.texts = {(root / name).as_uri(): BEFORE for name in NAMES}
        self.versions = dict.fromkeys(self.texts, 1)
        self.typed = dict.fromkeys(self.texts, 0)
        for uri, text in self.texts.items():
            document = Document(uri, convert.path_of(uri), "python", 1, Text.of(text))
            self.session.put(document)
        self.wire: asyncio.Queue[tuple[str, int, str]] = asyncio.Queue()
        self.workspace = SimpleNamespace(position_encoding="utf-16")
        capability = types.WorkspaceEditClientCapabilities(
            document_changes=True,
            change_annotation_support=types.ChangeAnnotationsSupportOptions(),
        )
        self.client_capabilities = types.ClientCapabilities(
            workspace=types.WorkspaceClientCapabilities(workspace_edit=capability)
        )

    async def ticks(self, most: int) -> None:
        for _ in range(self.chance.randrange(most + 1)):
            await asyncio.sleep(0)

    def change(self, uri: str, text: str) -> None:
        self.versions[uri] += 1
        self.texts[uri] = text
        self.wire.put_nowait((uri, self.versions[uri], text))

    def type_something(self) -> None:
        uri = self.chance.choice(sorted(self.texts))
        text = self.texts[uri]
        at = self.chance.randrange(len(text) + 1)
        self.typed[uri] += 1
        self.change(uri, f"{text[:at]}#{text[at:]}")

    async def deliver(self) -> None:
        """Notifications arrive in order, each some time after it was sent."""
        while True:
            uri, version, text = await self.wire.get()
            await self.ticks(3)
            self.session.change(uri, version, lambda _, text=text: Text.of(text))

    async def workspace_apply_edit_async(
        self, params: types.ApplyWorkspaceEditParams
    ) -> types.ApplyWorkspaceEditResult:
        await self.ticks(4)
        edits = cast("list[types.TextDocumentEdit]", params.edit.document_changes or [])
        stale = [one.text_document.version != self.versions[one.text_document.uri] for one in edits]
        whole = True
        for one, is_stale in zip(edits, stale, strict=True):
            if is_stale or (self.style == "whole" and any(stale)):
                whole = self.style == "skips"
                if self.style == "stops":
                    break
                continue
            uri = one.text_document.uri
            text = Text.of(self.texts[uri])
            given = cast("list[types.TextEdit]", one.edits)
            spans = [
                (convert.span(text, edit.range, convert.Encoding.Utf16), edit.new_text)
                for edit in given
            ]
            self.change(uri, str(text.replaced(spans)))
        await self.ticks(4)
        return types.ApplyWorkspaceEditResult(applied=whole)


async def race(root: Path, style: str, chance: random.Random) -> tuple[Editor, str]:
    """One run; what the person was told, or an empty string."""
    editor = Editor(root, style, chance)
    outcome = Across(str(root), Changes.of([change(name, BEFORE, AFTER) for name in NAMES]))

    async def person() -> None:
        for _ in range(chance.choice([0, 0, 1, 2])):
            await editor.ticks(12)
            editor.type_something()

    delivering = asyncio.ensure_future(editor.deliver())
    typing = asyncio.ensure_future(person())
    await editor.ticks(8)
    server = cast("LanguageServer", cast("Any", editor))
    try:
        told = await apply_across(server, editor.session, outcome, title="t")
    except StaleDocument as error:
        told = str(error)
    await typing
    await asyncio.sleep(0.001)
    delivering.cancel()
    return editor, told


@pytest.mark.parametrize("style", ["whole", "skips", "stops"])
async def test_nothing_typed_is_lost_and_what_is_half_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, style: str
) -> None:
    monkeypatch.setattr(applying, "_SECONDS_UNTIL_TAKEN", 0.2)
    monkeypatch.setattr(applying, "_POLL_SECONDS", 0.0005)
    outcomes = {"all": 0, "none": 0, "part": 0}
    for chance in chances(RACES):
        editor, told = await race(tmp_path, style, chance)
        changed = ["other" in text.replace("#", "") for text in editor.texts.values()]
        for uri, text in editor.texts.items():
            assert text.count("#") == editor.typed[uri]
            assert text.replace("#", "") in (BEFORE, AFTER)
        if all(changed):
            # What the person typed right after may look like a fault, and then it is told.
            # So may what the machine is too busy for: the test waits but a hundredth of the time.
            assert not told or any(editor.typed.values()) or "said that it applied" in told
            outcomes["all"] += 1
        elif not any(changed):
            assert told
            outcomes["none"] += 1
        else:
            assert "only in part" in told
            outcomes["part"] += 1
    assert outcomes["all"] > RACES / 4
    assert outcomes["none"] > RACES / 20
    assert outcomes["part"] < RACES / 10, outcomes


async def test_a_file_whose_rows_are_unsure_keeps_all_as_they_are(tmp_path: Path) -> None:
    """The last of the files; the others would have been changed before it."""
    editor = Editor(tmp_path, "skips", next(iter(chances(1))))
    sets = [change("a.py", BEFORE, AFTER), change("d.py", "x = 1\ry = 2\n", "x = 1\ry = 3\n")]
    server = cast("LanguageServer", cast("Any", editor))
    outcome = Across(str(tmp_path), Changes.of(sets))
    with pytest.raises(ActionError, match=r"^d.py has a carriage return that stands alone"):
        await apply_across(server, editor.session, outcome, title="t")
    assert set(editor.texts.values()) == {BEFORE}
