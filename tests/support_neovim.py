"""Drives a real, headless Neovim: a Lua script acts and asserts, Python looks at the files after.

A driver is a file of `tests/e2e/neovim`. It begins with `local t = dofile(vim.env.TWOLANE_HARNESS)`
and reads what the test gave it from `t.given`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support_wire import PATIENT

if TYPE_CHECKING:
    from collections.abc import Mapping

HOUSE = Path(__file__).resolve().parent.parent
PLUGIN = HOUSE / "editors" / "neovim"
DRIVERS = HOUSE / "tests" / "e2e" / "neovim"
OLDEST = (0, 11)

_SECONDS_TO_EXIT = 60.0

# Runs the server with Neovim's pipes and keeps how it ended: Neovim does not wait for that on :qa.
_WITNESS = """\
import os, pathlib, subprocess, sys
kept = pathlib.Path(sys.argv[1], str(os.getpid()))
kept.write_text("")
code = subprocess.call(sys.argv[2:])
kept.with_suffix(".new").write_text(str(code))
kept.with_suffix(".new").rename(kept)
"""


@cache
def neovim() -> str | None:
    """The Neovim of this virtualenv or of the path, if it is new enough."""
    beside = Path(sys.prefix, "bin", "nvim")
    for candidate in (str(beside) if beside.exists() else None, shutil.which("nvim")):
        if candidate is None:
            continue
        shown = subprocess.run(
            [candidate, "--version"], capture_output=True, text=True, check=False
        )
        found = re.match(r"NVIM v(\d+)\.(\d+)", shown.stdout)
        if found and tuple(map(int, found.groups())) >= OLDEST:
            return candidate
    return None


def require() -> str:
    """Neovim, or a skipped test; with `TWOLANE_FULL=1` nothing is skipped."""
    found = neovim()
    if found is None:
        reason = "Neovim 0.11 or later is not here; `pip install -e .[test]` brings one"
        if os.environ.get("TWOLANE_FULL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass(frozen=True)
class Drove:
    """What a driver left.

    Attributes:
        report: what it handed over.
        output: all that Neovim printed.
        log: Neovim's log of its language clients, where a server's standard error goes too.
        server_exits: each server's exit status; empty for one that did not end in time.
    """

    report: Any
    output: str
    log: str
    server_exits: list[str]

    def check_clean(self, servers: int = 1) -> None:
        """Every server ended as it should, and nobody complained."""
        assert self.server_exits == ["0"] * servers
        assert not self.log


@dataclass(frozen=True)
class Neovim:
    """A scratch home for one test.

    Attributes:
        room: everything that is written goes below this folder.
        settings: the server's settings, as `init_options`.
        environ: more environment variables.
        before: runtime folders before ours on the runtimepath.
        init: Lua that runs after the runtimepath is set, instead of `vim.lsp.enable`.
    """

    room: Path
    settings: Mapping[str, Any] | None = None
    environ: Mapping[str, str] | None = None
    before: tuple[Path, ...] = ()
    init: str = 'vim.lsp.enable("twolane")'

    def environment(self) -> dict[str, str]:
        """What Neovim and the server see; the command line can be run with it as well."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name
            in {
                *("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "TWOLANE_FULL", "KF_RULE_CACHE_DIR"),
                *("PYTHONPATH", "PYTHONSAFEPATH"),  # the tree under test
            }
        }
        xdg = {
            f"XDG_{name}": str(self.room / "xdg" / name.lower())
            for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR")
        }
        ours = {
            f"TWOLANE_{name}_DIR": str(self.room / name.lower())
            for name in ("CONFIG", "STATE", "CACHE")
        }
        home = {"HOME": str(self.room / "home"), "LC_ALL": "C.UTF-8"}
        return {**kept, **home, **xdg, **ours, **(self.environ or {})}

    def drive(self, driver: str, *, seconds: float = 240, **given: object) -> Drove:
        """Run one driver to its end; its failed assertion fails the test with its message."""
        environ = self.environment()
        for name, value in environ.items():
            if name == "HOME" or name.startswith("XDG_"):
                Path(value).mkdir(parents=True, exist_ok=True, mode=0o700)
        init, report, servers = (self.room / n for n in ("init.lua", "report.json", "servers"))
        report.unlink(missing_ok=True)
        shutil.rmtree(servers, ignore_errors=True)
        servers.mkdir()
        init.write_text(self._init(servers), "utf-8")
        environ["TWOLANE_HARNESS"] = str(DRIVERS / "harness.lua")
        environ["TWOLANE_GIVEN"] = json.dumps({**given, "report": str(report)})
        command = [require(), "--headless", "-u", str(init), "-i", "NONE", "-n"]
        process = subprocess.run(
            [*command, "-S", str(DRIVERS / driver)],
            cwd=self.room,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
        output = process.stdout.decode("utf-8", "replace")
        assert process.returncode == 0, f"{driver} ended with {process.returncode}:\n{output}"
        left = json.loads(report.read_text("utf-8")) if report.exists() else None
        exits = _exits(servers)
        return Drove(left, output, self._log(), exits)

    def _log(self) -> str:
        log = self.room / "xdg" / "state_home" / "nvim" / "lsp.log"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        return "\n".join(line for line in lines if not line.startswith("[START]"))

    def _init(self, servers: Path) -> str:
        witnessed = [sys.executable, "-c", _WITNESS, str(servers), *PATIENT]
        lines = [f"vim.opt.runtimepath:prepend({json.dumps(str(PLUGIN))})"]
        lines += [f"vim.opt.runtimepath:prepend({json.dumps(str(path))})" for path in self.before]
        config = {"cmd": witnessed, "init_options": dict(self.settings or {})}
        decoded = f"vim.json.decode({_lua_string(json.dumps(config))})"
        lines += [f'vim.lsp.config("twolane", {decoded})', self.init]
        return "\n".join(lines) + "\n"


def _exits(servers: Path) -> list[str]:
    """How each server that was started has ended, once they all have or time is up."""
    deadline = time.monotonic() + _SECONDS_TO_EXIT
    while time.monotonic() < deadline:
        exits = [kept.read_text() for kept in servers.iterdir() if not kept.suffix]
        if all(exits):
            return exits
        time.sleep(0.05)
    return [kept.read_text() for kept in servers.iterdir() if not kept.suffix]


def _lua_string(text: str) -> str:
    level = "=" * 4
    assert f"]{level}]" not in text
    return f"[{level}[{text}]{level}]"
