"""Where a symbol's name stands and may be meant, although nothing says so for certain.

In texts for people, and in code where it cannot be told what a value is.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

from twolane_context.definitions import TYPES
from twolane_context.index import stands_for_folder
from twolane_context.languages import language_for
from twolane_context.places import places
from twolane_server.actions.impact import Role, role_of
from twolane_server.repositories.importers import importers, module_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_context.answers import Answers
    from twolane_context.index import File, Index
    from twolane_context.places import Place
    from twolane_context.repository import Repository
    from twolane_context.trees import Parsed

__all__ = ["documents", "namesakes"]

_LARGEST_DOC, _LARGEST = 200_000, 2_000_000
# In how many files a name is looked for: anywhere, and beside its definitions and in what imports these.
_MOST_NAMESAKES, _MOST_NEAR = 30, 60
_HISTORY = re.compile(
    r"(?i)(?:^|/)(?:change(?:s|log)|history|news|releases?)(?:[-_.]?notes)?[^/]*$|(?:^|/)changelog\.d/"
)


def documents(
    repository: Repository, name: str, known: dict[str, bytes]
) -> Iterator[tuple[str, bytes, list[int]]]:
    """Texts for people that name the symbol; what tells of earlier versions stays as it is.

    A name that is a word of the language, as `keys` or `Result`, counts where it is written as code.
    """
    plain = re.fullmatch(r"[A-Z]?[a-z]+", name) is not None
    word = re.compile(rb"(?<!\w)" + re.escape(name.encode()) + rb"(?!\w)")
    for file in repository.index.holding(name):
        doc = role_of(file.path) is Role.DOC and not _HISTORY.search(file.path)
        if file.path not in known and doc:
            source = file.source()
            sites = [
                found.start()
                for found in word.finditer(source)
                if not plain or _as_code(source, *found.span())
            ]
            if sites and len(source) <= _LARGEST_DOC:
                yield file.path, source, sites


def _as_code(source: bytes, start: int, end: int) -> bool:
    """Whether a word in a text for people stands as code: called, in a chain, quoted, or in a line of code."""
    line = source[source.rfind(b"\n", 0, start) + 1 : start]
    if source[end : end + 1] in (b"(", b"`") or line.endswith((b".", b"`", b"::", b"->", b"~")):
        return True
    return line.startswith((b"    ", b"\t", b">>> ")) or line.count(b"`") % 2 == 1


def namesakes(
    repository: Repository, answers: Answers, name: str, spans: dict[str, list[int]]
) -> dict[str, list[int]]:
    """Places of code where the name stands and may be the symbol's; none where it is everybody's.

    What a value is, cannot be told everywhere, nor which members of which classes go together.
    """
    index = repository.index
    held = [file for file in index.holding(name) if language_for(file.path) is not None]
    others = [file for file in held if file.path not in spans]
    files = held if len(others) <= _MOST_NAMESAKES else _near(index, held, spans)
    found: dict[str, list[int]] = {}
    own: list[tuple[str, Place]] = []
    rest: list[tuple[str, int, Place]] = []
    for file in files:
        tree = answers.tree(file.path)
        if tree is None or len(tree.source) > _LARGEST:
            continue
        starts = [0, *accumulate(len(line) + 1 for line in tree.source.split(b"\n"))]
        for place in places(file, tree, name):
            at = starts[place.point[0]] + place.point[1]
            if at not in spans.get(file.path, ()):
                rest.append((file.path, at, place))
            elif place.own >= 0:
                own.append((file.path, place))
    member = any(_is_member(place) for _, place in own)
    homes = {path for path, _ in own}
    # Of `const { size } = box`, all uses of `size` may get the new name with it.
    taken = {(path, place.local) for path, _, place in rest if member and place.keyed}
    # What a file imports and defines, too, is one symbol: more of its type, or a substitute for it.
    more = {path for path, _, place in rest if place.own >= 0 and _is_imported(place)}
    for path, at, place in rest:
        twin = place.own >= 0 and path in homes and not _is_member(place)
        kin = place.own >= 0 and _is_member(place) if member else twin
        free = place.local < 0 and (len(place.chain) > 1 or kin or (member and not place.chain))
        bound = place.local >= 0 and (path, place.local) in taken
        again = path in more and path in spans and place.local < 0 and not _is_member(place)
        if free or (member and place.keyed) or bound or again:
            found.setdefault(path, []).append(at)
    holders = {module_word(path) for path in homes} | {_holder(place) for _, place in own}
    for file in held:
        source, known = file.source(), spans.get(file.path, [])
        said = {*_quoted(source, name, holders), *_linked(source, name, holders, bare=bool(known))}
        said |= {*_keys(source, name)} if member and file in files else set()
        if said := said.difference(known):
            found[file.path] = sorted(said.union(found.get(file.path, ())))
    return found


def called_so(
    index: Index, answers: Answers, name: str, but: tuple[str, int]
) -> dict[str, list[int]]:
    """All places of code where the name stands; none for everybody's name.

    Args:
        index: of all files.
        answers: hold their trees.
        name: the name.
        but: a file, and a byte of it, that are not wanted.
    """
    held = [file for file in index.holding(name) if language_for(file.path) is not None]
    word = re.compile(rb"(?<![\w$])" + re.escape(name.encode()) + rb"(?![\w$])")
    found: dict[str, list[int]] = {}
    for file in held if len(held) <= _MOST_NAMESAKES else ():
        tree = answers.tree(file.path)
        sites = [one.start() for one in word.finditer(tree.source)] if tree is not None else []
        found[file.path] = [
            at
            for at in sites
            if (file.path, at) != but and tree is not None and not _in_comment(tree, at)
        ]
    return {where: sites for where, sites in found.items() if sites}


def _in_comment(tree: Parsed, at: int) -> bool:
    node = tree.tree.root_node.descendant_for_byte_range(at, at + 1)
    return node is not None and "comment" in node.type


def _quoted(source: bytes, name: str, holders: set[str]) -> Iterator[int]:
    """Where a text is the path to the symbol, as for `mock.patch("shop.cart.total")`."""
    form = rb"[\"'`](?:\w+\.)*(\w+)\.(" + re.escape(name.encode()) + rb")[\"'`]"
    for one in re.finditer(form, source):
        if one[1].decode("utf-8", "replace") in holders:
            yield one.start(2)


def _linked(source: bytes, name: str, holders: set[str], *, bare: bool) -> Iterator[int]:
    """Where documentation in code links to the symbol: `{@link Cart.total}`, ``[`Cart::total`]``, ``:meth:`total` ``.

    Args:
        source: of a file.
        name: the symbol's.
        holders: what it may be in.
        bare: whether the name alone may mean it, too.
    """
    path = rb"((?:[\w$]+(?:\.|::|#))*)(" + re.escape(name.encode()) + rb")(?![\w$])"
    for form in (rb"(?:\{@[a-z]+|@see|@link)\s+", rb"\[`?", rb":[\w:]+:`~?\.?"):
        ends = rb"(?:\(\))?`?\]" if form.startswith(rb"\[") else b""
        for one in re.finditer(form + path + ends, source):
            last = re.findall(rb"[\w$]+", one[1])[-1:]
            if (not last and bare) or (last and last[0].decode("utf-8", "replace") in holders):
                yield one.start(2)


def _keys(source: bytes, name: str) -> Iterator[int]:
    """Where a text says which member is meant: `box["size"]`, `Box["size"]`, `Pick<Box, "size">`."""
    quoted = rb"[\"'](" + re.escape(name.encode()) + rb")[\"']\s*"
    for form in (
        rb"(?<=[\w\])>!])(?:\?\.)?\[\s*" + quoted + rb"\]",
        rb"[,|<]\s*" + quoted + rb"[|>]",
    ):
        yield from (one.start(1) for one in re.finditer(form, source))


def _near(index: Index, held: list[File], spans: dict[str, list[int]]) -> list[File]:
    """Of the files that hold a name of everybody's, those beside a definition's and those that import it."""
    homes = [file for file in held if file.path in spans]
    used = {one.path for home in homes for one in importers(index, home.path)}
    # What stands for a folder most often hands on what it imports.
    handed = {
        one.path for path in used if stands_for_folder(path) for one in importers(index, path)
    }
    beside = {home.path.rpartition("/")[0] for home in homes}
    for reached in (used | handed, used):
        near = [f for f in held if f.path.rpartition("/")[0] in beside or f.path in reached]
        if len(near) <= _MOST_NEAR + len(homes):
            return near
    return homes


def _holder(place: Place) -> str:
    symbols = place.file.outline.symbols
    parent = symbols[place.own].parent
    return symbols[parent].name if parent >= 0 else module_word(place.file.path)


def _is_imported(place: Place) -> bool:
    """Whether the file of a definition imports something that is called so, too."""
    bound = any(one.name == place.name for one in place.file.outline.bindings)
    return bound and not _is_member(place)


def _is_member(place: Place) -> bool:
    symbols = place.file.outline.symbols
    holder = symbols[place.own].parent if place.own >= 0 else -1
    return holder >= 0 and symbols[holder].kind in TYPES
