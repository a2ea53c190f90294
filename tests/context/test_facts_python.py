from __future__ import annotations

from support_sources import Shown, shown


def test_functions_classes_and_what_is_in_them() -> None:
    source = '''\
"""The module's own, which belongs to no definition."""

class A[T](Base, metaclass=M):
    """Doc."""

    x: int = 1

    @property
    @other(1)
    # why
    async def é(self) -> int:
        # first
        r"""Raw doc."""
        def inner(y): return y

        return inner(1)

    if x:
        def g(self): "one line"

def f(
    a: int,  # 😀
    *b: str,
) -> None:
    pass

type Pair[T] = tuple[T, T]
'''
    assert shown("a.py", source) == [
        Shown("class", "A", "class A[T](Base, metaclass=M):", '"""Doc."""'),
        Shown(
            "method",
            "é",
            "@property\n    @other(1)\n    # why\n    async def é(self) -> int:",
            'r"""Raw doc."""',
            "A",
        ),
        Shown("function", "inner", "def inner(y):", None, "é"),
        Shown("method", "g", "def g(self):", '"one line"', "A"),
        Shown("function", "f", "def f(\n    a: int,  # 😀\n    *b: str,\n) -> None:"),
        Shown("type", "Pair", "type Pair[T] = tuple[T, T]"),
    ]


def test_overloads_are_definitions_each() -> None:
    source = "@overload\ndef f(a: int) -> int: ...\n@overload\ndef f(a: str) -> str: ...\n"
    assert [(one.name, one.signature) for one in shown("a.py", source)] == [
        ("f", "@overload\ndef f(a: int) -> int:"),
        ("f", "@overload\ndef f(a: str) -> str:"),
    ]


def test_local_variables_and_lambdas_are_no_definitions() -> None:
    assert shown("a.py", "x = 1\nf = lambda y: y\nfor z in f: pass\n") == []


def test_broken_code_gives_what_is_there() -> None:
    source = "def a(): pass\n\ndef b(:\n    pass\n\nclass C:\n    def d(self):\n"
    assert [(one.kind, one.name) for one in shown("a.py", source)] == [
        ("function", "a"),
        ("function", "b"),
        ("class", "C"),
        ("method", "d"),
    ]
