"""The names that import statements bind, and what they mean elsewhere."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.spans import Span, trimmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import tree_sitter

    from twolane_context.captures import Bound, Captures

_VERSION = re.compile(r"/v\d+$|\.v\d+$")
_AFFIX = re.compile(r"^go-|[-.]go$")
# What a module of JavaScript is mainly there for: `export default`, `module.exports =`.
DEFAULT = "default"
_QUOTES = "\"'`<>"


class Binding(NamedTuple):
    """One name that an import binds.

    Attributes:
        name: the name in this file; `*` for a wildcard, which may bind any.
        module: where it comes from, as written: `a.b`, `..c`, `./d`, `crate::e`, `f/g.h`.
        of: what it is called there; empty for the module itself.
    """

    name: str
    module: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: where it stands, and what it binds, in order."""

    span: Span
    bindings: tuple[Binding, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it binds in this file."""
        return tuple(dict.fromkeys(binding.name for binding in self.bindings))


def imports(
    found: Captures, source: bytes, nodes: Sequence[tree_sitter.Node]
) -> tuple[Import, ...]:
    """Each of the statements with what it binds, both in source order."""
    spans = sorted({Span(node.start_byte, trimmed(source, node.end_byte)) for node in nodes})
    starts = [span.start for span in spans]
    bindings: list[dict[Binding, None]] = [{} for _ in spans]
    for bound in sorted(found.bound, key=lambda one: one.node.start_byte):
        index = bisect_right(starts, bound.node.start_byte) - 1
        if index < 0 or bound.node.end_byte > spans[index].end:
            continue  # the pattern also fits outside imports
        binding = _binding(bound, found, source)
        if binding.name:
            bindings[index][binding] = None
    return tuple(Import(span, tuple(bound)) for span, bound in zip(spans, bindings, strict=True))


def _binding(bound: Bound, found: Captures, source: bytes) -> Binding:
    def text(node: tree_sitter.Node) -> str:
        return source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    name = text(bound.node)
    module = text(bound.module).strip(_QUOTES) if bound.module else ""
    of = text(bound.of) if bound.of else name
    match bound.kind:
        case "bound.any":
            name = of = "*"
        case "bound.path":
            name, module, of = package_name(name), name, ""
        case "bound.module":
            of = ""
        case "bound.default" if bound.module is None:
            name = DEFAULT
        case "bound.default":
            of = DEFAULT
        case _:
            pass
    before: list[str] = []
    for scope, prefix in found.scopes:
        if prefix.end_byte < bound.node.start_byte and bound.node.end_byte <= scope.end_byte:
            before.append(text(prefix))
    return Binding(name, "::".join([*before, module] if module else before), of)


def package_name(path: str) -> str:
    """The name that a Go import path most likely binds: `yaml` for `gopkg.in/yaml.v3`.

    Only the package itself knows; its last path element, without version and `go-`, is the custom.
    """
    return _AFFIX.sub("", _VERSION.sub("", path).rpartition("/")[2])
