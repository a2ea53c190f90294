"""What a member of a value of unknown type most likely is: by what the value is called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_context.targets import TYPES
from twolane_context.uses import CALL, ITEM, VALUE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_context.index import File
    from twolane_context.resolve import Resolver
    from twolane_context.targets import Target

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TELLING = 3  # fewer letters tell nothing
_MARKS = frozenset({CALL, ITEM, VALUE})


def sounding(resolver: Resolver, file: File, chain: Sequence[str]) -> list[Target]:
    """The member that a chain ends with, of the type that what holds it is called after.

    `next_page.turn` is `turn` of `NextPage` or, where there is none, of `Page`.
    """
    held_by = next((step for step in chain[-2::-1] if step not in _MARKS), "")
    words = [word.capitalize() for word in _WORDS.findall(held_by)]
    names = ["".join(words[start:]) for start in range(len(words))]
    for name in names:
        if len(name) < _TELLING:
            break
        found = [
            one
            for of in resolver.named(file, name)
            if of.symbol is not None and of.symbol.kind in TYPES
            for one in resolver.members.member(of, chain[-1], 0)
        ]
        if found:
            return found
    return []
