from __future__ import annotations

from support_sources import Shown, shown


def test_every_kind_of_item() -> None:
    source = """\
//! Of the file.

/// Doc.
#[derive(Debug)]
pub struct S<'a, T> where T: X { a: &'a T }
struct Unit;
pub struct Tup(i32, String);
union U { a: u8 }
/** Block doc. */
pub(crate) enum E { A, B(i32) }
type Alias<T> = Vec<T>;
pub mod inner {
    //! Of the module.
    pub async fn é() {}
}
mod elsewhere;
extern "C" { fn from_c(a: i32) -> i32; }
const LOCAL: i32 = 1;
"""
    assert shown("a.rs", source) == [
        Shown("struct", "S", "#[derive(Debug)]\npub struct S<'a, T> where T: X", "/// Doc."),
        Shown("struct", "Unit", "struct Unit;"),
        Shown("struct", "Tup", "pub struct Tup(i32, String);"),
        Shown("struct", "U", "union U"),
        Shown("enum", "E", "pub(crate) enum E", "/** Block doc. */"),
        Shown("type", "Alias", "type Alias<T> = Vec<T>;"),
        Shown("module", "inner", "pub mod inner"),
        Shown("function", "é", "pub async fn é()", None, "inner"),
        Shown("module", "elsewhere", "mod elsewhere;"),
        Shown("function", "from_c", "fn from_c(a: i32) -> i32;"),
    ]


def test_functions_in_an_impl_or_a_trait_are_methods() -> None:
    source = """\
impl<T: Clone> fmt::Display for S<T> {
    type Out = i32;
    /// Doc 😀.
    #[inline]
    pub unsafe fn f<U>(&self, u: U) -> i32 where U: X {
        fn helper() {}
        1
    }
}
trait Tr: Base { type O; fn a(&self); fn b() {} }
"""
    assert shown("a.rs", source) == [
        Shown("impl", "S", "impl<T: Clone> fmt::Display for S<T>"),
        Shown("type", "Out", "type Out = i32;", None, "S"),
        Shown(
            "method",
            "f",
            "#[inline]\n    pub unsafe fn f<U>(&self, u: U) -> i32 where U: X",
            "/// Doc 😀.",
            "S",
        ),
        Shown("function", "helper", "fn helper()", None, "f"),
        Shown("trait", "Tr", "trait Tr: Base"),
        Shown("type", "O", "type O;", None, "Tr"),
        Shown("method", "a", "fn a(&self);", None, "Tr"),
        Shown("method", "b", "fn b()", None, "Tr"),
    ]


def test_an_impl_is_named_by_its_type() -> None:
    source = (
        "impl A {} impl X for a::B {} impl X for a::C<T> {} impl<T> X for &T {} impl X for [u8] {}"
    )
    assert [one.name for one in shown("a.rs", source)] == ["A", "B", "C", "&T", "[u8]"]


def test_broken_code_gives_what_is_there() -> None:
    source = "fn a() {}\nfn broken( {\nimpl S { fn b() { let x = ; } }\nfn c() {}\n"
    assert {"a", "b", "c"} <= {one.name for one in shown("a.rs", source)}
