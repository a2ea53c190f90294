from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_sources import DEEP, SOURCES, cut, parsed
from twolane_context.facts import extract
from twolane_context.spans import Span
from twolane_server.actions.enclosing import Enclosing
from twolane_server.actions.excerpt import Excerpt, excerpt
from twolane_server.text import encode

CURSOR = "‸"


def around(path: str, source: str) -> tuple[str | None, list[str], list[str]]:
    """The definition at the cursor, the imports and the signatures it needs."""
    before, after = source.split(CURSOR)
    tree = parsed(path, before + after)
    place = len(encode(before))
    found = excerpt(tree, extract(tree), Span(place, place))
    return (
        found.definition.name if found.definition else None,
        [cut(tree, span) for span in found.imports],
        [cut(tree, span) for span in found.signatures],
    )


def test_python() -> None:
    source = """\
from __future__ import annotations
import os
import json as j
from re import compile, match as é

def helper(a): return a

def unused(): ...

class Base: ...

@dataclass
class A(Base):
    def run(self):
        '''unused os in a string'''
        import sys
        ‸return helper(é(self.step()), j, sys)

    def step(self) -> int:
        return 1

    def other(self): ...

def caller(): return A().run()
"""
    assert around("a.py", source) == (
        "run",
        ["import json as j", "from re import compile, match as é"],
        ["def helper(a):", "@dataclass\nclass A(Base):", "def step(self) -> int:"],
    )


def test_rust() -> None:
    source = """\
use std::fmt;
use std::io::{self, Read};
/// A doc.
pub struct S<T> { a: T }
fn helper(x: io::Result<()>) -> i32 { 1 }
fn unused() {}
impl<T> S<T> {
    pub fn f(&self) -> io::Result<()> { println!("{}", helper(‸Ok(()))); self.g() }
    fn g(&self) -> io::Result<()> { Ok(()) }
}
mod tests { use super::*; fn helper() {} }
"""
    name, imports, signatures = around("a.rs", source)
    assert name == "f"
    assert imports == ["use std::io::{self, Read};"]
    assert signatures == [
        "fn helper(x: io::Result<()>) -> i32",
        "impl<T> S<T>",
        "fn g(&self) -> io::Result<()>",
        "fn helper()",
    ]


@pytest.mark.parametrize("path", ["a.ts", "a.tsx"])
def test_typescript(path: str) -> None:
    source = """\
import { a, b } from "x";
import type { T } from "t";
import * as ns from "y";
interface Options { deep: boolean }
export const helper = (o: Options): T => a(o);
export class A {
  m(o: Options) { return ‸helper(o) + ns.z; }
  unused() {}
}
"""
    assert around(path, source) == (
        "m",
        ['import * as ns from "y";'],
        ["interface Options", "export const helper = (o: Options): T =>", "export class A"],
    )


def test_go() -> None:
    source = """\
package m

import "fmt"

type S struct { a int }

func helper(a int) int { return a }

func (s *S) M() { fmt.Println(‸helper(s.a)) }
"""
    assert around("a.go", source) == (
        "M",
        ['import "fmt"'],
        ["type S struct", "func helper(a int) int"],
    )


def test_overloads_come_along() -> None:
    source = """\
function over(a: string): void;
function over(a: number): void;
function over(a: any) { ‸ }
class A { over() {} }
"""
    assert around("a.ts", source)[2] == [
        "function over(a: string): void;",
        "function over(a: number): void;",
    ]


def test_its_own_name_is_no_use_but_a_call_is() -> None:
    source = "class A:\n    def __init__(self): ‸{}\nclass B:\n    def __init__(self, b): ...\n"
    assert around("a.py", source.replace("{}", "..."))[2] == ["class A:"]
    assert around("a.py", source.replace("{}", "super().__init__()"))[2] == [
        "class A:",
        "def __init__(self, b):",
    ]


def test_what_is_local_elsewhere_is_out_of_reach() -> None:
    source = """\
import json
def f():
    import os
    def helper(x): ...
def g():
    def helper(y): ...
    def h():
        ‸helper(os, json)
"""
    assert around("a.py", source) == ("h", ["import json"], ["def g():", "def helper(y):"])


def test_a_wildcard_may_bind_anything_but_proves_nothing() -> None:
    source = "import os\nfrom m import *\nimport re\ndef f(): ‸{}\n"
    assert around("a.py", source.replace("{}", "os"))[1] == ["import os", "from m import *"]
    assert around("a.py", source.replace("{}", "x"))[1] == [
        "import os",
        "from m import *",
        "import re",
    ]


def test_unresolved_imports_are_bounded() -> None:
    lines = [f"import a_long_enough_name_{number}" for number in range(1_000)]
    imports = around("a.py", "\n".join(lines) + "\ndef f(): ‸pass\n")[1]
    assert imports == lines[: len(imports)]
    assert 10 < len(imports) < 100


def test_a_selection_outside_definitions_stands_for_itself() -> None:
    source = "import os\nimport re\n‸\nx = os\ndef f(): ...\n"
    assert around("a.py", source) == (None, ["import os", "import re"], [])
    tree = parsed("a.py", "import os\nimport re\nx = f(os)\ndef f(a): ...\n")
    found = excerpt(tree, extract(tree), Span(20, 29))
    assert found == Excerpt(None, (Span(0, 9),), (Span(30, 39),))


@pytest.mark.parametrize("path", ["a.py", "a.rs", "a.ts", "a.tsx", "a.js", "a.go"])
def test_an_empty_file_needs_nothing(path: str) -> None:
    assert around(path, CURSOR) == (None, [], [])


@settings(max_examples=150)
@given(
    path=st.sampled_from(sorted(SOURCES)),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), st.binary(max_size=3))),
    selection=st.tuples(st.integers(0, 300), st.integers(0, 300)),
)
def test_broken_code_still_gives_a_sound_excerpt(
    path: str, cuts: list[tuple[float, int, bytes]], selection: tuple[int, int]
) -> None:
    source = encode(SOURCES[path])
    for place, length, new in cuts:
        start = round(place * len(source))
        source = source[:start] + new + source[start + length :]
    tree = parsed(path, source)
    found = excerpt(tree, extract(tree), Span(*sorted(selection)))
    for spans in (found.imports, found.signatures):
        assert list(spans) == sorted(set(spans))
        assert not found.definition or not any(map(found.definition.span.contains, spans))


@pytest.mark.parametrize("name", sorted(DEEP))
def test_depth_neither_crashes_nor_hangs(name: str) -> None:
    path, source = DEEP[name]
    tree = parsed(path, source)
    facts = extract(tree)
    middle = Span(len(source) // 2, len(source) // 2)
    around = Enclosing(tree, facts.definitions)
    found = excerpt(tree, facts, middle).definition
    assert found == around.innermost(middle)
