"""The command `twolane.references`: all that a refactoring of a symbol may touch.

A command of our own and not `textDocument/references`, which the language's own server answers.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types

from twolane_context.names import WORD
from twolane_server import convert
from twolane_server.errors import ActionError
from twolane_server.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_context.references import Site
    from twolane_server.convert import Encoding
    from twolane_server.repositories.live import Live
    from twolane_server.session import Session

REFERENCES = "twolane.references"


async def references(
    session: Session, live: Live, argument: object, encoding: Encoding
) -> list[dict[str, object]]:
    """The places as `Location`s, by file and position; none where no name stands.

    Args:
        session: what is open.
        live: knows the repositories.
        argument: an object with `uri` and `position`.
        encoding: how the client counts columns.

    Raises:
        ActionError: the argument has another form, or the document is not open.
    """
    try:
        given = cast("dict[str, Any]", argument)
        uri, place = str(given["uri"]), given["position"]
        position = types.Position(int(place["line"]), int(place["character"]))
    except (KeyError, TypeError, ValueError):
        raise ActionError(
            "twolane.references takes one object with `uri` and `position`."
        ) from None
    document = session.document(uri)
    if document is None:
        raise ActionError("This document is not open in the editor, so there is no place in it.")
    at = convert.offset(document.text, position, encoding)
    known = await live.references(document.path, at)
    if known is None:
        return []
    root, found = known
    return [
        {"uri": (root / path).as_uri(), "range": area}
        for path, source in found.texts.items()
        for area in _areas(source, (s for s in found.sites if s.path == path), encoding)
    ]


def _areas(source: bytes, sites: Iterable[Site], encoding: Encoding) -> list[dict[str, object]]:
    starts = [0, *accumulate(len(line) + 1 for line in source.split(b"\n"))]
    found: list[dict[str, object]] = []
    for site in sites:
        at = starts[site.row] + site.column
        word = WORD.match(source, at)
        ends = {"start": at, "end": word.end() if word else at}
        found.append({name: _position(source[:end], encoding) for name, end in ends.items()})
    return found


def _position(before: bytes, encoding: Encoding) -> dict[str, int]:
    """The editor's position behind some bytes of a file; its lines end where LSP says."""
    lines = split_lines(before.decode("utf-8", "replace"))
    return {"line": len(lines) - 1, "character": convert.units(lines[-1], encoding)}
