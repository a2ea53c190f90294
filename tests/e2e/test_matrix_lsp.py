"""Every action on the hostile repository, by the real server and an editor that counts UTF-16."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

from support_hostile import hostile
from support_lsp import editing, path_of
from support_matrix import CASES, Case, same, script
from support_waiting import until
from twolane_server.actions.base import Reads
from twolane_server.actions.catalogue import ACTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from support_lsp import Editor


def test_no_action_is_left_out() -> None:
    shown = {action.name for action in ACTIONS if action.reads is not Reads.RANGE}
    assert {case.action for case in CASES} == shown, "a range of commits is in no menu"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository, made once; each test works on a copy."""
    return hostile(tmp_path_factory.mktemp("hostile") / "repository").root


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_on_a_hostile_file(case: Case, pristine: Path, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    shutil.copytree(pristine, root)
    replies = tmp_path / "replies.json"
    replies.write_text(script(), "utf-8")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        **{f"TWOLANE_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "STATE", "CACHE")},
    }
    lane = {"url": f"scripted:{replies}"}
    async with editing(environ, root, local=lane, page=True, preview=True) as editor:
        uri = (root / case.file).as_uri()
        before = _read(root / case.file)
        editor.open(uri, "gitcommit" if case.file.startswith(".git") else "python", before)
        action = await _offered(editor, uri, case)
        answer = await editor.run(action, **({"instruction": case.ask} if case.ask else {}))
        assert answer["applied"] is True, answer
        _check_files(editor, root, pristine, case)
        assert [(page["title"], page["text"]) for page in editor.pages] == [
            page for page in (case.page,) if page
        ]
        if case.found:
            await _mend(editor, (root / (case.found_in or case.file)).as_uri(), case)
        changed = [path for path, text in case.after.items() if text is not None]
        assert len(editor.edits) == (1 if case.fixed else len(changed)), "one undo for each file"
        if case.file in changed or case.fixed:
            _undo(editor, uri)
            same(case.file, editor.texts[uri], before)


def _read(file: Path) -> str:
    """As VS Code has it: a byte order mark is the file's, and not in the text."""
    return file.read_bytes().decode("utf-8-sig")


async def _offered(editor: Editor, uri: str, case: Case) -> types.CodeAction:
    """The row's entry in the menu."""
    await editor.labelled(uri, case.line)
    at = types.Range(types.Position(case.line, 0), types.Position(case.line, 3))
    theirs = types.Diagnostic(at, case.problem, source="ruff", code="F841")
    found = await editor.actions(uri, case.line, [theirs] if case.problem else [])
    (action,) = [one for one in found if one.title.startswith(case.title)]
    return action


def _check_files(editor: Editor, root: Path, pristine: Path, case: Case) -> None:
    """Every file is what the row says, and all others are as they were."""
    shown = {path_of(uri): text for uri, text in editor.texts.items()}
    files = {
        path.relative_to(top).as_posix()
        for top in (root, pristine)
        for path in top.rglob("*")
        if path.is_file() and ".git/" not in path.relative_to(top).as_posix()
    }
    for path in sorted(files | {case.file}):
        old = pristine / path
        expected = case.after.get(path, _read(old) if old.exists() else None)
        if expected is None:
            assert not (root / path).exists()
            continue
        now = shown.get(root / path)
        same(path, now or _read(root / path), expected.removeprefix("\ufeff"))


async def _mend(editor: Editor, uri: str, case: Case) -> None:
    """What is found is shown, and a quick fix does what it says."""
    await until(lambda: len(editor.diagnostics.get(uri, [])) == len(case.found))
    found = editor.diagnostics[uri]
    assert [(one.range.start.line, one.message) for one in found] == [*case.found]
    if not case.fixed:
        return
    (row,) = [one.range.start.line for one in found if one.severity == 1]
    (fix,) = [one for one in await editor.actions(uri, row) if one.title.startswith("Apply: Wrong")]
    assert fix.command is not None
    await editor.command(fix.command.command, fix.command.arguments)
    same(case.file, editor.texts[uri], case.fixed.removeprefix("\ufeff"))


def _undo(editor: Editor, uri: str) -> None:
    while editor.edits:
        if editor.edits[-1][0] == uri:
            return editor.undo()
        editor.edits.pop()
    return None
