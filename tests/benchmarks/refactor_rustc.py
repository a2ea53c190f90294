"""A Rust crate under its compiler's eyes: what is broken, and mending it until nothing is."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Crate", "Texts", "renamer", "spliced"]

_ROUNDS = 8
_FEATURES = ("default", "std", "alloc")

Texts = dict[str, str]


class Crate:
    """One crate and what of it compiles.

    Attributes:
        texts: its files by path.
        name: as other crates call it.
        runs: how often the compiler was called.
    """

    def __init__(self, root: Path) -> None:
        self.runs = 0
        self.texts: Texts = {
            path.relative_to(root).as_posix(): path.read_bytes().decode()
            for path in sorted(root.rglob("*.rs"))
        }
        manifest = (root / "Cargo.toml").read_text()
        edition = re.search(r'(?m)^edition = "(\d+)"', manifest)
        self._edition = edition[1] if edition else "2015"
        name = re.search(r'(?m)^name = "([^"]+)"', manifest)
        self.name = (name[1] if name else root.name).replace("-", "_")
        self._targets = [("src/lib.rs", False), ("src/lib.rs", True)]
        self._targets += [(p, True) for p in self.texts if re.fullmatch(r"tests/\w+\.rs", p)][:2]
        self._targets = [one for one in self._targets if not self._broken(self.texts, [one])]
        if ("src/lib.rs", False) not in self._targets:
            raise SystemExit(f"{root.name} does not compile")

    def broken(self, texts: Texts) -> list[dict[str, Any]]:
        """The compiler's errors, each with its code, file, first and last byte; no more than it tells at once."""
        return self._broken(texts, self._targets)

    def _broken(self, texts: Texts, targets: list[tuple[str, bool]]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        with tempfile.TemporaryDirectory() as top:
            for path, text in texts.items():
                (file := Path(top, path)).parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text.encode())
            for path, tests in targets:
                found += self._errors(top, path, tests=tests)
                if found:
                    break
        return found

    def _errors(self, top: str, path: str, *, tests: bool) -> list[dict[str, Any]]:
        name = self.name if path == "src/lib.rs" else "other"
        kind = ("--test",) if tests else ("--crate-type", "lib")
        known = () if path == "src/lib.rs" else ("--extern", f"{self.name}=lib{self.name}.rmeta")
        features = (word for one in _FEATURES for word in ("--cfg", f'feature="{one}"'))
        out = f"lib{name}{'-tests' if tests else ''}.rmeta"
        self.runs += 1
        ran = subprocess.run(
            [
                *(
                    "rustc",
                    "--crate-name",
                    name,
                    "--edition",
                    self._edition,
                    *kind,
                    *known,
                    *features,
                ),
                *("--emit=metadata", "-o", out, "--cap-lints", "allow"),
                *("--error-format=json", path),
            ],
            check=False,
            cwd=top,
            stderr=subprocess.PIPE,
            timeout=120,
        )
        told = [json.loads(line) for line in ran.stderr.splitlines() if line.startswith(b"{")]
        found = [
            {"code": one["code"]["code"] if one["code"] else "", **span}
            for one in told
            if one["level"] == "error"
            for span in one["spans"]
            if span["is_primary"]
        ]
        return found or ([{"code": "other", "file_name": ""}] if ran.returncode else [])

    def mended(self, texts: Texts, mend: Callable[[Texts, dict[str, Any]], bool]) -> Texts | None:
        """The texts when all compiles again; `None` where that cannot be had."""
        texts = dict(texts)
        for _ in range(_ROUNDS):
            errors = self.broken(texts)
            if not errors:
                return texts
            places = {
                (one["file_name"], one.get("byte_start", 0), one.get("byte_end", 0)): one
                for one in errors
            }
            # From the end, so that the places before stay where they are.
            for key in sorted(places, reverse=True):
                if not mend(texts, places[key]):
                    return None
        return None


def spliced(texts: Texts, path: str, start: int, end: int, new: str) -> None:
    """Put a text in the place of bytes of a file."""
    source = texts[path].encode()
    texts[path] = (source[:start] + new.encode() + source[end:]).decode()


def renamer(old: str, new: str) -> Callable[[Texts, dict[str, Any]], bool]:
    """Gives the one use of a name in an error's place its new name."""
    word = re.compile(rb"(?<![\w])" + old.encode() + rb"(?!\w)")

    def mend(texts: Texts, error: dict[str, Any]) -> bool:
        path = error["file_name"]
        if path not in texts:
            return False
        source, start = texts[path].encode(), error["byte_start"]
        part = source[start : error["byte_end"]]
        found = [one.start() for one in word.finditer(part)]
        if error["code"] in ("E0407", "E0437", "E0438"):
            found = found[:1]  # the place is all of a member
        if len(found) != 1:
            return False
        at = start + found[0]
        behind, before = source[at + len(old) :].lstrip(), source[:at].rstrip()
        short = error["code"] in ("E0560", "E0026") and not behind.startswith(b":")
        short = short and before[-1:] in (b",", b"{")
        spliced(texts, path, at, at + len(old), f"{new}: {old}" if short else new)
        return True

    return mend
