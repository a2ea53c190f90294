"""Subjects from marked text, and replies that try to do harm."""

from __future__ import annotations

import os
import random
import re
from typing import TYPE_CHECKING

from twolane_context.languages import language_for
from twolane_context.spans import Span
from twolane_context.trees import parse
from twolane_server.actions.base import Subject, Task
from twolane_server.actions.outcomes import edits_of
from twolane_server.fragments import Label, disclose
from twolane_server.text import Text, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_context.trees import Parsed
    from twolane_server.actions.base import Action
    from twolane_server.actions.outcomes import Outcome
    from twolane_server.prompts import Prompt

EXAMPLES = int(os.environ.get("TWOLANE_EXAMPLES", "300"))
MARK = "‸"
ENDINGS = ("\n", "\r\n")
BREAK = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")


def parsed_of(marked: str, name: str) -> tuple[Parsed, Span]:
    """The tree of a text, and the place marked in it: one mark is a cursor, two a selection."""
    parts = marked.split(MARK)
    language = language_for(name)
    assert language is not None
    source = encode("".join(parts))
    start = len(encode(parts[0])) if len(parts) > 1 else 0
    end = start + len(encode(parts[1])) if len(parts) > 2 else start
    return parse(language, source), Span(start, end)


def subject_of(
    marked: str, name: str, *, instruction: str = "", label: Label = Label.OPEN
) -> Subject:
    parsed, selection = parsed_of(marked, name)
    return Subject(
        text=Text.of(marked.replace(MARK, "")),
        language=parsed.language,
        path=f"/project/{name}",
        label=label,
        selection=selection,
        instruction=instruction,
        parsed=parsed,
    )


def applied(action: Action, subject: Subject, reply: str) -> str:
    """The text after the action, given that the model answers with `reply`."""
    task = action.prepare(subject)
    outcome = action.finish(task, reply)
    assert not isinstance(outcome, Task), "it would ask the model again"
    return after(task, outcome)


def after(task: Task, outcome: Outcome) -> str:
    edits = edits_of(outcome)
    assert all(task.target.contains(edit.span) for edit in edits)
    return str(task.subject.text.replaced((edit.span, edit.text) for edit in edits))


def shown(prompt: Prompt) -> str:
    return "\n".join(
        f"[{message.role}] " + "".join(disclose(part) for part in message.fragments)
        for message in prompt.messages
    )


# Small definitions with a cursor in each, by file name.
CORPUS: dict[str, tuple[str, ...]] = {
    "a.py": (
        "def add(a, b):\n    return a‸ + b\n",
        "import os\n\n\n@cache\nasync def read(path: str) -> str:  # noqa: D103\n    # first\n    x = 1‸\n    return f'{x}'\n",
        "class A:\n    x = 1\n\n    def m(self): return‸ self.x\n\n    @overload\n    def n(self): ...\n",
        "class B(A):‸\n    '''Old.\n\n    More.\n    '''\n\n    y = \"\"\"not a doc\"\"\"\n",
        "def one(): ‸...\n",
        "def odd():\n    u'old' 'er'  # kept\n    return‸ b'x'\n",
        "def f():\n    # type: () -> int\n    return‸ 1\n",
        "def g(): 'old'; return‸ 2\n",
        "if True:\n\tdef tab(x):‸\n\t\tif x:\n\t\t\treturn '🙂'\n\t\treturn r'\\d'\n",
        "def outer():\n    def inner():\n        f'no doc'‸\n    return inner\n",
        "def long(\n    a,\n    b,\n):  # why\n\n    return‸ {\n        'a': a,\n    }",
    ),
    "a.rs": (
        "pub fn add(a: i32, b: i32) -> i32 {\n    a + b‸\n}\n",
        "use std::fmt;\n\n/// Old.\n///\n/// Older.\n#[derive(Debug)]\npub struct S {\n    x: i32,‸\n}\n",
        "impl S {\n    // plain\n    #[inline]\n    #[must_use]\n    fn x<'a>(&'a self) -> &'a str {‸ \"/* */ // 🙂\" }\n}\n",
        "/** Old block. */\nenum E { A,‸ B }\n",
        "trait T {\n\tfn go(&self);‸\n}\n",
        'mod m {\n    fn outer() {\n        fn inner() {‸ let x = r#"a"#; }\n    }\n}\n',
        "macro_rules! m {\n    () => { 1‸ };\n}\n",
    ),
    "a.ts": (
        "export function add(a: number, b: number): number {\n  return a‸ + b;\n}\n",
        "@Component({})\nexport class A<T> {\n  /**\n   * Old.\n   * @param x {string} kept\n   */\n  @Input() go(x: T): void {‸}\n}\n",
        "export interface I {\n  a: string;\n  go(): void;‸\n}\n",
        "// @ts-expect-error wrong on purpose\nexport const f = async (x) => {‸\n  return `/* ${x} */ // 🙂`;\n};\n",
        "type U = ‸'a' | 'b'\nenum E { A }\n",
        "declare function g(): void‸\n",
    ),
    "a.js": (
        "const a = 1\nfunction* gen() {\n  yield a‸\n}\n",
        "/* eslint-disable no-eval */\nclass A {\n  #x = 1\n  static go() {‸ return this.#x / 2 }\n}\n",
        "// eslint-disable-next-line no-unused-vars\n// a note\nexport default function () {‸ return /[/*]/ }\n",
        "/** Old. */\nconst f = () => 1‸\n",
        "const o = {\n\tgo() {‸ return '//' },\n}\n",
    ),
    "a.tsx": ("export const A = () => {‸\n  return <div>// {'x'} /* y */</div>;\n};\n",),
    "a.go": (
        "package a\n\nfunc Add(a, b int) int {\n\treturn a‸ + b\n}\n",
        "package a\n\n// old says\n// more.\n//\n//go:noinline\nfunc (s *S) Go() error {\n\treturn nil‸\n}\n",
        "package a\n\ntype (\n\t// B is.\n\tB struct{ x int‸ }\n\tC interface{ M() }\n)\n",
        'package a\n\nimport _ "embed"\n\n//go:embed x.txt\nvar text‸ string\n',
        "//go:build linux\n\npackage a\n\n//nolint:revive // 🙂\nfunc f() string {‸ return `// /* ` }\n",
    ),
    "a.c": (
        "int add(int a, int b)\n{\n    return a‸ + b;\n}\n",
        "#include <x.h>\n/* plain */\n#define MAX(a, b) \\\n    ((a) > (b) ? (a)‸ : (b))\nint x;\n",
        "/** Old. */\nstruct s {\n    int a;‸\n};\n",
        "/// Old\n/// older.\n/// @param a kept\nstatic char **f(char *a);‸ // NOLINT\n",
        "// NOLINTNEXTLINE\ntypedef struct {\n    char *s‸;\n} A;\n",
        'char *g(void) {‸ return "/* */ // 🙂"; }\n',
    ),
    "a.h": (
        "#pragma once\nnamespace n {\ntemplate <class T>\nclass A : public B<T> {\n public:\n  /*! @brief Old. */\n  T get() const {‸ return 1; }\n};\n}\n",
        "class A {\n  //! Old.\n  virtual ~A();‸\n  int x;\n};\n",
        "template <class T>\nvoid n::A<T>::f() noexcept {‸}\n",
        'extern "C" int f(void);‸\n',
        "using V‸ = int;\n",
        'enum class E {\n\tX,‸\n};\nauto s = R"(// /*)";\n',
    ),
    "A.java": (
        "public int add(int a, int b) {\n    return a‸ + b;\n}\n",
        "package a;\n\n/**\n * Old.\n *\n * @param <T> kept\n */\n@D(1)\npublic class A<T> {\n    int x;‸\n}\n",
        'class A {\n    // NOPMD\n    @Override\n    public String f() {‸ return "/* */ // 🙂"; }\n}\n',
        "record P(int a‸) {}\n",
        "interface I {\n\tint k();‸\n}\n",
    ),
    "a.lua": (
        "local function add(a, b)\n  return a‸ + b\nend\n",
        "--- Old.\n-- Older.\n---@param a number\nfunction M.f(a)\n  return a‸\nend\n",
        "-- plain\nM.g = function()‸ return [[-- ]] end\n",
        "local t = {\n  -- luacheck: ignore\n  h = function()‸ return '🙂' end,\n}\n",
        "---@return number\nfunction M:m()‸ return 1 end\n",
    ),
}


def corpus() -> Iterator[tuple[str, str]]:
    """Name and marked text, each with both line endings."""
    for name, texts in CORPUS.items():
        for text in texts:
            for ending in ENDINGS:
                yield name, text.replace("\n", ending)


_WORDS = (
    "Return the sum.",
    "Returns",
    "the",
    "value",
    "of",
    "`x`",
    "and",
    "a",
    "long",
    "Sure!",
    "é🙂",
    '"quoted"',
    '"',
    "'",
    '"""',
    "'''",
    "\\",
    "\\n",
    "\\'",
    "*/",
    "/*",
    "/**",
    "//",
    "///",
    "#",
    "```",
    "```python",
    "```rust",
    "~~~",
    "````",
    "<think>",
    "</think>",
    "\0",
    "\x07",
    "\ud800",
    "\udfff",
    "\r",
    "\r\n",
    "\n",
    "\n\n",
    "\t",
    "\v",
    "\f",
    "\u2028",
    "\u2029",
    "\x85",
    "\ufeff",
    "\u202e",
    "Args:",
    "    a: the first",
    "@param x",
    "@ts-ignore",
    "// @ts-nocheck",
    "# noqa",
    "//go:noinline",
    "// +build x",
    "eslint-disable",
    "/* eslint-disable */",
    "vim: set x:",
    "-*-",
    "def f():",
    "    return 1",
    "fn f() {}",
    "func Add() {",
    "}",
    "{",
    ";",
    "print('x')",
    "pass",
    "import os",
    "class A:",
    ">>> f()",
    "Here is the docstring:",
    "- item",
    "1. one",
    "-----",
    "${x}",
    "<div>",
    "</script>",
    "{@link x}",
    "x" * 200,
    "#[allow(x)]",
    "/// # Panics",
    "%s{0}",
    "\\u002a/",
    "\\",
    "??/",
    "@brief x",
    "\\param y",
    "-- x",
    "]]",
    "--[[",
    "---@type x",
    "NOLINT",
    "local x = 1",
)


def hostile(chance: random.Random) -> str:
    """A reply as no model should give it, though some do."""
    pieces = [chance.choice(_WORDS) for _ in range(chance.randrange(12))]
    text = chance.choice((" ", "", "\n")).join(pieces)
    language = chance.choice(
        ("", "python", "rust", "ts", "javascript", "go", "java", "cpp", "lua", "text")
    )
    repeated = chance.choice(("Return x. ", "word ")) * chance.randrange(3)
    return chance.choice(
        (
            text,
            f"Return the thing {text}",
            f"{text}\n\n{repeated}",
            f"```{language}\n{text}\n```",
            f'```{language}\ndef add(a, b):\n    """{text}"""\n    return a\n```',
            f"/**\n * {text}\n */\nfunction f() {{}}",
            f"```{language}\n/// {text}\nfn f() {{}}\n```\nor\n```\n{text}\n```",
            "".join(chr(chance.randrange(0x2100)) for _ in range(chance.randrange(60))),
        )
    )


def chances(count: int) -> Iterator[random.Random]:
    """Sources of chance that are the same in each run."""
    for seed in range(count):
        yield random.Random(seed)  # noqa: S311 - for tests, not for secrets
