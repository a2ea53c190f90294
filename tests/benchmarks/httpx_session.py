"""A scripted session of an editor in httpx 0.28.1: twenty actions, with edits in between.

As one works: some actions in a file, then another file, and back. Each action is cut off at its
first token, since a prefix cache has done its work by then, and leaves the text as it was, so that
the prompts do not depend on what a model says.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lsprotocol import types

from support_lsp import Editor, editing

if TYPE_CHECKING:
    from collections.abc import Callable

SCRATCH = Path(__file__).resolve().parent.parent.parent / ".demo" / "benchmark"


class Step(NamedTuple):
    """One action, and what is typed before it.

    Attributes:
        file: in which.
        line: how the line of the cursor begins, without its indentation.
        action: `docstring`, or `rewrite` of the whole definition there.
        instruction: for a rewrite.
        old: the text that is replaced first; empty when nothing is typed.
        new: what it is replaced by.
    """

    file: str
    line: str
    action: str = "docstring"
    instruction: str = ""
    old: str = ""
    new: str = ""


UTILS, CONTENT, AUTH, PARSE = (
    f"httpx/{name}.py" for name in ("_utils", "_content", "_auth", "_urlparse")
)
SESSION = (
    Step(UTILS, "def primitive_value_to_str"),
    Step(UTILS, "def unquote"),
    Step(UTILS, "def unquote", "rewrite", "use str.strip"),
    Step(UTILS, "def to_str", old="def to_bytes(", new="def as_bytes("),
    Step(UTILS, "def peek_filelike_length"),
    Step(UTILS, "def peek_filelike_length", "rewrite", "return early when there is no fileno"),
    Step(CONTENT, "def encode_content"),
    Step(CONTENT, "def encode_content", "rewrite", "name the chunk size"),
    Step(
        CONTENT,
        "def encode_json",
        old='separators=(",", ":"), ',
        new='separators=(",", ":"),  # short\n        ',
    ),
    Step(CONTENT, "def encode_request"),
    Step(CONTENT, "def encode_request", "rewrite", "use match"),
    Step(AUTH, "def _parse_challenge"),
    Step(AUTH, "def _parse_challenge", "rewrite", "raise ValueError for a bad header"),
    Step(AUTH, "def _build_auth_header", old="def _resolve_qop(", new="def _choose_qop("),
    Step(AUTH, "def _get_header_value"),
    Step(PARSE, "def normalize_port"),
    Step(PARSE, "def normalize_path"),
    Step(PARSE, "def normalize_path", "rewrite", "use posixpath.normpath where that is the same"),
    Step(UTILS, "def is_ipv4_hostname", old="def unquote(", new="def without_quotes("),
    Step(UTILS, "def is_ipv6_hostname"),
)


def fetch() -> Path:
    """httpx's source as a git repository, new each time."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    source = SCRATCH / "httpx-0.28.1.tar.gz"
    if not source.is_file():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", "httpx", "--dest", str(SCRATCH), "httpx==0.28.1"]
        subprocess.run(command, check=True)
    root = SCRATCH / "httpx-0.28.1"
    shutil.rmtree(root, ignore_errors=True)
    with tarfile.open(source) as archive:
        archive.extractall(SCRATCH, filter="data")
    subprocess.run(["git", "-C", str(root), "init", "--quiet"], check=True)
    return root


async def play(
    root: Path,
    environ: dict[str, str],
    local: dict[str, object],
    before: Callable[[int], object],
    after: Callable[[int], object],
) -> None:
    """Play the session in a language server of its own.

    Args:
        root: the repository.
        environ: where the server keeps things.
        local: the settings of its local lane.
        before: called before each action, with its number from 0 on.
        after: called after it.
    """
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    own = {**kept, **environ}
    async with editing(own, root, preview=True, local=local, embedded={"enabled": False}) as editor:
        for number, step in enumerate(SESSION):
            uri = (root / step.file).as_uri()
            if uri not in editor.texts:
                editor.open(uri, "python", (root / step.file).read_text("utf-8"))
            if not number:
                await _ready(editor, uri, step)
            if step.old:
                _type(editor, uri, step)
            before(number)
            await _act(editor, uri, step)
            after(number)


async def _ready(editor: Editor, uri: str, step: Step) -> None:
    """Ask twice, which has the repository indexed and its map chosen, as it is a moment after opening."""
    for _ in range(2):
        await asyncio.sleep(2)
        await _act(editor, uri, step)


def _type(editor: Editor, uri: str, step: Step) -> None:
    text = editor.texts[uri]
    at = text.index(step.old)
    start = types.Position(text.count("\n", 0, at), at - text.rfind("\n", 0, at) - 1)
    end = types.Position(start.line, start.character + len(step.old))
    editor.replace(uri, types.Range(start, end), step.new)


async def _act(editor: Editor, uri: str, step: Step) -> None:
    row = _row(editor.texts[uri], step.line)
    found = await editor.labelled(uri, row)
    title = {"docstring": "Write docstring  [", "rewrite": "Rewrite selection…"}[step.action]
    (action,) = [one for one in found if one.title.startswith(title)]
    editor.streamed.clear()
    token = f"step-{row}-{len(editor.progress_reports)}"
    running = editor.run(action, token, instruction=step.instruction)
    begun = asyncio.ensure_future(editor.streamed.wait())
    await asyncio.wait({running, begun}, timeout=120, return_when=asyncio.FIRST_COMPLETED)
    begun.cancel()
    if running.done():
        if running.result()["applied"]:
            editor.undo()
    else:
        editor.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        await asyncio.wait({running}, timeout=30)
        assert running.done(), "the action was not cancelled"
        running.exception()


def _row(text: str, begins: str) -> int:
    rows = [n for n, line in enumerate(text.split("\n")) if line.strip().startswith(f"{begins}(")]
    assert rows, begins
    return rows[0]
