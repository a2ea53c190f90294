"""All sites of a symbol: every `«` stands before one, and `<CURSOR>` before the one asked for."""

from __future__ import annotations

import pytest

from support_index import CURSOR, look, marked
from twolane_context.references import references
from twolane_context.resolve import Resolver

SITE = "«"


def check(sources: dict[str, str]) -> None:
    where = marked({path: source.replace(SITE, "") for path, source in sources.items()})
    expected = [
        (path, row, len(line[:column].replace(CURSOR, "").replace(SITE, "").encode()))
        for path, source in sorted(sources.items())
        for row, line in enumerate(source.split("\n"))
        for column in (place for place, letter in enumerate(line) if letter == SITE)
    ]
    resolver = Resolver(where.whole, look)
    found = references(resolver, where.tree, where.path, where.row, where.column)
    assert [tuple(site) for site in found] == expected


def test_python_functions_with_imports_and_re_exports() -> None:
    check(
        {
            "p/__init__.py": "from .a import «go\n\n__all__ = ['«go', 'other']\n",
            "p/a.py": "def «<CURSOR>go(): ...\n\n# go\nx = 'go'\n\ndef f(go):\n    return go\n",
            "p/b.py": "from p import «go as run\nimport p\n\nrun()\np.«go()\nq.go()\nf(go=1)\n",
            "p/c.py": "from elsewhere import go\n\ngo()\n",
        }
    )


def test_an_import_under_another_name_is_no_use_of_what_the_file_itself_calls_so() -> None:
    wrapper = "from a import {}go as _go\n\n\ndef {}go():\n    return _go()\n\n\n{}go()\n"
    sources = {"a.py": "def {}go(): ...\n", "b.py": wrapper}
    imported, own = SITE + CURSOR, SITE
    check({"a.py": sources["a.py"].format(imported), "b.py": sources["b.py"].format(own, "", "")})
    check({"a.py": sources["a.py"].format(""), "b.py": sources["b.py"].format("", imported, own)})


METHODS = {
    "a.py": "class A:\n    def «save(self): ...\n\n    def f(self):\n        self.«save()\n",
    "b.py": (
        "from a import A\n\n\nclass B(A):\n    def f(self):\n        super().«save()\n\n\n"
        "class C:\n    def save(self): ...\n\n\n"
        "def g(a, x: A, y: C):\n"
        "    x.«<CURSOR>save()\n    y.save()\n    a.save()\n    B().«save()\n    C().save()\n"
        "    open(x).save()\n"
    ),
    "c.py": "def g(a):\n    a.save()\n",
}


def test_python_methods() -> None:
    check(METHODS)


@pytest.mark.parametrize(
    ("path", "made", "calls"),
    [
        (
            "a.py",
            "class A:\n    def «<CURSOR>__init__(self): ...\n",
            (
                "from a import A\n\nclass B(A):\n    def f(self):\n        super().«__init__()\n\n"
                "class C(A):\n    def __init__(self): ...\n\nx = «A()\nA\nC()\n"
            ),
        ),
        (
            "a.ts",
            "export class A {\n  «<CURSOR>constructor() {}\n}\n",
            "import { A } from './a';\nconst x: A = new «A();\nclass B { constructor() {} }\nnew B();\n",
        ),
    ],
)
def test_to_call_a_class_is_to_call_what_makes_it(path: str, made: str, calls: str) -> None:
    check({path: made, path.replace("a.", "b."): calls})


def test_attributes_have_the_type_of_what_they_are_given() -> None:
    check(
        {
            "a.py": (
                "class Page:\n    def «<CURSOR>turn(self): ...\n\n\nclass B:\n    def f(self, x):\n"
                "        self.held = Page() if x else None\n\n"
                "    def g(self):\n        self.held.«turn()\n"
            )
        }
    )


def test_a_value_of_unknown_type_counts_where_it_is_called_after_the_class() -> None:
    check(
        {
            "a.py": "class Page:\n    def «<CURSOR>turn(self): ...\n",
            "b.py": (
                "from a import Page\n\ndef f(page, next_page, sheet):\n"
                "    page.«turn()\n    next_page.«turn()\n    sheet.turn()\n"
            ),
            "c.py": "def f(page):\n    page.«turn()\n\ndef g(p):\n    p.turn()\n",
        }
    )


def test_what_functions_return_is_looked_up() -> None:
    check(
        {
            "a.py": (
                "class Page:\n    @property\n    def next(self):\n        return Page()\n\n"
                "    def «<CURSOR>turn(self): ...\n\n"
                "def make():\n    made = Page()\n    return made\n"
            ),
            "b.py": "from a import make\n\ndef f():\n    x = make()\n    x.next.next.«turn()\n",
        }
    )


def test_local_variables_stay_in_their_function() -> None:
    check(
        {
            "a.py": "def f(«x):\n    «<CURSOR>x += 1\n    return lambda: «x\n\n\ndef g(x): return x\n\n\nx = 1\n"
        }
    )
    check(
        {"a.py": "«x = 1\n\ndef f():\n    global «x\n    «<CURSOR>x = 2\n\ndef g():\n    x = 3\n"}
    )


def test_where_no_name_stands_there_is_nothing() -> None:
    check({"a.py": "x = <CURSOR>'go'\n\ndef go(): ...\n"})
    check({"a.py": "x = 1 <CURSOR> + 2\n"})
    where = marked({"a.py": "<CURSOR>x = 1\n"})
    resolver = Resolver(where.whole)
    assert references(resolver, where.tree, "gone.py", 0, 0) == []
    assert references(resolver, where.tree, "a.py", 99, 99) == []


def test_columns_count_in_bytes() -> None:
    check({"a.py": "def «<CURSOR>é(): ...\n\nü = 'ß', «é(), «é()\n"})


@pytest.mark.parametrize("suffix", ["ts", "tsx", "js"])
def test_ecmascript(suffix: str) -> None:
    check(
        {
            f"a.{suffix}": (
                "export class A {\n  «<CURSOR>run() { this.«run(); }\n}\nclass B { run() {} }\n"
            ),
            f"b.{suffix}": (
                "import { A } from './a';\nconst x = new A();\n"
                "x.«run();\nnew A().«run();\ny.run();\n"
            ),
        }
    )


def test_ecmascript_exports() -> None:
    check(
        {
            "a.ts": "export function «<CURSOR>$go() {}\n",
            "b.ts": "export { «$go as go } from './a';\nexport * from './a';\n",
            "c.ts": "import { «$go } from './b';\n«$go();\nx.$go();\n",
        }
    )


def test_rust() -> None:
    check(
        {
            "src/lib.rs": "pub mod a;\nmod b;\n",
            "src/a.rs": (
                "pub struct «<CURSOR>Shape;\nimpl «Shape { pub fn new() -> Self { «Shape } }\n"
                "mod inner { struct Shape; }\n"
            ),
            "src/b.rs": "use crate::a::«Shape;\nfn f(s: &«Shape) -> Vec<«Shape> { «Shape::new(); vec![] }\n",
            "src/c.rs": "use std::Shape;\nfn f(s: Shape) {}\n",
        }
    )


def test_go() -> None:
    check(
        {
            "go.mod": "module m\n",
            "a/a.go": "package a\n\ntype T struct{}\n\nfunc (t *T) «<CURSOR>Run() {}\n\nfunc Run() {}\n",
            "b.go": 'package main\n\nimport "m/a"\n\nfunc f(t *a.T) {\n\tt.«Run()\n\ta.Run()\n}\n',
        }
    )


def test_java_overrides_change_together() -> None:
    check(
        {
            "a/A.java": "package a;\nclass A { void «<CURSOR>run() {} void f() { «run(); this.«run(); } }\n",
            "a/B.java": "package a;\nclass B extends A { void «run() { super.«run(); } }\n",
            "a/C.java": "package a;\nclass C { void run() {} }\n",
        }
    )


def test_rust_paths_of_2015_begin_at_the_crates_root() -> None:
    check(
        {
            "src/lib.rs": "pub mod common;\nmod reader;\n",
            "src/common.rs": "pub struct «<CURSOR>Version;\n",
            "src/reader/mod.rs": "use common::{self, «Version};\nmod parser;\nstatic X: common::«Version = «Version;\n",
            "src/reader/parser.rs": "use std::fmt;\nuse common::«Version;\nfn f(v: «Version, w: fmt::Version) {}\n",
        }
    )


def test_rust_modules_that_are_files_below_one_within_a_file() -> None:
    check(
        {
            "src/lib.rs": "mod inner {\n    pub mod pixel;\n    pub mod rgb;\n}\nmod alt;\n",
            "src/inner/pixel.rs": "pub trait «<CURSOR>Map {}\npub struct One;\n",
            "src/inner/rgb.rs": "use super::pixel::*;\nimpl «Map for u8 {}\n",
            "src/alt.rs": "use crate::inner::pixel::*;\nimpl «Map for One {}\n",
        }
    )


@pytest.mark.parametrize("taken", ["*", "«Pixel"])
def test_rust_impls_of_a_type_of_another_file(taken: str) -> None:
    check(
        {
            "src/lib.rs": "mod alt;\nmod rgb;\n",
            "src/alt.rs": "pub struct «<CURSOR>Pixel<T> { b: T }\nimpl «Pixel<u8> {}\n",
            "src/rgb.rs": f"use crate::alt::{taken};\nimpl<T> «Pixel<T> {{\n  fn x(y: «Pixel<u8>) {{}}\n}}\n",
            "src/far.rs": "struct Pixel;\nimpl Pixel {}\n",
        }
    )


def test_members_of_a_type_of_typescript_hide_no_name_in_it() -> None:
    check(
        {
            "a.ts": (
                "export interface «<CURSOR>Group { n: number }\n"
                "export type All = {\n    Group: «Group\n    Other: «Group\n}\n"
                "class Box {\n    Group: «Group;\n}\n"
            )
        }
    )


def test_rust_traits_and_their_impls_change_together() -> None:
    check(
        {
            "src/lib.rs": (
                "pub trait Draw { fn «<CURSOR>draw(&self); }\nstruct A;\nstruct B;\n"
                "impl Draw for A { fn «draw(&self) {} }\nimpl B { fn draw(&self) {} }\n"
                "fn f(a: A, b: B) { a.«draw(); b.draw(); }\n"
            )
        }
    )


def test_what_makes_a_class_overrides_nothing() -> None:
    check(
        {
            "a.ts": (
                "class A { constructor() {} }\nclass B extends A { «<CURSOR>constructor() { super(); } }\n"
                "new A();\nnew «B();\n"
            )
        }
    )


def test_cpp() -> None:
    check(
        {
            "a.h": "class A { public: void «<CURSOR>run(); };\nclass B { void run(); };\n",
            "b.cpp": '#include "a.h"\nvoid f(A *a) { a->«run(); }\n',
        }
    )


def test_lua() -> None:
    check(
        {
            "a.lua": "local M = {}\nfunction M.«<CURSOR>run() end\nreturn M\n",
            "b.lua": 'local a = require("a")\na.«run()\nprint(run)\n',
        }
    )


def test_rust_modules_that_are_files_with_use_trees_and_re_exports() -> None:
    check(
        {
            "src/lib.rs": "mod tables;\npub use tables::{«kern as kerning, head};\n\nfn f() {\n    tables::«kern::go();\n}\n",
            "src/tables/mod.rs": "mod sub;\npub mod head;\npub use sub::«kern;\n",
            "src/tables/sub/mod.rs": "pub mod «<CURSOR>kern;\n",
            "src/tables/sub/kern.rs": "pub fn go() {}\n",
            "src/tables/head.rs": "fn kern() {}\n",
        }
    )


def test_a_key_and_a_field_are_not_the_module_of_their_name() -> None:
    check(
        {
            "src/lib.rs": (
                "mod «<CURSOR>ending;\npub use «ending::Ending;\n\npub struct Options {\n    pub ending: Ending,\n}\n\n"
                "fn f(o: &Options) -> Options {\n    «ending::go();\n    Options { ending: o.ending }\n}\n"
            ),
            "src/ending.rs": "pub enum Ending {}\npub fn go() {}\n",
        }
    )
    check(
        {
            "a.ts": "export function «<CURSOR>size() {}\n",
            "b.ts": "import { «size } from './a'\n\nuse({ size: 1 })\nuse({ «size })\nuse({ other: «size })\n",
        }
    )


def test_a_value_of_unknown_type_counts_where_compilers_know_all_types_and_the_file_names_the_class() -> (
    None
):
    check(
        {
            "src/lib.rs": (
                "pub struct Page;\npub struct Sheet;\nimpl Page { pub fn «<CURSOR>turn(&self) {} }\n"
                "impl Sheet { pub fn turn(&self) {} }\n"
            ),
            "src/a.rs": "use crate::Page;\nfn f() { made_by(Page, |p| p.«turn()); }\n",
            "src/b.rs": "fn f() { made_by(|p| p.turn()); }\n",
            "src/c.rs": "use crate::Sheet;\nfn f(s: &Sheet) { s.turn(); made_by(|s| s.turn()); }\n",
        }
    )
    check(
        {
            "a.py": "class Page:\n    def «<CURSOR>turn(self): ...\n",
            "b.py": "from a import Page\n\ndef f(p):\n    p.turn()\n",
        }
    )


def test_overrides_of_overrides_change_together() -> None:
    check(
        {
            "a.ts": (
                "export abstract class A { abstract «run(): void; }\n"
                "export class B extends A { «<CURSOR>run() {} }\n"
                "export class C extends A { «run() {} }\nclass Other { run() {} }\n"
            ),
            "b.ts": "import { C } from './a';\nclass D extends C { «run() {} }\n",
        }
    )


def test_a_macro_of_rust_is_known_in_all_of_its_crate() -> None:
    check(
        {
            "one/src/lib.rs": "#[macro_use]\nmod tools;\nmod a;\nfn go() { «go!(1); }\n",
            "one/src/tools.rs": "macro_rules! «<CURSOR>go { ($x:expr) => { $x } }\n",
            "one/src/a.rs": "fn f() { let x = «go!(go(1)); go(); }\n",
            "two/src/lib.rs": "fn f() { go!(1); }\n",
        }
    )


def test_what_a_function_is_given_may_be_of_another_type_than_it_seems() -> None:
    other = "class Other {}\n"
    shape = "class Shape {\n  find(go: Other) {}\n  «<CURSOR>isRound() {}\n}\n"
    use = "function f(all: Shape[]) {\n  return all.find((one) => one.«isRound());\n}\n"
    check({"a.ts": other + shape + use})
