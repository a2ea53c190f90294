"""Draws the picture of Neovim in the README: the menu with its lanes, and the answer as it comes.

`make picture` writes it, from a real Neovim with the real server and a scripted model, on the function
of httpx that the demo takes.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import TypeAlias

from support_git import Repo
from support_neovim import PLUGIN, require

Row: TypeAlias = "list[tuple[str, int | None, bool]]"

COLUMNS, LINES = 92, 30
WIDTH, HEIGHT = 12.2, 24.4
GROUND, INK = "#14161b", 0xE0E2EA
ABOUT = "Neovim: the menu names the lane and why; the answer streams below the line"
FUNCTION = "def is_ipv4_hostname"
REPLY = (
    "Return ",
    "whether ",
    "`hostname` ",
    "is an IPv4 ",
    "address, ",
    "with or ",
    "without ",
    "a mask.",
)
WATCHED = "an IPv4"


def captured(top: Path) -> tuple[list[Row], list[Row]]:
    """The screen with the menu, and the one with the answer."""
    found = importlib.util.find_spec("httpx")
    assert found is not None
    assert found.origin is not None
    repository = Repo(top / "repository")
    source = (Path(found.origin).parent / "_utils.py").read_text("utf-8")
    file = repository.put("clients/_utils.py", source)
    repository.put("twolane.toml", '[nda]\npaths = ["clients/**"]\n')
    replies = [{"chunks": REPLY, "delay_seconds": 0.5}]
    script = repository.put("../replies.json", json.dumps(replies))
    config = {
        "cmd": [sys.executable, "-m", "twolane_server.cli", "lsp"],
        "init_options": {"local": {"url": f"scripted:{script}"}, "preview": True, "page": True},
    }
    init = repository.put(
        "../init.lua",
        f"vim.opt.runtimepath:prepend({json.dumps(str(PLUGIN))})\n"
        "vim.o.number, vim.o.signcolumn, vim.o.ruler, vim.o.showcmd = true, 'no', false, false\n"
        "vim.o.laststatus, vim.o.termguicolors, vim.o.background = 0, true, 'dark'\n"
        f"vim.lsp.config('twolane', vim.json.decode([==[{json.dumps(config)}]==]))\n"
        "vim.lsp.enable('twolane')\n",
    )
    report = top / "report.json"
    line = next(n for n, text in enumerate(source.split("\n"), 1) if text.startswith(FUNCTION))
    plain = [require(), "-i", "NONE", "-n"]
    given = {
        "command": [*plain, "-u", str(init), "-c", f"normal! {line}Gzt4\x19", str(file)],
        "columns": COLUMNS,
        "lines": LINES,
        "watched": WATCHED,
        "report": str(report),
    }
    ours = {f"TWOLANE_{name}_DIR": str(top / name) for name in ("CONFIG", "STATE", "CACHE")}
    environ = {**os.environ, **ours, "HOME": str(top), "TWOLANE_PICTURE": json.dumps(given)}
    driver = Path(__file__).with_suffix(".lua")
    subprocess.run(
        [*plain, "--headless", "-u", "NONE", "-S", str(driver)], env=environ, check=True, timeout=90
    )
    left = json.loads(report.read_text("utf-8"))
    return left["menu"], left["preview"]


def text_of(row: Row) -> str:
    """A row without its looks."""
    return "".join(text for text, _, _ in row).rstrip()


def chosen(menu: list[Row], preview: list[Row]) -> list[Row]:
    """The menu with some code above it, and the answer with the code around it."""
    texts = [text_of(row) for row in menu]
    first = next(n for n, text in enumerate(texts) if text.startswith("Code actions:"))
    last = next(n for n, text in enumerate(texts) if text.startswith("Type number"))
    below = [text_of(row) for row in preview]
    top = next(n for n, text in enumerate(below) if FUNCTION in text)
    blank: Row = []
    return [*menu[max(0, first - 3) : last + 1], blank, *preview[max(0, top - 1) : top + 10]]


def drawing(rows: list[Row]) -> str:
    """The rows as SVG."""
    wide, high = COLUMNS * WIDTH + 18, len(rows) * HEIGHT + 24
    font = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'
    box = f'viewBox="0 0 {wide:g} {high:g}" xmlns="http://www.w3.org/2000/svg"'
    lines = [
        f'<svg role="img" aria-label="{escape(ABOUT)}" {box}>',
        f"<style>text {{ font-family: {font}; font-size: 20px; white-space: pre }}</style>",
        f'<rect fill="{GROUND}" width="{wide:g}" height="{high:g}" rx="8"/>',
    ]
    for number, row in enumerate(rows, 1):
        column = 0
        for text, colour, bold in row:
            if text.strip():
                lead = len(text) - len(text.lstrip())
                said = text.strip()
                x, y = 9 + (column + lead) * WIDTH, number * HEIGHT + 4
                weight = ' font-weight="bold"' if bold else ""
                shown = escape(said).replace(" ", "&#160;")
                fill = f"#{INK if colour is None else colour:06x}"
                lines.append(
                    f'<text x="{x:g}" y="{y:g}" textLength="{len(said) * WIDTH:g}" fill="{fill}"'
                    f"{weight}>{shown}</text>"
                )
            column += len(text)
    return "\n".join((*lines, "</svg>", ""))


def main() -> None:
    """Write the picture to the path that is given."""
    with tempfile.TemporaryDirectory() as top:
        rows = chosen(*captured(Path(top)))
    Path(sys.argv[1]).write_text(drawing(rows), "utf-8")


if __name__ == "__main__":
    main()
