"""Where a symbol is used: all that a refactoring of it may touch.

A name counts when it resolves to the symbol. A member of a value of which nothing is known counts
in the files that could hold such a value: those that name the symbol's class, a class made of it,
or what yields one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.index import COMMON, module_names
from twolane_context.modules import PARTS
from twolane_context.names import WORD
from twolane_context.places import Place, places
from twolane_context.targets import SELF, TYPES, Target, twins
from twolane_context.uses import CALL, ITEM, VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twolane_context.index import File
    from twolane_context.resolve import Resolver
    from twolane_context.trees import Parsed

    _Group = set[tuple[str, int]]  # paths, and indices of symbols there; -1 for the module itself

# In these a bare name may be a member of the class around it.
_BARE_MEMBERS = frozenset({"java", "cpp"})
# Here an override is a symbol of its own, as basedpyright has it; elsewhere they change together.
_OWN_OVERRIDES = (".py", ".pyi")
_MARKS = frozenset({CALL[0], ITEM[0], VALUE})
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_TELLING = 3  # a variable's name of fewer letters tells nothing of its class


class Site(NamedTuple):
    """A name in a file; row and column count from 0, the column in UTF-8 bytes."""

    path: str
    row: int
    column: int


def references(
    resolver: Resolver, parse: Callable[[str], Parsed | None], path: str, row: int, column: int
) -> list[Site]:
    """All sites of the symbol whose name stands at a place: its definition, imports and uses.

    Args:
        resolver: the repository.
        parse: gives a file's tree by path; `None` for one that is gone or has no grammar.
        path: the file of the place, which may be the definition or any use.
        row: 0-based.
        column: 0-based, in UTF-8 bytes.

    Returns:
        By path, row and column; nothing where no name stands.
    """
    file, parsed = resolver.index.files.get(path), parse(path)
    if file is None or parsed is None:
        return []
    line = parsed.source.split(b"\n")[row : row + 1]
    words = [m for one in line for m in WORD.finditer(one) if m.start() <= column <= m.end()]
    name = words[-1][0].decode("utf-8", "replace") if words else ""
    here = [p for p in places(file, parsed, name) if words and p.point == (row, words[-1].start())]
    if not here:
        return []
    if here[0].local >= 0:
        same = [p for p in places(file, parsed, name) if p.local == here[0].local and p.chain]
        return [Site(path, *place.point) for place in same]
    wanted = _Wanted(resolver, here[0])
    return [
        Site(other.path, *place.point)
        for other in resolver.index.holding(name)
        if (tree := parsed if other is file else parse(other.path)) is not None
        for place in places(other, tree, name)
        if wanted.at(place)
    ]


class _Wanted:
    """The symbols that a place means, and whether other places mean one of them.

    Args:
        resolver: the repository.
        here: the place.
    """

    def __init__(self, resolver: Resolver, here: Place) -> None:
        self._resolver = resolver
        # A place of which nothing is known may mean any symbol of that name.
        self._group = self._meant(here) or _group(
            Target(file, at) for file, at in resolver.index.defining(here.name)
        )
        self._modules: set[str] = set()
        self._bearers: set[str] = set()
        for path, at in sorted(self._group):
            file = resolver.index.files[path]
            self._group |= self._overridden(file, at, here.name)
            parent = file.outline.symbols[at].parent if at >= 0 else -1
            if parent < 0:
                self._modules |= {names[-1] for names in module_names(path) if names}
            elif file.outline.symbols[parent].kind in TYPES:
                self._bearers |= self._made_of(file.outline.symbols[parent].name)
        self._paths = {path for path, _ in self._group}
        self._holding: dict[str, bool] = {}

    def at(self, place: Place) -> bool:
        """Whether a place is one of the sites."""
        meant = self._meant(place)
        if meant & self._group or place.local >= 0 or not place.chain:
            return bool(meant & self._group)
        if place.own >= 0:
            return bool(self._overridden(place.file, place.own, place.name) & self._group)
        return not meant and len(place.chain) > 1 and self._may_be(place)

    def _meant(self, place: Place) -> _Group:
        """The symbols that a name stands for."""
        file, at, name = place.file, place.at, place.name
        symbols = file.outline.symbols
        if place.own >= 0:
            return _group([Target(file, place.own)])
        if place.local >= 0 or not place.chain:
            return set()
        if len(place.chain) > 1:
            return _group(self._resolver.chain(file, at, place.chain, place.known))
        if at >= 0 and symbols[at].kind in TYPES:
            held = [i for i in file.named(name) if symbols[i].parent == at]
            if held:
                return _group([Target(file, held[0])])
        found = self._resolver.name(file, at, name)
        if not found and place.language in _BARE_MEMBERS:
            found = self._resolver.chain(file, at, ("this", name))
        for binding in file.outline.bindings if not found else ():
            if binding.of == name != binding.name:
                found = [*found, *self._resolver.name(file, -1, binding.name)]
        return _group(found)

    def _may_be(self, place: Place) -> bool:
        """Whether a member of a value of unknown type may be one that is wanted."""
        first, known = place.chain[0], place.known.known
        value = self._resolver.chain(place.file, place.at, place.chain[:-1], place.known)
        if any(
            one.symbol is None
            or one.symbol.kind in TYPES
            or self._resolver.members.types_of(one, 0)
            for one in value
        ):
            return False  # of a known type, which has no such member
        if not self._bearers:
            return place.chain[-2] in self._modules and not self._elsewhere(place, first)
        if first not in known and first not in SELF and first not in {"super", VALUE}:
            if first not in self._bearers:
                return False
        elif not self._sounds(
            next((step for step in place.chain[-2::-1] if step[0] not in _MARKS), "")
        ):
            return False
        return any(map(self._may_hold, [place.file, *(target.file for target in value)]))

    def _may_hold(self, file: File) -> bool:
        """Whether such a value may be in a file at all."""
        if file.path not in self._holding:
            self._holding[file.path] = file.path in self._paths or any(
                file.holds(bearer) for bearer in self._bearers
            )
        return self._holding[file.path]

    def _sounds(self, variable: str) -> bool:
        """Whether a variable is called after what it may hold: `new_page` after `Page`."""
        last = [word.lower() for word in _WORDS.findall(variable)][-1:]
        return any(
            len(w) >= _TELLING and b.lower().endswith(w) for w in last for b in self._bearers
        )

    def _elsewhere(self, place: Place, first: str) -> bool:
        """Whether a chain starts outside of the repository."""
        inner = first in SELF or first in place.known.known or first in {"super", VALUE}
        return not inner and not self._resolver.name(place.file, place.at, first)

    def _overridden(self, file: File, at: int, name: str) -> _Group:
        """What a method overrides; in Python an override is a symbol of its own."""
        symbols = file.outline.symbols
        if at < 0 or symbols[at].parent < 0 or file.path.endswith(_OWN_OVERRIDES):
            return set()
        return _group(self._resolver.chain(file, at, ("super", name)))

    def _made_of(self, name: str) -> set[str]:
        """The names of a class, of those made of it, and of what at top level yields one."""
        found, todo = {name}, [name]
        while todo:
            files = self._resolver.index.holding(base := todo.pop())
            for file in files if len(files) <= COMMON else ():
                for symbol in file.outline.symbols:
                    if symbol.name not in found and any(
                        PARTS.split(one)[-1] == base for one in symbol.bases
                    ):
                        if symbol.kind in TYPES:
                            todo.append(symbol.name)
                        if symbol.kind in TYPES or symbol.parent < 0:
                            found.add(symbol.name)
        return found


def _group(targets: Iterable[Target]) -> _Group:
    """The symbols that are meant, with those of the same name beside them (setters, overloads)."""
    found: _Group = set()
    for target in targets:
        beside = twins(target.file, target.at) if target.at >= 0 else [-1]
        found |= {(target.file.path, twin) for twin in beside}
    return found
