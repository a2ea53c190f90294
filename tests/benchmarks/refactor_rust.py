"""Refactorings of a Rust crate that its compiler has agreed to; prints one JSON list, as `refactor_rope` does.

A definition is changed, and then whatever the compiler says is broken is changed with it, until all that
compiled before does again: the library, its unit tests, files in `tests`. The analysis is the compiler's
alone; what it does not compile, it does not know. `gone` are files that are no more.
"""

from __future__ import annotations

import json
import random
import re
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refactor_rustc import Crate, Texts, renamer, spliced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TRIES, _RUNS = 10, 30  # for each kind: places, and calls of the compiler, wherever this runs
_ITEM = re.compile(
    r"(?m)^(?P<indent> *)(?P<head>(?:#\[[^\n]*\]\n *)*(?:pub(?:\([a-z ]+\))? )?(?:const )?(?:unsafe )?)"
    r"(?P<kind>fn|struct|enum|trait|mod|const) (?P<name>[A-Za-z_]\w{3,})\b"
)


def _end_of(text: str, at: int, opener: str = "{", closer: str = "}") -> int:
    """Behind the bracket that closes the first one from a place on; -1 where strings make it unclear."""
    depth = 0
    for n in range(text.index(opener, at), len(text)):
        depth += (text[n] == opener) - (text[n] == closer)
        if not depth:
            return n + 1
    return -1


def _importer(name: str, module: str) -> Callable[[Texts, dict[str, Any]], bool]:
    """Has a use of a function say in which module it now is."""

    def mend(texts: Texts, error: dict[str, Any]) -> bool:
        file = error["file_name"]
        if error["code"] not in ("E0425", "E0432") or file not in texts:
            return False
        source = texts[file].encode()
        if not source[error["byte_start"] : error["byte_end"]].decode().endswith(name):
            return False
        line = source[: error["byte_start"]].rpartition(b"\n")[2].decode()
        if error["code"] == "E0432" or "::" in line[-2:]:
            start = len(source[: error["byte_start"]]) - len(line.encode())
            row = source[start:].partition(b"\n")[0].decode()
            found = re.search(rf"[\w:]+::{name}\b", row)
            if found is None:
                return False
            begin = start + len(row[: found.start()].encode())
            stop = start + len(row[: found.end()].encode())
            spliced(texts, file, begin, stop, f"crate::{module}::{name}")
        elif f"use crate::{module}::{name};" not in texts[file]:
            uses = [*re.finditer(r"(?m)^use [^;]+;\n", texts[file])]
            if not uses:
                return False
            at = uses[-1].end()
            made = f"use crate::{module}::{name};\n"
            texts[file] = texts[file][:at] + made + texts[file][at:]
        return True

    return mend


class Peer:
    """One crate, refactored."""

    def __init__(self, root: Path) -> None:
        self._crate, self._chance = Crate(root), random.Random(root.name)  # noqa: S311 - an order, no secret
        self._texts = self._crate.texts

    def all_of(self, count: int) -> list[dict[str, object]]:
        """So many of each kind, as far as there are."""
        kinds = (self.renames, self.fields, self.signatures, self.bodies, self.constants)
        found: list[dict[str, object]] = []
        for kind in (*kinds, self.modules, self.moves):
            for one in kind():
                found += islice(one, count)
        return found

    def _items(self, *kinds: str) -> list[tuple[str, re.Match[str]]]:
        found = [
            (path, one)
            for path, text in self._texts.items()
            if path.startswith("src/")
            for one in _ITEM.finditer(text)
            if one["kind"] in kinds and "macro_rules" not in text
        ]
        self._chance.shuffle(found)
        return found

    def renames(self) -> Iterator[Iterator[dict[str, object]]]:
        """Functions, members, types, traits, modules within a file."""
        picks = self._items("fn", "struct", "enum", "trait")
        sorts: dict[str, list[tuple[str, re.Match[str]]]] = {}
        for path, one in picks:
            kind = {"fn": "method" if one["indent"] else "function", "trait": "trait"}.get(
                one["kind"], "type"
            )
            sorts.setdefault(f"rename {kind}", []).append((path, one))
        for kind, some in sorted(sorts.items()):
            yield self._tried(kind, some, self._renamed)

    def _renamed(self, path: str, one: re.Match[str]) -> tuple[str, Texts] | None:
        old = one["name"]
        new = f"New{old}" if old[0].isupper() else f"renamed_{old}"
        texts = dict(self._texts)
        texts[path] = one.string[: one.start("name")] + new + one.string[one.end("name") :]
        made = self._crate.mended(texts, renamer(old, new))
        return None if made is None else (f"rename {old} to {new}", made)

    def fields(self) -> Iterator[Iterator[dict[str, object]]]:
        """Fields of structs."""
        form = re.compile(r"(?m)^(?P<indent>    )(?:pub(?:\([a-z ]+\))? )?(?P<name>[a-z]\w{3,}): ")
        picks = [
            (path, field)
            for path, one in self._items("struct")
            if (end := one.string.find("\n}\n", one.end())) > 0
            for field in form.finditer(one.string, one.end(), end)
            if "\n}" not in one.string[one.end() : field.start()]
        ]
        yield self._tried("rename field", picks, self._renamed)

    def signatures(self) -> Iterator[Iterator[dict[str, object]]]:
        """Functions and members get one more parameter."""
        picks = self._items("fn")

        def act(path: str, one: re.Match[str]) -> tuple[str, Texts] | None:
            texts, text = dict(self._texts), one.string
            end = _end_of(text, one.end(), "(", ")") - 1
            if end < 0 or text[one.end() : one.end() + 1] != "(":
                return None
            inside = text[one.end() + 1 : end]
            comma = "" if not inside.strip() or inside.rstrip().endswith(",") else ", "
            texts[path] = text[:end] + f"{comma}_extra: Option<usize>" + text[end:]

            def mend(texts: Texts, error: dict[str, Any]) -> bool:
                if error["code"] != "E0061" or error["file_name"] not in texts:
                    return False
                source = texts[error["file_name"]].encode()
                part = source[error["byte_start"] :].decode()
                if not re.match(r"[\w:.]+\(", part) or (close := _end_of(part, 0, "(", ")")) < 0:
                    return False
                more = "None" if part[close - 2] == "(" else ", None"
                at = error["byte_start"] + len(part[: close - 1].encode())
                spliced(texts, error["file_name"], at, at, more)
                return True

            made = self._crate.mended(texts, mend)
            asked = f"add a parameter _extra: Option<usize> to {one['name']} and pass None"
            return None if made is None else (asked, made)

        yield self._tried("change signature", picks, act)

    def bodies(self) -> Iterator[Iterator[dict[str, object]]]:
        """The body of a function becomes a function of its own."""
        form = re.compile(r"\((?P<args>[^()&<>']*)\)(?P<result> -> [\w<>]+)? \{\n")

        def act(path: str, one: re.Match[str]) -> tuple[str, Texts] | None:
            text = one.string
            head = form.match(text, one.end())
            if head is None or one["indent"] or "const " in one["head"] or "unsafe" in one["head"]:
                return None
            end = text.find("\n}\n", head.end()) + 3
            names = ", ".join(re.findall(r"(\w+):", head["args"]))
            name, body = f"{one['name']}_inner", text[head.end() : end]
            call = f"    {name}({names})\n}}\n\nfn {name}{text[one.end() : head.end()]}"
            texts = {**self._texts, path: text[: head.end()] + call + body + text[end:]}
            asked = f"extract the body of {one['name']} as {name}"
            return None if self._crate.broken(texts) else (asked, texts)

        yield self._tried("extract", self._items("fn"), act)

    def constants(self) -> Iterator[Iterator[dict[str, object]]]:
        """A constant gives way to its value."""
        form = re.compile(r": [^=\n;]+ = (?P<value>[\w.]+);\n")

        def act(path: str, one: re.Match[str]) -> tuple[str, Texts] | None:
            text = one.string
            rest = form.match(text, one.end())
            if rest is None or one["indent"] or "\n" in one["head"]:
                return None
            texts = {**self._texts, path: text[: one.start()] + text[rest.end() :]}
            made = self._crate.mended(texts, renamer(one["name"], rest["value"]))
            return None if made is None else (f"inline the constant {one['name']}", made)

        yield self._tried("inline", self._items("const"), act)

    def modules(self) -> Iterator[Iterator[dict[str, object]]]:
        """A module within a file gets a file of its own."""

        def act(path: str, one: re.Match[str]) -> tuple[str, Texts] | None:
            text = one.string
            if one["indent"] or text[one.end() : one.end() + 3] != " {\n":
                return None
            end = text.find("\n}\n", one.end()) + 1
            inside = text[one.end() + 3 : end]
            if not end or any(line[:1] not in ("", " ") for line in inside.split("\n")):
                return None
            folder = path.removesuffix(".rs").removesuffix("/mod").removesuffix("/lib")
            new = f"{folder}/{one['name']}.rs"
            lines = [line.removeprefix("    ") for line in inside.split("\n")]
            texts = {**self._texts, path: f"{text[: one.end()]};\n{text[end + 2 :]}"}
            if new in texts:
                return None
            texts[new] = "\n".join(lines)
            asked = f"move the module {one['name']} into a file of its own, {new}"
            return None if self._crate.broken(texts) else (asked, texts)

        def renamed(path: str, one: re.Match[str]) -> tuple[str, Texts] | None:
            folder = path.removesuffix(".rs").removesuffix("/mod").removesuffix("/lib")
            name, text = one["name"], one.string
            old, new = f"{folder}/{name}.rs", f"{folder}/new_{name}.rs"
            if old not in self._texts or text[one.end() : one.end() + 1] != ";":
                return None
            texts = {
                **self._texts,
                path: f"{text[: one.start('name')]}new_{text[one.start('name') :]}",
            }
            texts[new] = texts.pop(old)
            made = self._crate.mended(texts, renamer(name, f"new_{name}"))
            return None if made is None else (f"rename the module {name} to new_{name}", made)

        yield self._tried("move to a new file", self._items("mod"), act)
        yield self._tried("rename file", self._items("mod"), renamed)

    def moves(self) -> Iterator[Iterator[dict[str, object]]]:
        """A function goes into another module of the crate's top."""
        homes = [p for p in self._texts if re.fullmatch(r"src/(?!lib|mod|tests?\.)\w+\.rs", p)]

        def act(path: str, one: re.Match[str]) -> tuple[str, Texts] | None:
            text, to = one.string, self._chance.choice(homes)
            end = text.find("\n}\n", one.end()) + 3
            if (
                one["indent"]
                or to == path
                or text[one.start() - 1 : one.start()] != "\n"
                or end < 3
            ):
                return None
            name, head = one["name"], one["head"]
            whole = text[one.start() : end]
            if "pub" not in head:
                whole = whole.replace("fn ", "pub(crate) fn ", 1)
            texts = dict(self._texts)
            texts[path] = text[: one.start()].rstrip("\n") + "\n\n" + text[end:].lstrip("\n")
            texts[to] = texts[to].rstrip("\n") + "\n\n" + whole
            module = to.removeprefix("src/").removesuffix(".rs")

            made = self._crate.mended(texts, _importer(name, module))
            return None if made is None else (f"move {name} to {to}", made)

        if len(homes) > 1:
            yield self._tried("move", self._items("fn"), act)

    def _tried(
        self,
        kind: str,
        picks: list[tuple[str, re.Match[str]]],
        act: Callable[[str, re.Match[str]], tuple[str, Texts] | None],
    ) -> Iterator[dict[str, object]]:
        tries, begun = 0, self._crate.runs
        for path, one in picks:
            before = self._texts
            if tries >= _TRIES or self._crate.runs - begun > _RUNS:
                return
            tries += 1
            if (made := act(path, one)) is None:
                continue
            asked, texts = made
            after = {p: text for p, text in texts.items() if before.get(p) != text}
            rows = sum(
                len({*text.split("\n")} - {*before.get(p, "").split("\n")})
                for p, text in after.items()
            )
            if rows < 2:
                continue
            at = len(one.string[: one.start("name")].encode())
            gone = sorted(before.keys() - texts.keys())
            yield {
                "kind": kind,
                "path": path,
                "at": at,
                "name": one["name"],
                "instruction": asked,
                "after": after,
                "gone": gone,
            }


if __name__ == "__main__":
    json.dump(Peer(Path(sys.argv[1])).all_of(int(sys.argv[2])), sys.stdout)
