"""What is asked about, and which definitions it needs, the surest first.

`<CURSOR>` stands in the piece of code.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_index import index_of, marked, named
from twolane_context.index import FEW
from twolane_context.question import (
    Selection,
    Tier,
    around,
    callers,
    meant,
    merged,
    needed,
    row_span,
)
from twolane_context.resolve import Resolver
from twolane_context.targets import Target

SOURCE = "import a\n\nclass A:\n    def f(self):\n        pass\n\n    def g(self): ...\n\nx = 1\n"


@pytest.mark.parametrize(
    ("first", "last", "name", "rows"),
    [
        (4, 4, "f", (3, 4)),
        (3, 6, "A", (2, 6)),
        (6, 6, "g", (6, 6)),
        (0, 0, None, (0, 0)),
        (4, 8, None, (4, 8)),
        (8, 8, None, (8, 8)),
    ],
)
def test_a_selection_stands_for_the_definition_around_it(
    first: int, last: int, name: str | None, rows: tuple[int, int]
) -> None:
    outline = index_of({"a.py": SOURCE}).files["a.py"].outline
    at, found = around(outline, first, last)
    assert found == rows
    assert (outline.symbols[at].name if at >= 0 else None) == name


@given(st.text(st.sampled_from("aé\n\r😀"), max_size=40), st.integers(0, 9), st.integers(0, 9))
def test_rows_are_whole_lines(text: str, first: int, more: int) -> None:
    source = text.encode()
    lines = source.splitlines(keepends=True) if b"\r" not in source else None
    span = row_span(source, first, first + more)
    assert 0 <= span.start <= span.end <= len(source)
    if lines is not None:
        assert span.cut(source) == b"".join(lines[first : first + more + 1])


def check(
    sources: dict[str, str],
    resolved: str = "",
    likely: str = "",
    calling: str = "",
    most_callers: int = 9,
) -> None:
    """What is expected is written `path:A.f`, parted by blanks, in order."""
    where = marked(sources)
    tree = where.tree(where.path)
    selection = Selection(where.path, where.row, where.row)
    found = merged([needed(Resolver(where.whole), tree, selection, most_callers)])
    shown = {tier: list[str]() for tier in Tier}
    for one, tier in found.items():
        shown[tier].append(f"{one.file.path}:{named(one.file.outline, one.at)}")
    assert [" ".join(shown[tier]) for tier in Tier] == [resolved, likely, calling]
    assert [*found.values()] == sorted(found.values())


def test_what_names_resolve_to_once_and_in_order() -> None:
    check(
        {
            "a.py": "def first(): ...\n\ndef second(): ...\n\nx = 1\n",
            "b.py": (
                "from a import first, second, x\n\n"
                "def f(y):\n    <CURSOR>second(y)\n    return first() + second() + x + f(y)\n"
            ),
        },
        "a.py:second a.py:first a.py:x",
    )


def test_members_of_unknown_values_by_the_variables_name() -> None:
    check(
        {
            "page.py": "class Page:\n    def turn(self): ...\n",
            "other.py": "class Door:\n    def turn(self): ...\n",
            "user.py": "def f(next_page):\n    <CURSOR>next_page.turn()\n",
        },
        "",
        "page.py:Page.turn",
    )


def test_what_many_files_name_is_no_guess_but_all_that_may_be_meant_still_knows_it() -> None:
    sources = {
        "page.py": "class Page:\n    def turn(self): ...\n",
        "other.py": "class Door:\n    def turn(self): ...\n",
        "user.py": "def f(page):\n    <CURSOR>page.turn()\n",
    }
    few = {f"{number}.py": "Page\n" for number in range(FEW - 1)}  # and the definition's own
    check({**sources, **few}, "", "page.py:Page.turn")
    many = {**sources, **few, "more.py": "Page\n"}
    check(many)
    resolver = Resolver(marked(many).whole)
    user = resolver.index.files["user.py"]
    assert not resolver.sounding(user, ("page", "turn"), 1)
    (found,) = resolver.sounding(user, ("page", "turn"))
    assert found.file.path == "page.py"


def test_members_of_unknown_values_in_near_files_or_where_there_is_only_one() -> None:
    user = "from door import Door\n\ndef f(x):\n    <CURSOR>Door()\n    x.turn()\n"
    door = "class Door:\n    def turn(self): ...\n"
    page = "class Page:\n    def turn(self): ...\n"
    check({"door.py": door, "page.py": page, "b.py": user}, "door.py:Door", "door.py:Door.turn")
    far = "def f(x):\n    <CURSOR>x.turn()\n"
    check({"page.py": page, "b.py": far}, "", "page.py:Page.turn")
    check({"page.py": page, "door.py": door, "b.py": far})
    check({"page.py": "def f():\n    def turn(): ...\n", "b.py": far})


def test_own_overloads_are_no_news_and_of_others_a_few_do() -> None:
    overloads = "".join(f"export function go(x: {one}): void;\n" for one in "ABCDE")
    check(
        {
            "a.ts": overloads + "export function go(x) {}\n",
            "b.ts": (
                "import { go } from './a';\nfunction f(x: string): void;\n"
                "function f(x) {\n  <CURSOR>go(x); f(x);\n}\n"
            ),
        },
        "a.ts:go a.ts:go a.ts:go",
    )


def test_what_makes_a_value_of_a_class_of_javascript_is_needed_with_the_class() -> None:
    base = "export class A {\n  constructor(x: number) {}\n  go() {}\n}\n"
    user = "import {{ A }} from './a';\nclass B extends A {{\n  f() {{\n    <CURSOR>{};\n  }}\n}}\n"
    for use in ("new A(1)", "super(1)"):
        check({"a.ts": base, "b.ts": user.format(use)}, "a.ts:A a.ts:A.constructor")
    check({"a.ts": base, "b.ts": user.format("super.go()")}, "a.ts:A a.ts:A.go")
    python = "from a import A\n\nclass B(A):\n    def f(self):\n        <CURSOR>super().go()\n"
    check({"a.py": "class A:\n    def go(self): ...\n", "b.py": python}, "a.py:A.go")


@pytest.mark.parametrize("use", ["log(1)", "new log(1)"])
def test_what_a_call_of_a_value_of_javascript_calls_is_needed_with_it(use: str) -> None:
    log = (
        "export interface Log {\n  (x: number): void;\n  new (x: number): Log;\n  go(): void;\n}\n"
    )
    more = "export const log: Log = make();\nexport function make(): Log {}\n"
    user = "import {{ log, make }} from './a';\nfunction f() {{\n  <CURSOR>{};\n}}\n"
    sources = {"a.ts": log + more, "b.ts": user.format(use)}
    check(sources, "a.ts:log a.ts:Log.( a.ts:Log.(")
    check(sources | {"b.ts": user.format("log.go()")}, "a.ts:log a.ts:Log.go")
    check(sources | {"b.ts": user.format("make()")}, "a.ts:make")


@pytest.mark.parametrize(
    ("use", "with_it"),
    [
        ("go({ size: 1 })", "A go"),
        ("new B({ size: 1 })", "A B B.constructor"),
        ("new B([{ size: 1 }])", "A B B.constructor"),
        ("return { size: 1 }", "A"),
        ("return go({ size: 1 })", "A go"),
        ("const x: A = { size: 1 }", "A"),
        ("const { size } = f()", "A"),
        ("const { size: x } = f()", "A"),
        ("go((x) => x.size)", "A go"),
        ("go(function (x) { return x.size })", "A go"),
        ("go(({ size }) => 1)", "A go"),
        ("const x: Made = (a) => a.size", "Made"),
    ],
)
def test_keys_are_members_of_what_the_code_around_asks_for(use: str, with_it: str) -> None:
    kinds = (
        "export interface A { size: number }\nexport interface Other { size: number }\n"
        "export type Made = (a: A) => void;\nexport function go(a: A | Made): void {}\n"
        "export class B { constructor(a: Partial<A>) {} }\n"
    )
    user = f"import {{ A, B, Made, go }} from './a';\nfunction f(): A {{\n  <CURSOR>{use};\n}}\n"
    where = marked({"a.ts": kinds, "b.ts": user})
    found = needed(Resolver(where.whole), where.tree("b.ts"), Selection("b.ts", 2, 2), 0)
    shown = [named(one.file.outline, one.at) for one, tier in found if tier is Tier.RESOLVED]
    assert {*shown} == {"A.size", *with_it.split()}


def test_a_member_of_any_of_several_types_may_be_meant() -> None:
    kinds = (
        "export interface A { size: number }\nexport class B { constructor(public size: 1) {} }\n"
    )
    user = (
        "import { A, B } from './a';\ntype C = A | B;\n\nfunction f(c: C) {\n  <CURSOR>c.size;\n}\n"
    )
    check({"a.ts": kinds, "b.ts": user}, "b.ts:C a.ts:A.size a.ts:B.size")


def test_the_type_of_a_variable_is_no_need_by_itself() -> None:
    sources = {
        "a.py": "class A:\n    def go(self): ...\n\ndef make() -> A: ...\n",
        "b.py": "from a import make\n\ndef f():\n    <CURSOR>x = make()\n    x.go()\n    return x\n",
    }
    check(sources, "a.py:make a.py:A.go")


def test_a_member_of_a_type_that_the_file_names_is_likelier_than_what_is_near() -> None:
    turn = "class {}:\n    def turn(self): ...\n"
    user = "from far.page import Page\n\ndef f(x):\n    <CURSOR>x.turn()\n"
    check(
        {"far/page.py": turn.format("Page"), "near.py": turn.format("Door"), "user.py": user},
        "",
        "far/page.py:Page.turn",
    )


def test_in_python_a_member_is_likelier_what_is_near() -> None:
    python = {
        "a.py": "class Door:\n    def turn(self): ...\n\ndef make(): ...\n",
        "far/page.py": "class Page:\n    def turn(self): ...\n",
        "user.py": "from a import make\nfrom far.page import Page\n\ndef f(x):\n    <CURSOR>make() == x.turn()\n",
    }
    check(python, "a.py:make", "a.py:Door.turn")
    script = {
        "a.ts": "export class Door { turn() {} }\nexport function make() {}\n",
        "far/page.ts": "export class Page { turn() {} }\n",
        "user.ts": "import { make } from './a';\nimport { Page } from './far/page';\n"
        "function f(x) {\n  <CURSOR>make() == x.turn();\n}\n",
    }
    check(script, "a.ts:make", "far/page.ts:Page.turn")


def test_a_type_of_rust_says_more_than_its_impls() -> None:
    check(
        {
            "src/a.rs": "pub struct A;\nimpl A { pub fn go() {} }\nimpl Clone for A {}\n",
            "src/b.rs": "use crate::a::A;\nfn f(a: A) { <CURSOR>A::go(); }\n",
            "src/lib.rs": "mod a; mod b;\n",
        },
        "src/a.rs:A src/a.rs:A.go",
    )


CALLED = "def go(x<CURSOR>): ...\n\n\ndef near():\n    go(1)\n"


@pytest.mark.parametrize(
    ("line", "call", "calls"),
    [
        ("from a import go", "go(1)", True),
        ("from a import go as run", "run(1)", False),  # only the name is looked for
        ("import a", "a.go(1)", True),
        ("import a", "b.go(1)", False),
        ("from z import go", "go(1)", False),
        ("from a import go", "x.go(1)", False),
        ("from a import go", "forgo(1)", False),
        ("from a import go", "go_on(1)", False),
        ("from a import go", "go", False),
    ],
)
def test_who_calls_a_function(line: str, call: str, *, calls: bool) -> None:
    sources = {"a.py": CALLED, "b.py": f"{line}\n\n\ndef far(x):\n    {call}\n"}
    check(sources, calling="a.py:near b.py:far" if calls else "a.py:near")
    check(sources, calling="a.py:near", most_callers=1)


def test_who_calls_a_method_surely_and_who_may() -> None:
    sources = {
        "a.py": "class A:\n    def go(self<CURSOR>): ...\n\n    def near(self):\n        self.go()\n",
        "b.py": "class B:\n    def go(self): ...\n\n    def other(self):\n        self.go()\n",
        "c.py": "def may(x):\n    x.go()\n\n\ndef also(x):\n    x().go()\n\n\ndef no():\n    go()\n",
    }
    check(sources, calling="a.py:A.near c.py:may c.py:also")


@given(st.integers(0, 70))
def test_of_many_files_that_may_call_those_around_the_own_one_are_asked(at: int) -> None:
    sources = {f"m{n:02}.py": f"from m{at:02} import go\n\ndef f():\n    go()\n" for n in range(71)}
    where = marked({**sources, f"m{at:02}.py": "def <CURSOR>go(): ...\n"})
    found = [one.file.path for one in callers(Resolver(where.whole), where.file, 0)]
    assert len(found) in {11, 12}
    assert all(abs(int(path[1:3]) - at) <= 12 for path in found)


def test_nobody_calls_a_class_or_itself() -> None:
    where = marked({"a.py": "class A: ...\n\ndef f(): <CURSOR>f()\n\nA()\n"})
    resolver = Resolver(where.whole)
    assert list(callers(resolver, where.file, 0)) == []
    assert list(callers(resolver, where.file, 1)) == []


def test_go_and_java_and_cpp_and_lua() -> None:
    check(
        {
            "go.mod": "module m\n",
            "a/a.go": "package a\n\nfunc Run(n int) int { return n }\n",
            "b.go": 'package main\n\nimport "m/a"\n\nfunc f() {\n\t<CURSOR>a.Run(1)\n}\n',
        },
        "a/a.go:Run",
    )
    check(
        {
            "a/A.java": "package a;\nclass A { void run() {} }\n",
            "a/B.java": "package a;\nclass B { void f(A x) {\n <CURSOR>x.run();\n} }\n",
        },
        "a/A.java:A a/A.java:A.run",
    )
    check(
        {
            "a.h": "struct A { int size; };\nvoid run(A *a);\n",
            "b.cpp": '#include "a.h"\nvoid f(A *a) {\n  <CURSOR>run(a); a->size = 1;\n}\n',
        },
        "a.h:A a.h:run a.h:A.size",
    )
    check(
        {
            "a.lua": "local M = {}\nfunction M.run() end\nreturn M\n",
            "b.lua": 'local a = require("a")\nlocal function f()\n  <CURSOR>a.run()\nend\n',
        },
        "a.lua:run",
    )


def test_a_file_that_is_not_there_or_has_no_grammar_needs_nothing() -> None:
    where = marked({"a.py": "<CURSOR>A = 1\n", "a.txt": "A\n"})
    resolver = Resolver(where.whole)
    assert needed(resolver, where.tree("a.py"), Selection("gone.py", 0, 0), 1) == []
    assert needed(resolver, None, Selection("a.txt", 0, 0), 1) == []


def test_an_instruction_names_definitions() -> None:
    index = index_of(
        {
            "a.py": "def go_home(): ...\n\ndef f(): ...\n",
            **{f"{name}.py": "def many(): ...\n" for name in "bcde"},
        }
    )
    found = meant(index, "Let go_home call f, many times: `go_home`, nothing_such")
    assert merged([found]) == {Target(index.files["a.py"], 0): Tier.LIKELY}


def test_lists_are_merged_the_surest_first_and_each_once() -> None:
    file = index_of({"a.py": "class A:\n    def f(self): ...\n"}).files["a.py"]
    one, other = Target(file, 0), Target(file, 1)
    found = merged([[(other, Tier.LIKELY)], [(one, Tier.LIKELY), (one, Tier.RESOLVED)]])
    assert [*found.items()] == [(one, Tier.RESOLVED), (other, Tier.LIKELY)]
    assert merged([]) == {}


def test_what_a_long_constant_takes_costs_no_time() -> None:
    rows = "".join(f"  key{number}: value{number},\n" for number in range(20_000))
    user = "import { big } from './a';\nfunction f() {\n  <CURSOR>big({ size: 1 });\n}\n"
    where = marked({"a.ts": f"export const big = {{\n{rows}}};\n", "b.ts": user})
    tree = where.tree("b.ts")
    assert where.whole.files["a.ts"].outline.symbols
    began = time.process_time()
    needed(Resolver(where.whole), tree, Selection("b.ts", 2, 2), 0)
    assert time.process_time() - began < 0.3
