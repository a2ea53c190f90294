"""What a reply may ask for, part by part, before anything is looked for in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["Block", "Delete", "Part", "Rename", "Whole"]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines to find in a file, and lines to put in their place; none to find makes the file.

    Attributes:
        path: the file, or empty where the reply names none.
        search: lines without their ends.
        replace: the same.
        number: of the block in the reply, from 1.
    """

    path: str
    search: tuple[str, ...] = field(repr=False)
    replace: tuple[str, ...] = field(repr=False)
    number: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A fenced text below a file's name: a new file, a file as it will be, or definitions of one."""

    path: str
    lines: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delete:
    """A file to delete."""

    path: str


@dataclass(frozen=True, slots=True)
class Rename:
    """A file to give another path."""

    path: str
    to: str


Part: TypeAlias = "Block | Whole | Delete | Rename"
