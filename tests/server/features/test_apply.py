from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcInternalError

from twolane_context.spans import Span
from twolane_server import convert
from twolane_server.actions.outcomes import Edit
from twolane_server.documents import Document
from twolane_server.errors import ActionError, StaleDocument
from twolane_server.features import apply as applying
from twolane_server.features.apply import apply
from twolane_server.session import Session
from twolane_server.settings.resolved import Folders
from twolane_server.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from pygls.lsp.server import LanguageServer

URI = "file:///a.py"
BEFORE = "x = 1\ndef f():\n    pass\ny = 2\n"
TARGET = Span(6, 15)
EDIT = Edit(Span(15, 15), '    """Do."""\n')
AFTER = 'x = 1\ndef f():\n    """Do."""\n    pass\ny = 2\n'


class Editor:
    """A client whose user types at any moment, and whose messages take their time.

    Styles: `refuses` answers applied=false to a stale edit (VS Code), `lies` drops it and answers
    applied=true (Neovim), `careless` applies it all the same (old VS Code clients).
    """

    def __init__(self, session: Session, style: str, rng: random.Random) -> None:
        self.session = session
        self.style = style
        self.rng = rng
        self.version = 1
        self.text = BEFORE
        self.typed: list[str] = []
        self.applied_to: str | None = None
        self.tasks: list[asyncio.Task[None]] = []
        self.wire: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self.workspace = SimpleNamespace(position_encoding="utf-16")
        self.client_capabilities = types.ClientCapabilities(
            workspace=types.WorkspaceClientCapabilities(
                workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
            )
        )

    async def ticks(self, most: int) -> None:
        for _ in range(self.rng.randrange(most + 1)):
            await asyncio.sleep(0)

    def change(self, text: str) -> None:
        self.version += 1
        self.text = text
        self.wire.put_nowait((self.version, text))

    def type_something(self) -> None:
        at = self.rng.randrange(len(self.text) + 1)
        self.change(self.text[:at] + self.rng.choice("a\n#é") + self.text[at:])
        self.typed.append(self.text)

    async def deliver(self) -> None:
        """Notifications arrive in order, each some time after it was sent."""
        while True:
            version, text = await self.wire.get()
            await self.ticks(4)
            self.session.change(URI, version, lambda _, text=text: Text.of(text))

    async def workspace_apply_edit_async(
        self, params: types.ApplyWorkspaceEditParams
    ) -> types.ApplyWorkspaceEditResult:
        await self.ticks(4)
        assert params.edit.document_changes is not None
        change = cast("types.TextDocumentEdit", params.edit.document_changes[0])
        stale = change.text_document.version != self.version
        if stale and self.style != "careless":
            return types.ApplyWorkspaceEditResult(applied=self.style == "lies")
        replacement = cast("types.TextEdit", change.edits[0])
        text = Text.of(self.text)
        where = convert.span(text, replacement.range, convert.Encoding.Utf16)
        self.applied_to = self.text
        self.change(str(text.replaced([(where, replacement.new_text)])))
        await self.ticks(4)
        return types.ApplyWorkspaceEditResult(applied=True)


def _session(tmp_path: Path) -> Session:
    session = Session(Folders(tmp_path, tmp_path, tmp_path), {})
    session.put(Document(URI, "/a.py", "python", 1, Text.of(BEFORE)))
    return session


async def _race(tmp_path: Path, style: str, rng: random.Random) -> tuple[Editor, str]:
    """One run of the editor against `apply`; what the person was told, or an empty string."""
    session = _session(tmp_path)
    editor = Editor(session, style, rng)
    then = session.document(URI)
    assert then is not None

    async def person() -> None:
        for _ in range(rng.choice([0, 0, 1, 2])):
            await editor.ticks(10)
            editor.type_something()

    async with asyncio.TaskGroup() as group:
        delivering = group.create_task(editor.deliver())
        typing = group.create_task(person())
        await editor.ticks(10)
        server = cast("LanguageServer", cast("Any", editor))
        try:
            told = await apply(server, session, then, (EDIT,), target=TARGET, title="t")
        except StaleDocument as error:
            told = str(error)
        await typing
        delivering.cancel()
    return editor, told


@pytest.mark.parametrize("style", ["refuses", "lies"])
@pytest.mark.parametrize("seed", range(4))
async def test_a_race_never_gives_a_wrong_edit(
    style: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """250 races a case, 2,000 in all: the edit lands on the very text it was made for, or not."""
    monkeypatch.setattr(applying, "_SECONDS_UNTIL_TAKEN", 0.01)
    rng = random.Random(f"{style} {seed}")  # noqa: S311 - a test's dice
    applied = 0
    for _ in range(250):
        editor, told = await _race(tmp_path, style, rng)
        if editor.applied_to is None:
            assert told, "an edit that was not applied must be told of"
            assert editor.text == (editor.typed[-1] if editor.typed else BEFORE)
        else:
            applied += 1
            assert editor.applied_to == BEFORE
    assert applied > 20, "the races must be real: some edits arrive in time"


async def test_a_careless_editor_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "_SECONDS_UNTIL_TAKEN", 0.01)
    rng = random.Random("careless")  # noqa: S311 - a test's dice
    wrong = 0
    for _ in range(250):
        editor, told = await _race(tmp_path, "careless", rng)
        if editor.applied_to not in (None, BEFORE):
            wrong += 1
            assert told
    assert wrong > 5, "the races must be real: some edits arrive late"


async def test_an_edit_in_time_is_applied_and_nothing_is_told(tmp_path: Path) -> None:
    session = _session(tmp_path)
    editor = Editor(session, "refuses", random.Random(0))  # noqa: S311 - a test's dice
    delivering = asyncio.create_task(editor.deliver())
    then = session.document(URI)
    assert then is not None
    server = cast("LanguageServer", cast("Any", editor))
    assert await apply(server, session, then, (EDIT,), target=TARGET, title="t") == ""
    assert editor.text == AFTER
    delivering.cancel()


@pytest.mark.parametrize("how", ["version", "bytes", "closed"])
async def test_each_sign_of_staleness_is_enough(how: str, tmp_path: Path) -> None:
    session = _session(tmp_path)
    then = session.document(URI)
    assert then is not None
    if how == "version":
        session.change(URI, 2, lambda text: text)
    elif how == "bytes":  # a reload that counts its versions anew
        session.change(URI, 1, lambda _: Text.of(BEFORE.replace("def", "DEF")))
    else:
        session.close(URI)
    editor = Editor(session, "careless", random.Random(0))  # noqa: S311 - a test's dice
    server = cast("LanguageServer", cast("Any", editor))
    with pytest.raises(StaleDocument):
        await apply(server, session, then, (EDIT,), target=TARGET, title="t")
    assert editor.text == BEFORE


async def test_an_edit_that_other_lines_could_lead_astray_is_not_sent(tmp_path: Path) -> None:
    """Such as the fix of a finding, which a review of many files left in this one."""
    session = Session(Folders(tmp_path, tmp_path, tmp_path), {})
    then = Document(URI, "/a.py", "python", 1, Text.of(f"s = 'a\rb'\n{BEFORE}"))
    session.put(then)
    editor = Editor(session, "lies", random.Random(0))  # noqa: S311 - a test's dice
    server = cast("LanguageServer", cast("Any", editor))
    with pytest.raises(ActionError, match=r"^a.py has a carriage return that stands alone"):
        await apply(server, session, then, (EDIT,), target=TARGET, title="t")
    assert editor.text == BEFORE


async def test_a_client_that_fails_at_an_edit_is_told_like_one_that_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = _session(tmp_path)
    editor = Editor(session, "refuses", random.Random(0))  # noqa: S311 - a test's dice
    then = session.document(URI)
    assert then is not None

    async def failing(params: types.ApplyWorkspaceEditParams) -> None:
        await editor.ticks(1)
        raise JsonRpcInternalError(f"no such file for {params.label}")

    monkeypatch.setattr(editor, "workspace_apply_edit_async", failing)
    server = cast("LanguageServer", cast("Any", editor))
    with pytest.raises(StaleDocument, match="did not apply the edit"):
        await apply(server, session, then, (EDIT,), target=TARGET, title="t")
