"""Aider's repository map on the same questions; run by Aider's own Python, prints one JSON object.

It is asked as Aider asks for a chat with one file in it, with the names in the function as those
that were mentioned. Tokens are a quarter of the characters, in its favour.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

BUDGET = 1_024


class Model:
    """As much of a model as the map asks for."""

    def token_count(self, text: str) -> int:
        """About as many as there are."""
        return len(text) // 4


class Silence:
    """As much of a terminal as the map asks for."""

    def __getattr__(self, _: str) -> Any:  # noqa: ANN401 - whatever it calls
        return self._say

    def _say(self, *_: object, **__: object) -> None:
        """Nothing."""

    def read_text(self, path: str) -> str:
        """A file's text."""
        return Path(path).read_text("utf-8", "replace")


class Peer:
    """The map of one repository, and which lines its last answer showed."""

    def __init__(self, root: Path) -> None:
        base: Any = import_module("aider.repomap").RepoMap
        self._root = root
        self._shown: dict[str, set[tuple[str, int]]] = {}
        suffixes = {".py", ".js"}
        self._files = sorted(str(p) for p in root.rglob("*") if p.suffix in suffixes)
        self._map: Any = base(
            map_tokens=BUDGET,
            root=str(root),
            main_model=Model(),
            io=Silence(),
            map_mul_no_files=1,
            refresh="always",
        )
        to_tree = self._map.to_tree

        def recorded(tags: Any, chat: Any) -> str:  # noqa: ANN401 - its own types
            text: str = to_tree(tags, chat)
            self._shown[text] = {(tag.rel_fname, tag.line + 1) for tag in tags if len(tag) > 2}
            return text

        self._map.to_tree = recorded

    def ask(self, question: dict[str, Any]) -> set[tuple[str, int]]:
        """The lines that the map shows for a function."""
        path = self._root / question["path"]
        lines = path.read_text("utf-8").split("\n")
        text = "\n".join(lines[question["start_line"] - 1 : question["end_line"]])
        others = [file for file in self._files if file != str(path)]
        self._shown.clear()
        names = set(re.findall(r"[^\W\d]\w+", text))
        answer = self._map.get_ranked_tags_map([str(path)], others, BUDGET, set[str](), names)
        return self._shown.get(answer, set())


def main(root: Path, gold: Path, questions: int) -> dict[str, float]:
    """Ask, and compare with what is true."""
    asked = [json.loads(line) for line in gold.read_text("utf-8").splitlines()][:questions]
    peer = Peer(root)
    peer.ask(asked[0])
    cold = time.process_time()
    taken: list[float] = []
    hits = wanted = right = items = 0
    for question in asked:
        start = time.perf_counter()
        places = peer.ask(question)
        taken.append(1000 * (time.perf_counter() - start))
        needed = {(one["path"], one["line"]) for one in question["gold"]}
        across = {(one["path"], one["line"]) for one in question["gold"] if not one["same_file"]}
        hits, wanted = hits + len(places & across), wanted + len(across)
        right, items = right + len(places & needed), items + len(places)
    touched = root / asked[0]["path"]
    touched.write_bytes(touched.read_bytes() + b"\n")
    start = time.perf_counter()
    peer.ask(asked[0])
    saved = 1000 * (time.perf_counter() - start)
    taken.sort()
    return {
        "cold, first useful answer, CPU s": cold,
        "cold, all facts, CPU s": cold,
        "5 KB saved, until a question sees it, ms": saved,
        "question, running, median ms": taken[len(taken) // 2],
        "question, running, p95 ms": taken[len(taken) * 95 // 100],
        "memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "signature recall across files at 1k": hits / max(1, wanted),
        "item precision at 1k": right / max(1, items),
        "body recall at 1k": 0.0,
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
