"""The doctor on editors: which are there, and whether twolane is set up in them.

Their own settings are only searched for the name; no editor is started with them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.doctor.finding import fine, unset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from twolane_server.doctor.finding import Finding

__all__ = ["findings"]

_SECONDS = 5.0
_VERSION = re.compile(r"NVIM v(\d+)\.(\d+)")
_LEAST_NEOVIM = (0, 11)
_MOST_FILES = 2_000
_LARGEST = 200_000
_CODES = {
    "code": (".vscode/extensions", ".vscode-server/extensions"),
    "codium": (".vscode-oss/extensions",),
    "code-server": (".local/share/code-server/extensions",),
}


def findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Each editor that is on the path; one finding where none is."""
    home = Path(environ.get("HOME") or Path.home())
    found = [*_neovim(environ, home), *_codes(environ, home)]
    yield from found
    if not found:
        yield fine("editors", "no nvim and no code on the path; any LSP client takes `twolane lsp`")


def _neovim(environ: Mapping[str, str], home: Path) -> Iterator[Finding]:
    program = shutil.which("nvim", path=environ.get("PATH"))
    if program is None or not Path(program).is_absolute():
        return  # one of the folder that somebody is in is not started
    version = _version(program)
    if version is not None and version < _LEAST_NEOVIM:
        said = f"{program} is Neovim {version[0]}.{version[1]}, which is too old for twolane."
        yield unset("neovim", said, "take Neovim 0.11 or newer")
        return
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "nvim"
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "nvim"
    where = _naming(config) or _plugin(data)
    if where is None:
        fix = 'put editors/neovim on the runtimepath, and `vim.lsp.enable("twolane")` into init.lua'
        yield unset("neovim", f"{program} is there, and nothing in {config} names twolane.", fix)
    else:
        yield fine("neovim", f"{program}; {where} names twolane. `:checkhealth twolane` tells more")


def _version(program: str) -> tuple[int, int] | None:
    try:
        ran = subprocess.run(  # noqa: S603 - what the person's own path has
            [program, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.match(ran.stdout)
    return (int(found[1]), int(found[2])) if found else None


def _naming(folder: Path) -> Path | None:
    """A file of somebody's Neovim settings that names twolane."""
    for number, file in enumerate(_files(folder)):
        if number >= _MOST_FILES:
            return None
        try:
            if file.stat().st_size <= _LARGEST and b"twolane" in file.read_bytes():
                return file
        except OSError:
            continue
    return None


def _files(folder: Path) -> Iterator[Path]:
    for ending in ("*.lua", "*.vim"):
        yield from sorted(folder.rglob(ending))


def _plugin(data: Path) -> Path | None:
    """The plugin where Neovim's own packages and the usual managers put it."""
    places = ("site/pack/*/*/*/lsp/twolane.lua", "lazy/*/lsp/twolane.lua")
    return next((file for place in places for file in data.glob(place)), None)


def _codes(environ: Mapping[str, str], home: Path) -> Iterator[Finding]:
    for name, places in _CODES.items():
        program = shutil.which(name, path=environ.get("PATH"))
        if program is None:
            continue
        folders = [folder for place in places for folder in (home / place).glob("*twolane*")]
        if folders:
            yield fine(name, f"{program}; the extension is in {folders[0]}")
        else:
            yield unset(
                name, f"{program} is there, without the extension.", "install it, if you use it"
            )
