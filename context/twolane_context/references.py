"""Where a symbol is used: all that a refactoring of it may touch.

A name counts when it resolves to the symbol. A member of a value of which nothing is known counts
in the files that could hold such a value: those that name the symbol's class, a class made of it,
or what yields one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import TYPES
from twolane_context.exports import is_elsewhere
from twolane_context.names import WORD
from twolane_context.places import Place, places
from twolane_context.targets import Target, twins

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
# To call a class calls these.
_MAKING = frozenset({"__init__", "__new__", "constructor"})


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
    return sorted(
        Site(other.path, *place.point)
        for one in (name, *wanted.makers)
        for other in resolver.index.holding(one)
        if (tree := parsed if other is file else parse(other.path)) is not None
        for place in places(other, tree, one)
        if (wanted.at(place) if one == name else wanted.makes(place))
    )


class _Wanted:
    """The symbols that a place means, and whether other places mean one of them.

    Args:
        resolver: the repository.
        here: the place.

    Attributes:
        makers: the names of the classes whose calls call what is wanted.
    """

    def __init__(self, resolver: Resolver, here: Place) -> None:
        self._resolver, self._name = resolver, here.name
        # A place of which nothing is known may mean any symbol of that name.
        self._group = self._meant(here) or _group(
            Target(file, at) for file, at in resolver.index.defining(here.name)
        )
        for path, at in sorted(self._group):
            self._group |= self._overridden(resolver.index.files[path], at, here.name)
        self.makers: set[str] = set()
        for path, at in self._group if here.name in _MAKING else ():
            symbols = resolver.index.files[path].outline.symbols
            self.makers |= {symbols[symbols[at].parent].name} if symbols[at].parent >= 0 else set()

    def at(self, place: Place) -> bool:
        """Whether a place is one of the sites."""
        meant = self._meant(place)
        if meant & self._group or place.local >= 0 or not place.chain:
            return bool(meant & self._group)
        if place.own >= 0:
            return bool(self._overridden(place.file, place.own, place.name) & self._group)
        return not meant and len(place.chain) > 1 and self._may_be(place)

    def makes(self, place: Place) -> bool:
        """Whether a class is called at a place, and what is wanted with it."""
        files, member = self._resolver.index.files, self._resolver.members.member
        return place.called and any(
            _group(member(Target(files[path], at), self._name, 0)) & self._group
            for path, at in self._meant(place)
            if at >= 0
        )

    def _meant(self, place: Place) -> _Group:
        """The symbols that a name stands for."""
        file, at, name = place.file, place.at, place.name
        symbols = file.outline.symbols
        if place.own >= 0:
            own = [Target(file, place.own)]
            if is_elsewhere(own[0]):  # what `mod a;` declares is a file, and a path leads to that
                own += self._resolver.members.member(Target(file, -1), name, 0)
            return _group(own)
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
        resolver, known = self._resolver, place.known
        value = resolver.chain(place.file, place.at, place.chain[:-1], known)
        if any(
            one.symbol is None or one.symbol.kind in TYPES or resolver.members.types_of(one, 0)
            for one in value
        ):
            return False  # of a known type, which has no such member
        return bool(_group(resolver.sounding(place.file, place.chain)) & self._group)

    def _overridden(self, file: File, at: int, name: str) -> _Group:
        """What a method overrides; in Python an override is a symbol of its own."""
        symbols = file.outline.symbols
        if at < 0 or symbols[at].parent < 0 or file.path.endswith(_OWN_OVERRIDES):
            return set()
        found = self._resolver.chain(file, at, ("super", name))
        # Rust's `super` is the module above, too, and what that holds is no member.
        return _group(one for one in found if one.symbol is not None and one.symbol.parent >= 0)


def _group(targets: Iterable[Target]) -> _Group:
    """The symbols that are meant, with those of the same name beside them (setters, overloads)."""
    found: _Group = set()
    for target in targets:
        beside = twins(target.file, target.at) if target.at >= 0 else [-1]
        found |= {(target.file.path, twin) for twin in beside}
    return found
