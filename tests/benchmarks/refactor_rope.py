"""Refactorings of a Python package by rope; run by a Python that has it, prints one JSON list.

Arguments: the folder, and how many of each kind. What rope refuses is left out. Each is
`{"kind", "path", "at", "name", "instruction", "after", "gone"}`: `at` counts bytes, `after` has the files that
change, each with all of its new text, `gone` the paths that are no more.
"""

from __future__ import annotations

import ast
import json
import random
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FEWEST_LINES, _MOST_FILES, _SHORT, _TRIES = 2, 40, 4, 60


class Peer:
    """One package under rope."""

    def __init__(self, root: Path) -> None:
        self._root = root
        project: Any = import_module("rope.base.project").Project
        self._project: Any = project(str(root), ropefolder=None)
        self._chance = random.Random(root.name)  # noqa: S311 - an order, no secret
        self._files = sorted(
            path.relative_to(root).as_posix()
            for path in root.rglob("*.py")
            if path.stat().st_size and not path.name.startswith("setup")
        )

    def all_of(self, count: int) -> list[dict[str, object]]:
        """So many of each kind, as far as there are."""
        found: list[dict[str, object]] = []
        for kind in (
            self.functions,
            self.methods,
            self.parameters,
            self.moves,
            self.signatures,
            self.extractions,
            self.inlined,
            self.files,
            self.factories,
            self.fewer,
        ):
            picks = list(kind())
            self._chance.shuffle(picks)
            done = 0
            for pick in picks[:_TRIES]:
                if done == count:
                    break
                one = self._made(pick)
                if one is not None:
                    found.append(one)
                    done += 1
        return found

    def functions(self) -> Iterator[tuple[Any, ...]]:
        for path, node, _ in self._defined():
            if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.col_offset:
                continue
            new = f"renamed_{node.name}" if isinstance(node, ast.FunctionDef) else f"New{node.name}"
            act = self._renaming(path, self._name_at(path, node), new)
            sort = "function" if isinstance(node, ast.FunctionDef) else "class"
            yield f"rename {sort}", path, node, f"rename {node.name} to {new}", act

    def methods(self) -> Iterator[tuple[Any, ...]]:
        for path, node, owner in self._defined():
            special = node.name.startswith("__")
            if isinstance(node, ast.FunctionDef) and owner is not None and not special:
                new = f"renamed_{node.name}"
                act = self._renaming(path, self._name_at(path, node), new)
                yield "rename method", path, node, f"rename {node.name} to {new}", act

    def parameters(self) -> Iterator[tuple[Any, ...]]:
        for path, node, owner in self._defined():
            if not isinstance(node, ast.FunctionDef) or owner is not None:
                continue
            for arg in (*node.args.args, *node.args.kwonlyargs):
                at = self._offset(path, arg.lineno, arg.col_offset)
                asked = f"rename the parameter {arg.arg} of {node.name} to new_{arg.arg}"
                act = self._renaming(path, at, f"new_{arg.arg}")
                yield "rename parameter", path, node, asked, act

    def moves(self) -> Iterator[tuple[Any, ...]]:
        move: Any = import_module("rope.refactor.move").create_move
        for path, node, owner in self._defined():
            if owner is not None or node.col_offset:
                continue
            to = self._chance.choice([one for one in self._files if one != path])

            def act(path: str = path, node: Any = node, to: str = to) -> Any:  # noqa: ANN401 - rope's
                resource = self._project.get_resource(path)
                mover = move(self._project, resource, self._name_at(path, node))
                return mover.get_changes(self._project.get_resource(to))

            yield "move", path, node, f"move {node.name} to {to}", act

    def signatures(self) -> Iterator[tuple[Any, ...]]:
        change: Any = import_module("rope.refactor.change_signature")
        for path, node, owner in self._defined():
            if not isinstance(node, ast.FunctionDef) or owner is not None or node.args.vararg:
                continue
            place = len(node.args.args)

            def act(path: str = path, node: Any = node, place: int = place) -> Any:  # noqa: ANN401 - rope's
                resource = self._project.get_resource(path)
                changer = change.ChangeSignature(self._project, resource, self._name_at(path, node))
                return changer.get_changes([change.ArgumentAdder(place, "extra", "None", "None")])

            asked = f"add a parameter extra=None to {node.name} and pass None in every call"
            yield "change signature", path, node, asked, act

    def extractions(self) -> Iterator[tuple[Any, ...]]:
        extract: Any = import_module("rope.refactor.extract").ExtractMethod
        for path, node, _ in self._defined():
            if not isinstance(node, ast.FunctionDef) or len(node.body) < 4:
                continue
            first, last = node.body[1], node.body[2]
            start = self._offset(path, first.lineno, first.col_offset)
            end = self._offset(path, last.end_lineno or 0, last.end_col_offset or 0)

            def act(path: str = path, start: int = start, end: int = end) -> Any:  # noqa: ANN401 - rope's
                resource = self._project.get_resource(path)
                return extract(self._project, resource, start, end).get_changes("extracted")

            lines = f"lines {first.lineno} to {last.end_lineno}"
            yield "extract", path, node, f"extract {lines} of {node.name} as extracted", act

    def inlined(self) -> Iterator[tuple[Any, ...]]:
        inline: Any = import_module("rope.refactor.inline").create_inline
        for path, node, owner in self._defined():
            if isinstance(node, ast.FunctionDef) and len(node.body) <= _SHORT and owner is None:

                def act(path: str = path, node: Any = node) -> Any:  # noqa: ANN401 - rope's
                    resource = self._project.get_resource(path)
                    return inline(self._project, resource, self._name_at(path, node)).get_changes()

                yield "inline", path, node, f"inline {node.name} wherever it is called", act

    def files(self) -> Iterator[tuple[Any, ...]]:
        rename: Any = import_module("rope.refactor.rename").Rename
        for path, node, owner in self._defined():
            folder, _, name = path.rpartition("/")
            if owner is not None or name in ("__init__.py", "conftest.py", "setup.py"):
                continue
            new = f"new_{name.removesuffix('.py')}"

            def act(path: str = path, new: str = new) -> Any:  # noqa: ANN401 - rope's
                return rename(self._project, self._project.get_resource(path)).get_changes(new)

            to = f"{folder}/{new}.py".lstrip("/")
            yield "rename file", path, node, f"rename the file {path} to {to}", act

    def factories(self) -> Iterator[tuple[Any, ...]]:
        factory: Any = import_module("rope.refactor.introduce_factory").IntroduceFactory
        for path, node, owner in self._defined():
            if isinstance(node, ast.ClassDef) and owner is None:

                def act(path: str = path, node: Any = node) -> Any:  # noqa: ANN401 - rope's
                    resource = self._project.get_resource(path)
                    changer = factory(self._project, resource, self._name_at(path, node))
                    return changer.get_changes("made", global_factory=False)

                asked = f"give {node.name} a static method made that makes one, and call it instead"
                yield "factory", path, node, asked, act

    def fewer(self) -> Iterator[tuple[Any, ...]]:
        change: Any = import_module("rope.refactor.change_signature")
        for path, node, owner in self._defined():
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("__"):
                continue
            first = 0 if owner is None else 1
            if len(node.args.args) < first + 2 or node.args.defaults or node.args.vararg:
                continue

            def act(path: str = path, node: Any = node, first: int = first) -> Any:  # noqa: ANN401 - rope's
                resource = self._project.get_resource(path)
                changer = change.ChangeSignature(self._project, resource, self._name_at(path, node))
                order = list(range(len(node.args.args)))
                order[first : first + 2] = order[first : first + 2][::-1]
                return changer.get_changes([change.ArgumentReorderer(order)])

            asked = f"swap the first two parameters of {node.name}"
            yield "reorder parameters", path, node, asked, act

    def _made(self, pick: tuple[Any, ...]) -> dict[str, object] | None:
        kind, path, node, asked, act = pick
        try:
            changes = act()
            moved = self._moved(changes)
            after = self._texts(changes)
            after |= {new: after.pop(old, self._text(old)) for old, new in moved.items()}
        except Exception:  # noqa: BLE001 - rope raises what it likes, and then there is no truth
            return None
        changed = sum(
            len(set(new.splitlines()) - set(self._text(one).splitlines()))
            for one, new in after.items()
            if one not in moved.values()
        )
        if changed < _FEWEST_LINES or len(after) > _MOST_FILES or not self._parse(after):
            return None
        return {
            "kind": kind,
            "path": path,
            "at": self._byte(path, self._name_at(path, node)),
            "name": node.name,
            "instruction": asked,
            "after": after,
            "gone": sorted(moved),
        }

    @staticmethod
    def _parse(after: dict[str, str]) -> bool:
        try:
            for text in after.values():
                ast.parse(text.removeprefix("\ufeff"))
        except SyntaxError:
            return False
        return True

    def _texts(self, changes: Any) -> dict[str, str]:  # noqa: ANN401 - rope's
        found: dict[str, str] = {}
        for one in changes.changes:
            if hasattr(one, "changes"):
                found |= self._texts(one)
            elif hasattr(one, "new_contents"):
                found[one.resource.path] = one.new_contents
            elif not hasattr(one, "new_resource"):
                raise ValueError("neither an edit nor edits")
        return {path: new for path, new in found.items() if new != self._text(path)}

    def _moved(self, changes: Any) -> dict[str, str]:  # noqa: ANN401 - rope's
        """The files that get another path."""
        found: dict[str, str] = {}
        for one in changes.changes:
            if hasattr(one, "changes"):
                found |= self._moved(one)
            elif hasattr(one, "new_resource"):
                found[one.resource.path] = one.new_resource.path
        return found

    def _renaming(self, path: str, at: int, new: str) -> Callable[[], Any]:
        rename: Any = import_module("rope.refactor.rename").Rename

        def act() -> Any:  # noqa: ANN401 - rope's
            resource = self._project.get_resource(path)
            return rename(self._project, resource, at).get_changes(
                new, docs=False, in_hierarchy=True
            )

        return act

    def _defined(self) -> Iterator[tuple[str, Any, str | None]]:
        for path in self._files:
            try:
                tree = ast.parse(self._text(path))
            except SyntaxError:  # of a newer Python
                continue
            for node in tree.body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    yield path, node, None
                    for inner in node.body if isinstance(node, ast.ClassDef) else ():
                        if isinstance(inner, ast.FunctionDef):
                            yield path, inner, node.name

    def _name_at(self, path: str, node: Any) -> int:  # noqa: ANN401 - a node of two kinds
        text, start = self._text(path), self._offset(path, node.lineno, node.col_offset)
        word = "class" if isinstance(node, ast.ClassDef) else "def"
        return text.index(node.name, text.index(word, start) + len(word))

    def _offset(self, path: str, line: int, column: int) -> int:
        lines = self._text(path).splitlines(keepends=True)
        before = "".join(lines[: line - 1])
        return len(before) + len(lines[line - 1].encode()[:column].decode())

    def _byte(self, path: str, offset: int) -> int:
        before, row = self._text(path)[:offset], self._text(path).count("\n", 0, offset)
        lines = self._raw(path).splitlines(keepends=True)
        column = offset - (before.rfind("\n") + 1)
        return len("".join([*lines[:row], lines[row][:column]]).encode())

    def _text(self, path: str) -> str:
        """As rope has it, which counts characters without marks and carriage returns."""
        return self._raw(path).removeprefix("\ufeff").replace("\r\n", "\n")

    def _raw(self, path: str) -> str:
        return (self._root / path).read_bytes().decode()


if __name__ == "__main__":
    json.dump(Peer(Path(sys.argv[1])).all_of(int(sys.argv[2])), sys.stdout)
