"""What a definition is."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from twolane_context.spans import Span


class Kind(StrEnum):
    """What sort of thing a definition is."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS = "class"
    STRUCT = "struct"
    ENUM = "enum"
    TRAIT = "trait"
    IMPL = "impl"
    INTERFACE = "interface"
    TYPE = "type"
    MODULE = "module"
    VARIABLE = "variable"
    FIELD = "field"


# No sets: to hash a value of an `Enum` takes longer than to look for it.
CALLABLES = (Kind.FUNCTION, Kind.METHOD)
TYPES = (Kind.CLASS, Kind.STRUCT, Kind.ENUM, Kind.TRAIT, Kind.IMPL, Kind.INTERFACE, Kind.TYPE)
HELD = (Kind.VARIABLE, Kind.FIELD)


class Definition(NamedTuple):
    """One definition in a file. All places are offsets in UTF-8 bytes.

    Attributes:
        name: as written.
        kind: what it is.
        start: where it starts, with decorators, attributes and `export`, without comments above.
        end: where it ends.
        head: where its signature ends: just before the body.
        at: where its name starts.
        parent: index in `Facts.symbols` of the one that holds it, or `None`.
        body_start: where its body starts, at the brace where the language has one; 0 for none.
        body_end: where its body ends.
        owner: the type that it is a member of, where that stands elsewhere: Go's receivers; of a macro of
            Rust, `macro_rules!`.
        bases: the types it is made of, as written: base classes, traits, what a function returns,
            the type of a variable.
    """

    name: str
    kind: Kind
    start: int
    end: int
    head: int
    at: int
    parent: int | None
    body_start: int = 0
    body_end: int = 0
    owner: str = ""
    bases: tuple[str, ...] = ()

    @property
    def span(self) -> Span:
        """All of it."""
        return Span(self.start, self.end)

    @property
    def signature(self) -> Span:
        """From its first token to just before the body."""
        return Span(self.start, self.head)
