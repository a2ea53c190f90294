"""A minimal LSP client over pipes, for benchmarks: nothing of its own to wait for or to measure."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from support_waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARE_SERVER = """
from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("bare", "1")


@server.feature(types.TEXT_DOCUMENT_CODE_ACTION)
def none(params: types.CodeActionParams) -> list[types.CodeAction]:
    return []


server.start_io()
"""
TWOLANE = (sys.executable, "-m", "twolane_server.cli", "lsp")
_WITH_TIME = (
    "import sys, twolane_server.border.fingerprints as prints, twolane_server.repositories.live as live\n"
    f"live._PATIENCE_SECONDS = prints._PATIENCE_SECONDS = {PATIENCE}\n"
    "from twolane_server.cli import main\n"
    "sys.exit(main(['lsp']))\n"
)
PATIENT = (sys.executable, "-c", _WITH_TIME)
"""The same, with time: on a busy machine it would answer with less, or not at all yet, rather than be late."""
BARE = (
    sys.executable,
    "-c",
    _BARE_SERVER,
)
"""A pygls server of the same version that does nothing: the floor."""


class Wire:
    """One server process and its messages."""

    def __init__(self, command: Sequence[str], environ: dict[str, str] | None = None) -> None:
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
        )
        self._last = 0

    def notify(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def request(self, method: str, params: object) -> Any:  # noqa: ANN401 - JSON is anything
        """Send a request and wait for its result, answering what the server asks meanwhile."""
        message = self.ask(method, params)
        assert "error" not in message, message["error"]
        return message["result"]

    def ask(self, method: str, params: object) -> dict[str, Any]:
        """The same; the whole answer, which may be an error."""
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": self._answered(message)})
            elif message.get("id") == self._last:
                return message

    def initialize(self, root: str, options: object = None) -> float:
        """Shake hands; returns the seconds from the process's start to the answer."""
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": f"file://{root}",
                "capabilities": {"general": {"positionEncodings": ["utf-8"]}},
                "initializationOptions": options,
            },
        )
        seconds = time.perf_counter() - self.started
        self.notify("initialized", {})
        return seconds

    def close(self) -> int:
        """End the server as an editor does; returns its exit status."""
        self.request("shutdown", None)
        self.notify("exit", None)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        status = self.process.wait(timeout=PATIENCE)
        self.process.stdin.close()
        self.process.stdout.close()
        return status

    def _answered(self, asked: dict[str, Any]) -> object:
        """What the client answers the server; no edit is applied."""
        return {"applied": False} if asked["method"] == "workspace/applyEdit" else None

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server ended"
        return json.loads(self.process.stdout.read(length))
