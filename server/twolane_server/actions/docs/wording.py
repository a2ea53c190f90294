"""From a reply to the words of the documentation, whatever the model wrapped them in."""

from __future__ import annotations

import ast
import inspect
import re
import warnings
from typing import TYPE_CHECKING

from twolane_context.trees import parse, walk
from twolane_server.actions.docs.shots import echoes
from twolane_server.edits.docstrings import docstring
from twolane_server.edits.plain import plain
from twolane_server.edits.reply import read, trimmed
from twolane_server.errors import ReplyRefused

if TYPE_CHECKING:
    import tree_sitter

    from twolane_context.languages import Language
    from twolane_context.trees import Parsed

_LONGEST = 6_000
_LEAD = re.compile(
    r"(?is)\A(?:(?:sure|certainly|of course|okay|ok)\b[^\n:]{0,40}[!,.:]\s*)?"
    r"(?:(?:here(?:'s| is| are)|below is|this is) (?:the|a|an|your)\b[^\n]{0,120}:[ \t]*(?:\n|\Z)"
    r"|(?:the )?(?:docstring|doc comment|documentation)(?: comment)?:\s*)?"
)
_DOC_LINE = re.compile(r"[ \t]*(///(?!/)|//!|//|/\*\*|/\*)")
_CODE = re.compile(
    r"(?m)^[ \t]*(?:(?:async\s+)?def\s+\w+\s*\(|class\s+\w+.*[:{]\s*$|import\s+[\w{*\"']|from\s+\S+\s+import\b"
    r"|return\b.*;|(?:pub(?:\(\w+\))?\s+)?(?:async\s+)?fn\s+\w+|func\s*(?:\(|\w+\s*\()|package\s+\w+\s*$"
    r"|(?:export\s+|async\s+)*function\b.*\(.*\{|(?:const|let|var)\s+\w+.*=|\#include|(?:if|for|while)\b.*[:{]\s*$"
    r"|(?:local\s+)?function\b[^\n]*\)\s*$|local\s+[\w, ]+=|(?:if|elseif)\b.*\bthen\s*$|end\s*$"
    r"|[^\n]*[;{}]\s*$|[\w.]+\s*=(?!=)|[\w.]+\([^)\n]*\)\s*$|@\w+\s*$|</?\w+[^>]*>\s*$)"
)
_DEFINES = re.compile(
    r"[ \t]*(?:func|type|const|var|export|async|function|class|interface|pub|fn|local|public|static|void|int"
    r"|struct|enum|template|namespace)\b"
)
_QUOTED = re.compile(r"(?s)\A(\"\"\"|'''|\"|'|`)(?!\1)(.*)(?<!\\)\1\Z")
# The same words (up to eight of them) four times in a row, as small models do when they are lost.
_REPEATING = re.compile(r"\b(\w\S*(?:[ \n]+\S+){0,7})(?:[ \n]+\1){3}", re.IGNORECASE)
_REPEATED = (
    "The model repeated itself or the examples it is shown, so nothing was applied; a larger model "
    "does better."
)
_PRONOUN = re.compile(r"^This (?:function|method|class|struct|type|interface) (?=[a-z]+s\b)")


def words_of(reply: str, language: Language, name: str, code: str) -> str:
    """The documentation's text: paragraphs, lines ended by LF, no delimiters, nothing harmful.

    A docstring or comment within code that the model repeated is taken from there; else prose.

    Args:
        reply: the model's.
        language: the file's.
        name: of the definition, to find it in repeated code.
        code: the definition's, to tell whether the reply speaks of it or of an example.

    Raises:
        ReplyRefused: there are no such words, or far too many.
    """
    parts = read(plain(reply))
    found = ""
    for block in [fence.text for fence in parts.fences] or [parts.prose]:
        found = found or documentation_in(block, language, name)
    if not found:
        found = _LEAD.sub("", parts.prose, count=1)
        if not found.strip() and len(parts.fences) == 1:
            found = parts.fences[0].text
        if _CODE.search(found):
            raise ReplyRefused("The model answered with code instead of a description; try again.")
    text = _tidy(found) if len(found) <= 2 * _LONGEST else found
    if len(text) > _LONGEST:
        raise ReplyRefused("The model's reply is far too long for documentation; try again.")
    if not any(character.isalnum() for character in text):
        raise ReplyRefused("The model's reply holds no documentation; try again.")
    if _REPEATING.search(text) or echoes(text, code, language.name):
        raise ReplyRefused(_REPEATED)
    return text


def _tidy(text: str) -> str:
    """Without quotes around it, nested fences, doctests; one blank line between paragraphs."""
    text = trimmed(read(text).prose)
    while quoted := _QUOTED.match(text):
        inner = trimmed(quoted[2])
        if quoted[1] in inner:
            break
        text = inner
    text = re.sub(r"\A(?:\"\"\"|''')|(?:\"\"\"|''')\Z", "", text)
    # An example that Python's doctest or rustdoc would run is code, and nobody has run it.
    text = re.split(r"(?m)^[ \t]*>>>", text, maxsplit=1)[0].rstrip()
    text = re.sub(r"(?im)\n+[ \t]*#*[ \t]*examples?:?[ \t]*(?:\n[ \t]*-{3,}[ \t]*)?\Z", "", text)
    lines = inspect.cleandoc(text).split("\n")
    lines = [line.rstrip() for line in lines]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    summary, gap, rest = text.partition("\n\n")
    summary = re.sub(r"^(?:#+ |\*\*(?:Summary|Description):?\*\*:?)\s*", "", summary)
    summary = _PRONOUN.sub("", summary)
    summary = summary[:1].upper() + summary[1:] if _plain_word(summary) else summary
    if re.search(r"[\w)\]`]\Z", summary) and not re.search(r"(?m)^\s*(?:[-*@:]|\d+\.)", summary):
        summary += "."
    return summary + gap + rest


def _plain_word(text: str) -> bool:
    """Whether the text starts with an ordinary word, not a name such as `iPhone` or `read_all`."""
    return bool(re.match(r"[a-z]+(?=[ ,])", text))


def documentation_in(block: str, language: Language, name: str) -> str:
    """The text of the docstring or comment in a piece of code, or empty."""
    if language.name == "python":
        return _docstring_in(parse(language, block.encode()), name)
    if language.name == "lua":
        # As another language's marks, which the rest knows: `---` documents, `--` does not.
        block = re.sub(
            r"(?m)^([ \t]*)--(-?)(?![-\[])", lambda at: f"{at[1]}//{at[2] and '/'}", block
        )
    return _comment_in(block)


def _bytes(parsed: Parsed, node: tree_sitter.Node) -> bytes:
    return parsed.source[node.start_byte : node.end_byte]


def _docstring_in(parsed: Parsed, name: str) -> str:
    """The docstring of the definition called `name`, else of the first; or a lone literal."""
    found: list[tuple[bool, tree_sitter.Node]] = []
    for node in walk(parsed.tree.root_node):
        if node.type in ("function_definition", "class_definition"):
            body, named = node.child_by_field_name("body"), node.child_by_field_name("name")
            doc = docstring(body, parsed.source) if body is not None else None
            if doc is not None:
                same = named is not None and _bytes(parsed, named) == name.encode()
                found.append((same, doc))
    lone = docstring(parsed.tree.root_node, parsed.source)
    if lone is not None:
        found.append((not found, lone))
    found.sort(key=lambda item: not item[0])
    return _value(parsed, found[0][1]) if found else ""


def _value(parsed: Parsed, doc: tree_sitter.Node) -> str:
    literal = parsed.source[doc.start_byte : doc.end_byte].decode("utf-8", "replace")
    try:
        with warnings.catch_warnings():
            # The model's escapes may be wrong; its text still counts.
            warnings.simplefilter("ignore")
            value: object = ast.literal_eval(literal)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return plain(inspect.cleandoc(value)) if isinstance(value, str) else ""


def _comment_in(block: str) -> str:
    """The text of the comment that documents something, without its marks.

    That is one with documentation marks, else the first plain one that stands above all code or
    directly above a definition.
    """
    lines = block.split("\n")
    runs = _runs(lines)
    documented = [run for run in runs if re.match(r"\s*(?:///(?!/)|/\*\*)", lines[run[0]])]
    plain_ones = [
        run
        for run in runs
        if run[0] == next((n for n, line in enumerate(lines) if line.strip()), 0)
        or (run[1] < len(lines) and _DEFINES.match(lines[run[1]]))
    ]
    for start, end in documented or plain_ones:
        text = trimmed("\n".join(without_marks(line) for line in lines[start:end]))
        if text:
            return text
    return ""


def _runs(lines: list[str]) -> list[tuple[int, int]]:
    """The first and the one-past-last line of each comment that stands on lines of its own."""
    runs: list[tuple[int, int]] = []
    inside = False
    for number, line in enumerate(lines):
        mark = _DOC_LINE.match(line)
        if not inside and not mark:
            continue
        opens = bool(mark and mark[1].startswith("/*")) and not inside
        if runs and runs[-1][1] == number and not opens:
            runs[-1] = (runs[-1][0], number + 1)
        else:
            runs.append((number, number + 1))
        inside = (inside or opens) and "*/" not in line
    return runs


def without_marks(line: str) -> str:
    """One line of a comment without its marks; indentation behind them stays."""
    line = re.sub(r"^[ \t]*(?:///?!?|/\*+!?|\*+(?!/))? ?", "", line)
    return re.sub(r"[ \t]*\*+/.*$", "", line).replace("*\\/", "*/").rstrip()
