"""How a file writes its documentation, judged by what is there."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from twolane_context.facts import extract
from twolane_context.trees import once
from twolane_server.edits.lines import evident_width
from twolane_server.text import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from twolane_context.definitions import Definition
    from twolane_context.trees import Parsed

_LITERAL = re.compile(r"(?s)[a-zA-Z]*(?P<quotes>'''|\"\"\"|'|\")(?P<text>.*)(?P=quotes)")
_GOOGLE = re.compile(r"(?m)^[ \t]*(?:Args|Arguments|Returns|Raises|Yields|Attributes):[ \t]*\r?$")
_NUMPY = re.compile(r"(?m)^[ \t]*(?:Parameters|Returns|Raises|Yields)[ \t]*\r?\n[ \t]*-{3,}")
_SPHINX = re.compile(r"(?m)^[ \t]*:(?:param|returns?|raises?|rtype|type)\b[^:\n]*:")
_TAGS = re.compile(r"(?m)^[ \t]*(?:(?:/\*)?\*+|//[/!])[ \t]*[@\\](?:param|returns?|throws)\b")
_JSDOC = re.compile(r"(?s)/\*\*(?!/).*?\*/")
_LINES = re.compile(r"(?:^[ \t]*//[/!](?![/<]).*(?:\r\n|\r|\n|\Z))+", re.MULTILINE)
_BRIEF = re.compile(r"[@\\]brief\b")


class Sections(StrEnum):
    """How a file describes parameters and results, if it does."""

    NONE = ""
    GOOGLE = "google"
    NUMPY = "numpy"
    SPHINX = "sphinx"
    TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Style:
    r"""One file's style. The defaults are PEP 257's, and the usual JSDoc.

    Attributes:
        quotes: `\"\"\"` or `'''`.
        below: whether a summary of several lines starts on the line below the quotes.
        spread: whether even one line of text gets its delimiters on lines of their own.
        sections: how parameters are described.
        width: how long a line may become, in characters.
        mark: what each line starts with, where C or C++ documents by lines.
        brief: what the first sentence starts with, as in `@brief Sums.`
    """

    quotes: str = '"""'
    below: bool = False
    spread: bool = False
    sections: Sections = Sections.NONE
    width: int = 88
    mark: str = ""
    brief: str = ""


def style_of(parsed: Parsed) -> Style:
    """The style of the documentation in a file."""
    return once(parsed, Style, _style)


def _style(parsed: Parsed) -> Style:
    width = evident_width(parsed.source)
    if parsed.language.name == "python":
        return _python(parsed, width)
    if parsed.language.name in ("javascript", "typescript", "tsx", "java", "c", "cpp"):
        text = decode(parsed.source)
        blocks = _JSDOC.findall(text)
        short = [block for block in blocks if len(_content(block[3:-2], "* \t")) == 1]
        spread = 2 * sum("\n" not in block for block in short) <= len(short)
        runs = [] if parsed.language.name not in ("c", "cpp") else _LINES.findall(text)
        mark = runs[0].lstrip()[:3] if len(runs) > len(blocks) else ""
        tags = sum(bool(_TAGS.search(block)) for block in (*blocks, *runs))
        sections = Sections.TAGS if tags and 2 * tags >= len(blocks + runs) else Sections.NONE
        briefs = [found[0] for block in (*blocks, *runs) if (found := _BRIEF.search(block))]
        brief = briefs[0] if 2 * len(briefs) > len(blocks + runs) else ""
        return Style(spread=spread, sections=sections, width=width, mark=mark, brief=brief)
    return Style(width=width)


def _python(parsed: Parsed, width: int) -> Style:
    raw = (decode(parsed.source[node.start_byte : node.end_byte]) for node in _docstrings(parsed))
    docs = [found for text in raw if (found := _LITERAL.fullmatch(text))]
    quotes = Counter(found["quotes"] for found in docs if len(found["quotes"]) > 1)
    texts = [found["text"] for found in docs]
    short = [text for text in texts if len(_content(text, " \t")) == 1]
    long = [text for text in texts if len(_content(text, " \t")) > 1]
    return Style(
        quotes=quotes.most_common(1)[0][0] if quotes else '"""',
        below=2 * sum(_starts_below(text) for text in long or short) > len(long or short),
        spread=2 * sum("\n" in text for text in short) > len(short),
        sections=_sections(texts),
        width=width,
    )


def _docstrings(parsed: Parsed) -> Iterator[tree_sitter.Node]:
    """The module's and each definition's; to ask the whole tree by a query takes six times as long."""
    root = parsed.tree.root_node
    for one in (None, *extract(parsed).definitions):
        body = root if one is None else _body(root, one)
        if body is not None and (found := _opening_string(body)) is not None:
            yield found


def _body(root: tree_sitter.Node, one: Definition) -> tree_sitter.Node | None:
    """The block that a definition's body is; what is alone in it lies at the same place."""
    found = root.descendant_for_byte_range(one.body_start, one.body_end) if one.body_end else None
    while found is not None and found.type != "block":
        found = found.parent
    return found


def _opening_string(body: tree_sitter.Node) -> tree_sitter.Node | None:
    """The string that a body begins with, behind its comments."""
    for at in range(body.named_child_count):
        statement = body.named_child(at)
        if statement.type == "expression_statement" and statement.named_child_count:
            first = statement.named_child(0)
            return first if first.type == "string" else None
        if statement.type != "comment":
            break
    return None


def _content(text: str, padding: str) -> list[str]:
    return [line for line in text.replace("\r", "\n").split("\n") if line.strip(padding)]


def _starts_below(text: str) -> bool:
    return not re.split(r"[\r\n]", text, maxsplit=1)[0].strip(" \t\\")


def _sections(texts: list[str]) -> Sections:
    patterns = {Sections.GOOGLE: _GOOGLE, Sections.NUMPY: _NUMPY, Sections.SPHINX: _SPHINX}
    counts = {kind: sum(bool(found.search(t)) for t in texts) for kind, found in patterns.items()}
    best = max(counts, key=lambda kind: counts[kind])
    return best if counts[best] else Sections.NONE
