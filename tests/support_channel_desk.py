"""A language server for many examples: documents, actions, and everything that it said."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from support_wire import PATIENT, Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_leaks import World

__all__ = ["ChannelDesk"]

_PATIENCE_SECONDS = 120.0
_FOR_NOW = "try again in a moment"


class _Recorded(Wire):
    """A wire that keeps all that came."""

    def __init__(self, command: Sequence[str], environ: dict[str, str]) -> None:
        super().__init__(command, environ)
        self.said: list[dict[str, Any]] = []
        self.texts: dict[str, tuple[int, str]] = {}

    def _receive(self) -> dict[str, Any]:
        message = super()._receive()
        self.said.append(message)
        return message

    def put(self, uri: str, text: str) -> None:
        """Tell of another text."""
        version = self.texts[uri][0] + 1
        self.texts[uri] = version, text
        named = {"uri": uri, "version": version}
        changes = [{"text": text}]
        self.notify("textDocument/didChange", {"textDocument": named, "contentChanges": changes})

    def _answered(self, asked: dict[str, Any]) -> object:
        """Say yes to an edit, and leave the text as it was: as if it was undone at once."""
        if asked["method"] != "workspace/applyEdit":
            return None
        (uri,) = asked["params"]["edit"]["changes"]
        self.put(uri, self.texts[uri][1])
        return {"applied": True}


class ChannelDesk:
    """An editor without a screen.

    Args:
        world: its repository has all its code by now, since what comes later is noticed later.
        command: starts the server.
        wait: whether until it has read the repository.
    """

    def __init__(
        self, world: World, command: Sequence[str] = PATIENT, *, wait: bool = True
    ) -> None:
        self._wire = _Recorded(command, _environ(world))
        self._wire.initialize(str(world.root))
        if wait:
            self._wait(world)

    def _wait(self, world: World) -> None:
        uri = world.tool.as_uri()
        self.open(uri, "python", world.tool.read_text("utf-8"))
        until = time.monotonic() + _PATIENCE_SECONDS
        while "cloud" not in self.act(uri, 1)[:5]:
            assert time.monotonic() < until, "open code never got to the cloud"
            time.sleep(0.1)
        self.close_document(uri)

    @property
    def said(self) -> str:
        """All that the server said since the last time, as JSON."""
        messages, self._wire.said = self._wire.said, []
        return json.dumps(messages, ensure_ascii=False)

    def open(self, uri: str, language: str, text: str) -> None:
        """Open a document."""
        self._wire.texts[uri] = 1, text
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self._wire.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, text: str) -> None:
        """Put another text into a document, as typing, pasting and undoing do."""
        self._wire.put(uri, text)

    def close_document(self, uri: str) -> None:
        """Close a document."""
        self._wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def actions(self, uri: str, line: int, diagnostics: Sequence[object] = ()) -> object:
        """What the menu offers at a line; 0-based."""
        here = {"line": line, "character": 0}
        context = {"diagnostics": list(diagnostics)}
        asked = {"textDocument": {"uri": uri}, "range": {"start": here, "end": here}}
        return self._wire.request("textDocument/codeAction", {**asked, "context": context})

    def act(self, uri: str, line: int, **more: object) -> str:
        """Run *Write docstring* at a line, 0-based; where it went, and why.

        Where the server is busy reading and asks to try again, on a slow machine, that is done.
        """
        here = {"line": line, "character": 0}
        asked = {"action": "docstring", "uri": uri, "range": {"start": here, "end": here}}
        command = {"command": "twolane.run", "arguments": [{**asked, **more}]}
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            result = self._wire.request("workspace/executeCommand", command)
            said = str(result["decision"] or result["message"])
            if _FOR_NOW not in said or time.monotonic() > until:
                return said
            time.sleep(0.1)

    def close(self) -> None:
        """End the server."""
        assert self._wire.close() == 0


def _environ(world: World) -> dict[str, str]:
    """The world's, with whatever this process finds its modules by."""
    kept = ("PYTHONPATH", "PYTHONSAFEPATH")
    return world.environ | {name: os.environ[name] for name in kept if name in os.environ}
