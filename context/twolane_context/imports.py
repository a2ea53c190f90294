"""The names that import statements bind, and what they mean elsewhere."""

from __future__ import annotations

import re
from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.spans import Span, trimmed
from twolane_context.trees import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import tree_sitter

    from twolane_context.captures import Captures, Found, Nodes

_VERSION = re.compile(r"/v\d+$|\.v\d+$")
_AFFIX = re.compile(r"^go-|[-.]go$")
# What a module of JavaScript is mainly there for: `export default`, `module.exports =`.
DEFAULT = "default"
_QUOTES = "\"'`<>"


class Binding(NamedTuple):
    """One name that an import binds.

    Attributes:
        module: where it comes from, as written: `a.b`, `..c`, `./d`, `crate::e`, `f/g.h`.
        name: the name in this file; `*` for a wildcard, which may bind any.
        of: what it is called there; empty for the module itself.
    """

    module: str
    name: str
    of: str = ""


class Import(NamedTuple):
    """One import statement: where it stands (in bytes), and what it binds, in order."""

    start: int
    end: int
    bindings: tuple[Binding, ...] = ()

    @property
    def span(self) -> Span:
        """All of it."""
        return Span(self.start, self.end)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it binds in this file."""
        return tuple(dict.fromkeys(binding.name for binding in self.bindings))


def imports(found: Captures, source: bytes, statement: str) -> tuple[Import, ...]:
    """Each `statement` ("import" or "export") with what it binds, both in source order."""
    nodes = (node for _, captured, _, _ in found[statement] for node in captured)
    places = sorted({(node.start_byte, trimmed(source, node.end_byte)) for node in nodes})
    bindings: list[dict[Binding, None]] = [{} for _ in places]
    bound = [(node.start_byte, node, *one) for one in found["bound"] if places for node in one[1]]
    for at, node, kind, _, _, rest in sorted(bound, key=itemgetter(0)):
        index = bisect_right(places, at, key=itemgetter(0)) - 1
        if index >= 0 and node.end_byte <= places[index][1]:  # the pattern may also fit elsewhere
            binding = _binding(source, kind, node, rest, found["scope"])
            if binding.name:
                bindings[index][binding] = None
    return tuple(
        Import(*place, tuple(names)) for place, names in zip(places, bindings, strict=True)
    )


def _binding(
    source: bytes, kind: str, node: tree_sitter.Node, nodes: Nodes, scopes: Sequence[Found]
) -> Binding:
    name = text_of(source, node)
    of = text_of(source, nodes["of"][0]) if "of" in nodes else name
    module = text_of(source, nodes["from"][0]).strip(_QUOTES) if "from" in nodes else ""
    for _, (scope,), _, path in reversed(scopes):
        prefix = path["prefix"][0]
        if prefix.end_byte < node.start_byte and node.end_byte <= scope.end_byte:
            module = "::".join(filter(None, (text_of(source, prefix), module)))
    if kind == "bound.path":
        return Binding(module, package_name(name))
    if kind == "bound.default":
        return Binding(module, name, DEFAULT) if module else Binding(module, DEFAULT, of)
    if kind == "bound.any":
        name = of = "*"
    return Binding(module, name, "" if kind == "bound.module" else of)


def package_name(path: str) -> str:
    """The name that a Go import path most likely binds: `yaml` for `gopkg.in/yaml.v3`.

    Only the package itself knows; its last path element, without version and `go-`, is the custom.
    """
    return _AFFIX.sub("", _VERSION.sub("", path).rpartition("/")[2])
