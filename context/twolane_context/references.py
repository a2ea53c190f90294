"""Where a symbol is used: all that a refactoring of it may touch.

A name counts when it resolves to the symbol. A member of a value of which nothing is known counts
in the files that could hold such a value: those that name the symbol's class, a class made of it,
or what yields one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import Kind
from twolane_context.modules import RUST
from twolane_context.names import WORD
from twolane_context.places import Place, places
from twolane_context.targets import SELF, Target, is_elsewhere, own_type, twins
from twolane_context.uses import ITEM, TAKEN, VALUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_context.resolve import Resolver
    from twolane_context.trees import Parsed

# Here an override is a symbol of its own, as basedpyright has it; elsewhere they change together. And
# what we do not know of a value's type a compiler often does not know either; elsewhere it must.
_UNTYPED = (".py", ".pyi")
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
    lines = parsed.source.split(b"\n") if parsed is not None else []
    words = [one for line in lines[row : row + 1] for one in WORD.finditer(line)]
    word = next((one for one in words if one.start() <= column <= one.end()), None)
    if file is None or parsed is None or word is None:
        return []
    same = list(places(file, parsed, word[0].decode("utf-8", "replace")))
    here = next((one for one in same if one.point == (row, word.start())), None)
    if here is None:
        return []
    if here.local >= 0:
        return [Site(path, *one.point) for one in same if one.local == here.local and one.chain]
    # A place of which nothing is known may mean any symbol of that name.
    meant = _meant(resolver, here) or [*resolver.index.defining(here.name)]
    wanted = _with_others(resolver, meant)
    making = (one.holder for one in meant if one.at >= 0 and here.name in _MAKING)
    return sorted(
        Site(other.path, *place.point)
        for name in {here.name, *making}
        for other in resolver.index.holding(name)
        if (tree := parsed if other is file else parse(other.path)) is not None
        for place in places(other, tree, name)
        if not wanted.isdisjoint(_with_others(resolver, _may_mean(resolver, place, here.name)))
    )


def _may_mean(resolver: Resolver, place: Place, wanted: str) -> list[Target]:
    """The symbols called `wanted` that a place means for sure or, where its value is unknown, likely."""
    meant = _meant(resolver, place)
    if place.name != wanted:  # a class, whose calls call what is wanted
        types = [one for one in meant if place.called and one.is_type]
        return [made for one in types for made in resolver.step(one, wanted)]
    is_member = place.own < 0 and place.local < 0 and len(place.chain) > 1
    return meant if meant or not is_member else _likely(resolver, place)


def _meant(resolver: Resolver, place: Place) -> list[Target]:
    """The symbols that a name stands for."""
    file, name, module = place.file, place.name, Target(place.file, -1)
    if place.own >= 0:
        own = Target(file, place.own)
        # What `mod a;` declares is a file, and a path leads to that; an impl is called as its type.
        goes_on = is_elsewhere(own) or own.symbol.kind is Kind.IMPL
        return [own, *(resolver.step(module, name) if goes_on else ())]
    if place.local >= 0 or not place.chain:
        return []
    known = place.known if len(place.chain) > 1 else None
    found = resolver.chain(Target(file, place.at), place.chain, known)
    renamed = [one.name for one in file.outline.bindings if one.of == name != one.name]
    # What a file imports under another name may be called as something of its own.
    if renamed and known is None and (not found or place.renamed):
        found = [target for one in renamed for target in resolver.name(module, one)]
    return found


def _likely(resolver: Resolver, place: Place) -> list[Target]:
    """What a member of a value of unknown type may be."""
    value = (*place.chain[:-1], ITEM)
    types = resolver.chain(Target(place.file, place.at), value, place.known)
    is_given = any(TAKEN in one for one in place.known.locals.get(place.chain[0], ()))
    if any(one.at < 0 or one.is_type for one in types) and not is_given:
        return []  # of a known type, which has no such member; what a function is given is never sure
    found, path = resolver.sounding(place.file, place.chain), place.file.path
    # Rust has no other values; JavaScript has global ones, of which nothing here tells.
    is_known = path.endswith(RUST) or place.chain[0] in {*place.known.locals, *SELF, VALUE}
    may = not found and is_known and not path.endswith(_UNTYPED)
    named = resolver.index.defining(place.name) if may else ()
    return found or [one for one in named if one.holder and place.file.holds(one.holder)]


def _with_others(resolver: Resolver, targets: list[Target]) -> set[Target]:
    """The same, those of their names beside them (setters, overloads), and what they override."""
    line = [*targets]
    for file, symbol in ((one.file, one.symbol) for one in line):  # which grows
        if symbol.name not in _MAKING and not file.path.endswith(_UNTYPED):
            bases = [b for t in own_type(Target(file, symbol.parent)) for b in resolver.bases(t)]
            overridden = (m for one in bases for m in resolver.step(one, symbol.name))
            line += [one for one in overridden if one not in line]
    return {twin for one in line for twin in twins(one)}
