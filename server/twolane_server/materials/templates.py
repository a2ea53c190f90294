"""A repository's template for the text of a pull or merge request."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.disk import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Template", "find_template"]

_NAMES = ("pull_request_template.md", "pull_request_template.txt", "pull_request_template")
_FOLDERS = (".github", "", "docs")
# One of several is a choice that only a person can make.
_SINGLE = (
    ".github/PULL_REQUEST_TEMPLATE",
    "PULL_REQUEST_TEMPLATE",
    ".gitlab/merge_request_templates",
)
_MOST = 20_000


class Template(NamedTuple):
    """A template: its path, relative to the root, and its text."""

    path: str
    text: str


def find_template(root: Path) -> Template | None:
    """The template, in the places and the letter cases that GitHub and GitLab look at."""
    for path in _places(root):
        found = read(root, path)
        text = found[1].decode("utf-8", "replace") if found else ""
        if text.strip() and len(text) <= _MOST:
            return Template(path, text.replace("\r\n", "\n"))
    return None


def _places(root: Path) -> Iterator[str]:
    for folder in _FOLDERS:
        for name in _listed(root, folder):
            if name.lower() in _NAMES:
                yield f"{folder}/{name}".lstrip("/")
    for folder in _SINGLE:
        names = [name for name in _listed(root, folder) if name.lower().endswith(".md")]
        usual = [name for name in names if name.lower() == "default.md"]
        if usual or len(names) == 1:
            yield f"{folder}/{(usual or names)[0]}"


def _listed(root: Path, folder: str) -> list[str]:
    with suppress(OSError):
        return sorted(os.listdir(root / folder))  # noqa: PTH208 - names are wanted
    return []
