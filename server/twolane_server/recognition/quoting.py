"""What a message of another tool quotes: names of code that its reader need not have shown anybody.

A type checker tells of a line in an open file what the file under NDA beside it declares: parameters,
members, types, the values of constants. Such a message is as secret as the code that it quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.index import Changed
from twolane_context.names import words
from twolane_server.errors import FingerprintsUnusable
from twolane_server.text import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from twolane_context.index import Index
    from twolane_server.border.standing import Prints
    from twolane_server.rules.verdicts import Verdict

__all__ = ["Asked", "Quoted", "foreign_names", "holds"]

_NAME = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
# Who speaks, and by which rule: `ruff F401:`. Code names rules, too, to switch them off.
_WHO = re.compile(r"(?:[\w-]+ )?(?:[A-Z]{1,4}\d{2,5}|\d{1,6}|report[A-Z][A-Za-z]+)(?=: )")
# Shorter numbers are in every file: they count columns and arguments.
_NUMBER = re.compile(r"(?<![\w.])(?=(?:[_.]?\d){4})\d[\d_]*(?:\.\d+)?")
# What checkers say in their own words, which are nobody's code.
_SAID = """
a an and any are argument arguments as assign assigned assignable at attribute be been but by call
called cannot class code could declaration declared defined did do does doesn element error
expected expression file first for found from function has have if implement implicit import
imported in incompatible is isn it its known last line long may mean member method missing module
more must name no not of on only operator or overload parameter parameters possible possibly
positional property required resolve resolved return returned returns s should statement str
string struct symbol t than that the this to too trait type types undeclared undefined unknown
unreachable unresolved unused use used value values variable was when which with without you
"""
_PROSE = frozenset(_SAID.split())


class Quoted(NamedTuple):
    """What is known of the names that a message brings with it.

    Attributes:
        why: why they are under NDA; `None` where they are not.
        files: open files that the names may be from, absolute: while these are open, so are the names.
    """

    why: str | None = None
    files: tuple[str, ...] = ()


def foreign_names(message: str, source: bytes) -> tuple[str, ...]:
    """The names in a message that do not stand in the text that it is about, in their order.

    Nobody can tell a name from a word of prose, so that all count but those that checkers always use.
    Behind them come the numbers of four digits and more.

    Args:
        message: of a compiler or a checker.
        source: the text, in UTF-8.
    """
    own, who = words(source), _WHO.match(message)
    start = who.end() if who else 0
    found = _NAME.findall(message, start)
    names = dict.fromkeys(name for name in found if name.lower() not in _PROSE)
    foreign = [name for name in names if b"\n%b\n" % encode(name) not in own]
    numbers = dict.fromkeys(each.replace("_", "") for each in _NUMBER.findall(message, start))
    return (*foreign, *(number for number in numbers if not holds(source, (number,))))


def holds(source: bytes, names: Iterable[str]) -> bool:
    """Whether a text holds one of some names or numbers.

    Args:
        source: the text, in UTF-8.
        names: see `foreign_names`.
    """
    held = words(source)
    return any(
        re.search(rb"(?<![\d.])%b(?!\d)" % re.escape(encode(name)), source.replace(b"_", b""))
        if name[0].isdigit()
        else b"\n%b\n" % encode(name) in held
        for name in names
    )


class Asked(NamedTuple):
    """A repository, as it is asked about names.

    Attributes:
        root: its folder.
        held: its files.
        verdict: what holds for each of them.
        known_code: what recognises code under NDA; waits for the disk.
        beside: which file under NDA, of those that the index does not read, holds one of some names.
    """

    root: Path
    held: Index
    verdict: Callable[[str], Verdict]
    known_code: Callable[[], Prints]
    beside: Callable[[list[str]], str | None]

    def quoted(self, names: tuple[str, ...]) -> Quoted:
        """Whose names these are.

        They are under NDA where a file under NDA holds one that no open file does, and a copy of code
        under NDA is no open file. A number is under NDA wherever a file under NDA holds it.

        Args:
            names: see `foreign_names`.
        """
        try:
            return self._quoted(names)
        except FingerprintsUnusable as error:
            return Quoted(str(error).rstrip("."))
        except Changed as changed:
            return Quoted(
                f"whose code the problem quotes is not known while {changed.path} changes"
            )

    def _quoted(self, names: tuple[str, ...]) -> Quoted:
        found: dict[str, None] = {}
        unknown = [name for name in names if name[0].isdigit()]
        if unknown and (path := self._under_nda(unknown)):
            return _told(path)
        for name in names[: len(names) - len(unknown)]:
            holding = [file.path for file in self.held.holding(name)]
            holding += [
                path for path in self.held.files if name in path and name in _NAME.findall(path)
            ]
            file = next(filter(self._is_open, holding), None)
            if file is not None:
                found[str(self.root / file)] = None
            elif holding:
                return _told(holding[0])
            else:
                unknown.append(name)
        if unknown and (path := self.beside(unknown)):
            return _told(path)
        return Quoted(files=tuple(found))

    def _under_nda(self, numbers: list[str]) -> str | None:
        files = self.held.files.items()
        hidden = ((path, file) for path, file in files if not self.verdict(path).open)
        return next((path for path, file in hidden if holds(file.source(), numbers)), None)

    def _is_open(self, path: str) -> bool:
        if not self.verdict(path).open:
            return False
        text = self.held.files[path].source().decode("utf-8", "replace")
        return self.known_code().found(text) is None


def _told(path: str) -> Quoted:
    return Quoted(f"the problem quotes code of {path}")
