"""The house: who may import whom. If one of these must break, the design is wrong: change it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

HOUSE = Path(__file__).resolve().parent.parent
ENGINE = sorted((HOUSE / "context" / "twolane_context").rglob("*.py"))
PROGRAM = sorted((HOUSE / "server" / "twolane_server").rglob("*.py"))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _name(path: Path) -> str:
    root = HOUSE / ("context" if path in ENGINE else "server")
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> set[str]:
    """Every module and every `module.name` that the file imports, at any depth."""
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
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


def _users(wanted: Callable[[str], object]) -> dict[str, set[str]]:
    """The dotted names that the house uses or imports from modules, as wanted, and where."""
    found: dict[str, set[str]] = {}
    for path in ENGINE + PROGRAM:
        for node in ast.walk(_tree(path)):
            names: tuple[str, ...] = ()
            if isinstance(node, (ast.Attribute, ast.Name)):
                names = (ast.unparse(node),)
            elif isinstance(node, ast.ImportFrom):
                names = tuple(f"{node.module}.{alias.name}" for alias in node.names)
            for name in filter(wanted, names):
                found.setdefault(name, set()).add(_name(path))
    return found


def test_the_engine_knows_no_lsp_no_http_no_server() -> None:
    foreign = _importers("pygls", "lsprotocol", "httpx", "pydantic", "twolane_server")
    assert not {module for module in foreign if module.startswith("twolane_context")}


def test_only_lanes_know_http() -> None:
    assert not _outside(_importers("httpx", "httpcore", "truststore"), "twolane_server.lanes")


def test_only_lanes_and_the_rim_open_sockets() -> None:
    allowed = ("twolane_server.lanes",)
    assert not _outside(_importers("socket", "ssl", "http", "urllib.request"), *allowed)
    more = (
        "_socket",
        "_ssl",
        "socketserver",
        "xmlrpc",
        "webbrowser",
        "wsgiref",
        "logging.handlers",
    )
    mail = ("ftplib", "imaplib", "nntplib", "poplib", "smtplib", "telnetlib")
    assert _importers(*more, *mail) == set()


def test_what_opens_connections_without_a_socket() -> None:
    """The event loop and its transports do, and their names need no import of `socket`."""
    names = {"open_connection", "create_connection", "create_datagram_endpoint", "sock_connect"}
    names |= {"open_unix_connection", "create_unix_connection", "sock_sendto", "sock_sendall"}
    names |= {"start_server", "create_server", "start_unix_server", "create_unix_server"}
    assert _users(lambda name: name.rpartition(".")[2] in names) == {
        "loop.create_connection": {"twolane_server.lanes.connect"},
        "asyncio.start_server": {"twolane_server.editor"},  # `--tcp`: who asks comes to us
    }


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
    fetches the model, `index` leaves what takes long to another `index`, a language server confirms references (`confirm.client`, which gets text and
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
        "twolane_server.cli.index",
        "twolane_server.cli.trust",
        "twolane_server.confirm.client",
        "twolane_server.doctor.editors",
        "twolane_server.materials.git",
        "twolane_server.lanes.model_file",
        "twolane_server.serve.leash",
        "twolane_server.serve.machine",
    )
    by_loop = {_name(p) for p in ENGINE + PROGRAM if "create_subprocess" in p.read_text("utf-8")}
    assert by_loop == {
        "twolane_server.checking",  # the user's own check, from their settings.toml alone
        "twolane_server.confirm.client",
        "twolane_server.repositories.home",  # our own `twolane index`
        "twolane_server.lanes.model_file",
        "twolane_server.process_groups",  # Windows' own taskkill
        "twolane_server.serve.process",
    }


def test_who_starts_programs_without_subprocess() -> None:
    direct = re.compile(
        r"(os|posix)\.(system|popen|startfile|fork|forkpty|(exec|spawn|posix_spawn).*)"
    )
    assert _users(direct.fullmatch) == {}
    assert _importers("pty", "posix", "_posixsubprocess", "concurrent.futures.process") == set()


def test_who_imports_by_name() -> None:
    """What a name that is made at run time could reach, no other test here would see."""
    by_name = {"__import__", "import_module", "run_module", "run_path", "reload", "resolve_name"}
    by_name |= {"spec_from_file_location", "spec_from_loader", "module_from_spec", "exec_module"}
    by_name |= {"load_module", "SourceFileLoader", "meta_path", "path_hooks", "__builtins__"}
    alone = {"eval", "exec", "compile", "__loader__", "__spec__"}  # `re.compile` is another
    found = _users(lambda name: name in alone or name.rpartition(".")[2] in by_name)
    who = {
        "twolane_context.languages",  # grammars
        "twolane_context.work",  # what examines
        "twolane_server.cli",  # commands
    }
    assert found == {"import_module": who, "importlib.import_module": who}
    assert _importers("builtins", "imp", "pkgutil", "runpy", "code", "codeop", "zipimport") == set()
    assert _users(lambda name: name.startswith("sys.modules")) == {
        "sys.modules": {"twolane_server.lanes.openvino_model"}  # puts a module there, takes none
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
        "twolane_server.editor",
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
    assert not impure & {"twolane_server.routing.choose", "twolane_server.routing.decision"}


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


_LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def _rows_of_code(path: Path) -> int:
    """The rows with something on them but comments and documentation."""
    rows: set[int] = set()
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type not in {*_LAYOUT, tokenize.COMMENT}:
                rows.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            rows -= {*range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    return len(rows)


def test_the_engine_stays_small() -> None:
    assert 2_000 < sum(map(_rows_of_code, ENGINE)) < 2_500


def test_no_command_has_a_console_that_ends_the_process() -> None:
    assert _importers("rich.console.Console", "rich.get_console") == {"twolane_server.cli.terminal"}


def test_nobody_reads_the_text_of_a_node() -> None:
    """`Node.text` crashes the process on a tree parsed through a callback (py-tree-sitter 0.26)."""
    known = {"subject", "fence", "fences", "document", "tree"}
    for path in ENGINE + PROGRAM:
        if "tree_sitter" not in path.read_text("utf-8"):
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Attribute) and node.attr == "text":
                owner = ast.unparse(node.value).rpartition(".")[2].partition("[")[0]
                assert owner in known, f"{path.name}:{node.lineno}: {ast.unparse(node)}"


def _calls(path: Path, *names: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names
    ]


def test_whatever_holds_text_of_a_repository_says_what_it_is_judged_by() -> None:
    """Else the border could not judge it once more when it is sent. No origin have our own words."""
    without = {
        _name(path)
        for path in PROGRAM
        for call in _calls(path, "Fragment", "Source", "ChangedFile")
        if len(call.args) + len(call.keywords) < 3
    }
    assert without == {
        "twolane_server.actions.pieces",  # `ours`
        "twolane_server.doctor.cloud",  # a fixed sentence
        "twolane_server.repositories.surroundings",  # how a map is to be read
    }
    of_no_file = {
        _name(path)
        for path in PROGRAM
        for call in _calls(path, "Origin")
        if not call.args and not call.keywords
    }
    assert (
        of_no_file
        == {
            "twolane_server.actions.pieces",  # of a document without a file, which is NDA
            "twolane_server.materials.commit_messages",  # of a message that is NDA, since nothing is known of it
            "twolane_server.fragments",
        }
    )


def test_our_own_words_hold_none_of_a_repository() -> None:
    """What is put into them, by name; whoever adds one says here why it is no text of a repository."""
    put_in = {
        ast.unparse(part.value if isinstance(part, ast.FormattedValue) else part)
        for path in PROGRAM
        if _name(path).startswith("twolane_server.actions.")
        for call in _calls(path, "ours", "said")
        for part in ast.walk(call.args[-1])
        if isinstance(part, ast.FormattedValue | ast.Name)
    }
    constants = {name for name in put_in if name.isupper()}
    the_persons = {"asked", "typed", "subject.answer_in"}
    told_of_it = {"habits", "home.framework"}  # one of few known words each
    counts = {"more"}
    wording = {"answer", "ask", "example", "file", "how", "text", "ticks", "title"}
    languages = {"language", "language.name", "name"}
    parts = {"home", "subject"}  # of what is above
    assert put_in == constants | the_persons | told_of_it | counts | wording | languages | parts
