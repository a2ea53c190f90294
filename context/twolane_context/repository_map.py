"""The map of a repository that stands first in prompts: its most important signatures, by file.

Servers bill a prompt's unchanged beginning at a tenth, so the map's bytes must last:

- *Choosing* is a function of the repository alone, so two processes choose the same. A definition
  counts by how many files import its name, and faintly by how many hold it; PageRank was no better.
  Entries stand by the power of two of that figure, then by path: small shifts move nothing.
- What is chosen stays. Bodies, comments, new functions and new files change no byte. When a shown
  signature changes or goes, the file's entry as it is now is *appended*, and the first line tells
  the model that the later of two holds: all that was there survives. A quarter of the budget is kept
  free for this. Once it is used up, or a quarter of the files came or went, all is chosen anew.
- The text of a file that is not in the index goes at once: it may have become secret. Only where
  `allowed` says that it may be told of is it appended that the file is gone.

The state is a value. Processes that `load` what another has `dump`ed go on with its bytes.
Choosing looks at every file's outline (0.3 s for 3,000 files: off the thread that answers) and
reads the chosen files only; a call with an earlier state reads those that changed. In a repository
most of which is not examined yet, the map is empty: nothing is demanded for it.
"""

from __future__ import annotations

import json
from collections import Counter as Tally
from functools import cache, cached_property
from itertools import accumulate
from math import frexp
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import CALLABLES, Kind
from twolane_context.languages import language_for
from twolane_context.outline import Outline, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from twolane_context.index import File, Index
    from twolane_context.tokens import Counter

    Lines = Callable[[str], Sequence[str]]
    Allowed = Callable[[str], bool] | None
    Pieces = tuple[tuple[str, int, int], ...]
    Entries = tuple["Entry", ...]

__all__ = ["Entry", "MapState", "dump", "load", "repository_map"]

_HEADER = "Signatures by file. Of two entries for the same file, the later one holds.\n"
_LONGEST = 240  # characters: a longer signature is a minified file's, or tells little for its price
_RESERVE = 4  # this part of the budget is for what changes
_MOST_UNKNOWN = 50  # files to examine for a map, about 1 ms each
_VALUES = frozenset({Kind.VARIABLE, Kind.FIELD})  # never shown
_AROUND = frozenset({Kind.IMPL, Kind.MODULE})  # shown only around what they hold


class Entry(NamedTuple):
    """A file in the map.

    Attributes:
        path: within the repository.
        digest: of the content that the entry was made of, in hex; empty for a file that is gone.
        names: what was chosen of it.
        text: its lines of the map.
        pieces: of each signature, the path and the first and last line in the file; 1-based.
    """

    path: str
    digest: str
    names: tuple[str, ...]
    text: str
    pieces: Pieces


class MapState(NamedTuple):
    """A map, and what the next one goes on from. Belongs to one audience, counter and budget.

    Attributes:
        entries: in the order of the text.
        budget: the most tokens that it may have.
        files: how many files there were when it was chosen; 0 while it could not be.
        chosen: its tokens then.
        tokens: its tokens now.
    """

    entries: tuple[Entry, ...] = ()
    budget: int = 0
    files: int = 0
    chosen: int = 0
    tokens: int = 0

    @property
    def text(self) -> str:
        """The map; empty where nothing fits or is known."""
        return "".join([self.header, *(one.text for one in self.entries)])

    @property
    def header(self) -> str:
        """The text before the entries; empty where there is none."""
        return _HEADER if self.entries else ""

    @property
    def pieces(self) -> list[tuple[str, int, int]]:
        """Path, first and last line of all that it shows; 0 and 0 for a path alone.

        For what a later entry replaces, the lines where it stood.
        """
        return [piece for e in self.entries for piece in e.pieces or ((e.path, 0, 0),)]


def repository_map(
    index: Index,
    lines_of: Lines,
    budget: int,
    count: Counter,
    previous: MapState | None = None,
    *,
    allowed: Allowed = None,
) -> MapState:
    """The map of the repository, with as many of the previous one's bytes as can be.

    Args:
        index: what the audience may see.
        lines_of: the lines of a file at the index's state, without their ends.
        budget: in tokens.
        count: counts the tokens of a text.
        previous: what the last call gave for the same audience, counter and budget.
        allowed: whether the audience may know of a path, also of one that is gone.
    """
    if previous is not None and previous.files and previous.budget == budget:
        state = previous._replace(entries=_kept(index, lines_of, previous.entries, allowed))
        if state.text != previous.text:
            state = state._replace(tokens=count(state.text))
        grown = abs(len(index.files) - state.files) > state.files // 4 + 4
        if not grown and state.tokens <= state.chosen + budget // _RESERVE:
            return state
    unknown = [path for path, file in index.files.items() if file.facts is None]
    if sum(language_for(path) is not None for path in unknown) > _MOST_UNKNOWN:
        return MapState(budget=budget)
    return _chosen(index, cache(lines_of), budget, count)


def dump(state: MapState) -> bytes:
    """The state for a cache. It holds text of files, as much a secret as these."""
    return json.dumps(state).encode()


def load(blob: bytes) -> MapState | None:
    """The state that `dump` wrote; `None` for anything else."""
    try:
        entries, *numbers = json.loads(blob)
        made = (Entry(p, d, tuple(n), t, tuple((*one,) for one in s)) for p, d, n, t, s in entries)
        return MapState(tuple(made), *numbers)
    except (ValueError, TypeError):
        return None


def _kept(index: Index, lines_of: Lines, before: Entries, allowed: Allowed) -> Entries:
    """The entries that may stay, and what replaces those that hold no longer."""
    kept = [one for one in before if one.path in index.files or (allowed and allowed(one.path))]
    for path, place in {one.path: place for place, one in enumerate(kept)}.items():
        file, old = index.files.get(path), kept[place]
        if old.digest != (file.digest.hex() if file else ""):
            gone = Entry(path, "", old.names, f"{path} (gone)\n", ())
            new = _entry(file, old.names, lines_of) if file else gone
            if new.text == old.text:
                kept[place] = new
            else:
                kept.append(new)
    return tuple(kept)


def _chosen(index: Index, lines_of: Lines, budget: int, count: Counter) -> MapState:
    """A new map: what is important, as far as the budget goes."""
    shown: dict[str, tuple[int, Entry]] = {}
    files: dict[str, tuple[_Signatures, int]] = {}
    limit = budget - budget // _RESERVE
    left = limit - count(_HEADER)
    for weight, path, name in _ranked(index):
        place, old = shown.get(path, (-frexp(weight or 1e-9)[1], Entry(path, "", (), "", ())))
        signatures, before = files.get(path) or (_Signatures(index.files[path], lines_of), 0)
        entry = signatures.entry(tuple(sorted({*old.names, name} - {""})))
        tokens = count(entry.text)
        left -= tokens - before
        if left < 0:
            break
        shown[path], files[path] = (place, entry), (signatures, tokens)
    state = MapState(tuple(entry for _, entry in sorted(shown.values())), budget, len(index.files))
    while (tokens := count(state.text)) > limit:  # seldom more than those of each together
        state = state._replace(entries=state.entries[:-1])
    return state._replace(chosen=tokens, tokens=tokens)


def _ranked(index: Index) -> Iterator[tuple[float, str, str]]:
    """Weight, path and name of what could be shown: what others use, all paths, all the rest."""
    held, imported = Tally[bytes](), Tally[str]()
    homes: dict[str, list[tuple[str, str, bool]]] = {}
    paths = [path for path in sorted(index.files) if path.isprintable()]
    for path in paths:
        file = index.files[path]
        outline = unpack((file.examined() if language_for(path) else file.facts) or b"")
        imported.update({binding.of or binding.name for binding in outline.bindings})
        for symbol, name in zip(outline.symbols, _names(outline), strict=True):
            if name and symbol.kind not in _AROUND and symbol.tail <= _LONGEST:
                homes.setdefault(symbol.name, []).append((path, name, symbol.kind is Kind.METHOD))
    known = {word.encode("utf-8", "replace") for word in homes}
    for path in paths:
        held.update(known.intersection(index.files[path].words.split()))
    found: list[tuple[float, str, str]] = []
    for word, places in homes.items():
        others = max(0, held[word.encode("utf-8", "replace")] - len(places))
        # A word of everyday language stands in many files that do not mean the definition.
        faint = others * (0.1 if word != word.lower() or "_" in word.strip("_") else 0.02)
        for path, name, is_method in places:
            weight = faint / 5 if is_method else imported[word] + faint
            found.append((weight / len(places) ** 2, path, name))
    found.sort(key=lambda one: (-one[0], one[1:]))
    yield from (one for one in found if one[0])
    yield from ((0, path, "") for path in sorted(paths, key=lambda path: (path.count("/"), path)))
    yield from (one for one in found if not one[0])


def _names(outline: Outline) -> list[str]:
    """For each symbol, its kind and name after its parents'; empty for what is never shown."""
    names: list[str] = []
    for one in outline.symbols:
        above = outline.symbols[one.parent] if one.parent >= 0 else None
        before = names[one.parent] + "\n" if above else ""
        # What begins in its parent's first line would bring the parent's text along.
        local = above and (before == "\n" or above.kind in CALLABLES or above.row == one.row)
        names.append("" if local or one.kind in _VALUES else f"{before}{one.kind} {one.name}")
    return names


def _within(above: str, name: str) -> str:
    return f"{above}\n{name}"


def _entry(file: File, names: tuple[str, ...], lines_of: Lines) -> Entry:
    """A file's path, and the signatures of those names, each within those that hold it."""
    return _Signatures(file, lines_of).entry(names)


class _Signatures:
    """One file's signatures, ready for one entry after another: a file may define thousands."""

    def __init__(self, file: File, lines_of: Lines) -> None:
        self._file, self._lines_of = file, lines_of
        self._said: dict[int, str] = {}

    def entry(self, names: tuple[str, ...]) -> Entry:
        """See `_entry`."""
        path, digest = self._file.path, self._file.digest.hex()
        text, pieces = f"{path}\n", list[tuple[str, int, int]]()
        around = {above for name in names for above in accumulate(name.split("\n"), _within)}
        shown = ((number, name) for name in around for number in self._numbers.get(name, ()))
        for number, name in sorted(shown):
            symbol, signature = self._file.outline.symbols[number], self._signature(number)
            if 0 < len(signature) <= _LONGEST and signature.isprintable():
                text += "  " * (name.count("\n") + 1) + signature + "\n"
                pieces.append((path, symbol.row + 1, symbol.head + 1))
        return Entry(path, digest, names, text, tuple(pieces))

    @cached_property
    def _numbers(self) -> dict[str, list[int]]:
        numbers: dict[str, list[int]] = {}
        for number, name in enumerate(_names(self._file.outline)):
            if name:
                numbers.setdefault(name, []).append(number)
        return numbers

    def _signature(self, number: int) -> str:
        if number not in self._said:
            symbol, lines = self._file.outline.symbols[number], self._lines_of(self._file.path)
            rows = [*lines[symbol.row : symbol.head], *lines[symbol.head : symbol.head + 1]]
            rows[-1:] = [row.encode()[: symbol.tail].decode("utf-8", "ignore") for row in rows[-1:]]
            signature = " ".join(" ".join(rows).split())
            if symbol.name not in signature:  # C's `typedef struct {…} name`
                signature += f" {symbol.name}"
            self._said[number] = signature
        return self._said[number]
