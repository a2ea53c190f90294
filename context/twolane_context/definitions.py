"""What a definition is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
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


class Definition(NamedTuple):
    """One definition in a file.

    Attributes:
        name: as written.
        kind: what it is.
        span: all of it: decorators, attributes, `export`, signature and body; not comments above.
        signature: from its first token (decorators included) to just before the body.
        body: the body, with braces where the language has them; `None` for one without.
        parent: index in `Facts.definitions` of the one that holds it, or `None`.
        at: where its name starts; a byte offset.
        bases: the types it is made of, as written: base classes, traits, what a function returns,
            the type of a variable.
        owner: the type that it is a member of, where that stands elsewhere: Go's receivers.
    """

    name: str
    kind: Kind
    span: Span
    signature: Span
    body: Span | None
    parent: int | None
    at: int = 0
    bases: tuple[str, ...] = ()
    owner: str = ""
