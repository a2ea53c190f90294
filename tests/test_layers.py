"""The house: who may import whom. If one of these must break, the design is wrong: change it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
ENGINE = sorted((HOUSE / "context" / "twolane_context").rglob("*.py"))
PROGRAM = sorted((HOUSE / "server" / "twolane_server").rglob("*.py"))


def _name(path: Path) -> str:
    root = HOUSE / ("context" if path in ENGINE else "server")
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> set[str]:
    """Every module and every `module.name` that the file imports, at any depth."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _importers(*targets: str) -> set[str]:
    """The modules of the house that import one of `targets` or something inside it."""
    return {
        _name(path)
        for path in ENGINE + PROGRAM
        if any(
            name == target or name.startswith(f"{target}.")
            for name in _imports(path)
            for target in targets
        )
    }


def _outside(modules: set[str], *allowed: str) -> set[str]:
    return {
        module
        for module in modules
        if not any(module == name or module.startswith(f"{name}.") for name in allowed)
    }


def test_the_engine_knows_no_lsp_no_http_no_server() -> None:
    foreign = _importers("pygls", "lsprotocol", "httpx", "pydantic", "twolane_server")
    assert not {module for module in foreign if module.startswith("twolane_context")}


def test_only_lanes_know_http() -> None:
    assert not _outside(_importers("httpx", "httpcore", "truststore"), "twolane_server.lanes")


def test_only_lanes_and_the_rim_open_sockets() -> None:
    allowed = ("twolane_server.lanes",)
    assert not _outside(_importers("socket", "ssl", "http", "urllib.request"), *allowed)


def test_only_the_gate_can_obtain_the_cloud_lane() -> None:
    assert _importers("twolane_server.lanes.cloud") == {"twolane_server.border.gate"}


def test_only_the_two_lanes_make_an_http_client() -> None:
    assert _importers("twolane_server.lanes.openai_chat") == {
        "twolane_server.lanes.cloud",
        "twolane_server.lanes.local",
    }


def test_only_the_border_asks_the_scanner_and_nobody_tries_keys_out() -> None:
    """Its validator and its revoker call the keys' providers."""
    assert _importers("kingfisher_sdk") == {"twolane_server.border.secrets"}
    source = (HOUSE / "server/twolane_server/border/secrets.py").read_text("utf-8")
    used = {
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("kingfisher_sdk.")
    }
    assert used == {"kingfisher_sdk.Rules", "kingfisher_sdk.Scanner"}


def test_nothing_reaches_around_the_house() -> None:
    """No native calls; other programs only where git lists files and tells differences (`git`), pip
    fetches the model, a language server confirms references (`confirm.client`, which gets text and
    no repository), the doctor asks Neovim for its version, and `twolane serve` looks at the GPUs (`serve.machine`) and runs vLLM
    (`serve.process`, through `serve.leash`).

    The engine's own processes are plain ones on pipes (`work`), since tree-sitter holds the GIL; what
    multiprocessing would bring along, pickles and a start by import, is what is not wanted.
    """
    assert _importers("ctypes", "cffi", "multiprocessing", "pickle", "marshal") == set()
    assert not _outside(
        _importers("subprocess"),
        "twolane_context.disk",
        "twolane_context.work",
        "twolane_server.cli.trust",
        "twolane_server.confirm.client",
        "twolane_server.doctor.editors",
        "twolane_server.git",
        "twolane_server.lanes.model_file",
        "twolane_server.serve.leash",
        "twolane_server.serve.machine",
    )
    by_loop = {_name(p) for p in ENGINE + PROGRAM if "create_subprocess" in p.read_text("utf-8")}
    assert by_loop == {
        "twolane_server.checking",  # the user's own check, from their settings.toml alone
        "twolane_server.confirm.client",
        "twolane_server.home",  # our own `twolane index`
        "twolane_server.lanes.model_file",
        "twolane_server.process_groups",  # Windows' own taskkill
        "twolane_server.serve.process",
    }


def test_who_imports_by_name() -> None:
    """What a name that is made at run time could reach, no other test here would see."""
    by_name = {"__import__", "eval", "exec", "compile", "import_module", "run_module", "run_path"}
    found: dict[str, set[str]] = {}
    for path in ENGINE + PROGRAM:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.id if isinstance(called, ast.Name) else ""
            if name in by_name:
                found.setdefault(name, set()).add(_name(path))
    assert found == {
        "import_module": {
            "twolane_context",  # its own modules
            "twolane_context.languages",  # grammars
            "twolane_context.work",  # what examines
            "twolane_server.cli",  # commands
        }
    }


def test_only_the_gate_turns_a_fragment_into_text() -> None:
    assert _importers("twolane_server.fragments.disclose") == {"twolane_server.border.gate"}
    for path in ENGINE + PROGRAM:
        if _name(path) != "twolane_server.fragments":
            assert "_Fragment__" not in path.read_text("utf-8"), path


def test_only_the_rim_knows_lsp() -> None:
    assert not _outside(
        _importers("lsprotocol", "pygls"),
        "twolane_server.convert",
        "twolane_server.features",
        "twolane_server.server",
    )


def test_actions_are_pure() -> None:
    impure = _importers(
        "asyncio",
        "httpx",
        "logging",
        "os",
        "pathlib",
        "socket",
        "subprocess",
        "sqlite3",
        "time",
        "twolane_server.session",
        "twolane_server.lanes.openai_chat",
        "twolane_server.border",
    )
    assert not {
        m for m in impure if m.startswith(("twolane_server.actions", "twolane_server.edits"))
    }


def test_choosing_a_lane_is_pure() -> None:
    impure = _importers("asyncio", "os", "pathlib", "time", "sqlite3", "random")
    assert "twolane_server.routing.choose" not in impure


@pytest.mark.parametrize(
    "module", ["httpx", "pydantic", "pygls", "lsprotocol", "tree_sitter", "kingfisher_sdk"]
)
def test_the_command_line_starts_light(module: str) -> None:
    program = f"import twolane_server.cli, sys; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_modules_stay_small() -> None:
    large = {
        _name(path): lines
        for path in ENGINE + PROGRAM
        if (lines := len(path.read_text("utf-8").splitlines())) > 300
    }
    assert not large


def test_nobody_reads_the_text_of_a_node() -> None:
    """`Node.text` crashes the process on a tree parsed through a callback (py-tree-sitter 0.26)."""
    known = {"subject", "fence", "fences", "document", "tree"}
    for path in ENGINE + PROGRAM:
        if "tree_sitter" not in path.read_text("utf-8"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "text":
                owner = ast.unparse(node.value).rpartition(".")[2].partition("[")[0]
                assert owner in known, f"{path.name}:{node.lineno}: {ast.unparse(node)}"
