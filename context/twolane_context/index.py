"""All files of a repository as they were at one moment: who holds a word, who defines a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from twolane_context.disk import digest_of
from twolane_context.languages import language_for
from twolane_context.names import Postings, words
from twolane_context.outline import Outline, examine, packed_name, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Read = Callable[[str], bytes | None]

Names = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]

# Files that stand for their folder: `a/__init__.py` is module `a`.
_PYTHON_FOLDERS, _RUST_FOLDERS = (
    frozenset({"__init__", "__main__"}),
    frozenset({"mod", "lib", "main"}),
)
_SCRIPTS = frozenset({"ts", "tsx", "js", "jsx", "mts", "mjs", "cts", "cjs"})
# A word in more files than these tells nothing by itself, and asking them all takes too long.
COMMON = 200
# Stands after a keyword or a type, at the start of a line, after a class's name, or in a list. The
# name comes first, since that is what `re` looks for quickly.
_DEFINES = (
    rb"%b(?![\w$\x80-\xff])(?:(?<=[\w*&>)\]\x80-\xff] %b)|(?<=[\n\t*&#]%b)|(?<=  %b)|(?<=::%b)"
    rb"|(?<=[\w)][.:]%b)(?=[ \t]*[=(]))"
)
_DEFINES_IN_LIST = rb"|(?<=[{,(] %b)(?=\s*[:({},=])|(?<=[{,(]%b)(?=\s*[:({},=])"


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

    Attributes:
        path: within the repository, parted by `/`.
        digest: of the content.
        words: its identifiers, parted by LF.
    """

    __slots__ = ("_facts", "_named", "_outline", "_read", "digest", "path", "words")

    def __init__(
        self, path: str, digest: bytes, words: bytes, facts: bytes | None, read: Read
    ) -> None:
        self.path = path
        self.digest = digest
        self.words = words
        self._facts = facts if facts is not None or language_for(path) else b""
        self._outline: Outline | None = None
        self._named: dict[str, list[int]] | None = None
        self._read = read

    @classmethod
    def of(cls, path: str, source: bytes, read: Read) -> File:
        """A file of which only the words are known yet."""
        return cls(path, digest_of(source), words(source), None, read)

    @property
    def facts(self) -> bytes | None:
        """The packed outline, or `None` while nobody has needed it."""
        return self._facts

    @property
    def outline(self) -> Outline:
        """What it defines and imports."""
        if self._outline is None:
            self._outline = unpack(self.examined())
        return self._outline

    def named(self, name: str) -> list[int]:
        """Which symbols of the outline have that name."""
        if self._named is None:
            self._named = {}
            for index, symbol in enumerate(self.outline.symbols):
                self._named.setdefault(symbol.name, []).append(index)
        return self._named.get(name, [])

    def holds(self, name: str) -> bool:
        """Whether the identifier stands in it."""
        return b"\n%b\n" % name.encode("utf-8", "surrogatepass") in self.words

    def examined(self) -> bytes:
        """The packed outline, made now if it must be."""
        if self._facts is None:
            self._facts = examine(self.path, self.source())[1]
        return self._facts

    def learn(self, facts: bytes) -> None:
        """Take the packed outline, which another process has made of the same content."""
        self._facts = facts

    def source(self) -> bytes:
        """Its text.

        Raises:
            Changed: it is not there any more.
        """
        source = self._read(self.path)
        if source is None or digest_of(source) != self.digest:
            raise Changed(self.path)
        return source

    def may_define(self, name: str, packed: bytes) -> bool:
        """Whether it is worth asking the outline for a definition of `name`, packed as `packed`."""
        if self._outline is not None:
            return True
        if self._facts is not None:
            return packed in self._facts
        escaped = re.escape(name.encode("utf-8", "surrogatepass"))
        # In Python only arguments and values stand in lists.
        more = b"" if self.path.endswith(".py") else _DEFINES_IN_LIST
        pattern = (_DEFINES[:-1] + more + b")").replace(b"%b", escaped)
        lua = self.path.endswith(".lua")
        return lua or re.search(pattern, b"\n" + self.source()) is not None


class Index:
    """The files of a repository; immutable.

    Args:
        files: by path.
        postings: of these files, and perhaps of others.
    """

    def __init__(self, files: Mapping[str, File], postings: Postings | None = None) -> None:
        self.files: Mapping[str, File] = dict(files)
        self._postings = Postings(self.files.values()) if postings is None else postings
        self._modules: dict[tuple[str, ...], list[tuple[str, Names]]] | None = None
        self._held: dict[str, list[File]] = {}
        self._defining: dict[str, list[tuple[File, int]]] = {}

    def changed(self, files: Mapping[str, File | None]) -> Index:
        """The index with some files replaced, added or (`None`) taken away."""
        alive = dict(self.files)
        for path, file in files.items():
            if file is None:
                alive.pop(path, None)
            else:
                alive[path] = file
        # What is dead goes when it is half of all, so that no list grows for ever.
        if len(self._postings) > 2 * len(alive) + COMMON:
            return Index(alive)
        self._postings.add(file for file in files.values() if file is not None)
        later = Index(alive, self._postings)
        if all((path in self.files) == (path in alive) for path in files):
            later._modules = self._modules  # which follow from the paths alone
        return later

    def visible(self, allowed: Callable[[str], bool]) -> Index:
        """The index of a repository that holds only the files whose paths are allowed.

        `allowed` is asked when an answer depends on it: it may be slow the first time.
        """
        return _Visible(self, allowed)

    def holding(self, word: str, most: int | None = None) -> list[File]:
        """The files in which the identifier stands, by path; at most so many."""
        if word not in self._held:
            encoded = word.encode("utf-8", "surrogatepass")
            self._held[word] = self._postings.holding(encoded, self.files)
        return self._held[word][:most]

    def defining(self, name: str) -> list[tuple[File, int]]:
        """All symbols of that name, with their index in the file's outline; none for common words."""
        if name not in self._defining:
            self._defining[name] = self._define(name)
        return self._defining[name]

    def _define(self, name: str) -> list[tuple[File, int]]:
        files = self.holding(name, COMMON + 1)
        packed = packed_name(name)
        return [
            (file, index)
            for file in (files if len(files) <= COMMON else ())
            if file.may_define(name, packed)
            for index in file.named(name)
        ]

    def modules(self, *last: str) -> list[tuple[str, Names]]:
        """The files of code whose module, header or package folder ends with one or two parts, by path.

        Each with the parts of the module paths that it has: `a/b/mod.rs` is module `a::b`.
        """
        if self._modules is None:
            self._modules = {}
            code = (path for path in self.files if language_for(path) or path.endswith("go.mod"))
            for path in sorted(code):
                names = module_names(path)
                for end in {one[-count:] for one in names for count in (1, 2)} - {()}:
                    self._modules.setdefault(end, []).append((path, names))
        return self._modules.get(last, [])


class _Visible(Index):
    """The part of an index that an audience may see. What is allowed is asked anew each time."""

    def __init__(self, whole: Index, allowed: Callable[[str], bool]) -> None:
        super().__init__({})
        self.files = _Files(whole.files, allowed)
        self._whole, self._allowed = whole, allowed

    def changed(self, files: Mapping[str, File | None]) -> Index:
        return self._whole.changed(files).visible(self._allowed)

    def holding(self, word: str, most: int | None = None) -> list[File]:
        found = self._whole.holding(word)
        return list(islice((file for file in found if self._allowed(file.path)), most))

    def defining(self, name: str) -> list[tuple[File, int]]:
        return self._define(name)

    def modules(self, *last: str) -> list[tuple[str, Names]]:
        return [one for one in self._whole.modules(*last) if self._allowed(one[0])]


class _Files(Mapping[str, File]):
    """Those files that are allowed."""

    def __init__(self, files: Mapping[str, File], allowed: Callable[[str], bool]) -> None:
        self._files, self._allowed = files, allowed

    def __getitem__(self, path: str) -> File:
        if path in self._files and self._allowed(path):
            return self._files[path]
        raise KeyError(path)

    def __iter__(self) -> Iterator[str]:
        return filter(self._allowed, self._files)

    def __len__(self) -> int:
        return sum(map(self._allowed, self._files))


def stands_for_folder(path: str) -> bool:
    """Whether the file is what its folder's name means as a module."""
    stem, _, suffix = path.rpartition("/")[2].partition(".")
    match suffix:
        case "py" | "pyi":
            return stem in _PYTHON_FOLDERS
        case "rs":
            return stem in _RUST_FOLDERS
        case "lua":
            return stem == "init"
        case _:
            return stem == "index" and suffix.rpartition(".")[2] in _SCRIPTS


def module_names(path: str) -> Names:
    """The parts of a file's module path; those with its suffix; those of its folder.

    `("a", "b")`, `("a", "b.py")`, `("a",)` for `a/b.py`. The folder counts only where folders are
    packages (Go, Java). Where a file stands for its folder, the first is the folder. `src` says
    nothing where a package's name stands before it, and in Rust `-` is written `_`.
    """
    *folder, last = path.split("/")
    stem, _, suffix = last.partition(".")
    if suffix == "rs":
        folder = [part.replace("-", "_") for part in folder if part != "src"]
    elif suffix in _SCRIPTS:
        folder = [part for part in folder if part != "src"]
    parts = tuple(folder)
    module = parts if stands_for_folder(path) else (*parts, stem or last)
    return module, (*parts, last), parts if suffix in {"go", "java"} else ()
