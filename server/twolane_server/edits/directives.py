"""Comments that tools read: they must not be made, lost, changed or parted from their line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_context.trees import walk
from twolane_server.text import Text, decode, split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    import tree_sitter

    from twolane_context.trees import Parsed

COMMENTS = frozenset({"comment", "line_comment", "block_comment", "html_comment"})

_MARKS = re.compile(r"^(?:\s*#+\s*|(?:\s|/\*+|//+!?|\*+(?!/))+|\s*--+\s*)")
# Read at the start of a comment's line. Python: flake8, mypy, pyright, pylint, coverage, black,
# isort. JavaScript: TypeScript, ESLint, Biome, Prettier, Istanbul, Flow, JSX, source maps. Go:
# `go doc comment` (Directives), golangci-lint, generated files. C: clang, include-what-you-use,
# cppcheck, gcov. Java: Checkstyle, Sonar, PMD, IDEs. Lua: luacheck, StyLua, selene.
_DIRECTIVE = re.compile(
    r"""(?x)
    (?: noqa\b | type:\s*(?!\()\S | (?:based)?pyright: | mypy: | pylint: | pyre- | pragma:\s | ruff:
      | flake8: | isort: | fmt:\s | yapf: | nosec\b | coding[:=]
      | @ts-\w | eslint- | eslint\s+[\w@/-]+\s*: | biome- | prettier- | deno-lint- | deno-fmt- | oxlint-
      | tslint: | js[hl]int\s | istanbul\s+ignore | [cv]8\s+ignore | @flow\b | @jsx | @__\w+__ | [@\#]__\w+__ | <(?:reference|amd-) | [\#@]\ ?source(?:Mapping)?URL=
      | \#(?:end)?region\b | webpack\w+: | @vite-ignore | @(?:jest|vitest)-environment
      | go:\w | \+build\b | nolint\b | lint: | line\s+\S*:\d | export\s+\w+$ | extern\s+\w+$
      | NOLINT | clang-format\s+o(?:n|ff)\b | IWYU\s+pragma: | cppcheck-suppress | [LG]COV_EXCL_
      | CHECKSTYLE[:.] | NOSONAR\b | NOPMD\b | @formatter: | noinspection\s | \$NON-NLS
      | luacheck:\s | stylua: | selene:
      | Code\ generated\b.*DO\ NOT\ EDIT
    )"""
)
# Read anywhere in a line, within strings too: flake8's noqa, and editors' mode lines.
_ANYWHERE = re.compile(r"#\s*(?i:noqa)\b|(?:^|\s)(?:vim?|ex):\s*\S|-\*-")
# `// export the list` is prose; Go's own directives have no space behind the slashes.
_LUA_TAG = re.compile(r"\s*--+\s*@\w")  # the types that Lua's servers read
_GO_PROSE = re.compile(r"//\s+(?:export|extern|line|go:)")


def is_directive(comment: str) -> bool:
    """Whether a comment, marks and all, or one of its lines, is meant for a tool."""
    return any(
        _ANYWHERE.search(line)
        or _LUA_TAG.match(line)
        or (_DIRECTIVE.match(_MARKS.sub("", line)) and not _GO_PROSE.match(line))
        for line in split_lines(comment)
    )


def speaks_to_tools(text: str) -> bool:
    """Whether a string's text holds what a tool would act on although it is in a string."""
    return any(_ANYWHERE.search(line) for line in split_lines(text))


def comments(parsed: Parsed) -> list[tree_sitter.Node]:
    """All comments, in source order."""
    return [node for node in walk(parsed.tree.root_node) if node.type in COMMENTS]


def directives(
    parsed: Parsed, among: Sequence[tree_sitter.Node] | None = None
) -> list[tuple[str, str]]:
    """Every directive with the line that it speaks of; `among` are all comments, if they are known.

    That is its own line, or the one below when it stands alone. Go's directives speak of the
    declaration below, whatever comments are between; Python's never speak of the next line.
    """
    text = Text.of(decode(parsed.source))
    found: list[tuple[str, str]] = []
    for node in comments(parsed) if among is None else among:
        comment = decode(parsed.source[node.start_byte : node.end_byte]).strip()
        if not is_directive(comment):
            continue
        row = text.row_of(node.start_byte)
        if not text.source[text.row_start(row) : node.start_byte].strip():
            row = text.row_of(max(node.start_byte, node.end_byte - 1)) + 1
            if parsed.language.name == "python":
                row = len(text.lines)
            while parsed.language.name == "go" and _is_line_comment(text, row):
                row += 1
        found.append((comment, text.lines[row].strip() if row < len(text.lines) else ""))
    return found


def _is_line_comment(text: Text, row: int) -> bool:
    return row < len(text.lines) and text.lines[row].lstrip().startswith("//")
