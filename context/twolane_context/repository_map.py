"""The map of a repository that stands first in prompts: its most important signatures, by file.

Servers bill a prompt's unchanged beginning at a tenth, so the map's bytes must last:

- *Choosing* is a function of the repository alone, so two processes choose the same. A definition
  counts by how many files import its name, and faintly by how many hold it; PageRank was no better.
- What is chosen stays. Bodies, comments, new functions and new files change no byte. When a shown
  signature changes or goes, the file's entry as it is now is *appended*, and the first line tells
  the model that the later of two holds: all that was there survives. A quarter of the budget is kept
  free for this. Once it is used up, or a quarter of the files came or went, all is chosen anew.
- The text of a file that is not `allowed` goes at once: it may have become secret. That a file is
  gone is appended.

The state is a value. Processes that `load` what another has `dump`ed go on with its bytes.
Choosing looks at every file's outline (0.3 s for 3,000 files: off the thread that answers) and
reads the chosen files only; a call with an earlier state reads those that changed. In a repository
most of which is not examined yet, the map is empty: nothing is demanded for it.
"""

from __future__ import annotations

import json
from collections import Counter as Tally
from functools import cache, partial
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import CALLABLES, HELD, Kind
from twolane_context.outline import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twolane_context.index import File, Index
    from twolane_context.outline import Outline
    from twolane_context.tokens import Counter

    Lines = Callable[[str], Sequence[str]]
    Allowed = Callable[[str], bool]
    _Line = tuple[int, int, str]  # of the map, behind the first and the last of the file that it is

HEADER = "Signatures by file. Of two entries for the same file, the later one holds.\n"
_RESERVE = 4  # this part of the budget is for what changes
_MOST_UNKNOWN = 50  # files to examine for a map, about 1 ms each
_LONGEST = 240  # a longer signature is a minified file's, or tells little for its price
_FAINT = 50  # files that hold a name say as much as one that imports it


class Entry(NamedTuple):
    """A file in the map.

    Attributes:
        path: within the repository.
        digest: of the content that the entry was made of, in hex; empty for a file that is gone.
        names: what was chosen of it, as `names_of` has it.
        text: its lines of the map.
        first: the first line of the file that is shown, 1-based; 0 for a path alone.
        last: the last one.
    """

    path: str
    digest: str
    names: tuple[str, ...]
    text: str
    first: int = 0
    last: int = 0


class MapState(NamedTuple):
    """A map, and what the next one goes on from. Belongs to one audience, counter and budget.

    Attributes:
        entries: in the order of the text.
        files: how many files there were when it was chosen; 0 while it could not be.
    """

    entries: tuple[Entry, ...] = ()
    files: int = 0

    @property
    def text(self) -> str:
        """The map; empty where nothing fits or is known."""
        return "".join([HEADER, *(one.text for one in self.entries)]) if self.entries else ""


def repository_map(
    index: Index,
    lines_of: Lines,
    budget: int,
    count: Counter,
    previous: MapState,
    *,
    allowed: Allowed,
) -> MapState:
    """The map of the repository, with as many of the previous one's bytes as can be.

    Args:
        index: what the audience may see.
        lines_of: the lines of a file at the index's state, without their ends.
        budget: in tokens.
        count: counts the tokens of a text.
        previous: what the last call gave for the same audience, counter and budget; else an empty one.
        allowed: whether the audience may know of a path, also of one that is gone.
    """
    state = _kept(index, lines_of, allowed, previous)
    grown = abs(len(index.files) - state.files) > state.files // 4 + 4
    if state.files and not grown and (state.text == previous.text or count(state.text) <= budget):
        return state
    if sum(file.facts is None for file in index.files.values()) > _MOST_UNKNOWN:
        return MapState()
    return _chosen(index, lines_of, budget, count)


def dump(state: MapState) -> bytes:
    """The state for a cache. It holds text of files, as much a secret as these."""
    return json.dumps(state).encode()


def load(blob: bytes) -> MapState:
    """The state that `dump` wrote; an empty one for anything else."""
    try:
        entries, files = json.loads(blob)
        made = (Entry(path, digest, tuple(names), *more) for path, digest, names, *more in entries)
        return MapState(tuple(made), int(files))
    except (ValueError, TypeError):
        return MapState()


def names_of(outline: Outline) -> list[str]:
    """For each symbol, its kind and name after its parents'; empty for what is never shown.

    An impl is called after its trait, too.
    """
    names: list[str] = []
    for one in outline.symbols:
        above = outline.symbols[one.parent] if one.parent >= 0 else None
        before = names[one.parent] + "\n" if above else ""
        # What begins in its parent's first line would bring the parent's text along.
        local = above and (before == "\n" or above.kind in CALLABLES or above.row == one.row)
        hidden = local or one.kind in HELD or one.tail > _LONGEST
        traits = one.bases if one.kind is Kind.IMPL else ()
        names.append("" if hidden else before + " ".join([one.kind, one.name, *traits]))
    return names


def _kept(index: Index, lines_of: Lines, allowed: Allowed, previous: MapState) -> MapState:
    """The map with the entries that may stay, and what replaces those that hold no longer."""
    kept = [one for one in previous.entries if allowed(one.path)]
    for path, place in {one.path: place for place, one in enumerate(kept)}.items():
        file, old = index.files.get(path), kept[place]
        if old.digest == (file.digest.hex() if file else ""):
            continue
        new = Entry(path, "", old.names, f"{path} (gone)\n")
        if file:
            new = _entry(file, _signatures(index, lines_of, path), old.names)
        if new.text == old.text:
            kept[place] = new
        else:
            kept.append(new)
    return previous._replace(entries=tuple(kept))


def _chosen(index: Index, lines_of: Lines, budget: int, count: Counter) -> MapState:
    """A new map: what is important, as far as the budget goes."""
    signatures = cache(partial(_signatures, index, lines_of))
    shown: dict[str, list[str]] = {}
    left = budget - budget // _RESERVE - count(HEADER)
    for path, name in _ranked(index):
        # A name, after those that hold it. Their lines cost together what they cost one by one.
        names = accumulate(name.split("\n"), "{}\n{}".format)
        new = [one for one in names if one not in shown.get(path, ())]
        lines = [text for name in new for *_, text in signatures(path).get(name, ())]
        left -= count("".join(lines if path in shown else [f"{path}\n", *lines]))
        if left < 0:
            break
        shown.setdefault(path, []).extend(new)
    entries = (_entry(index.files[path], signatures(path), shown[path]) for path in sorted(shown))
    return MapState(tuple(entries), len(index.files))


def _entry(file: File, signatures: dict[str, list[_Line]], names: Sequence[str]) -> Entry:
    """The file's path, and the signatures of those names, as they stand in the file."""
    lines = sorted(one for name in names for one in signatures.get(name, ()))
    text = "".join([f"{file.path}\n", *(text for *_, text in lines)])
    first = min((first for first, *_ in lines), default=0)
    last = max((last for _, last, _ in lines), default=0)
    return Entry(file.path, file.digest.hex(), tuple(names), text, first, last)


def _signatures(index: Index, lines_of: Lines, path: str) -> dict[str, list[_Line]]:
    """What can be shown of a file, by name."""
    found: dict[str, list[_Line]] = {}
    outline, lines = index.files[path].outline, lines_of(path)
    for symbol, name in zip(outline.symbols, names_of(outline), strict=True):
        if name:
            first = min(symbol.row, symbol.head)  # C's `typedef struct {…} name` ends with it
            *rows, end = lines[first : symbol.head + 1]
            end = end.encode()[: symbol.tail].decode("utf-8", "ignore")
            text = " ".join(" ".join([*rows, end]).split())
            if symbol.name not in text:
                text += f" {symbol.name}"
            if len(text) <= _LONGEST and text.isprintable():
                line = "  " * (name.count("\n") + 1) + text + "\n"
                found.setdefault(name, []).append((first + 1, symbol.head + 1, line))
    return found


def _ranked(index: Index) -> list[tuple[str, str]]:
    """Path and name of what could be shown: what others use, all paths, all the rest."""
    held, imported = Tally[bytes](), Tally[str]()
    homes: dict[str, list[tuple[str, str]]] = {}
    paths = [path for path in index.files if path.isprintable()]
    for path in paths:
        outline = unpack(index.files[path].examined())
        imported.update({binding.of or binding.name for binding in outline.bindings})
        for symbol, name in zip(outline.symbols, names_of(outline), strict=True):
            if name and symbol.kind not in {Kind.IMPL, Kind.MODULE}:  # shown around what they hold
                homes.setdefault(symbol.name, []).append((path, name))
    known = {word.encode("utf-8", "replace") for word in homes}
    for path in paths:
        held.update(known.intersection(index.files[path].words.split()))
    found = [(0.0, False, path.count("/"), path, "") for path in paths]
    for word, places in homes.items():
        others = max(0, held[word.encode("utf-8", "replace")] - len(places))
        weight = (imported[word] + others / _FAINT) / len(places)
        found += [(-weight, True, path.count("/"), path, name) for path, name in places]
    return [(path, name) for *_, path, name in sorted(found)]
