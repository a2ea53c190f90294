"""What each action costs on a file of 20,000 lines, the first time in a server's life and the second.

The lane is scripted and answers at once, so that all of the time is ours. A server of its own for each
action; its processor time is the process's own, without the index's workers. A heartbeat on its event
loop shows how long it was held up, that long would anything else have waited, and how much of that it
worked itself, which a busy machine does not change. The floor is what nobody can do without: the
grammar's parse of the file, and a bare pygls server that is told of it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types
from pytest_lsp import ClientServerConfig

from support_hostile import BOM, CODE, LINES, hostile
from support_lsp import Editor, initialize_params
from support_matrix import CASES, Case, script
from support_wire import BARE, Wire
from twolane_context.languages import language_for
from twolane_context.trees import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_CPU_SECONDS = 1.5
MOST_HELD_MS = 100.0  # of work at a stretch
_BEAT = """\
import asyncio, sys, time
log = open(sys.argv[1], "w", buffering=1)
run_forever = asyncio.BaseEventLoop.run_forever
def beat(loop, due, worked):
    now, work = time.monotonic(), time.thread_time()
    if now - due > 0.005 or work - worked > 0.005:
        log.write(f"{now} {now - due} {work - worked}\\n")
    loop.call_later(0.005, beat, loop, now + 0.005, work)
def run(loop):
    loop.call_soon(beat, loop, time.monotonic(), time.thread_time())
    run_forever(loop)
asyncio.BaseEventLoop.run_forever = run
from twolane_server.cli import main
sys.exit(main(["lsp"]))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of an action.

    Attributes:
        offered_ms: from the request until the edit, the page or the findings came.
        cpu: seconds of the server's process, and of those it waited for.
        held_ms: the longest time for which its event loop was held up.
        worked_ms: the longest time of its processor that its loop took at a stretch.
    """

    offered_ms: float
    cpu: float
    held_ms: float
    worked_ms: float


class Asked(list[types.ApplyWorkspaceEditParams]):
    """The edits that came, and when."""

    at = 0.0

    def append(self, params: types.ApplyWorkspaceEditParams, /) -> None:
        self.at = time.monotonic()
        super().append(params)


class Watched(Editor):
    """An editor that knows which process its server is."""

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid


class Desk:
    """A server and an editor with the case's file open in it."""

    def __init__(self, editor: Watched, root: Path, pristine: Path, beats: Path) -> None:
        self.editor, self.root, self.pristine, self.beats = editor, root, pristine, beats

    def cpu(self) -> float:
        """Seconds that the process and what it has waited for have taken."""
        fields = Path(f"/proc/{self.editor.pid}/stat").read_text().rpartition(") ")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def held(self, since: float) -> tuple[float, float]:
        """The longest hold-up of the loop that ended since then, and its longest work; milliseconds."""
        rows = [[*map(float, line.split())] for line in self.beats.read_text().splitlines()]
        after = [(late, work) for at, late, work in rows if at >= since] or [(0.0, 0.0)]
        return max(late for late, _ in after) * 1000, max(work for _, work in after) * 1000

    async def open(self, case: Case) -> types.CodeAction:
        """Open the file and find the action in the menu."""
        uri = (self.root / case.file).as_uri()
        text = (self.root / case.file).read_bytes().decode("utf-8-sig")
        self.editor.open(uri, "gitcommit" if case.file.startswith(".git") else "python", text)
        await self.editor.labelled(uri, case.line)
        at = types.Range(types.Position(case.line, 0), types.Position(case.line, 3))
        theirs = types.Diagnostic(at, case.problem, source="ruff", code="F841")
        found = await self.editor.actions(uri, case.line, [theirs] if case.problem else [])
        (action,) = [one for one in found if one.title.startswith(case.title)]
        return action

    async def quiet(self) -> None:
        """Wait until what opening the file began is over."""
        still = 0
        while still < 5:
            before = self.cpu()
            await asyncio.sleep(0.3)
            still = still + 1 if self.cpu() - before < 0.02 else 0

    async def run(self, case: Case, action: types.CodeAction) -> Cost:
        """Run it once."""
        await self.quiet()
        asked = self.editor.asked = Asked()
        cpu, begun = self.cpu(), time.monotonic()
        told = {"instruction": case.ask} if case.ask else {}
        answer = await self.editor.run(action, **told)
        ended = time.monotonic()
        assert answer["applied"], (case.name, answer)
        await asyncio.sleep(0.05)
        return Cost(((asked.at or ended) - begun) * 1000, self.cpu() - cpu, *self.held(begun))

    async def again(self, case: Case, action: types.CodeAction) -> types.CodeAction:
        """All as it was: edits are undone, and where files were made or moved, all is opened anew."""
        if set(case.after) <= {case.file}:
            while self.editor.edits:
                self.editor.undo()
            return action
        self.editor.edits.clear()
        for uri in [*self.editor.texts]:
            closed = types.TextDocumentIdentifier(uri)
            self.editor.text_document_did_close(types.DidCloseTextDocumentParams(closed))
            del self.editor.texts[uri]
        for path in ("guide.md", "new"):
            target = self.root / path
            shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
        shutil.copytree(self.pristine, self.root, dirs_exist_ok=True)
        await self.quiet()
        return await self.open(case)


async def costs(case: Case, pristine: Path, folder: Path) -> tuple[Cost, Cost]:
    """The first and the second run of an action."""
    root, beats, replies = folder / "repository", folder / "beats", folder / "replies.json"
    shutil.copytree(pristine, root)
    replies.write_text(script(), "utf-8")
    names = ("CONFIG", "STATE", "CACHE")
    config = ClientServerConfig(
        server_command=[sys.executable, "-c", _BEAT, str(beats)],
        client_factory=cast("Any", Watched),
        server_env={**os.environ, **{f"TWOLANE_{name}_DIR": str(folder / name) for name in names}},
    )
    editor = cast("Watched", await config.start())
    try:
        lane = {"url": f"scripted:{replies}"}
        options: dict[str, object] = {"local": lane, "page": True, "preview": True}
        await editor.initialize_session(initialize_params(str(root), options))
        desk = Desk(editor, root, pristine, beats)
        action = await desk.open(case)
        first = await desk.run(case, action)
        second = await desk.run(case, await desk.again(case, action))
        await editor.shutdown_session()
    finally:
        await editor.end()
    return first, second


def floor(root: Path) -> tuple[float, float]:
    """Seconds of processor time for a parse, and milliseconds until a bare server answers."""
    source = f"{BOM}{CODE}".encode()
    language = language_for("a.py", "python")
    assert language is not None
    begun = time.process_time()
    parse(language, source)
    parsed = time.process_time() - begun
    wire = Wire(BARE, {**os.environ})
    wire.initialize(str(root))
    uri = (root / "a.py").as_uri()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": CODE}
    at = {"line": 0, "character": 0}
    asked: dict[str, object] = {
        "textDocument": {"uri": uri},
        "range": {"start": at, "end": at},
        "context": {"diagnostics": []},
    }
    wire.request("textDocument/codeAction", asked)
    begun = time.perf_counter()
    wire.notify("textDocument/didOpen", {"textDocument": item})
    wire.request("textDocument/codeAction", asked)
    answered = (time.perf_counter() - begun) * 1000
    wire.close()
    return parsed, answered


def table(rows: Sequence[tuple[str, Cost, Cost]]) -> None:
    """Print it, the dearest first."""
    print(f"{'':24}{'first time':^40}{'second time':^40}")
    head = "".join(f"{name:>10}" for name in ("offered ms", "CPU s", "held ms", "worked ms"))
    print(f"{'':24}{head}{head}")
    for name, *both in sorted(rows, key=lambda row: -row[1].cpu):
        shown = (
            f"{one.offered_ms:10.0f}{one.cpu:10.2f}{one.held_ms:10.0f}{one.worked_ms:10.0f}"
            for one in both
        )
        print(f"  {name:22}{''.join(shown)}")


def main() -> int:
    """Print the table; the exit status says whether the limits hold."""
    wanted = sys.argv[1:]
    rows: list[tuple[str, Cost, Cost]] = []
    with tempfile.TemporaryDirectory() as top:
        pristine = hostile(Path(top) / "pristine").root
        parsed, answered = floor(pristine)
        for number, case in enumerate(CASES):
            if not wanted or case.name in wanted:
                rows.append(
                    (case.name, *asyncio.run(costs(case, pristine, Path(top) / str(number))))
                )
    print(f"each action on {LINES:,} lines, with a lane that answers at once")
    table(rows)
    print(f"  floor: {parsed:.2f} s of CPU to parse the file once;")
    print(f"  {answered:.0f} ms until a bare pygls server that is told of the file answers again")
    print(f"  limits: {MOST_CPU_SECONDS:.1f} s of CPU, {MOST_HELD_MS:.0f} ms of work at a stretch")
    worst = [one for row in rows for one in row[1:]]
    return int(any(one.cpu > MOST_CPU_SECONDS or one.worked_ms > MOST_HELD_MS for one in worst))


if __name__ == "__main__":
    sys.exit(main())
