from __future__ import annotations

import pytest

from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.actions.docs.definitions import name_of
from twolane_server.actions.docs.public import public_definitions


@pytest.mark.parametrize(
    ("name", "text", "public"),
    [
        (
            "a.py",
            (
                "class A:\n    def m(self): pass\n    def _p(self): pass\n    def __init__(self): pass\n"
                "class _B:\n    def x(self): pass\n"
                "def f():\n    def inner(): pass\n"
                "if 1:\n    @d\n    async def h(): pass\n"
            ),
            ["A", "m", "f", "h"],
        ),
        (
            "a.rs",
            (
                "pub fn a(){ fn b(){} }\nfn c(){}\npub struct S{}\n"
                "impl S { pub fn m(&self){} fn n(&self){} }\nimpl T for S { fn q(&self){} }\n"
                "pub trait T { fn q(&self); type X; }\nmod p { pub fn z(){} }\npub(crate) fn w(){}\n"
            ),
            ["a", "S", "m", "T", "q", "X"],
        ),
        (
            "a.ts",
            (
                "export function a(){ function b(){} }\nfunction c(){}\n"
                "export class D { private x(){}; y(){}; #z(){}; }\nclass E { q(){} }\n"
                "export const f = () => {}\nexport interface I { go(): void }\n"
            ),
            ["a", "D", "y", "f", "I", "go"],
        ),
        (
            "a.go",
            "package a\nfunc A(){}\nfunc b(){}\ntype C struct{}\nfunc (c C) D(){}\nfunc (c C) e(){}\n",
            ["A", "C", "D"],
        ),
        (
            "A.java",
            (
                "public class A { public void m(){} void p(){} private int q(){} protected void r(){} }\n"
                "public interface I { void k(); }\nclass B { public void no(){} }\n"
            ),
            ["A", "m", "r", "I", "k"],
        ),
        ("a.c", "int a(void){ }\nstatic int b(void){ }\nstruct s { int x; };\n", ["a", "s"]),
        ("a.h", "namespace n { class A { public: int get(); }; }\n", ["A", "get"]),
        (
            "a.lua",
            "local function a() end\nfunction M.b() end\nfunction c() end\nM._d = function() end\n",
            ["M.b", "c"],
        ),
    ],
)
def test_what_can_be_reached_from_outside(name: str, text: str, public: list[str]) -> None:
    language = language_for(name)
    assert language is not None
    parsed = parse(language, text.encode())
    assert [name_of(parsed, node) for node in public_definitions(parsed)] == public
