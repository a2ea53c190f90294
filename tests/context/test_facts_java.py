from __future__ import annotations

from support_sources import Shown, parsed, shown, variables
from twolane_context.facts import extract

SOURCE = """\
package a.b;

/** Doc é😀. */
@Ann(1)
public class A<T> extends B<T> implements C, n.D {
  private final List<Foo> x = 1;
  static int z;
  /** Does m. */
  @Override
  public <U> Foo m(int a) throws E { Runnable r = () -> {}; return null; }
  A() { super(); }
  // Plain.
  record P(int a) { P { } }
  enum Color { RED, BLUE(1) { void q() {} }; int v; }
  interface I extends J, K { int k(); default void d() {} }
  @interface An { int value() default 1; }
  static { new Foo() { void anon() {} }; }
}
"""


def test_every_kind_of_declaration() -> None:
    assert shown("A.java", SOURCE) == [
        Shown(
            "class",
            "A",
            "@Ann(1)\npublic class A<T> extends B<T> implements C, n.D",
            "/** Doc é😀. */",
        ),
        Shown(
            "method",
            "m",
            "@Override\n  public <U> Foo m(int a) throws E",
            "/** Does m. */",
            "A",
        ),
        Shown("method", "A", "A()", None, "A"),
        Shown("class", "P", "record P(int a)", None, "A"),
        Shown("method", "P", "P", None, "P"),
        Shown("enum", "Color", "enum Color", None, "A"),
        Shown("method", "q", "void q()", None, "Color"),
        Shown("interface", "I", "interface I extends J, K", None, "A"),
        Shown("method", "k", "int k();", None, "I"),
        Shown("method", "d", "default void d()", None, "I"),
        Shown("interface", "An", "@interface An", None, "A"),
        Shown("method", "value", "int value() default 1;", None, "An"),
        Shown("method", "anon", "void anon()", None, "A"),
    ]


def test_fields_and_the_types_of_things() -> None:
    facts = extract(parsed("A.java", SOURCE))
    names = [one.name for one in variables(facts)]
    assert names == ["x", "z", "a", "RED", "BLUE", "v"]
    assert variables(facts)[0].bases == ("List", "Foo")
    bases = {one.name: one.bases for one in facts.definitions if one.bases}
    assert bases == {"A": ("B", "T", "C", "n.D"), "m": ("Foo",), "I": ("J", "K")}


def test_broken_code_gives_what_is_there() -> None:
    source = "class A { void a() {} void b( { } int c() { return ; } }\nclass B {}\n"
    assert {"A", "a"} <= {one.name for one in shown("A.java", source)}
