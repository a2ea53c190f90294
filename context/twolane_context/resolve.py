"""What a name means: from a chain of names to the symbols it may stand for.

Imports (relative, aliased, re-exported, wildcards), `self` and base classes, traits and impls,
members of modules. Types come from what the code says of them: annotations, constructors, what
functions return. What cannot be followed gives nothing; only `sounding` guesses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_context.definitions import TYPES
from twolane_context.exports import Exports
from twolane_context.members import Members, own_type
from twolane_context.modules import rust_module
from twolane_context.targets import DEEPEST, MOST, RUST, SELF, Target, children, each_once
from twolane_context.uses import CALL, ITEM, VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twolane_context.index import File, Index
    from twolane_context.targets import Locals
    from twolane_context.uses import Uses

    Look = Callable[[File, int], Uses | None]

# What Rust's standard library calls the ways to what an `Option`, `Result`, `Arc` or iterator
# holds. These types are not in the repository, and what they hold stands for them.
_THROUGH = re.compile(
    r"as_(?:deref|mut|ref)|await|borrow(?:_mut)?|cloned?|expect|first|get(?:_mut)?|(?:into_)?iter"
    r"|iter_mut|last|lock|next|ok|pop|read|take|to_owned|unwrap(?:_err|_or(?:_default|_else)?)?|write"
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TELLING = 3  # fewer letters tell nothing
_MARKS = frozenset({CALL, ITEM, VALUE})


class Resolver:
    """Follows names through one index. In all of it, `depth` is how many steps led there.

    Args:
        index: the repository.
        look: gives what the code of a symbol uses, so that what it returns is known where it does
            not say so. It takes time, and without it less is found.

    Attributes:
        index: the same.
        look: the same.
        exports: what modules offer.
        members: what types hold.
    """

    def __init__(self, index: Index, look: Look | None = None) -> None:
        self.index = index
        self.look = look
        self.exports = Exports(self)
        self.members = Members(self)

    def chain(
        self,
        file: File,
        inside: int,
        chain: Sequence[str],
        known: Locals | None = None,
        depth: int = 0,
    ) -> list[Target]:
        """What a chain stands for in a file.

        Args:
            file: the file that holds it.
            inside: the innermost symbol around it, or -1.
            chain: see `uses.Use`.
            known: what is known of local variables.
            depth: how many steps led here.
        """
        if depth > DEEPEST or not chain:
            return []
        first, *rest = chain
        if first in SELF:
            found = own_type(file, inside)
            if first == "self" and rest and file.path.endswith(RUST):
                found = [*found, Target(file, -1)]
        elif first in {"super", "crate"}:
            found = self._outer(file, inside, first, depth)
        elif known is not None and first in known.known:
            found = self._local(file, inside, first, known, depth)
        else:
            found = self.name(file, inside, first, depth)
        for place, step in enumerate(rest, 1):
            before = found[:MOST]
            found = each_once(t for one in before for t in self._step(one, step, depth))
            if not found and place < len(rest) and _THROUGH.fullmatch(step):
                found = [one for one in before if one.file.path.endswith(RUST)]
        return found

    def name(self, file: File, inside: int, name: str, depth: int = 0) -> list[Target]:
        """What a name by itself stands for: own scopes, the file, its imports, its folder."""
        for scope in file.outline.holders(inside):
            is_type = file.outline.symbols[scope].kind in TYPES
            if not is_type and (found := children(file, scope, name)):
                return found
        return self.exports.visible(file, name, depth)

    def named(self, file: File, name: str) -> list[Target]:
        """What is called so in a file or, where nothing is, at top level anywhere."""
        return self.name(file, -1, name) or [
            Target(other, at)
            for other, at in self.index.defining(name)
            if other.outline.symbols[at].parent < 0
        ]

    def sounding(self, file: File, chain: Sequence[str]) -> list[Target]:
        """The member that a chain ends with, of the type that what holds it is called after: a guess.

        `next_page.turn` is `turn` of `NextPage` or, where there is none, of `Page`.
        """
        held_by = next((step for step in chain[-2::-1] if step not in _MARKS), "")
        words = [word.capitalize() for word in _WORDS.findall(held_by)]
        for name in ("".join(words[start:]) for start in range(len(words))):
            if len(name) < _TELLING:
                break
            types = [
                one for one in self.named(file, name) if one.symbol and one.symbol.kind in TYPES
            ]
            if found := [one for of in types for one in self.members.member(of, chain[-1], 0)]:
                return found
        return []

    def _step(self, target: Target, step: str, depth: int) -> list[Target]:
        if step == CALL:
            return self.members.called(target, depth)
        if step == ITEM:
            return self.members.types_of(target, depth) or [target]
        return self.members.member(target, step, depth)

    def _local(self, file: File, inside: int, name: str, known: Locals, depth: int) -> list[Target]:
        key = inside, name
        if key not in known.found:
            known.found[key] = []  # a loop of variables finds nothing here
            known.found[key] = each_once(
                target
                for chain in known.known[name]
                if chain[0] != name
                for target in self.chain(file, inside, chain, known, depth + 1)
            )
        return known.found[key]

    def _outer(self, file: File, inside: int, word: str, depth: int) -> list[Target]:
        """What `super` and `crate` mean."""
        if file.path.endswith(RUST):
            return [Target(one, -1) for one in rust_module(self.index, file, word)]
        own = own_type(file, inside)
        return [base for one in own for base in self.members.bases(one, depth)]
