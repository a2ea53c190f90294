"""All files of a repository as they were at one moment: who holds a word, who defines a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from twolane_context.languages import language_for
from twolane_context.names import Postings
from twolane_context.outline import Outline, examine, packed_name, unpack
from twolane_context.targets import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from twolane_context.disk import Row

    Read = Callable[[str, bytes], bytes]

Names = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]

# How JavaScript looks for a file, in this order.
SCRIPTS = ("ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "d.ts")
# By suffix, the files that stand for their folder: `a/__init__.py` is module `a`.
_FOR_FOLDERS = {
    **dict.fromkeys(("py", "pyi"), ("__init__", "__main__")),
    "rs": ("mod", "lib", "main"),
    "lua": ("init",),
    **dict.fromkeys(SCRIPTS, ("index",)),
}
# By its manifest, what a package is called there.
_CALLED = {"go.mod": rb"^module[ \t]+\"?([^\s\"]+)", "package.json": rb'"name":\s*"([^"]+)"'}
# A word in more files than these tells nothing by itself, and asking them all takes too long.
COMMON, FEW = 200, 40  # in more than a few it is hardly defined once
_MOST_STEPS = 8  # keys typed between two questions
# Stands after a keyword or a type, at the start of a line or of something in a list, or after a dot
# and before a value or arguments. The name comes first, since that is what `re` looks for quickly.
_DEFINES = (
    rb"%b(?![\w$\x80-\xff])(?:(?<=[\w*&>)\]\x80-\xff {,(!] %b)|(?<=[\n\t*&#:{,(]%b)"
    rb"|(?<=[\w)]\.%b)(?=[ \t]*[=(]))"
)


class Changed(Exception):
    """A file is no longer what the index holds: look at it again.

    Attributes:
        path: which file.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class File:
    """One file at one content. Its outline is made when it is first asked for, from `read`.

    That gives the text of a path with a digest, and raises `Changed` where there is none any more.

    Attributes:
        path, digest, words: as in its row.
        stamp: what a file on disk was when last looked at.
        facts: the packed outline, or `None` while nobody has needed it. Whoever has made it of the
            same content may put it here.
    """

    # The dictionary is made with the outline, which most files never have.
    __slots__ = ("__dict__", "_named", "_read", "digest", "facts", "path", "stamp", "words")

    def __init__(self, row: Row, read: Read) -> None:
        self.path, self.stamp, self.digest, self.words, facts, _ = row
        self.facts = facts if facts is not None or language_for(self.path) else b""
        self._read = read
        self._named: dict[str, list[int]] = {}

    @cached_property
    def outline(self) -> Outline:
        """What it defines and imports."""
        return unpack(self.examined())

    def named(self, name: str) -> list[int]:
        """Which symbols of the outline have that name."""
        if not self._named:
            for index, symbol in enumerate(self.outline.symbols):
                self._named.setdefault(symbol.name, []).append(index)
        return self._named.get(name, [])

    def holds(self, name: str) -> bool:
        """Whether the identifier stands in it."""
        return b"\n%b\n" % name.encode("utf-8", "surrogatepass") in self.words

    def examined(self) -> bytes:
        """The packed outline, made now if it must be."""
        if self.facts is None:
            self.facts = examine(self.path, self.source())[1]
        return self.facts

    def source(self) -> bytes:
        """Its text.

        Raises:
            Changed: it is not there any more.
        """
        return self._read(self.path, self.digest)

    def may_define(self, name: str, packed: Sequence[bytes]) -> bool:
        """Whether it is worth asking the outline for a definition of `name`.

        Args:
            name: as written.
            packed: how it begins in a packed outline, and where only some kinds count, with each of them.
        """
        if (facts := self.facts) is not None:
            return packed[0] in facts and any(one in facts for one in packed[1:] or (b"",))
        escaped = re.escape(name.encode("utf-8", "surrogatepass"))
        return re.search(_DEFINES.replace(b"%b", escaped), b"\n" + self.source()) is not None


class Index:
    """The files of a repository; immutable.

    Args:
        files: by path.
        postings: of these files, and perhaps of others.

    Attributes:
        files: by path, those that are visible.
        steps: the paths of each of the last few changes that led to it, each a set of its own.
    """

    def __init__(self, files: Mapping[str, File], postings: Postings | None = None) -> None:
        self._all = dict(files)
        self.files: Mapping[str, File] = self._all
        self._allowed: Callable[[str], bool] | None = None
        self._postings = Postings(self._all.values()) if postings is None else postings
        # What was found in all of them, at the first question.
        self._modules: dict[tuple[str, ...], dict[str, Names]] = {}  # by the last one and two
        self._held: dict[tuple[str, int | None], list[File]] = {}  # none for more than so many
        self._given = lru_cache(1_024)(_given)
        self._named: dict[tuple[str, str], list[tuple[File, str]]] = {}  # by manifest and module
        self.steps: tuple[set[str], ...] = (set(),)

    def changed(self, files: Mapping[str, File | None]) -> Index:
        """The index, with nothing hidden, of some files replaced, added or (`None`) taken away."""
        replaced = {path: file for path, file in files.items() if file is not None}
        alive = self._all | replaced
        for path in files.keys() - replaced.keys():
            alive.pop(path, None)
        # What is dead goes when it is half of all, so that no list grows for ever.
        if self._postings.inverted > 2 * len(alive) + COMMON:
            return Index(alive)
        later = Index(alive, self._postings.later(replaced.values()))
        later.steps, later._given = (*self.steps, set(files))[-_MOST_STEPS:], self._given
        if all((path in self._all) == (path in alive) for path in files):
            later._modules = self._modules  # which follow from the paths alone
        return later

    def visible(
        self, allowed: Callable[[str], bool], count: Callable[[], int] | None = None
    ) -> Index:
        """The index of a repository that holds only the files whose paths are allowed.

        Args:
            allowed: asked when an answer depends on it, each time: it may be slow the first time.
            count: how many files are allowed, from one who knows without asking about each.
        """
        seen = Index(self._all, self._postings)
        seen.files, seen._allowed = _Files(self._all, allowed, count), allowed
        seen._modules, seen._held, seen._given = self._modules, self._held, self._given
        return seen

    def holding(self, word: str, most: int | None = None) -> list[File]:
        """The files in which the identifier stands, by path; none where they are more than `most`."""
        allowed, here = self._allowed, dict[str, File]()
        limit = most if allowed is None else None  # how many are allowed is not known before
        found = self._held.get((word, None), self._held.get((word, limit)))
        if found is None:
            for file in self._postings.holding(word.encode("utf-8", "surrogatepass")):
                if self._all.get(file.path) is file:
                    here[file.path] = file
                if limit is not None and len(here) > limit:  # to sort them all takes a millisecond
                    return self._held.setdefault((word, limit), [])
            found = self._held[word, None] = [here[path] for path in sorted(here)]
        visible = found if allowed is None else (one for one in found if allowed(one.path))
        few = [*islice(visible, most and most + 1)]
        return few if most is None or len(few) <= most else []

    def defining(self, name: str, kinds: Sequence[str] = (), few: int = COMMON) -> Iterator[Target]:
        """All symbols of that name, of these kinds at least, if any; none of a word in more files."""
        files = self.holding(name, few)
        wanted = [packed_name(name, kind) for kind in ("", *kinds) if files]
        made = (one for one in files if one.may_define(name, wanted))
        return (Target(file, at) for file in made for at in file.named(name))

    def modules(self, *last: str) -> Collection[tuple[str, Names]]:
        """The files of code whose module, header or package folder ends with one or two parts, by path.

        Each with the parts of the module paths that it has: `a/b/mod.rs` is module `a::b`.
        """
        if not self._modules:
            code = (path for path in self._all if language_for(path) or path.endswith((*_CALLED,)))
            for path in sorted(code):
                for one in (names := module_names(path)):
                    self._modules.setdefault(one[-1:], {})[path] = names
                    self._modules.setdefault(one[-2:], {})[path] = names
            self._modules[()] = {}
        found, allowed = self._modules.get(last, {}).items(), self._allowed
        return found if allowed is None else [one for one in found if allowed(one[0])]

    def named(self, manifest: str, module: str) -> list[tuple[File, str]]:
        """The manifests that give a package the name with which a module begins, and its path below.

        Args:
            manifest: `go.mod` or `package.json`.
            module: as an import has it; most are of nobody here, which many files ask for.
        """
        if (manifest, module) not in self._named:
            whole = f"{module}/".encode()
            roots = (self.files[path] for path, _ in self.modules(manifest))
            given = ((root, self._given(root, manifest)) for root in roots)
            found = [(at, whole[len(it) : -1].decode()) for at, it in given if whole.startswith(it)]
            self._named[manifest, module] = found
        return self._named[manifest, module]


@dataclass(frozen=True)
class _Files(Mapping[str, File]):
    """Those files that are allowed."""

    files: Mapping[str, File]
    allowed: Callable[[str], bool]
    count: Callable[[], int] | None

    def __getitem__(self, path: str) -> File:
        if path in self.files and self.allowed(path):
            return self.files[path]
        raise KeyError(path)

    def __iter__(self) -> Iterator[str]:
        return filter(self.allowed, self.files)

    def __len__(self) -> int:
        return sum(map(self.allowed, self.files)) if self.count is None else self.count()


def _given(file: File, manifest: str) -> bytes:
    """What a manifest calls its package, with a slash behind it; what no module begins with for nothing."""
    named: list[bytes] = re.findall(_CALLED[manifest], file.source(), re.MULTILINE)
    return (named or [b"\n"])[0] + b"/"


def stands_for_folder(path: str) -> bool:
    """Whether the file is what its folder's name means as a module."""
    stem, _, suffix = path.rpartition("/")[2].partition(".")
    return stem in _FOR_FOLDERS.get(suffix.rpartition(".")[2], ())


def module_names(path: str) -> Names:
    """The parts of a file's module path; those with its suffix; those of its folder.

    `("a", "b")`, `("a", "b.py")`, `("a",)` for `a/b.py`. The folder counts only where folders are
    packages (Go, Java). Where a file stands for its folder, the first is the folder. `src` says
    nothing where a package's name stands before it, and in Rust `-` is written `_`.
    """
    *folder, last = path.split("/")
    stem, _, suffix = last.partition(".")
    if suffix == "rs" or suffix in SCRIPTS:
        folder = [part for part in folder if part != "src"]
    parts = tuple(part.replace("-", "_") for part in folder) if suffix == "rs" else tuple(folder)
    module = parts if stands_for_folder(path) else (*parts, stem or last)
    return module, (*parts, last), parts if suffix in {"go", "java"} else ()
