from __future__ import annotations

import pytest

from support_sources import Shown, parsed, shown, variables
from twolane_context.facts import extract

SOURCE = """\
#include <stdio.h>
#define LIMIT 10
#define GUARD_H
#define MAX(a, b) \\
  ((a) > (b) ? (a) : (b))
#define EMPTY(x)

/** Doc. */
struct s { int a; struct t *next; void (*call)(int); };
struct later;
typedef struct s S;
typedef struct same { int b; } same;
typedef struct tag { int b; } Other;
typedef struct { int c; } Anon, *AnonP;
typedef enum { RED, GREEN = 2 } Color;
enum e { X };
union u { int a; float b; };
typedef int (*callback)(int);
typedef unsigned long ul;

static const int G = 1, *p, list[3] = {0};
int proto(int a, int f(int)); /**< Of proto. */
char **pproto(void);

/// Sums
/// é😀.
static int f(int a, struct s *b) { int local = 1; S x; return MAX(a, local); }
struct s *g(void) { return 0; }
const char *const *h(void) { return 0; }
#ifdef A
void in_if(void);
#else
void in_else(void) {}
#endif
"""


@pytest.mark.parametrize("path", ["a.c", "a.h"])
def test_every_kind_of_declaration(path: str) -> None:
    assert shown(path, SOURCE) == [
        Shown("function", "MAX", "#define MAX(a, b)"),
        Shown("function", "EMPTY", "#define EMPTY(x)"),
        Shown("struct", "s", "struct s", "/** Doc. */"),
        Shown("type", "S", "typedef struct s S;"),
        Shown("struct", "same", "typedef struct same"),
        Shown("type", "Other", "typedef struct tag"),
        Shown("struct", "tag", "struct tag", None, "Other"),
        Shown("struct", "Anon", "typedef struct"),
        Shown("enum", "Color", "typedef enum"),
        Shown("enum", "e", "enum e"),
        Shown("struct", "u", "union u"),
        Shown("type", "callback", "typedef int (*callback)(int);"),
        Shown("type", "ul", "typedef unsigned long ul;"),
        Shown("function", "proto", "int proto(int a, int f(int));"),
        Shown("function", "pproto", "char **pproto(void);"),
        Shown("function", "f", "static int f(int a, struct s *b)", "/// Sums\n/// é😀."),
        Shown("function", "g", "struct s *g(void)"),
        Shown("function", "h", "const char *const *h(void)"),
        Shown("function", "in_if", "void in_if(void);"),
        Shown("function", "in_else", "void in_else(void)"),
    ]


@pytest.mark.parametrize("path", ["a.c", "a.h"])
def test_variables_fields_and_the_types_of_things(path: str) -> None:
    facts = extract(parsed(path, SOURCE))
    names = [one.name for one in variables(facts)]
    assert names == [
        *["LIMIT", "a", "next", "call", "b", "b", "c", "RED", "GREEN", "X", "a", "b"],
        *["G", "p", "list"],
    ]
    assert variables(facts)[2].bases == ("t",)
    bases = {one.name: one.bases for one in facts.definitions if one.bases}
    assert bases == {"S": ("s",), "g": ("s",)}


@pytest.mark.parametrize("path", ["a.c", "a.h"])
def test_a_macro_for_a_type_hides_no_function(path: str) -> None:
    source = (
        "int x;\nAPI(int) a(void);\nAPI(int) b(int);\nAPI(T *) c(T *o, int n);\n"
        "#ifdef X\nAPI(void) d(T *o);\n#endif\nAPI(int) e(T *o, T *p);\n"
    )
    found = shown(path, source)
    assert [one.name for one in found] == ["a", "b", "c", "d", "e"]
    assert {one.kind for one in found} == {"function"}


def test_a_line_of_the_preprocessor_ends_before_its_line_end() -> None:
    for end in ("\n", "\r\n"):
        source = f"#include <a.h>{end}#define N 1 {end}#define F(x) x{end}{end}int y;{end}"
        tree = parsed("a.c", source)
        facts = extract(tree)
        spans = [facts.imports[0].span, variables(facts)[0].span, facts.definitions[0].span]
        cuts = [span.cut(tree.source) for span in spans]
        assert cuts == [b"#include <a.h>", b"#define N 1", b"#define F(x) x"]


@pytest.mark.parametrize("path", ["a.c", "a.h"])
def test_broken_code_gives_what_is_there(path: str) -> None:
    source = "int a(void) {}\nstruct s { int b; };\nint c(int { \nint d(void) { return ; }\n"
    assert {"a", "s"} <= {one.name for one in shown(path, source)}


def test_what_stands_in_an_anonymous_union_has_a_type_of_its_own() -> None:
    source = "struct s { union { struct a x; struct b y; } u; };"
    found = {one.name: one.bases for one in variables(extract(parsed("a.c", source)))}
    assert found == {"u": (), "x": ("a",), "y": ("b",)}
