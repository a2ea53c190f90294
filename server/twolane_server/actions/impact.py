"""What a repository-wide action may touch: a symbol's files, as labelled texts. Values only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from twolane_server.fragments import Label, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_server.text import Text

__all__ = ["Impact", "Role", "Source", "only_renamed", "role_of"]

_TEST = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__)/|(?:^|/)(?:test_|conftest)|[_.](?:test|spec)\."
)
_RENAMES = re.compile(r"(?i)\s*(?:please\s+)?rename\b(?P<what>.*)", re.DOTALL)
_DOC = re.compile(r"(?i)\.(?:md|markdown|rst|txt|adoc|org)$")


class Role(IntEnum):
    """What a file is to the symbol, in the order in which a model reads them."""

    HERE = 0
    CODE = 1
    TEST = 2
    DOC = 3


def role_of(path: str) -> Role:
    """What a file is by its name alone."""
    if _DOC.search(path):
        return Role.DOC
    return Role.TEST if _TEST.search(path) else Role.CODE


def only_renamed(instruction: str, name: str) -> bool:
    """Whether a symbol only gets another name, and nothing within it, as a parameter of it, does."""
    found = _RENAMES.match(instruction)
    within = rf"\b(?i:of|in|inside|within|for|from)\s+[`'\"]?(?:\w+(?:\.|::))*{re.escape(name)}\b"
    return found is not None and not re.search(within, found["what"])


@dataclass(frozen=True, slots=True)
class Source:
    """One file that the symbol is named in. Its `repr` holds no text.

    Attributes:
        path: within the repository.
        file: absolute.
        text: all of it, as an editor or the disk has it.
        label: how far it may travel.
        sites: where the symbol is named, in bytes of the text, ascending.
        role: what the file is to it.
        maybe: where a name like the symbol's stands of which it is not known what it means.
        imports: where it imports a file that the person wants to go or to be called otherwise, or uses the
            symbol under a name of its own.
    """

    path: str
    file: str
    text: Text = field(repr=False)
    label: Label
    sites: tuple[int, ...]
    role: Role
    maybe: tuple[int, ...] = ()
    imports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Impact:
    """All that changing a symbol may touch.

    Attributes:
        root: the repository's folder, absolute.
        name: the symbol's.
        sources: by role and path; the file that was asked in comes first.
        others: the paths of all other files there.
        model: whose tokens are counted.
        window: how many tokens that model holds, prompt and answer together.
        notes: what the person should know, such as a file that cannot be read.
        named: files that the person names.
        users: for each file that the person wants to go or to be called otherwise, those that import it.
    """

    root: str
    name: str
    sources: tuple[Source, ...]
    others: frozenset[str] = field(repr=False)
    model: str
    window: int
    notes: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()
    users: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    @property
    def label(self) -> Label:
        """How far all of it together may travel."""
        return Label.highest(one.label for one in self.sources)

    @property
    def origin(self) -> Origin:
        """Where something comes from that speaks of all of it."""
        return Origin(also=tuple(Origin(one.file) for one in self.sources))

    @property
    def texts(self) -> dict[str, Text]:
        """The texts by path."""
        return {one.path: one.text for one in self.sources}
