"""Places where a model left code out and said so: `# ... rest of the code`."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from twolane_context.trees import walk
from twolane_server.edits.docstrings import docstring

if TYPE_CHECKING:
    import tree_sitter

    from twolane_context.trees import Parsed
    from twolane_server.text import Text

__all__ = ["elisions"]

_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--|<!--|;|\{/\*|\"\"\")+\s*(?P<said>.*)")
_DOTS = re.compile(r"(?:\.\.\.|…)\s*(?:\*/\}?|-->)?\s*$|(?:\.\.\.|…)[\s(\[]*[a-z]", re.IGNORECASE)
_LEFT_OUT = re.compile(
    r"""(?xi)
    \b(?: (?:rest|remainder|remaining)\ (?:of\ )?(?:the\ |this\ |your\ )?
          (?:code|file|function|class|method|methods|implementation|module|body|logic|imports)
      | (?:existing|previous|original|other|same)\ (?:code|implementation|methods|functions|logic|imports|body|content)
          \ *(?:here|remains?|stays?|unchanged|as\ before|above|goes\ here|\.\.\.|…|$)
      | (?:remains?|stays?|left|kept)\ (?:the\ same|unchanged|as\ (?:before|is))
      | (?:rest|code|body|everything|implementation|logic|methods?|functions?|class(?:es)?|imports)\b[^.]{0,20}
          \ (?:is|are)\ (?:the\ same|unchanged|as\ before)
      | (?:unchanged|omitted|no\ changes?)\ *(?:code|here|for\ brevity|below|above|$)
    )"""
)
_BARE = re.compile(r"\s*(?:\.\.\.|…)\s*")


def elisions(text: Text, parsed: Parsed | None) -> Counter[str]:
    """The lines that stand for others that were left out, as far as can be told, without their indentation.

    Args:
        text: of a file.
        parsed: its tree; `None` for a file without a grammar.
    """
    lines = [line.strip() for line in text.lines]
    said = ((line, found["said"]) for line in lines if (found := _COMMENT.match(line)))
    found = Counter(line for line, one in said if _DOTS.match(one) or _LEFT_OUT.search(one))
    if parsed is None:
        found.update(line for row, line in enumerate(lines) if _is_bare(text, row, line))
    elif parsed.language.name == "python" and b"..." in parsed.source:
        nodes = walk(parsed.tree.root_node)
        found["..."] += sum(_stands_for_code(node, parsed) for node in nodes)
    return found  # without dots there are none, and elsewhere bare ones are a syntax error


def _is_bare(text: Text, row: int, line: str) -> bool:
    """Whether dots are all of a line, and not the body of what is above, as in an example."""
    if not _BARE.fullmatch(line):
        return False
    above = next((one for one in reversed(text.lines[:row]) if one.strip()), "")
    leads = [len(one) - len(one.lstrip()) for one in (above, text.lines[row])]
    return leads[0] >= leads[1] or not above.strip()


def _stands_for_code(node: tree_sitter.Node, parsed: Parsed) -> bool:
    """Whether it is Python's `...` as one statement among others, where it does nothing."""
    statement = node.parent
    if node.type != "ellipsis" or statement is None or statement.type != "expression_statement":
        return False
    body = statement.parent
    if statement.named_child_count != 1 or body is None:
        return False
    doc = docstring(body, parsed.source)
    return body.type == "module" or any(
        child.type != "comment" and child not in (statement, doc) for child in body.named_children
    )
