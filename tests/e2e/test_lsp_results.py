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
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from support_git import Repo
from support_lsp import Editor, editing
from support_repository import put
from support_waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence


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
        assert action.title.startswith("Explain…  [local: NDA *]  ~")
        answer = await editor.run(action)
        assert answer == {
            "applied": True,
            "decision": "local: NDA (* in twolane.toml)",
            "cost_usd": None,
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
    return types.Range(types.Position(line, 0), types.Position(line, 0))


REVIEW = {
    "reply": json.dumps(
        [
            {"line": 6, "severity": "error", "message": "Wrong 😀.", "fix": "return sep.join(a)"},
            {"line": 5, "message": "No type."},
            {"line": 60, "message": "Not there."},
        ]
    )
}


async def _diagnosed(editor: Editor, uri: str, count: int) -> list[types.Diagnostic]:
    """The diagnostics once there are so many."""
    await until(lambda: len(editor.diagnostics.get(uri, [])) == count)
    return list(editor.diagnostics.get(uri, []))


async def test_findings_are_diagnostics_with_quick_fixes(desk: Desk) -> None:
    uri = desk.put("a.py", CODE)
    async with desk.editor(REVIEW) as editor:
        editor.open(uri, "python", CODE)
        answer = await editor.run(titled(await editor.labelled(uri, 5), "Review  "))
        assert answer["applied"] is True
        assert answer["message"].startswith("One finding was left out")
        first, second = await _diagnosed(editor, uri, 2)
        assert (first.source, first.message) == ("twolane", "No type.")
        assert second.severity == 1
        # In UTF-16: the emoji of the line counts as two.
        assert (second.range.start.line, second.range.start.character) == (5, 0)
        assert second.range.end.character == len("\treturn a + sep  # ") + 2
        apply = titled(await editor.actions(uri, 5), "Apply: Wrong")
        assert apply.kind == "quickfix"
        assert apply.diagnostics is not None
        assert apply.diagnostics[0].message == "Wrong 😀."
        assert apply.command is not None
        done = await editor.command(apply.command.command, apply.command.arguments)
        assert done == {"applied": True, "message": ""}
        assert editor.texts[uri] == CODE.replace("return a + sep  # 😀", "return sep.join(a)")
        await _diagnosed(editor, uri, 1)


async def test_findings_follow_the_text_and_go_with_their_lines(desk: Desk) -> None:
    uri = desk.put("a.py", CODE)
    async with desk.editor(REVIEW) as editor:
        editor.open(uri, "python", CODE)
        await editor.run(titled(await editor.labelled(uri, 5), "Review  "))
        await _diagnosed(editor, uri, 2)
        editor.replace(uri, action_range(0), "# above\r\n")
        apply = titled(await editor.actions(uri, 6), "Apply: Wrong")
        editor.replace(uri, action_range(6), " ")
        await _diagnosed(editor, uri, 1)
        assert apply.command is not None
        with pytest.raises(JsonRpcException, match="This finding is gone"):
            await editor.command(apply.command.command, apply.command.arguments)
        await editor.workspace_execute_command_async(
            types.ExecuteCommandParams("twolane.clear", [{"uri": uri}])
        )
        await _diagnosed(editor, uri, 0)


async def test_a_diagnostic_of_another_server_has_a_fix(desk: Desk) -> None:
    uri = desk.put("a.py", CODE)
    reply = {"match": "ruff F841: a is wrong", "reply": "return sep"}
    area = types.Range(types.Position(5, 8), types.Position(5, 9))
    theirs = types.Diagnostic(area, "a is wrong\nvery", source="ruff", code="F841")
    ours = types.Diagnostic(area, "ours", source="twolane")
    async with desk.editor(reply) as editor:
        editor.open(uri, "python", CODE)
        await editor.labelled(uri, 5)
        found = await editor.actions(uri, 5, [theirs, ours])
        (fix,) = [action for action in found if action.kind == "quickfix"]
        assert fix.title.startswith("Fix: a is wrong very  [local: NDA *]  ~")
        assert [*(fix.diagnostics or ())] == [theirs]
        assert (await editor.run(fix))["applied"] is True
        assert editor.texts[uri] == CODE.replace("return a + sep  # 😀", "return sep")


async def test_a_fix_adds_the_import_that_it_needs_in_the_same_edit(desk: Desk) -> None:
    text = CODE.replace("from os import sep\r\n", "from a import b\r\n")
    uri = desk.put("a.py", text)
    reply = {"match": "undefined name", "reply": "```python\nfrom os import sep\n```"}
    area = types.Range(types.Position(5, 12), types.Position(5, 15))
    theirs = types.Diagnostic(area, "undefined name 'sep'", source="ruff", code="F821")
    async with desk.editor(reply) as editor:
        editor.open(uri, "python", text)
        await editor.labelled(uri, 5)
        (fix,) = [one for one in await editor.actions(uri, 5, [theirs]) if one.kind == "quickfix"]
        answer = await editor.run(fix)
        assert answer["applied"] is True
        assert answer["message"] == "Also added to the imports: from os import sep"
        added = "from a import b\r\nfrom os import sep\r\n"
        assert editor.texts[uri] == text.replace("from a import b\r\n", added)
        assert len(editor.edits) == 1
        editor.undo()
        assert editor.texts[uri] == text


def _large() -> str:
    """20,000 lines with CRLF, tabs and emoji, and CODE's function at their end."""
    filler = "".join(f"v{n} = '😀'\t# {n}\r\n" for n in range(20_000))
    return filler + CODE


async def test_every_kind_of_result_in_a_large_odd_file(desk: Desk) -> None:
    text = _large()
    uri = desk.put("a.py", text)
    line = 20_005
    finding = {"line": line + 1, "message": "Wrong.", "fix": "return sep.join(a)"}
    replies = [
        {"match": "Review these lines", "reply": json.dumps([finding])},
        {"match": "Explain this code", "reply": "It joins."},
        {"match": "a is wrong", "reply": "return sep"},
    ]
    area = types.Range(types.Position(line, 1), types.Position(line, 2))
    theirs = types.Diagnostic(area, "a is wrong")
    async with desk.editor(*replies, page=True) as editor:
        editor.open(uri, "python", text)
        actions = await editor.labelled(uri, line)
        assert (await editor.run(titled(actions, "Explain…")))["applied"] is True
        assert editor.pages[0]["title"] == "Explain join"
        assert (await editor.run(titled(actions, "Review  ")))["applied"] is True
        (shown,) = await _diagnosed(editor, uri, 1)
        assert shown.range.start.line == line
        fix = titled(await editor.actions(uri, line, [theirs]), "Fix: a is wrong")
        assert (await editor.run(fix))["applied"] is True
        assert editor.texts[uri] == text.replace("return a + sep  # 😀", "return sep")
        await _diagnosed(editor, uri, 0)


@pytest.mark.parametrize("filler", [0, 20_000])
async def test_all_docstrings_of_a_file_are_one_edit(desk: Desk, filler: int) -> None:
    above = "".join(f"v{n} = '😀'\t# {n}\r\n" for n in range(filler))
    text = f"{above}{CODE}\r\n\r\nclass A:\r\n    def m(self): return '😀'\r\n"
    uri = desk.put("a.py", text)
    reply = "### 1\nJoin.\n\n### 2\nHold.\n\n### 3\nGive 😀.\n"
    async with desk.editor({"reply": reply}) as editor:
        editor.open(uri, "python", text)
        action = titled(await editor.labelled(uri, 0), "Write docstrings for all")
        assert await editor.run(action) == {
            "applied": True,
            "decision": "local: NDA (* in twolane.toml)",
            "cost_usd": None,
            "message": "",
        }
        after = text.replace("str:\r\n\t", 'str:\r\n\t"""Join."""\r\n\t')
        after = after.replace("class A:\r\n", 'class A:\r\n    """Hold."""\r\n')
        after = after.replace("self): return", 'self):\r\n        """Give 😀."""\r\n        return')
        assert editor.texts[uri].removeprefix(above) == after.removeprefix(above)
        assert len(editor.edits) == 1


async def test_what_changed_is_reviewed_as_the_editor_has_it(desk: Desk) -> None:
    Repo(desk.root).commit("Start", a_py=CODE)
    uri = (desk.root / "a.py").as_uri()
    reply = {
        "match": "-     | \treturn a + sep  # 😀\n+    6| \treturn sep\n",
        "reply": json.dumps([{"line": 6, "message": "Wrong."}]),
    }
    async with desk.editor(reply) as editor:
        editor.open(uri, "python", CODE.replace("return a + sep  # 😀", "return sep"))
        action = titled(await editor.labelled(uri, 0), "Review changes")
        assert action.title == "Review changes since the last commit  [local: NDA *]"
        assert (await editor.run(action))["applied"] is True
        (shown,) = await _diagnosed(editor, uri, 1)
        assert (shown.message, shown.range.start.line) == ("Wrong.", 5)


async def test_tests_are_a_new_file_and_then_more_of_it(desk: Desk) -> None:
    Repo(desk.root).commit("Start", a_py=CODE)
    uri = (desk.root / "a.py").as_uri()
    first = "```python\nfrom a import join\n\n\ndef test_join():  # 😀\n    assert join\n```"
    replies = [
        {"match": "The test file as it is", "reply": "```python\ndef test_more():\n    pass\n```"},
        {"reply": first},
    ]
    async with desk.editor(*replies, says="Apply") as editor:
        editor.open(uri, "python", CODE)
        action = titled(await editor.labelled(uri, 5), "Generate tests")
        assert action.title == "Generate tests  [local: NDA *]"
        assert (await editor.run(action))["applied"] is True
        test = (desk.root / "tests" / "test_a.py").as_uri()
        text = "from a import join\n\n\ndef test_join():  # 😀\n    assert join\n"
        assert editor.texts[test] == text
        assert [shown.uri for shown in editor.shown_documents] == [test]
        assert editor.texts[uri] == CODE
        # Not saved in the editor: what is on disk is not what is there.
        again = await editor.run(titled(await editor.labelled(uri, 5), "Generate tests"))
        assert again["applied"] is False
        assert editor.texts[test] == text
        desk.put("tests/test_a.py", text)
        assert (await editor.run(action))["applied"] is True
        assert editor.texts[test] == f"{text}\n\ndef test_more():\n    pass\n"


async def test_findings_of_a_text_that_changed_meanwhile_are_where_their_lines_are(
    desk: Desk,
) -> None:
    uri = desk.put("a.py", CODE)
    found = [{"line": 6, "message": "Wrong."}, {"line": 5, "message": "No type."}]
    said = json.dumps(found)
    slow = {"chunks": [said[:9], said[9:]], "delay_seconds": 2.0}
    async with desk.editor(slow, preview=True) as editor:
        editor.open(uri, "python", CODE)
        running = editor.run(titled(await editor.labelled(uri, 5), "Review  "))
        await editor.streamed.wait()
        editor.replace(uri, action_range(0), "# above\r\n")
        editor.replace(uri, action_range(5), " ")
        answer = await running
        assert answer["message"] == "One finding is left out, since the lines changed meanwhile."
        (shown,) = await _diagnosed(editor, uri, 1)
        assert (shown.message, shown.range.start.line) == ("Wrong.", 6)
