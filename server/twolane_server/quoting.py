"""What a message of another tool quotes: names of code that its reader need not have shown anybody.

A type checker tells of a line in an open file what the file under NDA beside it declares: parameters,
members, types. Such a message is as secret as the code that it quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_context.names import words
from twolane_server.text import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_context.index import Index
    from twolane_server.indexing import Verdict

__all__ = ["foreign_names", "quoted_file"]

_NAME = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
# Who speaks, and by which rule: `ruff F401:`. Code names rules, too, to switch them off.
_WHO = re.compile(r"(?:[\w-]+ )?(?:[A-Z]{1,4}\d{2,5}|report[A-Z][A-Za-z]+)(?=: )")
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


def foreign_names(message: str, source: bytes) -> tuple[str, ...]:
    """The names in a message that do not stand in the text that it is about, in their order.

    Nobody can tell a name from a word of prose, so that all count but those that checkers always use.

    Args:
        message: of a compiler or a checker.
        source: the text, in UTF-8.
    """
    own, who = words(source), _WHO.match(message)
    found = _NAME.findall(message, who.end() if who else 0)
    names = dict.fromkeys(name for name in found if name.lower() not in _PROSE)
    return tuple(name for name in names if b"\n%b\n" % encode(name) not in own)


def quoted_file(
    names: tuple[str, ...], index: Index, verdict: Callable[[str], Verdict]
) -> str | None:
    """A file under NDA that holds one of the names, which no open file does; `None` where none does.

    Args:
        names: see `foreign_names`.
        index: of the repository.
        verdict: what holds for each of its files.
    """
    for name in names:
        holding = [file.path for file in index.holding(name)]
        holding += [path for path in index.files if name in path and name in _NAME.findall(path)]
        if holding and not any(verdict(path).open for path in holding):
            return holding[0]
    return None
