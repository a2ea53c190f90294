from __future__ import annotations

from support_sources import Shown, shown


def test_every_kind_of_declaration() -> None:
    source = """\
package m

// Sum adds 😀.
func Sum[T int | float64](a, b T) (T, error) {
	add := func(x T) T { return x }
	return add(a), nil
}

func (s *Stack[T]) Push(é T) { type local struct{ a int } }

func external(a int) int

type S struct { a int }

// I is one.
type I interface {
	// M is in it.
	M(a int) error
}

type (
	// A is another name.
	A = int
	B struct {
		c int
	}
)
type G[T any] []T
const X = 1
"""
    assert shown("a.go", source) == [
        Shown(
            "function",
            "Sum",
            "func Sum[T int | float64](a, b T) (T, error)",
            "// Sum adds 😀.",
        ),
        Shown("method", "Push", "func (s *Stack[T]) Push(é T)"),
        Shown("struct", "local", "type local struct", None, "Push"),
        Shown("function", "external", "func external(a int) int"),
        Shown("struct", "S", "type S struct"),
        Shown("interface", "I", "type I interface", "// I is one."),
        Shown("method", "M", "M(a int) error", "// M is in it.", "I"),
        Shown("type", "A", "A = int", "// A is another name."),
        Shown("struct", "B", "B struct"),
        Shown("type", "G", "type G[T any] []T"),
    ]


def test_broken_code_gives_what_is_there() -> None:
    source = "package m\nfunc a() {}\ntype S struct { a int }\nfunc b( {\n"
    assert [one.name for one in shown("a.go", source)][:2] == ["a", "S"]
