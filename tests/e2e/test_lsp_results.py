"""The real server process and every kind of result: edits, pages, findings, new files."""

from __future__ import annotations

import json
import os
import stat
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

from support_git import Repo
from support_lsp import Editor, editing
from support_repository import put

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from lsprotocol import types

CODE = (
    "# é 😀\r\nfrom os import sep\r\n\r\n\r\ndef join(a: str) -> str:\r\n\treturn a + sep  # 😀\r\n"
)


class Desk:
    """A repository under NDA, a script for the local lane, and an editor on the server."""

    def __init__(self, folder: Path) -> None:
        self.root = Repo(folder / "repository").root
        self.put("twolane.toml", '[nda]\npaths = ["*"]\n')
        self.cache = folder / "cache"
        self.replies = folder / "replies.json"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TWOLANE_CONFIG_DIR": str(folder / "config"),
            "TWOLANE_STATE_DIR": str(folder / "state"),
            "TWOLANE_CACHE_DIR": str(self.cache),
        }

    def put(self, name: str, text: str) -> str:
        """Write a file; its URI."""
        return put(self.root / name, text).as_uri()

    @asynccontextmanager
    async def editor(self, *replies: object, **options: Any) -> AsyncGenerator[Editor]:  # noqa: ANN401 - settings
        self.replies.write_text(json.dumps(replies), "utf-8")
        lane = {"url": f"scripted:{self.replies}"}
        async with editing(self.environ, self.root, local=lane, **options) as editor:
            yield editor


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def titled(actions: Sequence[types.CodeAction], title: str) -> types.CodeAction:
    """The one action whose title starts so."""
    (found,) = [action for action in actions if action.title.startswith(title)]
    return found


def said(editor: Editor) -> list[str]:
    return [message.message for message in editor.messages]


async def test_an_explanation_is_a_page_beside_the_code(desk: Desk) -> None:
    uri = desk.put("a.py", CODE)
    reply = {"match": "Answer in this language: Deutsch.", "reply": "Fügt **zusammen**, 😀."}
    async with desk.editor(reply, page=True, language="Deutsch") as editor:
        editor.open(uri, "python", CODE)
        action = titled(await editor.labelled(uri, 5), "Explain…")
        assert action.title == "Explain…  [local: NDA *]"
        answer = await editor.run(action)
        assert answer == {
            "applied": True,
            "decision": "local: NDA (* in twolane.toml)",
            "message": "",
        }
        assert editor.pages == [
            {
                "uri": uri,
                "title": "Explain join",
                "language": "markdown",
                "text": "Fügt **zusammen**, 😀.\n",
            }
        ]
        assert editor.texts[uri] == CODE
        assert editor.edits == []


async def test_the_language_can_be_said_with_the_command(desk: Desk) -> None:
    uri = desk.put("a.py", CODE)
    replies = [
        {"match": "Answer in this language: Français.", "reply": "Oui."},
        {"match": "Answer in this language: English.", "reply": "Yes."},
    ]
    async with desk.editor(*replies, page=True) as editor:
        editor.open(uri, "python", CODE)
        action = titled(await editor.labelled(uri, 5), "Explain…")
        await editor.run(action, language="Français")
        await editor.run(action)
        assert [page["text"] for page in editor.pages] == ["Oui.\n", "Yes.\n"]


async def test_a_client_without_pages_is_shown_a_file_that_goes_with_the_server(
    desk: Desk,
) -> None:
    uri = desk.put("a.py", CODE)
    async with desk.editor({"reply": "It joins."}) as editor:
        editor.open(uri, "python", CODE)
        action = titled(await editor.labelled(uri, 5), "Explain…")
        assert (await editor.run(action))["applied"] is True
        (shown,) = editor.shown_documents
        file = Path(unquote(urlsplit(shown.uri).path))
        assert file.name == "Explain-join.md"
        assert _seen(file) == ("It joins.\n", 0o600, 0o700)
        assert file.is_relative_to(desk.cache)
        assert editor.pages == []
    assert not file.parent.exists()


async def test_a_page_is_shown_also_when_the_document_changed_meanwhile(desk: Desk) -> None:
    uri = desk.put("a.py", CODE)
    slow: dict[str, Any] = {"chunks": ["It ", "joins."], "delay_seconds": 0.1}
    async with desk.editor(slow, page=True, preview=True) as editor:
        editor.open(uri, "python", CODE)
        action = titled(await editor.labelled(uri, 5), "Explain…")
        running = editor.run(action)
        await editor.streamed.wait()
        editor.replace(uri, action_range(0), "# more\r\n")
        assert (await running)["applied"] is True
        assert editor.pages[0]["text"] == "It joins.\n"


DIFF = {"match": "@@ -1 +1 @@\n-old\n+new", "reply": "Say new\n\nBecause old is gone."}
WRITTEN = "Say new\n\nBecause old is gone.\n"


async def test_a_commit_message_goes_into_gits_buffer_as_one_edit(desk: Desk) -> None:
    repo = Repo(desk.root)
    repo.commit("Start", a_py="old\n")
    repo.stage(a_py="new\n")
    comments = "\n# Please enter 😀\n"
    uri = desk.put(".git/COMMIT_EDITMSG", comments)
    async with desk.editor(DIFF) as editor:
        editor.open(uri, "gitcommit", comments)
        action = titled(await editor.labelled(uri, 0), "Write commit message")
        assert action.title == "Write commit message  [local: NDA *]"
        assert (await editor.run(action))["applied"] is True
        assert editor.texts[uri] == f"{WRITTEN}\n# Please enter 😀\n"
        assert len(editor.edits) == 1
        editor.undo()
        assert editor.texts[uri] == comments


async def test_elsewhere_a_commit_message_is_a_page(desk: Desk) -> None:
    repo = Repo(desk.root)
    repo.commit("Start", a_py="old\n")
    repo.stage(a_py="new\n")
    async with desk.editor(DIFF, page=True) as editor:
        uri = (desk.root / "a.py").as_uri()
        editor.open(uri, "python", "new\n")
        action = titled(await editor.labelled(uri, 0), "Write commit message")
        assert action.title == "Write commit message  [lane by what is staged]"
        answer = await editor.run(action)
        assert answer["decision"] == "local: NDA (* in twolane.toml, a.py)"
        (page,) = editor.pages
        assert (page["language"], page["text"]) == ("gitcommit", WRITTEN)
        assert editor.edits == []


async def test_the_text_of_a_pull_request_is_a_page(desk: Desk) -> None:
    repo = Repo(desk.root)
    repo.commit("Start", a_py="old\n")
    repo.git("checkout", "-qb", "work")
    repo.commit("Say new", a_py="new\n")
    async with desk.editor(DIFF, page=True) as editor:
        uri = (desk.root / "a.py").as_uri()
        editor.open(uri, "python", "new\n")
        action = titled(await editor.labelled(uri, 0), "Write PR text")
        await editor.run(action)
        (page,) = editor.pages
        assert (page["title"], page["text"]) == ("PR text", WRITTEN)


async def test_nothing_staged_is_told(desk: Desk) -> None:
    Repo(desk.root).commit("Start", a_py="old\n")
    uri = desk.put(".git/COMMIT_EDITMSG", "\n")
    async with desk.editor(DIFF) as editor:
        editor.open(uri, "gitcommit", "\n")
        action = titled(await editor.labelled(uri, 0), "Write commit message")
        assert (await editor.run(action))["applied"] is False
        assert "Nothing is staged" in said(editor)[-1]


def _seen(file: Path) -> tuple[str, int, int]:
    """A file's text, its mode and its folder's."""
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (file, file.parent)]
    return file.read_text("utf-8"), modes[0], modes[1]


def action_range(line: int) -> types.Range:
    """The start of a line, as an empty range."""
    from lsprotocol import types  # noqa: PLC0415 - only here at run time

    return types.Range(types.Position(line, 0), types.Position(line, 0))
