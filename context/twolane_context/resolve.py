"""What a name means: from a chain of names to the symbols it may stand for.

Imports (relative, aliased, re-exported, wildcards), `self` and base classes, traits and impls,
members of modules. Types come from what the code says of them: annotations, constructors, what
functions return. What cannot be followed gives nothing; only `sounding` guesses.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache, partial
from itertools import islice
from posixpath import dirname, splitext
from typing import TYPE_CHECKING

from twolane_context.definitions import CALLABLES, TYPES, Kind
from twolane_context.imports import DEFAULT
from twolane_context.index import COMMON, FEW
from twolane_context.modules import CRATE_WORDS, PARTS, RUST, below, crate_of, in_folder, modules
from twolane_context.names import WORD
from twolane_context.targets import SELF, Target, children, is_elsewhere, own_type, twins
from twolane_context.uses import CALL, ITEM, RETURNED, TAKEN, VALUE, Uses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from twolane_context.index import File, Index

    Look = Callable[[File, int], Uses | None]

# More steps than these nobody writes; loops end by it.
_DEEPEST = 6
# So many meanings of one name are followed further.
_MOST = 8
# Languages in which the files of one folder see each other's names without an import.
_SHARED_FOLDER = (".go", ".java")
# Java and C++, where a bare name may be a member of the class around it.
_BARE_MEMBERS = (".java", ".h", ".hh", ".hpp", ".hxx", ".cc", ".cpp", ".cxx")
# What Rust's standard library calls the ways to what an `Option`, `Result`, `Arc` or iterator
# holds. These types are not in the repository, and what they hold stands for them.
_THROUGH = re.compile(
    r"as_(?:deref|mut|ref)|await|borrow(?:_mut)?|cloned?|expect|first|get(?:_mut)?|(?:into_)?iter"
    r"|iter_mut|last|lock|next|ok|pop|read|take|to_owned|unwrap(?:_err|_or(?:_default|_else)?)?|write"
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TELLING = 3  # fewer letters tell nothing


class Resolver:
    """Follows names through one index. In all of it, `depth` is how many steps led there.

    Args:
        index: the repository.
        look: gives what the code of a symbol uses, so that what it returns is known where it does
            not say so. It takes time, and without it less is found.

    Attributes:
        index: the same.
        bases: gives the types that a type is made of.
    """

    def __init__(self, index: Index, look: Look | None = None) -> None:
        self.index = index
        self._look = look
        self._modules = cache(self._others)
        self._folder = cache(partial(in_folder, index))
        self._offered = cache(self._offer)
        self._of_type = cache(self._find)
        self._shown = cache(self._show)
        self._taken = cache(self._take)
        self._local = lru_cache(10_000)(self._follow)  # several lead to one, and they come and go
        self.bases = cache(self._bases)

    def chain(
        self, place: Target, chain: Sequence[str], known: Uses | None = None, depth: int = 0
    ) -> list[Target]:
        """What a chain stands for at a place.

        Args:
            place: the innermost symbol around it, or its file.
            chain: see `uses.Use`.
            known: tells the local variables.
            depth: how many steps led here.
        """
        if depth > _DEEPEST or not chain:
            return []
        first, *rest = chain
        if first == RETURNED:
            found = self._types(place, place.symbol.bases, depth)
        elif known is not None and first in known.locals and first not in SELF:
            found = self._local(place, first, known, depth)
        else:
            found = self.name(place, first, depth)
        for left, step in zip(reversed(range(len(rest))), rest, strict=True):
            before = list(dict.fromkeys(found))[:_MOST]
            found = [target for one in before for target in self.step(one, step, depth)]
            if not found and left and _THROUGH.fullmatch(step):
                found = [one for one in before if one.file.path.endswith(RUST)]
        return list(dict.fromkeys(found))

    def name(self, place: Target, name: str, depth: int = 0) -> list[Target]:
        """What a name by itself stands for: own scopes, the file, its imports, its folder."""
        file = place.file
        if file.path.endswith(RUST) and name in CRATE_WORDS:
            own = own_type(place) if name == "self" else []
            return [*own, *_modules_of(below(self.index, file, name))]
        if name.endswith("!"):  # of a macro: all of its crate know it
            made = [one for one in self.index.defining(name[:-1]) if one.holder == "macro_rules!"]
            return [one for one in made if crate_of(one.file.path) == crate_of(file.path)]
        if name in SELF:
            return own_type(place)
        if name == "super":
            return [base for one in own_type(place) for base in self.bases(one, depth)]
        for scope in [Target(file, at) for at in file.outline.holders(place.at)]:
            found: list[Target] = []
            # Python's classes see their own names in their bodies.
            if not scope.is_type or (scope == place and file.path.endswith((".py", ".pyi"))):
                found = children(scope, name)
            elif file.path.endswith(_BARE_MEMBERS) and name != scope.symbol.name:
                found = self.step(scope, name, depth)
            if found:
                return found
        return self._offered(file, name, depth)

    def sounding(self, file: File, chain: Sequence[str], most: int | None = None) -> list[Target]:
        """The member that a chain ends with, of the type that what holds it is called after: a guess.

        `next_page.turn` is `turn` of `NextPage` or, where there is none, of `Page`. At most so many
        are looked for.
        """
        held_by = next((step for step in chain[-2::-1] if step not in {CALL, ITEM, VALUE}), "")
        words = [word.capitalize() for word in _WORDS.findall(held_by)]
        few = COMMON if most is None else FEW  # who wants all pays for them
        names = ["".join(words[start:]) for start in range(len(words))]
        for name in [one for one in names if len(one) >= _TELLING]:
            types = self._offered(file, name, 0) or (
                one for one in self.index.defining(name, TYPES, few) if one.symbol.parent < 0
            )
            members = (one for of in types if of.is_type for one in self.step(of, chain[-1]))
            if found := [*islice(members, most)]:
                return found
        return []

    def step(self, target: Target, step: str, depth: int = 0) -> list[Target]:
        """Where a step of a chain leads from a target.

        To a member of that name: of a module, of a class and its bases, of a value's type. For a
        call or an item, to the type of the value or, where nothing is known of it, nowhere else.
        """
        if step == TAKEN:
            return self._taken(target, depth)
        if step in {CALL, ITEM}:
            return self._types_of(target, depth) or [target]
        if target.at < 0:
            return self._offered(target.file, step, depth)
        if target.is_type or target.symbol.kind is Kind.MODULE:
            return self._of_type(target, step, depth)
        return [t for one in self._types_of(target, depth) for t in self.step(one, step, depth + 1)]

    def _bases(self, target: Target, depth: int = 0) -> list[Target]:
        file, at = target
        names = [base for one in twins(target) for base in one.symbol.bases]
        if file.path.endswith(".go"):  # embedded types
            fields = (one for one in file.outline.symbols if one.parent == at)
            names += [b for one in fields for b in one.bases if PARTS.split(b)[-1] == one.name]
        return self._types(target, names, depth)

    def _follow(self, place: Target, name: str, known: Uses, depth: int) -> list[Target]:
        chains = [one for one in known.locals[name] if one[0] != name]
        return [t for one in chains for t in self.chain(place, one, known, depth + 1)]

    def _offer(self, file: File, name: str, depth: int) -> list[Target]:
        """What a name at a file's top level stands for, and what others find there under it."""
        bindings = file.outline.bindings if depth <= _DEEPEST else ()
        named = [one for one in bindings if one.name == name]
        own = children(Target(file, -1), name)
        found = [one for one in own if not is_elsewhere(one)]
        if found != own:
            found += _modules_of(below(self.index, file, name))
        found += [t for one in named for t in self._imported(file, one.module, one.of, depth)]
        defined = any(one.symbol.kind is not Kind.IMPL for one in found)
        wild = () if defined or named else [one for one in bindings if one.name == "*"]
        sources = [t for one in wild for t in self._imported(file, one.module, "", depth)]
        found += [t for one in sources for t in self.step(one, name, depth + 1)]
        return list(dict.fromkeys(found)) if found or named else self._beside(file, name)

    def _beside(self, file: File, name: str) -> list[Target]:
        """What a name means that a file says nothing of: its folder's, a module below it, a crate."""
        if file.path.endswith(_SHARED_FOLDER):
            others = _modules_of(self._folder(dirname(file.path), splitext(file.path)[1]))
            return [t for one in others if one.file.holds(name) for t in children(one, name)]
        if file.path.endswith((".ts", ".tsx")):  # all see what some declare
            others = [one for one in self.index.holding(name, FEW) if one.path.endswith(".d.ts")]
            return [t for one in _modules_of(others) for t in children(one, name)]
        return _modules_of(below(self.index, file, name))

    def _imported(self, file: File, module: str, of: str, depth: int) -> list[Target]:
        """What an import binds: a member of a module, or a module."""
        if file.path.endswith(RUST):
            path = [part for part in (*PARTS.split(module), of) if part]
            meant = self.chain(Target(file, -1), path, None, depth + 1)
            if found := [one for one in meant if not is_elsewhere(one)]:
                return found  # else it is a path as of 2015, or below a module within a file
        if not module:
            return self._offered(file, of, depth + 1)  # an export of what is here
        sources = self._modules(file, module)
        found = [t for one in sources for t in self.step(one, of, depth + 1)] if of else sources
        if found or of == DEFAULT:
            return found or sources
        return self._modules(file, f"{module}{'' if module.endswith('.') else '.'}{of}")

    def _others(self, file: File, module: str) -> list[Target]:
        """The modules that a path may mean in a file, but that file's own."""
        return [Target(one, -1) for one in modules(self.index, file, module) if one is not file]

    def _types(self, target: Target, names: Iterable[str], depth: int) -> list[Target]:
        """The types that some names, as written in a symbol's head, stand for."""
        place = Target(target.file, target.symbol.parent)
        chains = ([*PARTS.split(name), CALL] for name in names)
        return [t for one in chains for t in self.chain(place, one, None, depth + 1) if t.is_type]

    def _types_of(self, target: Target, depth: int) -> list[Target]:
        """The types of a variable's value, or of what a function returns."""
        if target.symbol.bases and not target.is_type:
            return self._types(target, target.symbol.bases, depth)
        return self._shown(target, depth)

    def makers(self, target: Target, depth: int = 0) -> list[Target]:
        """What a call of a class calls, or one of a value: in JavaScript."""
        return [t for name in ("constructor", "(") for t in self.step(target, name, depth)]

    def _take(self, target: Target, depth: int) -> list[Target]:
        """What a call takes: all types that the head of what is called names, or of what makes a class."""
        made = self.makers(target, depth + 1) if target.is_type and depth < _DEEPEST else []
        if made:
            return [t for one in made for t in self._taken(one, depth + 1)]
        rows = target.file.source().split(b"\n")[target.symbol.start : target.symbol.head + 1]
        names = dict.fromkeys(WORD.findall(b"\n".join(rows))[:100])  # a constant may be long
        return self._types(target, (one.decode("utf-8", "replace") for one in names), depth)

    def _show(self, target: Target, depth: int) -> list[Target]:
        """What a function returns that does not say so, or an attribute is given, as code shows."""
        (file, at), symbol = target, target.symbol
        is_field = symbol.kind is Kind.FIELD
        code = file.outline.innermost(symbol.row) if is_field else at
        if code < 0 or not (is_field or symbol.kind in CALLABLES):
            return []
        used = (self._look and self._look(file, code)) or Uses()
        return [
            found
            for row, chain in (used.given if is_field else used.returned)
            if (row == symbol.row if is_field else file.outline.innermost(row) == at)
            for found in self.chain(Target(file, code), chain, used, depth + 1)
        ]

    def _find(self, target: Target, name: str, depth: int) -> list[Target]:
        """The member of a type, or of the types that it is made of."""
        if target.symbol.kind is Kind.TYPE and depth < _DEEPEST and not children(target, name):
            parts = self.bases(target, depth + 1)  # each of which it may be
            return [t for part in parts for t in self._of_type(part, name, depth + 1)]
        line, fields = [target], list[Target]()
        for one in line:  # which grows
            found = children(one, name) or self._outside(one, name)
            if declared := [t for t in found if t.symbol.kind is not Kind.FIELD]:
                # In Python each assignment declares.
                return found if one.file.path.endswith(".py") else declared
            fields = fields or found  # a base may declare what is set here
            line += [base for base in self.bases(one, depth + 1) if base not in line]
        return fields

    def _outside(self, target: Target, name: str) -> list[Target]:
        """Members of a type that stand outside of it: Go's methods, those in Rust's impls."""
        file, own = target.file, target.symbol.name
        if not file.path.endswith((".go", RUST)):
            return []
        unit = crate_of if file.path.endswith(RUST) else dirname
        files = [one for one in self.index.holding(own) if unit(one.path) == unit(file.path)]
        named = (Target(one, at) for one in files if one.holds(name) for at in one.named(name))
        found = [one for one in named if one.holder == own]
        return [one for one in found if one.file is file] or found


def _modules_of(files: Iterable[File]) -> list[Target]:
    return [Target(file, -1) for file in files]
