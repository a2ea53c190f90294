"""Code that a source of chance writes: in eight languages, each piece unlike every other one.

Numbers and names are drawn anew in each line. So no two pieces have a run of tokens or a shape in
common, nothing in them is everybody's, and what is recognised in one is never another one's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

__all__ = ["LANGUAGES", "Code", "generated", "mark_of", "word"]

_LETTERS = "bcdfghjklmnpqrstvwx"
_SIGNS = "+-*"


@dataclass(frozen=True)
class Language:
    """How a function is written.

    Attributes:
        suffix: of its files.
        comment: what starts a comment.
        head: before and at the function's first line, with `{f}`, `{a}` and `{b}`.
        let: a new name; `{a}` for it, `{x}` for what it holds.
        call: a call as a statement.
        branch: lines of an `if`.
        last: what gives a value back.
        foot: what ends it.
        accents: whether a name may hold an accent.
    """

    suffix: str
    comment: str
    head: str
    let: str
    call: str
    branch: str
    last: str
    foot: str = ""
    accents: bool = True

    @property
    def fence(self) -> str:
        """The word for a fenced block of it; also the editor's."""
        return next(name for name, each in LANGUAGES.items() if each is self)


_BRACES = "{x} {{\n        {f}({a});\n    }}"
LANGUAGES = {
    "python": Language(
        ".py",
        "#",
        "def {f}({a}, {b}):",
        "{a} = {x}",
        "{f}({x})",
        "if {x}:\n        {f}({a})",
        "return {x}",
    ),
    "javascript": Language(
        ".js",
        "//",
        "function {f}({a}, {b}) {{",
        "const {a} = {x};",
        "{f}({x});",
        f"while ({_BRACES.replace('{x}', '{x})')}",
        "return {x};",
        "}",
    ),
    "typescript": Language(
        ".ts",
        "//",
        "export function {f}({a}: number, {b}: number): number {{",
        "const {a}: number = {x};",
        "{f}({x});",
        f"if ({_BRACES.replace('{x}', '{x})')}",
        "return {x};",
        "}",
    ),
    "go": Language(
        ".go",
        "//",
        "package p\n\nfunc {f}({a}, {b} int) int {{",
        "{a} := {x}",
        "{f}({x})",
        f"if {_BRACES.replace('{x}', '{x} > 0').replace(';', '')}",
        "return {x}",
        "}",
    ),
    "rust": Language(
        ".rs",
        "//",
        "pub fn {f}({a}: i64, {b}: i64) -> i64 {{",
        "let {a} = {x};",
        "{f}({x});",
        f"if {_BRACES.replace('{x}', '{x} > 0')}",
        "return {x};",
        "}",
    ),
    "java": Language(
        ".java",
        "//",
        "class K {{\n    int {f}(int {a}, int {b}) {{",
        "int {a} = {x};",
        "{f}({x});",
        f"if ({_BRACES.replace('{x}', '{x} > 0)')}",
        "return {x};",
        "    }\n}",
    ),
    "c": Language(
        ".c",
        "//",
        "int {f}(int {a}, int {b})\n{{",
        "int {a} = {x};",
        "{f}({x});",
        f"if ({_BRACES.replace('{x}', '{x})')}",
        "return {x};",
        "}",
        accents=False,
    ),
    "lua": Language(
        ".lua",
        "--",
        "function {f}({a}, {b})",
        "local {a} = {x}",
        "{f}({x})",
        "if {x} > 0 then\n        {f}({a})\n    end",
        "return {x}",
        "end",
        accents=False,
    ),
}


@dataclass(frozen=True)
class Code:
    """A file.

    Attributes:
        text: of it; its function holds the mark.
        language: it is written in.
        name: the function's.
        first: the 1-based line on which the function starts.
        last: the line on which it ends.
    """

    text: str
    language: Language
    name: str
    first: int
    last: int

    def below(self, head: str) -> Code:
        """The same below other lines."""
        rows = head.count("\n")
        return replace(self, text=head + self.text, first=self.first + rows, last=self.last + rows)

    @property
    def body(self) -> str:
        """The function alone."""
        return "\n".join(self.text.split("\n")[self.first - 1 : self.last]) + "\n"


def word(chance: random.Random, least: int = 4, most: int = 8) -> str:
    """A name that means nothing."""
    return "".join(chance.choices(_LETTERS, k=chance.randint(least, most)))


def mark_of(chance: random.Random) -> str:
    """A canary: a text that occurs nowhere else, with a letter that encodings spell differently."""
    halves = [f"{chance.randrange(16**6):06x}{chance.choice('0123456789')}q" for _ in range(2)]
    return f"zq{halves[0]}é{halves[1]}"


def generated(
    chance: random.Random,
    mark: str,
    *,
    language: str | None = None,
    calls: str | None = None,
    terse: bool = False,
) -> Code:
    """A file with a function that holds `mark` near its start, near its end and in between.

    Args:
        chance: of the seed.
        mark: a canary.
        language: its name; else any.
        calls: a function that it calls, where it should call a certain one.
        terse: in lines too short to be told by themselves, and the canary is no name.
    """
    wanted = LANGUAGES[language or chance.choice(sorted(LANGUAGES))]
    function, first, second = word(chance), word(chance), word(chance)
    names = [first, second]
    rows = [_statement(chance, wanted, names, terse=terse) for _ in range(chance.randint(5, 14))]
    for place in (0, len(rows) // 2, len(rows)):
        rows.insert(place, _marked(chance, wanted, mark, terse=terse))
    if calls is not None:
        rows.insert(chance.randint(0, len(rows)), wanted.call.format(f=calls, x=first))
    rows.append(wanted.last.format(x=_value(chance, names, terse=terse)))
    top = _preface(chance, wanted)
    head = wanted.head.format(f=function, a=first, b=second)
    start, _, opening = head.rpartition("\n\n")
    before = f"{start}\n\n{top}" if start else top
    lines = [opening, *(f"    {row}" for row in rows), *([wanted.foot] if wanted.foot else [])]
    text = before + "\n".join(lines) + "\n"
    begin = before.count("\n") + 1 + (wanted.fence == "java")
    return Code(text, wanted, function, begin, text.count("\n") - (wanted.fence == "java"))


def _preface(chance: random.Random, wanted: Language) -> str:
    count = chance.choice((0, 0, 1, 3))
    return "".join(f"{wanted.comment} {word(chance)} {word(chance)}\n" for _ in range(count))


def _statement(chance: random.Random, wanted: Language, names: list[str], *, terse: bool) -> str:
    value = _value(chance, names, terse=terse)
    kinds: dict[str, Callable[[], str]] = {
        "let": lambda: wanted.let.format(a=_new(chance, names), x=value),
        "call": lambda: wanted.call.format(f=word(chance), x=value),
        "branch": lambda: wanted.branch.format(f=word(chance), a=chance.choice(names), x=value),
    }
    return kinds[chance.choices(sorted(kinds), (2, 2, 5))[0]]()


def _new(chance: random.Random, names: list[str]) -> str:
    names.append(word(chance))
    return names[-1]


def _value(chance: random.Random, names: list[str], *, terse: bool) -> str:
    if terse:
        return f"{chance.choice(names)} {chance.choice(_SIGNS)} {chance.randint(1_000, 99_999)}"
    parts = [chance.choice(names), *(str(chance.randint(1_000, 99_999)) for _ in range(2))]
    for _ in range(chance.randint(0, 2)):
        parts.insert(chance.randint(0, len(parts)), f"{word(chance)}({chance.choice(names)})")
    return "".join(
        part if not at else f" {chance.choice(_SIGNS)} {part}" for at, part in enumerate(parts)
    )


def _marked(chance: random.Random, wanted: Language, mark: str, *, terse: bool) -> str:
    forms = [
        f"{wanted.comment} {word(chance)} {mark} {word(chance)}",
        wanted.call.format(f=word(chance), x=f'"{mark} {word(chance)}"'),
    ]
    if wanted.accents and not terse:
        forms.append(wanted.let.format(a=mark, x=str(chance.randint(1_000, 99_999))))
    return chance.choice(forms)
