"""Which of the sites that the engine found in Python's files are really meant: by a language server.

basedpyright or pyright knows types better than the engine. Where one is on the PATH it is asked, and
kept for the next question. The repository may be hostile, and such a server can be made to run
programs: it looks for a Python to ask for its version and folders, first for one in the repository
(`.venv/bin/python`, or what `pyrightconfig.json` and `pyproject.toml` name), then for one on the PATH.
So it never sees the repository as its project. Its project is an empty folder of ours, whose
configuration gives version and virtual environment (an empty one), so that nothing is left to ask
for; and there is no program on the PATH that it gets. Of the repository it reads text only: that of
the files that it is told to open, and those that these import. Its bundled stubs are all it knows of
other packages. It makes no connection. pyright as pip installs it is not used, since that fetches
the real one from the network at its first start.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from twolane_context.references import Site
from twolane_server.confirm.client import Broken, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

SUFFIXES = (".py", ".pyi")
_VERSION = "3.13"
_MOST_OPEN = 400
_MOST_ROOTS = 40
_TRIES = 2
_LONE_CR = re.compile(rb"\r(?!\n)")


class Unconfirmed(Exception):
    """No answer can be had; the message says why, in one sentence."""


class Confirmer:
    """A language server for one repository. It starts at the first question and stays.

    Args:
        root: the repository.
        command: see `command`.
        paths: of the repository's files: they show where its packages are.
    """

    def __init__(self, root: Path, command: Sequence[str], paths: Iterable[str]) -> None:
        self._root, self._command = root, tuple(command)
        self._roots = source_roots(frozenset(paths))
        self._client: Client | None = None
        self._project: tempfile.TemporaryDirectory[str] | None = None
        self._open: dict[str, bytes] = {}
        self._failures = 0
        self._turn = asyncio.Lock()

    async def confirm(
        self, asked: Site, sites: Sequence[Site], text: Callable[[str], bytes], seconds: float
    ) -> list[Site]:
        """Those sites that the server confirms, and others that it finds in the same files.

        Sites in files that are not Python's stay as they are.

        Args:
            asked: the place of the symbol.
            sites: all that may be one.
            text: gives a file's text, as of the sites.
            seconds: how long it may take.

        Raises:
            Unconfirmed: the server fails, or takes too long, or knows nothing of the place.
        """
        async with self._turn:
            if self._failures >= _TRIES:
                raise Unconfirmed("The language server for Python failed before.")
            try:
                async with asyncio.timeout(seconds):
                    found = await self._ask(asked, sites, text)
            except asyncio.CancelledError:
                await self._end()  # half a message may be read
                raise
            except (Broken, TimeoutError) as error:
                self._failures += 1
                await self._end()
                why = str(error) or f"it takes more than {seconds:g} s"
                raise Unconfirmed(f"The language server for Python failed: {why}.") from error
            self._failures = 0
        if not found:
            raise Unconfirmed("The language server for Python knows nothing of the place.")
        others = {site for site in sites if not site.path.endswith(SUFFIXES)}
        return sorted(found | others)

    async def close(self) -> None:
        """End the server."""
        async with self._turn:
            if self._client is not None:
                await self._client.close()
            await self._end()

    async def _end(self) -> None:
        client, self._client = self._client, None
        self._open.clear()
        if client is not None:
            await client.kill()
        if self._project is not None:
            self._project.cleanup()
            self._project = None

    async def _ask(
        self, asked: Site, sites: Sequence[Site], text: Callable[[str], bytes]
    ) -> set[Site]:
        paths = {site.path for site in (asked, *sites) if site.path.endswith(SUFFIXES)}
        texts = {path: _LONE_CR.sub(b" ", text(path)) for path in sorted(paths)}
        client = self._client or await self._start()
        await self._show(client, texts)
        line = texts[asked.path].split(b"\n")[asked.row]
        where = {"line": asked.row, "character": _units(line[: asked.column])}
        answer = await client.request(
            "textDocument/references",
            {
                "textDocument": {"uri": self._uri(asked.path)},
                "position": where,
                "context": {"includeDeclaration": True},
            },
        )
        by_uri = {self._uri(path): path for path in texts}
        lines = {path: source.split(b"\n") for path, source in texts.items()}
        try:
            return set(_sites(cast("list[object]", answer or []), by_uri, lines))
        except (TypeError, KeyError, IndexError, ValueError) as error:
            raise Broken("its answer has another shape") from error

    async def _start(self) -> Client:
        self._project = tempfile.TemporaryDirectory(prefix="twolane-", ignore_cleanup_errors=True)
        project = Path(self._project.name)
        for library in (f"lib/python{_VERSION}", "Lib"):
            (project / "empty" / library / "site-packages").mkdir(parents=True)
        (project / "bin").mkdir()
        (project / "pyrightconfig.json").write_text(json.dumps(self._settings(project)))
        kept = ("SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        environment["PATH"] = str(project / "bin")
        client = self._client = await Client.start(self._command, project, environment)
        uri = project.as_uri()
        await client.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": "twolane"}],
                "capabilities": {"workspace": {"configuration": True, "workspaceFolders": True}},
            },
        )
        await client.notify("initialized", {})
        return client

    def _settings(self, project: Path) -> dict[str, object]:
        return {
            "pythonVersion": _VERSION,
            "venvPath": str(project),
            "venv": "empty",
            "extraPaths": [str(self._root / one) for one in self._roots],
            "typeCheckingMode": "off",
        }

    async def _show(self, client: Client, texts: Mapping[str, bytes]) -> None:
        """Let the server have the texts open, and none too many of those of before."""
        spare = [path for path in self._open if path not in texts]
        for path in [
            *(path for path in texts if path in self._open and self._open[path] != texts[path]),
            *spare[: max(0, len(self._open.keys() | texts.keys()) - _MOST_OPEN)],
        ]:
            del self._open[path]
            document = {"uri": self._uri(path)}
            await client.notify("textDocument/didClose", {"textDocument": document})
        for path, source in texts.items():
            if path not in self._open:
                self._open[path] = source
                document = {
                    "uri": self._uri(path),
                    "languageId": "python",
                    "version": 1,
                    "text": source.decode("utf-8", "replace"),
                }
                await client.notify("textDocument/didOpen", {"textDocument": document})

    def _uri(self, path: str) -> str:
        return (self._root / path).as_uri()


def command() -> tuple[str, ...] | None:
    """How to start a language server for Python, or `None` where there is none.

    Only absolute folders of the PATH count, so that no repository brings its own.
    """
    folders = [one for one in os.get_exec_path() if Path(one).is_absolute()]
    path = os.pathsep.join(folders)
    if based := shutil.which("basedpyright-langserver", path=path):
        return based, "--stdio"
    script, node = shutil.which("pyright-langserver", path=path), shutil.which("node", path=path)
    real = Path(script).resolve() if script else None
    if real is not None and node is not None and real.suffix == ".js":
        return node, str(real), "--stdio"
    return None


def _sites(
    answer: Sequence[object], by_uri: Mapping[str, str], lines: Mapping[str, Sequence[bytes]]
) -> list[Site]:
    found: list[Site] = []
    for one in cast("Sequence[Mapping[str, object]]", answer):
        path = by_uri.get(str(one["uri"]))
        if path is not None:
            start = cast("Mapping[str, Mapping[str, int]]", one["range"])["start"]
            row, character = start["line"], start["character"]
            found.append(Site(path, row, _bytes(lines[path][row], character)))
    return found


def source_roots(paths: Collection[str]) -> list[str]:
    """The folders from which modules are imported, the nearest to the root first.

    The root itself, `src`, and what holds an outermost package.
    """
    found: set[str] = set()
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name == "__init__.py" and folder:
            outer = folder.rpartition("/")[0]
            if f"{outer}/__init__.py" not in paths:
                found.add(outer)
    return ["", "src", *sorted(found - {"", "src"}, key=lambda one: (one.count("/"), one))][
        :_MOST_ROOTS
    ]


def _units(text: bytes) -> int:
    """How many UTF-16 code units a text has."""
    return len(text.decode("utf-8", "replace").encode("utf-16-le")) // 2


def _bytes(line: bytes, units: int) -> int:
    """How many bytes of a line so many UTF-16 code units are."""
    text = line.decode("utf-8", "replace").encode("utf-16-le")[: 2 * units]
    return len(text.decode("utf-16-le", "replace").encode())
