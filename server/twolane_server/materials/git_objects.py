"""Reading many objects of a git repository: a process for their sizes, and few for their contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["LARGEST", "contents"]

LARGEST = 2_000_000
"""No larger file is read, in bytes: it is data."""

_ROOM = 32_000_000  # bytes that one process prints, and memory holds at once


class _Run(Protocol):
    def __call__(self, *words: str, given: bytes = b"") -> bytes: ...


def contents(run: _Run, ids: Iterable[str], size: int = LARGEST) -> dict[str, bytes | None]:
    """The first bytes of each object; `None` for one that is missing, or larger than `LARGEST`.

    Args:
        run: asks git.
        ids: the objects.
        size: how many bytes of each are kept.

    Raises:
        ActionError: git fails.
    """
    wanted = tuple(dict.fromkeys(ids))
    found: dict[str, bytes | None] = dict.fromkeys(wanted)
    told = run("cat-file", "--batch-check", given=_lines(wanted)) if wanted else b""
    sizes = {
        each: known
        for each, line in zip(wanted, told.decode().splitlines(), strict=True)
        if (known := _size(line)) is not None and known <= LARGEST
    }
    for group in _groups(sizes):
        stream, at = run("cat-file", "--batch", given=_lines(group)), 0
        for each in group:
            start = stream.index(b"\n", at) + 1
            found[each] = stream[start : start + min(size, sizes[each])]
            at = start + sizes[each] + 1
    return found


def _lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{each}\n" for each in ids).encode()


def _size(line: str) -> int | None:
    """What `<id> <type> <size>` tells; `None` for what is not there."""
    words = line.split()
    return int(words[2]) if len(words) == 3 and words[2].isdigit() else None  # noqa: PLR2004


def _groups(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """The objects that one process reads."""
    group: list[str] = []
    room = _ROOM
    for each, size in sizes.items():
        if group and size > room:
            yield group
            group, room = [], _ROOM
        group.append(each)
        room -= size
    if group:
        yield group
