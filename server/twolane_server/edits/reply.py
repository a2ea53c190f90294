"""Reading what a model wrote: reasoning off, fences apart from the prose around them.

Fences follow CommonMark 0.31, section 4.5, with two allowances for models: a fence may be indented
(within a list), and an opening fence with a language inside an open one is a nested block.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twolane_server.errors import ReplyRefused
from twolane_server.text import split_lines

if TYPE_CHECKING:
    from twolane_context.languages import Language

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^\r\n]*?)[ \t]*")
_CLOSER_INDENT = 3
_THINKS = re.compile(r"\s*<(think|thinking|reasoning)>(?:.*?</\1>|.*\Z)", re.DOTALL)
_THOUGHT = re.compile(r"\A(?:(?!<think>).)*?</think>[ \t]*(?:\r\n|\r|\n|\Z)", re.DOTALL)
_SENTENCE = re.compile(r"\s*[A-Z][^(){}\[\]=;]*")
_ALIASES = {
    "python": {"python", "py", "python3", "pyi"},
    "rust": {"rust", "rs"},
    "typescript": {"typescript", "ts", "mts", "cts"},
    "tsx": {"tsx", "typescriptreact", "typescript", "ts"},
    "javascript": {"javascript", "js", "jsx", "mjs", "cjs", "javascriptreact"},
    "go": {"go", "golang"},
    "c": {"c", "h", "cpp", "c++"},
    "cpp": {"cpp", "c++", "cc", "cxx", "hpp", "h", "cuda", "cu", "c"},
    "java": {"java"},
    "lua": {"lua", "luau"},
}


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block.

    Attributes:
        info: the first word behind the opening fence, in lower case: most often a language.
        text: what is inside, lines ended by LF, without blank lines at both ends.
        closed: whether a closing fence was there; without one, the reply may be cut off.
    """

    info: str
    text: str = field(repr=False)
    closed: bool

    def is_in(self, language: Language) -> bool:
        """Whether the fence says that it holds this language."""
        return self.info in _ALIASES.get(language.name, {language.name})


@dataclass(frozen=True, slots=True)
class Parts:
    """A reply taken apart.

    Attributes:
        prose: all text outside fences, lines ended by LF, without blank lines at both ends.
        fences: the fenced blocks that hold anything, in order.
    """

    prose: str = field(repr=False)
    fences: tuple[Fence, ...]


def read(reply: str) -> Parts:
    """Take a reply apart. Every reply can be; what it is good for is the caller's question."""
    outside: list[str] = []
    fences: list[Fence] = []
    inside: list[str] = []
    opener: re.Match[str] | None = None
    depth = 0
    for line in _plain_lines(without_reasoning(reply)):
        if opener is None:
            if found := fence_at(line):
                opener, inside, depth = found, [], 1
            else:
                outside.append(line)
            continue
        depth += fence_step(opener, line)
        if depth == 0:
            fences.append(_fence(opener, inside, closed=True))
            opener = None
        else:
            inside.append(line)
    if opener is not None:
        fences.append(_fence(opener, inside, closed=False))
    return Parts(trimmed("\n".join(outside)), tuple(fence for fence in fences if fence.text))


def fence_at(line: str) -> re.Match[str] | None:
    """The line as a fence, with `indent`, `mark` and `info`; `None` when it is none."""
    found = _FENCE.fullmatch(line)
    return None if found is None or ("`" in found["mark"] and "`" in found["info"]) else found


def fence_step(opener: re.Match[str], line: str) -> int:
    """What a line inside an open fence does to the depth: +1 opens another, -1 closes one."""
    return _step(opener, _FENCE.fullmatch(line))


def _plain_lines(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in split_lines(text)]


def _step(opener: re.Match[str], found: re.Match[str] | None) -> int:
    if not found or found["mark"][0] != opener["mark"][0]:
        return 0
    if len(found["mark"]) < len(opener["mark"]):
        return 0
    if found["info"]:
        return 0 if "`" in found["info"] else 1
    return -1 if len(found["indent"]) <= len(opener["indent"]) + _CLOSER_INDENT else 0


def _fence(opener: re.Match[str], inside: list[str], *, closed: bool) -> Fence:
    indent = opener["indent"]
    lines = [line.removeprefix(indent) for line in inside]
    words = opener["info"].lower().strip("{}.").split()
    return Fence(words[0] if words else "", trimmed("\n".join(lines)), closed)


def without_reasoning(reply: str) -> str:
    """The reply without the reasoning that some models write before it, also where it never ends.

    A server may have eaten the opening tag; then everything up to the closing one is reasoning.
    """
    while found := _THINKS.match(reply):
        reply = reply[found.end() :]
    if found := _THOUGHT.match(reply):
        reply = reply[found.end() :]
    return reply


def trimmed(text: str) -> str:
    """The text without blank lines at both ends; the first line keeps its indentation."""
    lines = text.split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    return "\n".join(lines).rstrip()


def prose(reply: str) -> str:
    """The reply's text outside fences; a reply that is one fence and nothing else is its text."""
    parts = read(reply)
    if not parts.prose and len(parts.fences) == 1:
        return parts.fences[0].text
    return parts.prose


def code(reply: str, language: Language) -> str:
    """The reply's one block of code, lines ended by LF.

    A block that names the language wins over one that names none, and that over others. A reply
    without any fence is taken for code unless it reads like a sentence; whether it is code, the
    caller's syntax check tells.

    Raises:
        ReplyRefused: there is none, there are several, or it breaks off.
    """
    parts = read(reply)
    if not parts.fences:
        if not parts.prose:
            raise ReplyRefused("The model's reply is empty; try again.")
        if all(_SENTENCE.fullmatch(line) for line in parts.prose.split("\n") if line):
            raise ReplyRefused("The model answered in prose instead of code; try again.")
        return parts.prose
    named = [fence for fence in parts.fences if fence.is_in(language)]
    bare = [fence for fence in parts.fences if not fence.info]
    chosen = {fence.text: fence for fence in named or bare or parts.fences}
    if len(chosen) > 1:
        raise ReplyRefused(
            "The model answered with several blocks of code, so it is not clear which one to use; "
            "try again."
        )
    fence = next(iter(chosen.values()))
    if not fence.closed:
        raise ReplyRefused("The model's answer breaks off inside its block of code; try again.")
    if not named and not bare and fence.info in set[str]().union(*_ALIASES.values()):
        raise ReplyRefused("The model answered in another language than the file's; try again.")
    return fence.text
