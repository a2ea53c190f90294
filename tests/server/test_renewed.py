"""Facts that are renewed after an edit are those that are found in the whole tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_sources import SOURCES, parsed
from twolane_context.facts import Facts, extract
from twolane_context.trees import Parsed, parse
from twolane_server.renewed import renew

# Each with functions before and behind the marked one, which is nested, declares and imports.
WHOLE = {
    "a.py": """\
import os
x: int = f()
@cache
def before(a) -> T:
    import re
    return a
class A(B, metaclass=M):
    y: C = D()
    def __init__(self):
        self.z = E()
    @property
    def g(self) -> F:
        def inner(): pass
        self.w: G = H()  #
        from os import path
    v = w = 3
    class Inner(I):
        def m(self): pass
def after(): pass
""",
    "a.rs": """\
use a::{b, c};
#[test]
fn before(a: &str) -> i32 { 1 }
impl A for B {
    #[inline] // as it is
    fn g(&self) -> C { use d::{e, f}; let x = 1; //
    }
    #[x]
    fn h() {}
}
mod m { pub struct S { a: T } fn k() {} }
""",
    "a.ts": """\
import {a} from "b";
export function before(x: A): B { return a }
export class C<T> extends D implements E {
    private f: G = new H();
    get g(): I { function inner() {} const c = () => 1; //
    }
    h(): void { this.j = 1 }
}
export const k = () => { return 1 };
export default k;
""",
    "a.js": """\
const c = require("c"), d = f("c");
function before() { return 1 }
class A extends B { g() { this.x = new C(); //
} h() {} }
module.exports = { k() { return 1 }, before };
""",
    "a.go": """\
package m
import "fmt"
func before(a int) error { return nil }
// About it.
func (c *C) g() (D, error) { x := func() {}; x() //
}
type S struct { a T; U }
func after() {}
""",
    "a.cpp": """\
#include "b.h"
namespace n {
class A : public B {
  int before() const { return 1; }
  C g() { auto x = [] { return 1; }; return x(); //
  }
  D d;
};
}
int n::A::h(E e) { return 2; }
#define F(x) (x)
""",
    "a.java": """\
package m;
import a.b;
@X class A extends B implements C {
    private D d = new D();
    @Override E g() { Runnable r = () -> {}; this.d = null; //
    }
    F h() { return null; }
}
""",
    "a.lua": """\
local m = require("a.b")
function m.before(a) return a end
function m:g() local function inner() end self.x = 1 --
end
m.h = function() end
return m
""",
}
MARKS = {"a.py": "#", "a.lua": "--"}
NEW = (
    *("", "x", " ", "\n", "\r\n", "é", "# é\n", "// é\n", "'", '"""', "(", ")", "{", "}", ";"),
    *("def f(): pass\n", "fn f() {}\n", "class A {}\n", "@x\n", "#[x]\n", "import a\n"),
    *("\n    y = Z()\n", "self.q = 1\n", "this.q = 1;", "\n    def q(self): pass\n", "-> T", " é"),
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.just(0) | st.integers(0, 30), st.sampled_from(NEW)),
    min_size=1,
    max_size=8,
)


def fresh(tree: Parsed) -> Facts:
    """What is found in all of a tree."""
    return extract(parse(tree.language, tree.source))


def edited(tree: Parsed, source: bytes) -> Parsed:
    """The tree of a next version, with its facts if they could be renewed."""
    now = parse(tree.language, source, tree)
    renew(now, tree)
    return now


@settings(max_examples=300)
@given(path=st.sampled_from(sorted({*WHOLE, *SOURCES})), edits=EDITS)
def test_renewed_facts_are_those_of_the_whole_tree(
    path: str, edits: list[tuple[float, int, str]]
) -> None:
    tree = parsed(path, WHOLE.get(path) or SOURCES[path])
    assert extract(tree)
    for place, length, new in edits:
        start = round(place * len(tree.source))
        now = edited(tree, tree.source[:start] + new.encode() + tree.source[start + length :])
        assert extract(now) == fresh(now)
        tree = now


@pytest.mark.parametrize("path", WHOLE)
@pytest.mark.parametrize("new", [" é", " é\n", " é\n\n\n"])
def test_within_one_function_they_are_renewed(path: str, new: str) -> None:
    tree = parsed(path, WHOLE[path])
    assert not tree.tree.root_node.has_error
    assert extract(tree)
    mark = f"{MARKS.get(path, '//')}\n"
    assert WHOLE[path].count(mark) == 1
    place = WHOLE[path].index(mark) + len(mark) - 1
    text = WHOLE[path][:place] + new + WHOLE[path][place:]
    now = edited(tree, text.encode())
    assert Facts in now.found, "as if nothing had been known"
    assert extract(now) == fresh(now)


@pytest.mark.parametrize("path", WHOLE)
def test_a_key_at_each_place_gives_the_same(path: str) -> None:
    tree = parsed(path, WHOLE[path])
    known = extract(tree)
    for place in range(len(tree.source) + 1):
        for new in (b"x", b"\n", b" "):
            now = edited(tree, tree.source[:place] + new + tree.source[place:])
            assert extract(now) == fresh(now)
        gone = edited(tree, tree.source[:place] + tree.source[place + 1 :])
        assert extract(gone) == fresh(gone)
    assert extract(tree) is known


def test_nothing_is_renewed_where_nothing_is_known() -> None:
    tree = parsed("a.py", WHOLE["a.py"])
    assert not edited(tree, tree.source + b"\n").found
    now = parse(tree.language, tree.source)
    renew(now, None)
    assert not now.found


@pytest.mark.parametrize("broken", ["def f(:\n", "x = (\n"])
def test_broken_code_is_looked_at_as_a_whole(broken: str) -> None:
    tree = parsed("a.py", WHOLE["a.py"] + broken)
    assert tree.tree.root_node.has_error
    assert extract(tree)
    assert Facts not in edited(tree, WHOLE["a.py"].encode()).found


def test_facts_of_another_language_are_no_help() -> None:
    tree = parsed("a.js", WHOLE["a.js"])
    assert extract(tree)
    other = parsed("a.ts", WHOLE["a.js"].replace("this.x", "this.xy"))
    renew(other, tree)
    assert not other.found
