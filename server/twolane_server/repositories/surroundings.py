"""What the repository says around a selection, as labelled fragments for a prompt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from twolane_context.languages import language_for
from twolane_context.repository_map import HEADER
from twolane_server.actions.base import Surroundings
from twolane_server.actions.pieces import fence
from twolane_server.border.words import find_word
from twolane_server.fragments import Fragment, Label, Origin
from twolane_server.lanes.base import LaneName
from twolane_server.repositories.shown import Shown
from twolane_server.settings.resolved import NdaRules

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence
    from pathlib import Path

    from twolane_context.pack import Piece
    from twolane_context.repository_map import MapState
    from twolane_context.spans import Span
    from twolane_context.trees import Parsed
    from twolane_server.actions.impact import Impact
    from twolane_server.border.standing import Prints
    from twolane_server.recognition.quoting import Quoted
    from twolane_server.repositories.impacts import WantedImpact
    from twolane_server.rules.tainted import Tainted
    from twolane_server.rules.verdicts import Verdict
    from twolane_server.text import Text

__all__ = [
    "LOCAL_MAP_TOKENS",
    "MAP_TOKENS",
    "PIECES_TOKENS",
    "Repositories",
    "Seen",
    "Wanted",
    "map_tokens",
    "rows_of",
    "surroundings",
]

MAP_TOKENS = 1_024
PIECES_TOKENS = 2_048
# Of a lane's window, at most a sixteenth for the map and an eighth for the pieces.
_MAP_SHARE, _PIECES_SHARE = 16, 8
# The local lane's server reads a map once and keeps that work (vLLM's prefix cache), and nobody is
# billed for it: there the map may be large, and the model knows the whole of a small repository.
LOCAL_MAP_TOKENS = 16_384
_LOCAL_MAP_SHARE = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question to a repository.

    Attributes:
        path: the document's file, absolute, as the editor names it.
        first: the selection's first row; 0-based, counted by LF alone.
        last: its last row.
        audience: for the cloud, files under NDA do not exist.
        model: whose tokens are counted.
        window: how many tokens that model holds.
        label: of the document, which everything of its file carries at least.
        words: the names that must not leave together with the document's text.
        nda: the user's own rules.
        instruction: what is to be done.
        budget: tokens for the pieces, where the usual number is not wanted.
        parsed: the document as the question is about it, where it has been parsed already.
        sift: whether what holds code under NDA is to be left out for the cloud; else only if such a thing
            was found here before, as mostly nothing does, and the border tells when it looks at the whole.
    """

    path: str
    first: int
    last: int
    audience: LaneName
    model: str
    window: int
    label: Label = Label.NDA
    words: tuple[str, ...] = ()
    nda: NdaRules = field(default_factory=NdaRules)
    instruction: str = field(default="", repr=False)
    budget: int | None = None
    parsed: Parsed | None = field(default=None, repr=False, compare=False)
    sift: bool = True

    @property
    def pieces_tokens(self) -> int:
        """How many tokens the pieces may have together."""
        usual = min(PIECES_TOKENS, self.window // _PIECES_SHARE)
        return usual if self.budget is None else self.budget

    @property
    def map_tokens(self) -> int:
        """How many tokens the map may have."""
        return map_tokens(self.audience, self.window)


def rows_of(source: bytes, selection: Span) -> tuple[int, int]:
    """The first and the last row of a selection as the engine counts them: only LF ends one."""
    last = max(selection.start, selection.end - 1)
    return source.count(b"\n", 0, selection.start), source.count(b"\n", 0, last)


def map_tokens(audience: LaneName, window: int) -> int:
    """How many tokens a repository's map may have in a lane's window."""
    if audience is LaneName.LOCAL:
        return min(LOCAL_MAP_TOKENS, window // _LOCAL_MAP_SHARE)
    return min(MAP_TOKENS, window // _MAP_SHARE)


class Seen(NamedTuple):
    """What a repository answered, before it is labelled.

    Attributes:
        root: the repository's real folder.
        path: the document's file within it.
        pieces: best first.
        map: the repository's map.
    """

    root: Path
    path: str
    pieces: tuple[Piece, ...]
    map: MapState


class Repositories(Protocol):
    """Who knows the repositories around documents."""

    async def around(self, wanted: Wanted) -> Surroundings:
        """What a repository says around a selection; nothing where there is none."""
        ...

    async def impact(self, wanted: WantedImpact) -> Impact | None:
        """All that changing a symbol may touch; `None` where nothing is known of it."""
        ...

    async def before(self, path: str) -> tuple[str, ...]:
        """The absolute paths that a file had before it got this one, as far as is known."""
        ...

    def known_code(self, path: str, nda: NdaRules) -> Prints:
        """What recognises code under NDA, brought up to date for a file's repository.

        It waits for the disk: not for the event loop, which must be running in another thread.

        Raises:
            FingerprintsUnusable: it cannot be brought up to date, and then nothing may leave.
        """
        ...

    async def pasted(self, path: str, text: str) -> str | None:
        """Why a document's text is under NDA though its file is open: code that it holds or held.

        `None` also while nothing is known yet; the border asks `known_code`, which waits.
        """
        ...

    def opened(self, paths: Sequence[str]) -> list[tuple[Text, ...]]:
        """All that an editor has of each file now, under whatever names. Any thread may ask."""
        ...

    def code_bytes(self, roots: Iterable[Path]) -> int | None:
        """How large the code of the repository at one of these folders is. Waits for nothing.

        `None` while it is not known, and where no more can be said than the question itself does.
        """
        ...

    @property
    def tainted(self) -> Tainted:
        """The files that stay NDA, since code under NDA was pasted into them."""
        ...

    async def quoted(self, path: str, names: tuple[str, ...], nda: NdaRules) -> Quoted:
        """Whose names these are that a tool says of a file, and whether they are under NDA.

        Where that cannot be told, they are.
        """
        ...

    async def aclose(self) -> None:
        """Let go of all repositories."""
        ...


def surroundings(
    seen: Seen,
    wanted: Wanted,
    verdict: Callable[[str], Verdict],
    nda_code: Callable[[Sequence[str]], Container[str]] | None = None,
    shown: Shown | None = None,
    *,
    told: object = None,
) -> Surroundings:
    """The answer as fragments, each with the label of its file.

    For the cloud, what holds a word that must not leave is left out as if it were not there: it
    would only keep the whole prompt local. The border looks for these words all the same.

    Args:
        seen: the answer.
        wanted: the question.
        verdict: what holds for a file now.
        nda_code: which of some texts hold code under NDA; these do not exist for the cloud.
        shown: the fragments of the last maps, if they are kept.
        told: what is equal as long as `verdict` says the same; `None` where nobody knows that.
    """
    cloud, shown = wanted.audience is LaneName.CLOUD, shown or Shown()
    paths = [*(piece.path for piece in seen.pieces), *(entry.path for entry in seen.map.entries)]
    spoken = (word for path in dict.fromkeys(paths) for word in verdict(path).words)
    forbidden = tuple(dict.fromkeys((*wanted.words, *spoken))) if cloud else ()
    root = f"{seen.root}/"
    held: Container[str] = ()

    def placed(text: str, path: str) -> tuple[Label, str] | None:
        found = verdict(path)
        label, file = found.label, root + path
        if path == seen.path:
            label, file = max(label, wanted.label), wanted.path
        if not path.isprintable():
            return None
        if cloud and (
            (label is not Label.OPEN or not found.own) or find_word(text, forbidden) or text in held
        ):
            return None
        return label, file

    texts = [_shown(piece) for piece in seen.pieces]
    asked = [*zip(texts, (piece.path for piece in seen.pieces), strict=True)]
    asked += [(entry.text, entry.path) for entry in seen.map.entries]
    if cloud and nda_code and (wanted.sift or shown.sifts):
        held = nda_code([text for text, path in asked if verdict(path).open])
        shown.sifts |= bool(held)
    known = set[tuple[str, str]]() if cloud else _signatures(seen)
    pieces: list[Fragment] = []
    for piece, text in zip(seen.pieces, texts, strict=True):
        if (piece.path, _in_one_line(piece.text)) not in known and (at := placed(text, piece.path)):
            pieces.append(Fragment(text, at[0], Origin(at[1], piece.start_line, piece.end_line)))

    def entries() -> tuple[Fragment, ...]:
        every = ((one, *at) for one in seen.map.entries if (at := placed(one.text, one.path)))
        return shown.fragments(wanted.audience, every)

    made_of = told, root, seen.path, wanted.path, wanted.label
    anew = cloud or told is None
    fragments = entries() if anew else shown.same(seen.map.entries, made_of, entries)
    return Surroundings(_map(seen, fragments), tuple(pieces))


def _map(seen: Seen, entries: tuple[Fragment, ...]) -> tuple[Fragment, ...]:
    """The map; none where it only speaks of the document itself."""
    if all(entry.path == seen.path for entry in seen.map.entries) or not entries:
        return ()
    header = Fragment(f"The repository. {HEADER}", Label.OPEN)
    return (header, *entries, Fragment("\n", Label.OPEN))


def _signatures(seen: Seen) -> set[tuple[str, str]]:
    """What a map shows of the pieces' files, as path and line each.

    Only the local lane's is large enough to rely on.
    """
    paths = {piece.path for piece in seen.pieces}
    entries = [one for one in seen.map.entries if one.path in paths]
    return {(one.path, line.strip()) for one in entries for line in one.text.splitlines()[1:]}


def _in_one_line(text: str) -> str:
    """As the map writes a signature: a piece that is no more than one need not be shown again."""
    return " ".join(text.split())


def _shown(piece: Piece) -> str:
    """A piece below the name of its place, within a fence that no line of it can close."""
    ticks, first, last = fence(piece.text), piece.start_line, piece.end_line
    name = language.name if (language := language_for(piece.path)) else ""
    # Not as grep has it, `path:3-5`: without that the border would read each prompt a second time.
    lines = f"line {first}" if first == last else f"lines {first}-{last}"
    return f"{piece.path}, {lines}\n{ticks}{name}\n{piece.text.removesuffix(chr(10))}\n{ticks}\n"
