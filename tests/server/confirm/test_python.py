"""A language server for Python looks at the sites: a scripted one, and the real one."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from support_repository import put
from support_waiting import PATIENCE
from twolane_context.references import Site
from twolane_server.confirm.python import Confirmer, Unconfirmed, command, source_roots

SOURCE = "é = '😀'; go = 1\nprint(go)\nx.go\n"
SITES = [Site("a.py", 0, 13), Site("a.py", 1, 6), Site("a.py", 2, 2), Site("b.rs", 7, 7)]
# Of an answer, the lines and UTF-16 columns.
SCRIPTED = """
import json, os, sys
log = open(os.path.join(os.path.dirname(__file__), "log"), "a")
def send(message):
    body = json.dumps(message).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\\r\\nContent-Type: x\\r\\n\\r\\n%b" % (len(body), body))
    sys.stdout.buffer.flush()
print(json.dumps([os.getcwd(), dict(os.environ)]), file=log, flush=True)
while True:
    length = 0
    while (line := sys.stdin.buffer.readline().strip()):
        if line.startswith(b"Content-Length:"): length = int(line[15:])
    if not length: break
    message = json.loads(sys.stdin.buffer.read(length))
    print(json.dumps(message), file=log, flush=True)
    if message.get("method") == "exit": break
    if "id" not in message or "method" not in message: continue
    if message["method"] != "textDocument/references":
        send({"id": message["id"], "result": {}})
        continue
    uri = message["params"]["textDocument"]["uri"]
    send({"method": "window/logMessage", "params": {"message": "hello"}})
    send({"id": 1, "method": "workspace/configuration", "params": {"items": [{}, {}]}})
    send({"id": "a", "method": "client/registerCapability", "params": {}})
    def at(line, character, uri=uri):
        return {"uri": uri, "range": {"start": {"line": line, "character": character}}}
    ANSWER
"""
GOOD = 'send({"id": message["id"], "result": [at(0, 10), at(1, 6), at(0, 0, "file:///else.py")]})'


class Scripted:
    """A server that answers the question as told, and a repository to ask about."""

    def __init__(self, folder: Path, answer: str) -> None:
        put(folder / "server" / "server.py", SCRIPTED.replace("ANSWER", answer))
        self.log = folder / "server" / "log"
        self.root = put(folder / "repository" / "a.py", SOURCE).parent
        program = (sys.executable, str(folder / "server" / "server.py"))
        self.confirmer = Confirmer(self.root, program, ["a.py"])
        self.text = SOURCE.encode()

    async def ask(self, seconds: float = PATIENCE) -> list[Site]:
        return await self.confirmer.confirm(SITES[1], SITES, lambda _: self.text, seconds)

    def heard(self, method: str) -> list[Any]:
        """The parameters of all that came to the server under a name."""
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        messages: list[Any] = [json.loads(line) for line in lines if line.startswith("{")]
        return [one["params"] for one in messages if one.get("method") == method]


def _exists(folder: str) -> bool:
    return Path(folder).exists()


def _is_empty(folder: str) -> bool:
    return not list(Path(folder).iterdir())


async def test_only_what_the_server_confirms_stays_and_other_languages_sites(
    tmp_path: Path,
) -> None:
    scripted = Scripted(tmp_path, GOOD)
    assert await scripted.ask() == [SITES[0], SITES[1], SITES[3]]
    assert scripted.heard("textDocument/references")[0]["position"] == {"line": 1, "character": 6}
    await scripted.confirmer.close()


async def test_it_stays_for_the_next_question_and_sees_what_has_changed(tmp_path: Path) -> None:
    scripted = Scripted(tmp_path, GOOD)
    for text in (SOURCE, SOURCE, SOURCE + "\n"):
        scripted.text = text.encode()
        await scripted.ask()
    assert len(scripted.heard("initialize")) == 1
    opened = [one["textDocument"]["text"] for one in scripted.heard("textDocument/didOpen")]
    assert opened == [SOURCE, SOURCE + "\n"]
    assert len(scripted.heard("textDocument/didClose")) == 1
    await scripted.confirmer.close()


async def test_it_gets_no_repository_no_variables_and_no_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "1")
    scripted = Scripted(tmp_path, GOOD)
    await scripted.ask()
    folder, environment = json.loads(scripted.log.read_text("utf-8").splitlines()[0])
    assert not Path(folder).is_relative_to(scripted.root)
    assert "SOME_TOKEN" not in environment
    assert _is_empty(environment["PATH"])
    told = scripted.heard("initialize")[0]
    assert told["rootUri"] == Path(folder).as_uri()
    await scripted.confirmer.close()
    assert not _exists(folder)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("continue", "more than 1 s"),
        ("sys.exit()", "ended"),
        (
            'sys.stdout.buffer.write(b"Content-Length: x\\r\\n\\r\\n"); sys.stdout.flush()',
            "protocol",
        ),
        (
            'sys.stdout.buffer.write(b"Content-Length: 3\\r\\n\\r\\n[1]"); sys.stdout.flush()',
            "protocol",
        ),
        (
            'sys.stdout.buffer.write(b"Content-Length: 99999999999\\r\\n\\r\\n"); sys.stdout.flush()',
            "protocol",
        ),
        ('sys.stdout.buffer.write(b"x" * 200000); sys.stdout.flush()', "protocol"),
        ('send({"id": message["id"], "error": {"code": 1, "message": "no"}})', "refused"),
        ('send({"id": message["id"], "result": [1]})', "another shape"),
        ('send({"id": message["id"], "result": [at(99, 0)]})', "another shape"),
        ('send({"id": message["id"], "result": None})', "knows nothing"),
        ('send({"id": message["id"], "result": []})', "knows nothing"),
    ],
)
async def test_whatever_fails_is_one_sentence(tmp_path: Path, answer: str, why: str) -> None:
    scripted = Scripted(tmp_path, answer)
    with pytest.raises(Unconfirmed, match=why):
        # One second is enough where nothing comes; else it is the machine that takes its time.
        await scripted.ask(1.0 if "1 s" in why else PATIENCE)
    await scripted.confirmer.close()


async def test_after_two_failures_it_is_not_started_again(tmp_path: Path) -> None:
    scripted = Scripted(tmp_path, "sys.exit()")
    for _ in range(4):
        with pytest.raises(Unconfirmed):
            await scripted.ask()
    assert len(scripted.heard("initialize")) == 2
    await scripted.confirmer.close()


async def test_who_cancels_leaves_nothing_behind(tmp_path: Path) -> None:
    scripted = Scripted(tmp_path, "continue")
    asking = asyncio.create_task(scripted.ask())
    while not scripted.heard("textDocument/references"):  # noqa: ASYNC110 - it is another program
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    folder = json.loads(scripted.log.read_text("utf-8").splitlines()[0])[0]
    assert not _exists(folder)
    await scripted.confirmer.close()


async def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    confirmer = Confirmer(tmp_path, ("/nowhere/server",), [])
    with pytest.raises(Unconfirmed, match="failed: No such file"):
        await confirmer.confirm(SITES[0], SITES, lambda _: SOURCE.encode(), 5.0)


def test_source_roots() -> None:
    paths = ["p/__init__.py", "p/q/__init__.py", "p/q/a.py", "tests/t/__init__.py", "x/y.py"]
    assert source_roots(paths) == ["", "src", "tests"]


def test_only_absolute_folders_of_the_path_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def program(file: Path) -> Path:
        put(file, "#!/bin/sh\n").chmod(0o755)
        return file

    based = program(tmp_path / "bin" / "basedpyright-langserver")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "bin")
    assert command() is None
    monkeypatch.setenv("PATH", str(based.parent))
    assert command() == (str(based), "--stdio")
    # pip's pyright would fetch the real one; npm's is a script for Node.
    based.rename(based.with_name("pyright-langserver"))
    node = program(tmp_path / "bin" / "node")
    assert command() is None
    script = program(tmp_path / "lib" / "langserver.index.js")
    based.with_name("pyright-langserver").unlink()
    based.with_name("pyright-langserver").symlink_to(script)
    assert command() == (str(node), str(script), "--stdio")


@pytest.fixture
def real() -> tuple[str, ...]:
    scripts = Path(sys.executable).parent
    program = shutil.which("basedpyright-langserver", path=str(scripts))
    if program is None:
        pytest.skip("basedpyright is not installed")
    return program, "--stdio"


async def test_the_real_one_tells_types_apart_and_runs_nothing_of_the_repository(
    tmp_path: Path, real: tuple[str, ...]
) -> None:
    root, ran = tmp_path / "repository", tmp_path / "ran"
    hostile = f"#!/bin/sh\necho {ran.name} >> {ran}\n"
    for name in ("python", "python3", "node"):
        for folder in (".venv/bin", "venv/bin", "bin"):
            put(root / folder / name, hostile).chmod(0o755)
    settings = {"venvPath": ".", "venv": "venv", "pythonPath": "bin/python"}
    put(root / "pyrightconfig.json", json.dumps(settings))
    put(root / "pyproject.toml", '[tool.basedpyright]\nvenvPath = "."\nvenv = ".venv"\n')
    put(root / "p" / "__init__.py", "")
    put(root / "p" / "a.py", "class A:\n    def save(self): ...\n")
    use = """
        from p.a import A

        def made(): return {"é😀": A()}

        made()["é😀"].save()
        open("x").save()
    """
    put(root / "p" / "b.py", textwrap.dedent(use))
    paths = ["p/__init__.py", "p/a.py", "p/b.py"]
    confirmer = Confirmer(root, real, paths)
    sites = [Site("p/a.py", 1, 8), Site("p/b.py", 5, 17), Site("p/b.py", 6, 10)]
    found = await confirmer.confirm(sites[0], sites, lambda path: (root / path).read_bytes(), 240.0)
    assert found == sites[:2]
    await confirmer.close()
    assert not ran.exists()
