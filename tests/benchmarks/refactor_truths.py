"""Refactorings of real packages whose outcome is known: from rope, TypeScript, and a renamer for Rust.

All is fetched by the registries' own clients into `.demo/benchmark/refactor`: rope with five Python
packages by pip, TypeScript with three packages by npm, four crates by apt as Debian packs them. What
cannot be fetched is left out, and the benchmark says so.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twolane_context.languages import language_for
from twolane_context.trees import parse, text_of, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

HERE = Path(__file__).resolve().parent
SCRATCH = HERE.parent.parent / ".demo" / "benchmark" / "refactor"
PYTHON = (
    "click==8.1.8",
    "itsdangerous==2.2.0",
    "jinja2==3.1.6",
    "requests==2.32.5",
    "werkzeug==3.1.3",
)
TYPESCRIPT = ("immer@10.1.1", "redux@5.0.1", "rxjs@7.8.2")
RUST = ("librust-bytes-dev", "librust-indexmap-dev", "librust-semver-dev", "librust-httparse-dev")
PER_KIND = {"python": 3, "typescript": 3, "rust": 5}
_WORDS = frozenset({"identifier", "type_identifier", "field_identifier"})
# Where a name that is a function's may stand; elsewhere it may be a variable's.
_USES = frozenset(
    {
        "call_expression",
        "field_expression",
        "function_item",
        "function_signature_item",
        "generic_function",
        "scoped_identifier",
        "scoped_use_list",
        "use_declaration",
        "use_list",
    }
)


class Truth(NamedTuple):
    """One refactoring of one package.

    Attributes:
        language: `python`, `typescript` or `rust`.
        root: the package's folder.
        kind: what is done.
        path: where the symbol is defined.
        at: the byte of its name there.
        name: the symbol.
        instruction: what the person asks for.
        before: the files that change, by path; without those that are made.
        after: the same files afterwards, as the tool leaves them.
    """

    language: str
    root: Path
    kind: str
    path: str
    at: int
    name: str
    instruction: str
    before: dict[str, str]
    after: dict[str, str]


def truths() -> list[Truth]:
    """All refactorings, the same in each run."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    found: list[Truth] = []
    for language, source in (("python", _python), ("typescript", _typescript), ("rust", _rust)):
        try:
            found += source()
        except (OSError, subprocess.SubprocessError) as error:
            print(f"{language} is left out: {type(error).__name__}")
    return found


def _python() -> list[Truth]:
    tool = SCRATCH / "rope" / "bin" / "python"
    if not tool.is_file():
        _run(sys.executable, "-m", "venv", str(SCRATCH / "rope"))
        _run(str(tool), "-m", "pip", "install", "--quiet", "rope==1.15.2")
    wheels = SCRATCH / "wheels"
    if not wheels.is_dir():
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest")
        _run(*pip, str(wheels), "--only-binary", ":all:", *PYTHON)
    found: list[Truth] = []
    for wheel in sorted(wheels.glob("*.whl")):
        root = SCRATCH / "python" / wheel.name.split("-")[0]
        if not root.is_dir():
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    if ".dist-info/" not in name:
                        archive.extract(name, root)
        given = _asked("python", root, str(tool), str(HERE / "refactor_rope.py"), str(root))
        found += _as_truths("python", root, given)
    return found


def _typescript() -> list[Truth]:
    tool = SCRATCH / "typescript"
    if not (tool / "node_modules").is_dir():
        tool.mkdir(exist_ok=True)
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
        _run("npm", "install", *quiet, "--prefix", str(tool), "typescript@5.9.3")
    packs = SCRATCH / "npm"
    if not packs.is_dir():
        packs.mkdir()
        _run("npm", "pack", "--silent", "--pack-destination", str(packs), *TYPESCRIPT)
    found: list[Truth] = []
    for pack in sorted(packs.glob("*.tgz")):
        root = SCRATCH / "ts" / pack.stem
        if not root.is_dir():
            with tarfile.open(pack) as archive:
                for member in archive.getmembers():
                    if "/src/" in member.name and member.isfile():
                        member.name = member.name.partition("/")[2]
                        archive.extract(member, root, filter="data")
        program = str(HERE / "refactor_ts.cjs")
        typescript = str(tool / "node_modules" / "typescript")
        given = _asked("typescript", root, "node", program, typescript, str(root))
        found += _as_truths("typescript", root, given)
    return found


def _rust() -> list[Truth]:
    packs = SCRATCH / "debian"
    if not packs.is_dir():
        packs.mkdir()
        _run("apt-get", "download", "-qq", *RUST, at=packs)
    found: list[Truth] = []
    for pack in sorted(packs.glob("*.deb")):
        name = pack.name.split("_")[0]
        root = SCRATCH / "rust" / name
        if not root.is_dir():
            unpacked = SCRATCH / "unpacked" / name
            unpacked.mkdir(parents=True, exist_ok=True)
            _run("dpkg-deb", "-x", str(pack), str(unpacked))
            (crate,) = unpacked.glob("usr/share/cargo/registry/*")
            shutil.copytree(crate, root, symlinks=False)
        found += _renamed_in_rust(root)
    return found


def _renamed_in_rust(root: Path) -> Iterator[Truth]:
    """Functions of which no other symbol has the name, renamed wherever it stands as a name."""
    texts = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.rs")}
    places: dict[str, list[tuple[str, tree_sitter.Node]]] = {}
    defined: Counter[str] = Counter()
    at: dict[str, tuple[str, int]] = {}
    words: Counter[str] = Counter()
    for path, name, node in _names(texts):
        before = texts[path].encode()[: node.start_byte]
        # Where a library's name is, too, it is counted as one that is not to be renamed.
        words[name] += 2 if before.endswith((b"std::", b"core::", b"alloc::")) else 1
        parent = node.parent
        if parent is not None and parent.type in _USES:
            places.setdefault(name, []).append((path, node))
            if parent.type == "function_item" and parent.child_by_field_name("name") == node:
                defined[name] += 1
                at[name] = path, node.start_byte
    picks = sorted(
        name
        for name, count in defined.items()
        if count == 1 and words[name] == len(places[name]) > 2 and len(name) > 3
    )
    random.Random(root.name).shuffle(picks)  # noqa: S311 - an order, no secret
    for name in picks[: PER_KIND["rust"]]:
        new = f"renamed_{name}"
        after: dict[str, str] = {}
        for path in dict.fromkeys(path for path, _ in places[name]):
            source = texts[path].encode()
            for other, node in reversed(places[name]):
                if other == path:
                    source = source[: node.start_byte] + new.encode() + source[node.end_byte :]
            after[path] = source.decode()
        path, start = at[name]
        before = {path: texts[path] for path in after}
        asked = f"rename {name} to {new}"
        yield Truth("rust", root, "rename function", path, start, name, asked, before, after)


def _names(texts: dict[str, str]) -> Iterator[tuple[str, str, tree_sitter.Node]]:
    """Every name in a crate, with its file and node."""
    language = language_for("a.rs")
    assert language is not None
    for path, text in sorted(texts.items()):
        source = text.encode()
        for node in walk(parse(language, source).tree.root_node):
            if node.type in _WORDS:
                yield path, text_of(source, node), node


def _asked(language: str, root: Path, *command: str) -> list[dict[str, Any]]:
    """What a tool says, kept for the next run."""
    kept = SCRATCH / f"{root.name}.json"
    if not kept.is_file():
        ran = subprocess.run(
            [*command, str(PER_KIND[language])], check=True, stdout=subprocess.PIPE, timeout=600
        )
        kept.write_bytes(ran.stdout)
    return json.loads(kept.read_bytes())


def _as_truths(language: str, root: Path, given: list[dict[str, Any]]) -> list[Truth]:
    found: list[Truth] = []
    for one in given:
        after: dict[str, str] = one["after"]
        before = {
            path: (root / path).read_bytes().decode() for path in after if (root / path).is_file()
        }
        # A tool may think that all lines end with LF.
        for path, text in before.items():
            if "\r\n" in text:
                after[path] = after[path].replace("\r\n", "\n").replace("\n", "\r\n")
        found.append(
            Truth(
                language,
                root,
                one["kind"],
                one["path"],
                one["at"],
                one["name"],
                one["instruction"],
                before,
                after,
            )
        )
    return found


def _run(*command: str, at: Path | None = None) -> None:
    subprocess.run(command, check=True, cwd=at, timeout=600, stdout=subprocess.DEVNULL)
