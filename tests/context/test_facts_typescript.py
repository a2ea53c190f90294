from __future__ import annotations

import pytest

from support_sources import Shown, parsed, shown
from twolane_context.definitions import Kind
from twolane_context.facts import extract

BOTH = pytest.mark.parametrize("path", ["a.ts", "a.tsx"])
ALL = pytest.mark.parametrize("path", ["a.ts", "a.tsx", "a.js"])


@ALL
def test_functions_in_every_form(path: str) -> None:
    source = """\
/** Doc é. */
export async function f(a, b = {}) { const inner = () => 1; let local = 2; }
export default function* g() {}
export const h = async (x) => x + 1;
const i = function named() { return 1; };
let a = 1, j = () => {}, k = 2;
var l = function* () {};
exports.m = function () {};
A.prototype.n = () => 2;
"""
    assert shown(path, source) == [
        Shown("function", "f", "export async function f(a, b = {})", "/** Doc é. */"),
        Shown("function", "inner", "const inner = () =>", None, "f"),
        Shown("function", "g", "export default function* g()"),
        Shown("function", "h", "export const h = async (x) =>"),
        Shown("function", "i", "const i = function named()"),
        Shown("function", "j", "j = () =>"),
        Shown("function", "l", "var l = function* ()"),
        Shown("function", "m", "exports.m = function ()"),
        Shown("function", "n", "A.prototype.n = () =>"),
    ]


@ALL
def test_what_has_no_name_is_called_default(path: str) -> None:
    for source in (
        "export default () => 1;",
        "export default function () {}",
        "export default class extends B {}",
    ):
        assert [one.name for one in shown(path, source)] == ["default"]


@ALL
def test_classes_and_their_methods(path: str) -> None:
    source = """\
/** Doc. */
export class A extends B {
  x = 1;
  constructor(a) { super(a); }
  /** Doc of m. */
  static async m(a) {}
  get y() { return 1; }
  #hidden() {}
  ['computed']() {}
  arrow = (a) => a;
}
const C = class { z() {} };
const o = { q() {} };
"""
    assert shown(path, source) == [
        Shown("class", "A", "export class A extends B", "/** Doc. */"),
        Shown("method", "constructor", "constructor(a)", None, "A"),
        Shown("method", "m", "static async m(a)", "/** Doc of m. */", "A"),
        Shown("method", "y", "get y()", None, "A"),
        Shown("method", "#hidden", "#hidden()", None, "A"),
        Shown("method", "['computed']", "['computed']()", None, "A"),
        Shown("method", "arrow", "arrow = (a) =>", None, "A"),
        Shown("class", "C", "const C = class"),
        Shown("method", "z", "z()", None, "C"),
        Shown("method", "q", "q()"),
    ]


@ALL
def test_decorators_belong_to_what_they_decorate(path: str) -> None:
    source = """\
/** Doc. */
@Dec({ a: 1 })
export class A {
  /** Doc of m. */
  @first()
  // why
  @second
  m() {}
  n() {}
}
@Dec
class B {}
"""
    assert shown(path, source) == [
        Shown("class", "A", "@Dec({ a: 1 })\nexport class A", "/** Doc. */"),
        Shown("method", "m", "@first()\n  // why\n  @second\n  m()", "/** Doc of m. */", "A"),
        Shown("method", "n", "n()", None, "A"),
        Shown("class", "B", "@Dec\nclass B"),
    ]


@BOTH
def test_types_and_overloads(path: str) -> None:
    source = """\
/** Of the first. */
function over(a: string): void;
function over(a: number): void;
function over(a: any) {}
export interface I<T> extends J { a: string; /** Doc. */ m(): void }
export type X = A | { b: string };
declare const enum E { A }
export abstract class Ab<T> { abstract k(a: T): void; l?(): void {} }
export namespace N { export function q(): void {} }
declare module "foo" { function r(): void; }
export declare function s<T extends X>(a: T): T;
const t = async <T,>(x: T): Promise<T> => x;
"""
    assert shown(path, source) == [
        Shown("function", "over", "function over(a: string): void;", "/** Of the first. */"),
        Shown("function", "over", "function over(a: number): void;"),
        Shown("function", "over", "function over(a: any)"),
        Shown("interface", "I", "export interface I<T> extends J"),
        Shown("method", "m", "m(): void", "/** Doc. */", "I"),
        Shown("type", "X", "export type X = A | { b: string };"),
        Shown("enum", "E", "declare const enum E"),
        Shown("class", "Ab", "export abstract class Ab<T>"),
        Shown("method", "k", "abstract k(a: T): void", None, "Ab"),
        Shown("method", "l", "l?(): void", None, "Ab"),
        Shown("module", "N", "export namespace N"),
        Shown("function", "q", "export function q(): void", None, "N"),
        Shown("module", '"foo"', 'declare module "foo"'),
        Shown("function", "r", "function r(): void;", None, '"foo"'),
        Shown("function", "s", "export declare function s<T extends X>(a: T): T;"),
        Shown("function", "t", "const t = async <T,>(x: T): Promise<T> =>"),
    ]


@pytest.mark.parametrize("path", ["a.tsx", "a.js"])
def test_components(path: str) -> None:
    source = "export const F = ({ a }) => (\n  <div onClick={() => a}>é {a}</div>\n);\n"
    assert shown(path, source) == [Shown("function", "F", "export const F = ({ a }) =>")]


@ALL
def test_broken_code_gives_what_is_there(path: str) -> None:
    source = "function a() {}\nclass B { m() { let x = ; } }\nfunction c( {\nconst d = () => {\n"
    assert {"a", "B", "m"} <= {one.name for one in shown(path, source)}


def test_what_a_function_in_an_object_returns_is_not_the_type_of_the_object() -> None:
    facts = extract(parsed("a.ts", "const a: A = { f(): B { return b; } };"))
    assert [(one.name, one.bases) for one in facts.symbols] == [("a", ("A",)), ("f", ("B",))]


@BOTH
def test_the_members_of_a_type_are_its_body(path: str) -> None:
    source = "export type Box<T> = {\n  held: T\n}\ntype Both = Box<1> & { more: 2 }\n"
    assert shown(path, source)[0] == Shown("type", "Box", "export type Box<T> =")
    assert shown(path, source)[1] == Shown("type", "Both", "type Both = Box<1> & { more: 2 }")


@BOTH
def test_signatures_without_a_name_are_called_by_their_bracket(path: str) -> None:
    source = "interface Log { (text: string): void; new (to: File): Log }\n"
    names = [one.name for one in extract(parsed(path, source)).symbols]
    assert names == ["Log", "(", "("]


def test_what_is_declared_without_a_body_is_a_variable() -> None:
    facts = extract(parsed("a.d.ts", "declare const DEV: boolean;\ndeclare let a: A, b: $B;\n"))
    assert [(one.name, one.kind, one.bases) for one in facts.symbols] == [
        ("DEV", Kind.VARIABLE, ("boolean",)),
        ("a", Kind.VARIABLE, ("A",)),
        ("b", Kind.VARIABLE, ("$B",)),
    ]


@BOTH
@pytest.mark.parametrize(
    "source",
    [
        "interface A<out T, in U = T> { a: T }\n",
        "interface A<\n  in out T,\n  // Said.\n  out U extends T,\n  out V\n> {\n  a: T\n}\n",
        "type A<in T extends string> = { a: T }\n",
        "interface A<in T, out U = T> { a: T }\nif ('a' in b && c) {}\nfor (const k in d ) {}\n",
        "interface A {\n  <T>(x: T): T\n  // Named.\n  <T, U>(name: string, x: T): T\n  a: T\n}\n",
    ],
)
def test_what_the_grammar_does_not_know_hides_nothing(path: str, source: str) -> None:
    tree = parsed(path, source + "class B {}\n")
    assert tree.source == source.encode() + b"class B {}\n"
    assert not tree.tree.root_node.has_error
    names = [one.name for one in extract(tree).symbols if one.name != "("]
    assert names == ["A", "a", "B"]
    assert tree.tree.root_node.children[-1].start_point.row == source.count("\n")


@pytest.mark.parametrize(("path", "type_"), [("a.ts", "A<out T> | ("), ("a.js", "A<out T>")])
def test_what_is_broken_stays_so(path: str, type_: str) -> None:
    assert parsed(path, f"class {type_} {{}}\n").tree.root_node.has_error


@BOTH
@pytest.mark.parametrize(
    ("source", "bases"),
    [
        ("type T = A[];", ("A",)),
        ("type T = A['b'];", ("A", "b")),
        ("type T = A extends B ? C : D;", ("C", "D")),
        ("type T = typeof a;", ("typeof", "a")),
        ("type T = (x: X) => A<B>;", ("A", "B")),
    ],
)
def test_what_a_type_is_a_name_for(path: str, source: str, bases: tuple[str, ...]) -> None:
    assert extract(parsed(path, source)).symbols[-1].bases == bases
