"""The real server reviews all that changed: diagnostics in many files, whether they are open or not."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import types

from support_git import Repo
from support_lsp import Editor, editing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

A = "# é 😀\r\ndef a():\r\n\treturn '😀', 1  # 😀\r\n"
B = "def b():\n    return 1\n"
FOUND = [
    {"file": "a.py", "line": 3, "severity": "error", "message": "Two?", "fix": "return 3"},
    {"file": "src/b.py", "line": 2, "message": "Not b.", "fix": "return 4"},
    {"file": "src/b.py", "line": 1, "message": "No type."},
]


B_FOUND = [(0, "No type."), (1, "Not b.")]


class Desk:
    """A repository under NDA with two files that changed, and an editor on the server."""

    def __init__(self, folder: Path) -> None:
        self.repo = Repo(folder / "repository")
        self.repo.commit("Start", a_py=A, src__b_py=B, **{"twolane.toml": '[nda]\npaths = ["*"]\n'})
        self.a = self.repo.put("a.py", A.replace("1  #", "2  #")).as_uri()
        self.b_file = self.repo.put("src/b.py", B.replace("1", "2"))
        self.b = self.b_file.as_uri()
        self.replies = folder / "replies.json"
        names = ("CONFIG", "STATE", "CACHE")
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            **{f"TWOLANE_{name}_DIR": str(folder / name.lower()) for name in names},
        }

    @asynccontextmanager
    async def editor(self, *replies: object, **options: Any) -> AsyncGenerator[Editor]:  # noqa: ANN401 - settings
        said = replies or ({"reply": json.dumps(FOUND)},)
        self.replies.write_text(json.dumps(said), "utf-8")
        lane = {"url": f"scripted:{self.replies}"}
        async with editing(self.environ, self.repo.root, local=lane, **options) as editor:
            editor.open(self.a, "python", A.replace("1  #", "2  #"))
            yield editor


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def review(editor: Editor, uri: str) -> dict[str, Any]:
    """Run the menu's review of everything."""
    actions = await editor.labelled(uri, 0)
    (action,) = [one for one in actions if one.title.startswith("Review all changes")]
    assert action.title == (
        "Review all changes since the last commit  [lane by what the working tree changes]"
    )
    return await editor.run(action)


async def shown(editor: Editor, uri: str, *wanted: tuple[int, str], tries: int = 3_000) -> None:
    """Wait until a file's diagnostics are these, by row and message."""
    for _ in range(tries):
        if uri in editor.diagnostics:
            found = [(one.range.start.line, one.message) for one in editor.diagnostics[uri]]
            if found == [*wanted]:
                return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{editor.diagnostics.get(uri)} are not {wanted}")


async def test_findings_are_shown_in_open_and_in_unopened_files(desk: Desk) -> None:
    async with desk.editor() as editor:
        answer = await review(editor, desk.a)
        assert answer["decision"].startswith("local: NDA (* in twolane.toml, a.py")
        assert answer["applied"] is True
        assert answer["message"] == "3 findings in 2 files."
        await shown(editor, desk.a, (2, "Two?"))
        await shown(editor, desk.b, *B_FOUND)
        (one,) = editor.diagnostics[desk.a]
        assert one.range.end.character == len("\treturn '😀', 2  # 😀") + 2


async def test_a_fix_is_there_once_the_file_is_open(desk: Desk) -> None:
    async with desk.editor() as editor:
        await review(editor, desk.a)
        await shown(editor, desk.b, *B_FOUND)
        text = desk.b_file.read_text("utf-8")
        editor.open(desk.b, "python", f"# typed before it was opened\n{text}")
        await shown(editor, desk.b, (1, "No type."), (2, "Not b."))
        (fix,) = [one for one in await editor.actions(desk.b, 2) if one.kind == "quickfix"]
        assert fix.command is not None
        done = await editor.command(fix.command.command, fix.command.arguments)
        assert done == {"applied": True, "message": ""}
        assert editor.texts[desk.b].endswith("    return 4\n")
        await shown(editor, desk.b, (1, "No type."))


async def test_findings_stay_when_a_file_is_closed_and_are_where_the_disk_has_them(
    desk: Desk,
) -> None:
    async with desk.editor() as editor:
        await review(editor, desk.a)
        text = desk.b_file.read_text("utf-8")
        editor.open(desk.b, "python", text)
        editor.replace(desk.b, types.Range(types.Position(0, 0), types.Position(0, 0)), "#\n")
        editor.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(desk.b))
        )
        await editor.actions(desk.a, 0)  # what was typed was never saved
        await shown(editor, desk.b, *B_FOUND)
        await editor.workspace_execute_command_async(
            types.ExecuteCommandParams("twolane.clear", [{}])
        )
        await shown(editor, desk.b)


async def _once_the_disk_is(
    change: Callable[[], object], editor: Editor, uri: str, *wanted: tuple[int, str]
) -> None:
    """Change a file until it was heard of: watching may begin later than the first answer comes."""
    for _ in range(60):
        change()
        with suppress(AssertionError):
            return await shown(editor, uri, *wanted, tries=50)
    raise AssertionError(f"{editor.diagnostics.get(uri)} are not {wanted}")


async def test_findings_in_files_that_are_not_open_follow_the_disk(desk: Desk) -> None:
    async with desk.editor() as editor:
        await review(editor, desk.a)
        await shown(editor, desk.b, *B_FOUND)

        def above() -> None:
            desk.b_file.write_text("# above\n" + B.replace("1", "2"), "utf-8")

        await _once_the_disk_is(above, editor, desk.b, (1, "No type."), (2, "Not b."))
        desk.b_file.write_text("# above\n" + B.replace("1", "3"), "utf-8")
        await shown(editor, desk.b, (1, "No type."))
        await shown(editor, desk.a, (2, "Two?"))
        desk.b_file.unlink()
        await shown(editor, desk.b)


async def test_findings_in_a_folder_that_goes_are_gone(desk: Desk) -> None:
    async with desk.editor() as editor:
        await review(editor, desk.a)
        await shown(editor, desk.b, *B_FOUND)

        def above() -> None:
            desk.b_file.write_text("# above\n" + B.replace("1", "2"), "utf-8")

        await _once_the_disk_is(above, editor, desk.b, (1, "No type."), (2, "Not b."))
        (desk.repo.root / "src").rename(desk.repo.root / "other")
        await shown(editor, desk.b)


async def test_what_changes_on_disk_below_an_open_document_moves_nothing_of_it(desk: Desk) -> None:
    async with desk.editor() as editor:
        await review(editor, desk.a)
        await shown(editor, desk.b, *B_FOUND)
        (desk.repo.root / "a.py").unlink()

        def above() -> None:
            desk.b_file.write_text("# above\n" + B.replace("1", "2"), "utf-8")

        await _once_the_disk_is(above, editor, desk.b, (1, "No type."), (2, "Not b."))
        await shown(editor, desk.a, (2, "Two?"))


async def test_the_editors_text_is_reviewed_before_it_is_saved(desk: Desk) -> None:
    typed = {"match": "+    2|     return 99", "reply": json.dumps(FOUND[1:2])}
    async with desk.editor(typed) as editor:
        editor.open(desk.b, "python", B.replace("1", "99"))
        assert (await review(editor, desk.a))["message"] == "1 finding in 1 file."
        await shown(editor, desk.b, (1, "Not b."))


async def test_lines_that_changed_while_the_model_read_are_left_out(desk: Desk) -> None:
    said = json.dumps(FOUND)
    slow = {"chunks": [said[:9], said[9:]], "delay_seconds": 2.0}
    async with desk.editor(slow, preview=True) as editor:
        running = asyncio.ensure_future(review(editor, desk.a))
        await editor.streamed.wait()
        desk.b_file.write_text(f"# above\n{B.replace('1', '3')}", "utf-8")
        answer = await running
        assert "left out, since the lines changed meanwhile" in answer["message"]
        await shown(editor, desk.b, (1, "No type."))


async def test_a_second_review_takes_the_place_of_the_first(desk: Desk) -> None:
    async with desk.editor({"reply": json.dumps(FOUND), "times": 1}, {"reply": "[]"}) as editor:
        await review(editor, desk.a)
        await shown(editor, desk.b, *B_FOUND)
        assert (await review(editor, desk.a))["message"] == "The review found nothing."
        await shown(editor, desk.b)
        await shown(editor, desk.a)


async def test_what_is_staged_is_reviewed_from_gits_own_buffer(desk: Desk) -> None:
    desk.repo.git("add", "src/b.py")
    message = desk.repo.put(".git/COMMIT_EDITMSG", "\n# So\n").as_uri()
    async with desk.editor() as editor:
        editor.open(message, "gitcommit", "\n# So\n")
        actions = await editor.labelled(message, 0)
        (action,) = [one for one in actions if one.title.startswith("Review what is staged")]
        assert action.title == "Review what is staged  [local: NDA *]"
        answer = await editor.run(action)
        assert answer["message"].startswith("2 findings in 1 file.")
        await shown(editor, desk.b, *B_FOUND)


async def test_a_client_can_ask_for_a_range(desk: Desk) -> None:
    desk.repo.git("add", "-A")
    desk.repo.commit("More")
    async with desk.editor() as editor:
        await editor.labelled(desk.a, 0)
        at = {"line": 0, "character": 0}
        wanted = {"action": "changes-range", "uri": desk.a, "range": {"start": at, "end": at}}
        answer = await editor.command("twolane.run", [{**wanted, "revisions": "HEAD~1..HEAD"}])
        assert answer["message"] == "3 findings in 2 files."
        answer = await editor.command("twolane.run", [wanted])
        assert answer["message"].startswith("A range is written A..B")
