"""What the engine knows of one file: definitions, imports, names used."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

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
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition in a file.

    Attributes:
        name: as written.
        kind: what it is.
        span: all of it: decorators, attributes, `export`, signature and body; not comments above.
        signature: from its first token (decorators included) to just before the body.
        body: the body, with braces where the language has them; `None` for one without.
        doc: an existing docstring or the doc comment directly above it (or above its attributes),
            from its first to its last character, without the line end; `None` for none.
        parent: index in `Facts.definitions` of the one that holds it, or `None`.
    """

    name: str
    kind: Kind
    span: Span
    signature: Span
    body: Span | None
    doc: Span | None
    parent: int | None


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement.

    Attributes:
        span: the statement.
        names: the names it binds in this file.
    """

    span: Span
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All of one file, in source order (outer before inner)."""

    definitions: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
