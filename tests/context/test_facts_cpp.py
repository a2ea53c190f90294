from __future__ import annotations

import pytest

from support_sources import Shown, parsed, shown, variables
from twolane_context.facts import extract


def test_namespaces_types_and_functions() -> None:
    source = """\
namespace a::b { void inner() {} }
namespace { int hidden() { return 1; } }
namespace alias = a::b;
using V = std::vector<int>;
template <class T> using W = V<T>;
template <class T> concept C = true;
enum class E : int { X = 1 };
struct Forward;
template <> struct hash<A> { size_t operator()(const A &a) const { return 1; } };
struct A::B { int x; };
extern "C" { int c(void); }
extern "C" int d(void) { return 1; }
bool operator==(const A &a, const A &b) { return true; }
template <> void special<int>(int a) {}
template <class T> T proto(T a);
const A &ref() { static A a; return a; }
auto lambda = [](int x) { return x; };
"""
    assert shown("a.cpp", source) == [
        Shown("module", "a::b", "namespace a::b"),
        Shown("function", "inner", "void inner()", None, "a::b"),
        Shown("function", "hidden", "int hidden()"),
        Shown("type", "V", "using V = std::vector<int>;"),
        Shown("type", "W", "template <class T> using W = V<T>;"),
        Shown("type", "C", "template <class T> concept C = true;"),
        Shown("enum", "E", "enum class E : int"),
        Shown("struct", "hash", "template <> struct hash<A>"),
        Shown("method", "operator()", "size_t operator()(const A &a) const", None, "hash"),
        Shown("struct", "B", "struct A::B"),
        Shown("function", "c", "int c(void);"),
        Shown("function", "d", 'extern "C" int d(void)'),
        Shown("function", "operator==", "bool operator==(const A &a, const A &b)"),
        Shown("function", "special", "template <> void special<int>(int a)"),
        Shown("function", "proto", "template <class T> T proto(T a);"),
        Shown("function", "ref", "const A &ref()"),
        Shown("function", "lambda", "auto lambda = [](int x)"),
    ]


CLASS = """\
/** Doc. */
template <typename T>
class A : public B<T>, n::C {
 public:
  A();
  explicit A(int x) : x(x) {}
  virtual ~A();
  /// Does f.
  [[nodiscard]] int f() const override;
  virtual void pure() = 0;
  A &operator=(const A &) = default;
  template <class U> void h(U u) {}
  int *ptr();
  T &get() { return t; }
  friend void fr(A);
  enum Kind { P };
  struct Node { Node *next; void m() {} };
  void (*cb)(int);
  std::string name = "x";
};
"""


def test_members() -> None:
    assert shown("a.hpp", CLASS) == [
        Shown("class", "A", "template <typename T>\nclass A : public B<T>, n::C", "/** Doc. */"),
        Shown("method", "A", "A();", None, "A"),
        Shown("method", "A", "explicit A(int x) : x(x)", None, "A"),
        Shown("method", "~A", "virtual ~A();", None, "A"),
        Shown("method", "f", "[[nodiscard]] int f() const override;", "/// Does f.", "A"),
        Shown("method", "pure", "virtual void pure() = 0;", None, "A"),
        Shown("method", "operator=", "A &operator=(const A &) = default;", None, "A"),
        Shown("method", "h", "template <class U> void h(U u)", None, "A"),
        Shown("method", "ptr", "int *ptr();", None, "A"),
        Shown("method", "get", "T &get()", None, "A"),
        Shown("function", "fr", "friend void fr(A);", None, "A"),
        Shown("enum", "Kind", "enum Kind", None, "A"),
        Shown("struct", "Node", "struct Node", None, "A"),
        Shown("method", "m", "void m()", None, "Node"),
    ]
    facts = extract(parsed("a.hpp", CLASS))
    assert [one.name for one in variables(facts)] == ["P", "next", "cb", "name"]
    assert variables(facts)[-1].bases[0] == "std::string"
    assert facts.definitions[0].bases == ("B", "T", "n::C")


def test_members_outside_their_class_have_their_own_name() -> None:
    source = """\
void A::f() {}
template <class T> int *n::A<T>::g(int x) { return 0; }
A::A() : x(1), y{2} {}
n::m::A::~A() {}
A &A::operator=(const A &) { return *this; }
const T &A::h() const { return t; }
"""
    found = shown("a.cc", source)
    assert [one.name for one in found] == ["f", "g", "A", "~A", "operator=", "h"]
    assert {one.kind for one in found} == {"method"}
    assert found[2].signature == "A::A() : x(1), y{2}"


def test_what_looks_like_a_prototype_in_a_function_is_a_variable() -> None:
    source = "void f() { A a(b); std::vector<int> v(n); Lock lock(mutex_); }\n"
    assert [one.name for one in shown("a.cpp", source)] == ["f"]


@pytest.mark.parametrize(
    "head",
    [
        "class API A",
        "struct API A",
        "class API A final",
        "class API A : public B",
        "class API A : public n::B",
        "class API A final : public B",
    ],
)
def test_a_macro_before_its_name_hides_no_class(head: str) -> None:
    found = shown("a.h", f"{head} {{ public: void f() const; int g() {{ return 1; }} }};\n")
    assert [one.name for one in found if one.kind in {"class", "struct"}] == ["A"]
    assert ("method", "g", "A") in [(one.kind, one.name, one.parent) for one in found]


def test_a_macro_before_its_type_hides_no_function() -> None:
    lines = "".join(f"EXPORT Err f{n}(A a, B *b);\n" for n in range(20))
    for source in (lines, f'#ifdef X\nextern "C" {{\n#endif\n{lines}#ifdef X\n}}\n#endif\n'):
        assert [one.name for one in shown("a.h", source)] == [f"f{n}" for n in range(20)]


def test_broken_code_gives_what_is_there() -> None:
    source = "namespace n {\nclass A { void a() {} };\nvoid b( {\nvoid c() { return ; }\n"
    assert "A" in {one.name for one in shown("a.cpp", source)}
