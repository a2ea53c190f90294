"""The command line for tests: a trusted repository with one file, scratch folders, a scripted model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support_fake_server import FakeServer, answer
from support_repository import put
from support_trust import make_folders, trusted_repository
from support_waiting import PATIENCE
from twolane_server.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CLOUD_MODEL = "deepseek-v3.2"
CODE = "import os\r\n\r\n\r\ndef join(a: str) -> str:\r\n    return a + os.sep  # é 😀\r\n"
SENTENCE = "Put a separator behind the name."
DOCUMENTED = CODE.replace("str:\r\n", f'str:\r\n    """{SENTENCE}"""\r\n')


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever it printed
        """The one line of JSON that it printed."""
        (line,) = self.out.splitlines()
        return json.loads(line)


@dataclass
class Shell:
    """A shell with the environment that a user of twolane has.

    Attributes:
        top: everything is in there.
        root: a repository that may use the cloud lane.
        file: an open file in it.
        environ: the environment.
    """

    top: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    environ: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.folders = make_folders(self.top / "own")
        self.root = trusted_repository(self.top / "r", self.folders)
        self.file = put(self.root / "a.py", CODE)
        self.script: Path = self.top / "replies.json"
        self.replies({"reply": SENTENCE})
        self.environ = {
            "TWOLANE_CONFIG_DIR": str(self.folders.config),
            "TWOLANE_STATE_DIR": str(self.folders.state),
            "TWOLANE_CACHE_DIR": str(self.folders.cache),
            "TWOLANE_LOCAL_URL": f"scripted:{self.script}",
            "TWOLANE_EMBEDDED": "no",
            "TWOLANE_CLOUD_URL": "http://127.0.0.1:9/v1",
        }

    @property
    def place(self) -> str:
        """The cursor in the file's function."""
        return f"{self.file}:5"

    def replies(self, *replies: dict[str, object]) -> None:
        """What the local lane says."""
        put(self.script, json.dumps(replies))

    def cloud(self, server: FakeServer) -> None:
        """Make the cloud lane usable, at this server."""
        self.environ |= {
            "TWOLANE_CLOUD_URL": server.url,
            "TWOLANE_CLOUD_KEY_ENVIRONMENT": "A_KEY",
            "A_KEY": "sk-" + "x" * 20,
        }

    def run(self, *words: str) -> Ran:
        """Run a command in this process."""
        with self.monkeypatch.context() as patch:
            for name, value in self.environ.items():
                patch.setenv(name, value)
            try:
                status = main(words)
            except SystemExit as stopped:
                status = stopped.code if isinstance(stopped.code, int) else 99
        told = self.capsys.readouterr()
        return Ran(status, told.out, told.err)

    @property
    def process_environ(self) -> dict[str, str]:
        """What a process of its own needs beside `environ`."""
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        return {**kept, "PYTHONUTF8": "1"}

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command in a process of its own, with pipes for all it says."""
        return subprocess.Popen(
            [sys.executable, "-m", "twolane_server.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**self.process_environ, **self.environ},
        )

    def finish(self, process: subprocess.Popen[str]) -> Ran:
        """Wait for a command that was started."""
        out, err = process.communicate(timeout=PATIENCE)
        return Ran(process.returncode, out, err)


def make_cloud() -> FakeServer:
    """A cloud lane that keeps every byte."""
    return FakeServer(answer(SENTENCE), models=(CLOUD_MODEL,))
