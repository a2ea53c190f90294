"""Every action with the embedded model at the real server: each ends well, or with a sentence."""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

from support_lsp import editing, path_of
from support_modest import CASES, check_asked, check_text, environ, modest, settings
from twolane_server.actions.base import Reads
from twolane_server.actions.catalogue import ACTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from support_lsp import Editor
    from support_matrix import Case

pytestmark = [pytest.mark.embedded, pytest.mark.slow]

SECONDS = 240.0  # for one action on a busy machine; a hang is longer than that


def test_no_action_is_left_out() -> None:
    shown = {action.name for action in ACTIONS if action.reads is not Reads.RANGE}
    assert {case.action for case in CASES} == shown, "a range of commits is in no menu"


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """What the server sees: a user without settings, key or server, and the model."""
    folders = {f"TWOLANE_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "STATE")}
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        **folders,
        **environ(tmp_path / "CACHE"),
    }


async def test_every_action_comes_to_something_or_to_a_sentence(
    tmp_path: Path, variables: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    pristine, root = modest(tmp_path / "pristine"), tmp_path / "repository"
    shutil.copytree(pristine, root)
    async with editing(
        variables, root, says="Apply", **settings(), page=True, preview=True
    ) as editor:
        came = 0
        for case in CASES:
            came += await _run(editor, root, case)
            _as_it_was(editor, root, pristine)
        shown = [message.message for message in (*editor.messages, *editor.log_messages)]
    assert "Traceback" not in "".join((*shown, *capfd.readouterr()))
    assert came, "the model came to nothing at all"
    check_asked(tmp_path / "STATE")


async def _run(editor: Editor, root: Path, case: Case) -> bool:
    """Run one action to its end, and take back what it changed; whether it came to anything."""
    uri = (root / case.file).as_uri()
    before = (root / case.file).read_bytes().decode()
    editor.open(uri, "gitcommit" if case.file.startswith(".git") else "python", before)
    action = await _offered(editor, uri, case)
    pages, told = len(editor.pages), len(editor.messages)
    running = editor.run(action, **({"instruction": case.ask} if case.ask else {}))
    answer = await asyncio.wait_for(running, SECONDS)
    changed = dict(editor.edits)
    assert len(editor.edits) == len(changed), f"{case.name}: more than one step in a file"
    found = any(editor.diagnostics.values()) or answer["message"]
    if not answer["applied"]:
        assert not changed, case.name
        assert len(editor.pages) == pages, case.name
        assert any(answer["message"] in one.message for one in editor.messages[told:]), answer
    assert changed or len(editor.pages) > pages or found, f"{case.name}: nothing came of it"
    for where, old in changed.items():
        check_text(case, path_of(where).name, old, editor.texts[where])
    while editor.edits:
        where, old = editor.edits[-1]
        editor.undo()
        assert editor.texts[where] == old
    for where in [*editor.texts]:
        closed = types.TextDocumentIdentifier(where)
        editor.text_document_did_close(types.DidCloseTextDocumentParams(closed))
        del editor.texts[where]
    return answer["applied"]


async def _offered(editor: Editor, uri: str, case: Case) -> types.CodeAction:
    """The row's entry in the menu."""
    await editor.labelled(uri, case.line)
    at = types.Range(types.Position(case.line, 0), types.Position(case.line, 3))
    theirs = types.Diagnostic(at, case.problem, source="ruff", code="ANN001")
    found = await editor.actions(uri, case.line, [theirs] if case.problem else [])
    (action,) = [one for one in found if one.title.startswith(case.title)]
    return action


def _as_it_was(editor: Editor, root: Path, pristine: Path) -> None:
    """The files on disk are what they were, but for one that an edit is to be put into."""
    made = {path_of(edit.uri) for edit in _creations(editor)}
    for file in made & {*root.rglob("*")}:
        file.unlink()
    for old in pristine.rglob("*"):
        now = root / old.relative_to(pristine)
        if old.is_file() and ".git/" not in old.as_posix():
            assert now.read_bytes() == old.read_bytes(), now


def _creations(editor: Editor) -> list[types.CreateFile]:
    changes = [one for asked in editor.asked for one in asked.edit.document_changes or []]
    return [one for one in changes if isinstance(one, types.CreateFile)]
