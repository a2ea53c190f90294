"""`twolane serve` with a real vLLM, and whole actions by it: as the local lane, and as the relay.

Two servers: SmolLM2 for actions, and a tiny random model of Qwen3-Coder's architecture for what its
tokens and its tool parser are about.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from support_lsp import editing
from support_repository import make_repository, put
from support_trust import make_folders, trusted_repository
from support_vllm import KEY, MOE, SMALL, Vllm, environ, free_port, require_vllm, running, until
from twolane_server.border.ledger import read_rows, verify

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from twolane_server.border.records import Row

pytestmark = [pytest.mark.vllm, pytest.mark.slow]

TWOLANE = [sys.executable, "-m", "twolane_server.cli"]
CODE = """\
def is_even(number: int) -> bool:
    return number % 2 == 0


def area(width: float, height: float) -> float:
    return width * height


def longest(words: list[str]) -> str:
    return max(words, key=len)


def shout(text: str) -> str:
    return text.upper() + "!"
"""
ROWS = {"is_even": 1, "area": 5, "longest": 9, "shout": 13}


def ours(top: Path) -> dict[str, str]:
    """The environment of our own processes, with scratch folders for all they keep."""
    names = ("PATH", "PYTHONPATH", "KF_RULE_CACHE_DIR")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    own = {
        f"TWOLANE_{name}_DIR": str(top / "own" / name.lower())
        for name in ("CONFIG", "STATE", "CACHE")
    }
    return kept | own | {"TWOLANE_EMBEDDED": "no", "THE_KEY": KEY, "PYTHONUTF8": "1"}


@contextmanager
def served(top: Path, model: str) -> Generator[tuple[Vllm, subprocess.Popen[str]]]:
    """A vLLM that `twolane serve` has started; at the end nothing of it is left."""
    folder, port = require_vllm(), free_port()
    words = ["serve", "--vllm", str(folder), "--model", str(folder / "models" / model)]
    words += ["--port", str(port), "--", "--enforce-eager"]
    key = {"TWOLANE_LOCAL_KEY_ENVIRONMENT": "THE_KEY"}
    process = subprocess.Popen(
        [*TWOLANE, *words],
        env=environ() | ours(top) | key,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    told: list[str] = []
    try:
        for line in process.stdout:
            told.append(line)
            if " answers at " in line:
                break
        else:
            log = (top / "own" / "state" / "vllm.log").read_text("utf-8")
            raise AssertionError(f"{''.join(told)}\n{log[-4_000:]}")
        yield Vllm(port, KEY, model), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(240)
        process.stdout.close()
    assert process.returncode == 0
    assert until(lambda: not family(process.pid), 60), "vLLM has outlived `twolane serve`"


def family(ancestor: int) -> list[int]:
    """What runs now and was started by a process, or by what that has started."""
    found, known = list[int](), {ancestor}
    everything = list(running())
    for _ in everything:
        more = {pid for pid, parent, _ in everything if parent in known} - known
        if not more:
            break
        known |= more
        found += more
    return found


class Desk:
    """A person with a repository, whose local lane is a real vLLM."""

    def __init__(self, top: Path, vllm: Vllm, *, relay: bool = False) -> None:
        self.folders = make_folders(top / "own")
        self.root = (
            trusted_repository(top / "r", self.folders, '[nda]\npaths = ["clients/**"]\n')
            if relay
            else make_repository(top / "r", None)
        )
        self.file = put(self.root / "tool.py", CODE)
        self.environ = ours(top)
        lane = {"URL": vllm.url, "MODEL": "SmolLM2", "KEY_ENVIRONMENT": "THE_KEY", "WINDOW": "8192"}
        name = "CLOUD" if relay else "LOCAL"
        self.environ |= {f"TWOLANE_{name}_{key}": value for key, value in lane.items()}
        if relay:
            script = put(top / "replies.json", json.dumps([{"reply": "Say what it does."}]))
            self.environ["TWOLANE_LOCAL_URL"] = f"scripted:{script}"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*TWOLANE, *words],
            env=self.environ,
            cwd=self.root,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=480,
            check=False,
        )

    def docstring(self, file: Path, *words: str) -> dict[str, Any]:
        """`do docstring` for the first function at which the small model succeeds."""
        for row in ROWS.values():
            ran = self.run("do", "docstring", f"{file}:{row}", "--json", *words)
            assert "Traceback" not in ran.stderr
            if ran.returncode == 0:
                told: dict[str, Any] = json.loads(ran.stdout)
                return told
            assert ran.stderr.startswith("twolane: "), ran.stderr
        raise AssertionError("the model wrote no docstring at all")

    @property
    def rows(self) -> list[Row]:
        assert verify(self.folders.state / "ledger").whole
        return list(read_rows(self.folders.state / "ledger"))


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    with served(tmp_path_factory.mktemp("serve"), SMALL) as (server, _):
        yield server


def test_what_vllm_itself_refuses_is_told_in_a_sentence(tmp_path: Path) -> None:
    folder = require_vllm()
    words = ["serve", "--vllm", str(folder), "--model", str(folder / "models" / SMALL)]
    words += ["--port", str(free_port()), "--", "--max-model-len", "65536"]
    ran = subprocess.run(
        [*TWOLANE, *words],
        env=environ() | ours(tmp_path),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 1
    assert "vLLM ended by itself while it loaded. The model holds 8192 tokens at most" in ran.stderr


def test_doctor_sees_it(vllm: Vllm, tmp_path: Path) -> None:
    findings = json.loads(Desk(tmp_path, vllm).run("doctor", "--json").stdout)
    (lane,) = [one for one in findings if one["check"] == "local lane"]
    assert lane["ok"]
    assert f"{SMALL} answers at 127.0.0.1:{vllm.port}: vLLM 0.32" in lane["message"]


def test_a_docstring_by_the_teams_own_server(vllm: Vllm, tmp_path: Path) -> None:
    desk = Desk(tmp_path, vllm)
    before = vllm.answered
    told = desk.docstring(desk.file)
    assert told["decision"]["lane"] == "local"
    assert told["decision"]["model"] == SMALL
    assert told["usage"]["in"] > 100
    assert vllm.answered > before
    assert '+    """' in told["edit"]["diff"]
    *_, row = desk.rows
    public = row.public()
    assert (public["lane"], public["outcome"]) == ("local", "stop")
    assert public["host"] == f"127.0.0.1:{vllm.port}"
    assert row.text is None, "of what went to the local lane the record keeps no text"


async def test_an_editors_docstring_streams_in(vllm: Vllm, tmp_path: Path) -> None:
    desk = Desk(tmp_path, vllm)
    async with editing(desk.environ, desk.root, preview=True) as editor:
        uri = desk.file.as_uri()
        editor.open(uri, "python", CODE)
        result: dict[str, Any] = {}
        for row in ROWS.values():
            (action, *_) = await editor.labelled(uri, row)
            assert action.title.startswith("Write docstring  [local: NDA no twolane.toml]  ~")
            result = await editor.run(action)
            if result["applied"]:
                break
        assert result["applied"], result
        assert '"""' in editor.texts[uri]
        assert len(editor.previews) > 1, "the answer is seen while it comes"


async def test_an_editors_cancel_reaches_the_engine_within_a_second(
    vllm: Vllm, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, vllm)
    async with editing(desk.environ, desk.root, preview=True) as editor:
        uri = desk.file.as_uri()
        editor.open(uri, "python", CODE)
        actions = await editor.labelled(uri, 1)
        (rewrite,) = [one for one in actions if one.title.startswith("Rewrite selection")]
        instruction = "count to a thousand, each number on a line of its own, as comments"
        run = editor.run(rewrite, "t", instruction=instruction)
        await asyncio.wait_for(editor.streamed.wait(), 60)
        assert vllm.metrics()["vllm:num_requests_running"] == 1
        editor.cancel_all()
        free = await asyncio.to_thread(
            until, lambda: vllm.metrics()["vllm:num_requests_running"] == 0, 1.0
        )
        assert free
        with pytest.raises(Exception, match=r"ancel"):  # pygls has no type of its own for it
            await run
        assert editor.texts[uri] == CODE


def test_it_plays_the_relay_and_gets_open_code_only(vllm: Vllm, tmp_path: Path) -> None:
    desk = Desk(tmp_path, vllm, relay=True)
    secret = put(desk.root / "clients" / "acme.py", CODE.replace("is_even", "is_secret"))
    before = vllm.answered
    told = desk.docstring(desk.file)
    assert told["decision"]["lane"] == "cloud"
    *_, row = desk.rows
    assert (row.public()["lane"], row.public()["outcome"]) == ("cloud", "stop")
    assert row.text is not None
    assert "cache_salt" not in row.text
    assert told["usage"]["in"] <= vllm.answered - before
    between = vllm.answered
    assert desk.docstring(secret)["decision"]["lane"] == "local"
    assert vllm.answered == between, "code under NDA was sent"


def test_qwens_architecture_its_tokens_and_its_tools(tmp_path: Path) -> None:
    with served(tmp_path, MOE) as (server, process):
        infill = "<|fim_prefix|>def add(a, b):\n    return <|fim_suffix|>\n<|fim_middle|>"
        tokens = server.ask("/tokenize", {"model": MOE, "prompt": infill})["tokens"]
        assert [one for one in tokens if one > 151_643] == [151_659, 151_661, 151_660]
        body: dict[str, object] = {
            "model": MOE,
            "prompt": infill,
            "max_tokens": 8,
            "temperature": 0,
        }
        first, again = (server.ask("/v1/completions", body) for _ in range(2))
        assert first["usage"]["prompt_tokens"] == len(tokens)
        assert first["usage"]["completion_tokens"] == 8
        assert first["choices"][0]["text"] == again["choices"][0]["text"]
        refused = server.ask("/v1/completions", body | {"suffix": "x"})
        assert refused["error"]["code"] == 400
        tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
        asked = {"model": MOE, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}
        assert "choices" in server.ask("/v1/chat/completions", asked | {"tools": [tool]})
        assert len(family(process.pid)) >= 3, "the leash, the server and its engine"
