"""Small sources in every language of the engine, and their facts as text."""

from __future__ import annotations

from dataclasses import dataclass

from twolane_context.definitions import HELD, Definition
from twolane_context.facts import Facts, extract
from twolane_context.languages import language_for
from twolane_context.spans import Span
from twolane_context.trees import Parsed, parse
from twolane_server.actions.documentation import documentation
from twolane_server.actions.enclosing import Enclosing
from twolane_server.text import decode, encode

PYTHON = '''\
import os

@cache
def café(a, *b):
    """Sums."""
    return [x for x in a if x]

class A(B):
    async def g(self):
        if 1:
            return f"a{b!r}"
'''
RUST = """\
use a::{b, c};
/// Sums.
fn café<T>(a: &str) -> i32 { let x = r#"a"#; match x { 1 => 2, _ => 3 } }
impl A { fn g() {} }
"""
TYPESCRIPT = """\
import {a} from "b";
/** Sums. */
export class A<T> { café(): void { return `a${b}` } }
const f = (x: number) => x < 1;
"""
TSX = """\
import {a} from "b";
export const F = () => <div a={b}>é{y}</div>;
"""
JAVASCRIPT = """\
import {a} from "b";
const c = require("c"), d = f("c");
class A { café() { return /a/g } }
const f = x => ({x});
"""
GO = """\
package m

import "fmt"

// Café sums.
func Café(a int) (int, error) {
	for i := range a { fmt.Println(i) }
	return 1, nil
}

type S struct { a int }
"""
C = """\
#include <stdio.h>
#define MAX(a, b) ((a) > (b) ? (a) : (b))
/** Sums. */
static int *café(const char *a, int b) { return b ? &x[MAX(1, b)] : 0; }
typedef struct s { int a; } s;
"""
CPP = """\
#include "b.h"
namespace n {
/// Sums.
template <class T> class A : public B<T> { public: A(); T café() const { return 1 < a; } };
}
void n::A<int>::f(int &a) { auto g = [](int x) { return R"(a)"; }; }
"""
JAVA = """\
import a.b.C;
/** Sums. */
@D(1)
public class A<T> extends B<T> {
  private int x = 1;
  @Override public String café(int a) { return a < 1 ? "a" : null; }
}
"""
LUA = """\
local a = require("b.c")
--- Sums.
function M.café(x) return [[a]] .. x end
local function f(...) if a then return {1, ...} end end
M.g = function() return a end
"""
SOURCES = {
    "a.py": PYTHON,
    "a.rs": RUST,
    "a.ts": TYPESCRIPT,
    "a.tsx": TSX,
    "a.js": JAVASCRIPT,
    "a.go": GO,
    "a.c": C,
    "a.h": CPP,
    "a.java": JAVA,
    "a.lua": LUA,
}


MANY = 100_000
# At each broken token, Lua's scanner looks for the end of a long string, up to the file's end
# (tree-sitter-lua 0.5): 100,000 take 26 s.
FEWER = {"a.lua": 10_000}


def brackets(many: int) -> dict[str, str]:
    """Many brackets or commas, which every language breaks at in a way of its own."""
    return {
        "round": "x = " + "(" * many + ")" * many,
        "square, left open": "[" * many,
        "holes": "x = [" + "," * many + "]",
    }


NESTED = {
    "a.py": "def f():\n  " + "(" * MANY + "'a'" + ")" * MANY,
    "a.rs": "fn f() {" * MANY,
    "a.js": "function f() {" * MANY,
    "a.go": "func f() {" * MANY,
    "a.c": "int f() {" * MANY,
    "a.h": "template <class T> class A {" * MANY,
    "a.java": "class A {" * MANY,
    "a.lua": "function f() " * MANY,
}
# By what it is called in a test: path and source of what is deeper or wider than anybody writes.
DEEP = {
    f"{name} {path}": (path, source)
    for path in SOURCES
    for name, source in brackets(FEWER.get(path, MANY)).items()
} | {f"nested {path}": (path, source) for path, source in NESTED.items()}


def parsed(path: str, source: str | bytes) -> Parsed:
    """The source parsed with the language of `path`."""
    language = language_for(path)
    assert language is not None, path
    return parse(language, source if isinstance(source, bytes) else encode(source))


@dataclass(frozen=True)
class Shown:
    """A definition with its spans cut out of the source."""

    kind: str
    name: str
    signature: str
    doc: str | None = None
    parent: str | None = None


def shown(path: str, source: str) -> list[Shown]:
    """All definitions of a source, to be held against an answer beside it."""
    tree = parsed(path, source)
    facts = extract(tree)
    check(tree, facts)
    return [
        Shown(
            kind=definition.kind.value,
            name=definition.name,
            signature=cut(tree, definition.signature),
            doc=None if doc is None else cut(tree, doc),
            parent=(None if definition.parent is None else facts.symbols[definition.parent].name),
        )
        for definition, doc in zip(
            facts.definitions, documentation(tree, facts.definitions), strict=True
        )
    ]


def variables(facts: Facts) -> list[Definition]:
    """The variables and fields among the symbols."""
    return [one for one in facts.symbols if one.kind in HELD]


def cut(tree: Parsed, span: Span) -> str:
    """The text in a span."""
    return decode(span.cut(tree.source))


def check(tree: Parsed, facts: Facts) -> None:
    """What holds for the facts of every source, broken or not."""
    whole = Span(0, len(tree.source))
    docs, around = documentation(tree, facts.definitions), Enclosing(tree, facts.definitions)
    reaches = [around.reach(at) for at in range(len(facts.definitions))]
    places = [(one.span.start, -one.span.end) for one in facts.definitions]
    assert places == sorted(places)
    assert [one.span for one in facts.imports] == sorted({one.span for one in facts.imports})
    for index, (one, doc, reach) in enumerate(zip(facts.definitions, docs, reaches, strict=True)):
        assert one.name
        assert whole.contains(reach)
        assert reach.contains(one.span)
        assert one.span.contains(one.signature)
        assert one.signature.start == one.span.start
        assert len(one.signature) > 0
        if one.body_start:
            assert one.head <= one.body_start < one.body_end <= one.end
        if doc is not None:
            assert reach.contains(doc)
            assert not doc.cut(tree.source).endswith((b"\r", b"\n"))
        if one.parent is not None:
            holder = facts.symbols[one.parent]
            assert holder in facts.definitions[:index]
            assert holder.span.contains(one.span)
