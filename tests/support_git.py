"""A real git repository that reads like a sentence."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_repository import put

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Repo:
    """A working tree, made a repository at once."""

    root: Path

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> str:
        """Run git as a person would, without the settings of this machine."""
        kept = {"PATH": os.environ["PATH"], "HOME": str(self.root), "GIT_CONFIG_NOSYSTEM": "1"}
        command = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(self.root))
        ran = subprocess.run([*command, *words], env=kept, check=True, capture_output=True)
        return ran.stdout.decode("utf-8", "replace")

    def put(self, name: str, text: str | bytes) -> Path:
        return put(self.root / name, text)

    def stage(self, **files: str | bytes) -> None:
        """Write files and add them; `__` in a name stands for `/`, `_py` for `.py`."""
        for name, text in files.items():
            path = name.replace("__", "/").removesuffix("_py") + ".py" * name.endswith("_py")
            self.put(path, text)
            self.git("add", "--", path)

    def commit(self, message: str, **files: str | bytes) -> None:
        self.stage(**files)
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", message)
