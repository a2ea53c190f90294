"""Neovim's side alone, against a server in Lua that does what a real one cannot be made to do."""

from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING

import pytest

from support_neovim import DRIVERS, PLUGIN, Neovim

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.neovim

FAKE = str(DRIVERS / "fake_server.lua")


def _file(room: Path) -> str:
    path = room / "a.py"
    path.write_text("def f():\n    return 1\n\n\nx = f()\n", "utf-8")
    return str(path)


@pytest.mark.parametrize(
    "driver", ["preview", "place", "message", "stale", "whole", "ask", "cancel", "mode"]
)
def test_the_client(driver: str, tmp_path: Path) -> None:
    Neovim(tmp_path).drive(f"client_{driver}.lua", file=_file(tmp_path), fake=FAKE)


def test_a_server_that_ended_is_started_again(tmp_path: Path) -> None:
    elsewhere = tmp_path / "b.py"
    elsewhere.write_text("y = 2\n", "utf-8")
    Neovim(tmp_path).drive(
        "client_revive.lua", file=_file(tmp_path), elsewhere=str(elsewhere), fake=FAKE
    )


def test_plain_enable_works_beside_other_configurations(tmp_path: Path) -> None:
    other = tmp_path / "nvim-lspconfig"
    (other / "lsp").mkdir(parents=True)
    (other / "lsp" / "other.lua").write_text(
        f'return {{ cmd = dofile("{FAKE}").start({{}}), filetypes = {{ "python" }} }}'
    )
    init = """
        vim.lsp.config("*", {
          capabilities = { general = { ours = true } },
          on_attach = function(client, bufnr)
            if client.name == "twolane" then vim.b[bufnr].attached = { client.name } end
          end,
        })
        vim.lsp.enable({ "other", "twolane" })
    """
    files: list[Path] = []
    for name in ("here", "there"):
        files.append(tmp_path / name / "src" / "a.py")
        files[-1].parent.mkdir(parents=True)
        files[-1].write_text("x = 1\n")
        (tmp_path / name / "twolane.toml").write_text("")
    Neovim(tmp_path, before=(other,), init=init).drive(
        "client_beside.lua",
        file=str(files[0]),
        elsewhere=str(files[1]),
        root=str(tmp_path / "here"),
        fake=FAKE,
    )


def test_setup(tmp_path: Path) -> None:
    init = 'require("twolane").setup({ mode = "local" }, { cmd = { "elsewhere", "lsp" } })'
    lines = (PLUGIN / "lua" / "twolane" / "init.lua").read_text("utf-8").splitlines()
    Neovim(tmp_path, init=init).drive("client_setup.lua", lines=len(lines))


def _program(room: Path, answers: str) -> list[str]:
    path = room / "twolane"
    path.write_text(f"#!{sys.executable}\nimport sys\n{answers}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return [str(path), "lsp"]


def test_health_shows_what_doctor_found(tmp_path: Path) -> None:
    program = _program(
        tmp_path,
        """
if sys.argv[1:] == ["--version"]:
    print("twolane 1.2.3")
elif sys.argv[1:] == ["doctor", "--json"]:
    print('''[{"check": "settings", "ok": true, "message": "read", "fix": null},
              {"check": "trust", "ok": false, "state": "unset", "message": "none", "fix": "or so"},
              {"check": "ledger", "ok": false, "state": "broken", "message": "torn",
               "fix": "look at it"}]''')
    sys.exit(1)
""",
    )
    shown = Neovim(tmp_path).drive("client_health.lua", cmd=program).report
    assert "OK version: twolane 1.2.3" in shown
    assert "OK settings: read" in shown
    assert "WARNING trust: none" in shown
    assert "ERROR ledger: torn" in shown
    assert "look at it" in shown
    assert "OK enabled" in shown


@pytest.mark.parametrize(
    "answers", ["sys.exit(3)", 'print("no JSON")', 'print("{}")', 'print("[1, null]")']
)
def test_health_bears_an_older_program(answers: str, tmp_path: Path) -> None:
    program = _program(tmp_path, answers)
    shown = Neovim(tmp_path).drive("client_health.lua", cmd=program).report
    assert "gave no report" in shown
    assert "Failed to run healthcheck" not in shown


def test_health_without_the_program(tmp_path: Path) -> None:
    shown = Neovim(tmp_path, init="").drive("client_health.lua", cmd=["no-such-twolane"]).report
    assert "ERROR `no-such-twolane` is not executable" in shown
    assert "WARNING not enabled" in shown
