"""The names that import statements bind."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from twolane_context.spans import Span

if TYPE_CHECKING:
    from twolane_context.captures import Captures

_VERSION = re.compile(r"/v\d+$|\.v\d+$")
_AFFIX = re.compile(r"^go-|[-.]go$")


def bindings(found: Captures, source: bytes) -> list[tuple[Span, tuple[str, ...]]]:
    """Each import statement with the names it binds, both in source order; `*` for a wildcard."""
    spans = sorted({Span(node.start_byte, node.end_byte) for node in found.imports})
    starts = [span.start for span in spans]
    names: list[dict[str, None]] = [{} for _ in spans]
    for kind, node in sorted(found.bound, key=lambda pair: pair[1].start_byte):
        index = bisect_right(starts, node.start_byte) - 1
        if index < 0 or node.end_byte > spans[index].end:
            continue  # the pattern also fits outside imports
        name = source[node.start_byte : node.end_byte].decode("utf-8", "replace")
        if kind == "bound.any":
            name = "*"
        elif kind == "bound.path":
            name = package_name(name)
        if name not in {"", "_"}:
            names[index][name] = None
    return [(span, tuple(bound)) for span, bound in zip(spans, names, strict=True)]


def package_name(path: str) -> str:
    """The name that a Go import path most likely binds: `yaml` for `gopkg.in/yaml.v3`.

    Only the package itself knows; its last path element, without version and `go-`, is the custom.
    """
    return _AFFIX.sub("", _VERSION.sub("", path).rpartition("/")[2])
