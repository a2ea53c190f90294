"""Messages that are not of their method's form: answered where an answer is due, and survived."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support_wire import TWOLANE, Wire

if TYPE_CHECKING:
    from pathlib import Path

INVALID_PARAMS = -32602
MALFORMED: dict[str, tuple[str, object]] = {
    "a number for a range": ("textDocument/codeAction", {"range": 7}),
    "no parameters": ("textDocument/codeAction", None),
    "a list": ("workspace/executeCommand", [1, 2]),
    "a command without a name": ("workspace/executeCommand", {"arguments": []}),
}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kinds = ("CONFIG", "STATE", "CACHE")
    return {**os.environ, **{f"TWOLANE_{kind}_DIR": str(tmp_path / kind) for kind in kinds}}


@pytest.mark.parametrize(("method", "params"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_request_is_answered_and_the_server_goes_on(
    method: str, params: object, environ: dict[str, str], tmp_path: Path
) -> None:
    wire = Wire(TWOLANE, environ)
    wire.initialize(str(tmp_path))
    error = wire.ask(method, params)["error"]
    assert error["code"] == INVALID_PARAMS
    assert "data" not in error, "no traceback, which could quote the user's text"
    wire.notify("textDocument/didChange", {"contentChanges": "canary"})
    mode = {"command": "twolane.mode", "arguments": [{"mode": "local"}]}
    assert wire.request("workspace/executeCommand", mode) == {"mode": "local"}
    assert wire.close() == 0
