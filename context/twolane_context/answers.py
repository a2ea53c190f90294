"""Questions to a repository: the pieces that a piece of code needs, within a budget of tokens."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from twolane_context.index import Changed, digest_of
from twolane_context.languages import language_for
from twolane_context.outline import packed
from twolane_context.pack import pack
from twolane_context.question import around, meant, merged, needed, row_span
from twolane_context.references import references
from twolane_context.resolve import Resolver
from twolane_context.trees import parse
from twolane_context.uses import uses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twolane_context.index import File, Index
    from twolane_context.pack import Piece
    from twolane_context.question import Selection
    from twolane_context.references import Site
    from twolane_context.repository import Repository
    from twolane_context.trees import Parsed
    from twolane_context.uses import Uses

    Allowed = Callable[[str], bool]

_V = TypeVar("_V")
_A = TypeVar("_A")
_MOST_TREES, _MOST_TEXTS = 8, 64
_ATTEMPTS = 50  # each has looked at one more file
_TOKENS_PER_CALLER = 1_024


class Answers:
    """What a repository answers. Keeps recent trees and texts, so that the next answer is quick.

    Args:
        repository: whose files.
        allowed: which paths exist for this audience; all when it is `None`. What is not allowed
            shows in no way: the answers are those of a repository without these files.
    """

    def __init__(self, repository: Repository, allowed: Allowed | None = None) -> None:
        self._repository = repository
        self._allowed = allowed
        self._trees: OrderedDict[str, tuple[bytes, Parsed]] = OrderedDict()
        self._texts: OrderedDict[str, tuple[bytes, list[str]]] = OrderedDict()
        self._whole: Index | None = None
        self._resolver: Resolver | None = None

    def context(
        self,
        selections: Sequence[Selection],
        budget: int,
        count: Callable[[str], int],
        *,
        instruction: str = "",
    ) -> list[Piece]:
        """The pieces of other places that these selections need, best first.

        Args:
            selections: where; none of their own text is among the pieces.
            budget: tokens for all pieces together.
            count: counts the tokens of a text.
            instruction: what is to be done; definitions that it names take part.
        """

        def answer() -> list[Piece]:
            resolver = self.resolver()
            callers = max(1, budget // _TOKENS_PER_CALLER)
            lists = [needed(resolver, self._around(one), one, callers) for one in selections]
            return pack(merged([*lists, meant(resolver, instruction)]), budget, count, self.lines)

        return self._calm(answer)

    def references(self, path: str, row: int, column: int) -> list[Site]:
        """All sites of the symbol whose name stands at a place: see `references.references`."""

        def answer() -> list[Site]:
            resolver = Resolver(self.resolver().index, self._look)
            return references(resolver, self.tree, path, row, column)

        return self._calm(answer)

    def _calm(self, answer: Callable[[], list[_A]]) -> list[_A]:
        """The answer, or none where files change faster than they can be read."""
        with suppress(Changed):
            return self.steady(answer)
        return []

    def _look(self, file: File, at: int) -> Uses | None:
        """What the code of a symbol uses."""
        parsed, symbol = self.tree(file.path), file.outline.symbols[at]
        return parsed and uses(parsed, row_span(parsed.source, symbol.start, symbol.end))

    def steady(self, answer: Callable[[], _A]) -> _A:
        """Run `answer`; again when a file turns out to have changed meanwhile.

        Raises:
            Changed: something writes faster than it can be read.
        """
        for _ in range(_ATTEMPTS):
            try:
                return answer()
            except Changed as changed:
                self._repository.refresh([changed.path])
        return answer()

    def resolver(self) -> Resolver:
        """Over the files that are visible."""
        whole = self._repository.index
        if self._resolver is None or self._whole is not whole:
            visible = whole if self._allowed is None else whole.visible(self._allowed)
            self._whole, self._resolver = whole, Resolver(visible)
        return self._resolver

    def tree(self, path: str) -> Parsed | None:
        """The tree of a visible file; `None` where there is no file or no grammar."""
        file = self.resolver().index.files.get(path)
        language = language_for(path)
        if file is None or language is None:
            return None
        digest, parsed = self._trees.pop(path, (b"", None))
        if parsed is None or digest != file.digest:
            parsed = parse(language, file.source(), parsed)
        _keep(self._trees, path, (file.digest, parsed), _MOST_TREES)
        if file.facts is None:
            file.learn(packed(parsed))
        return parsed

    def take(self, path: str, parsed: Parsed) -> None:
        """Take a tree that somebody has made of a file; one of another content is left alone."""
        file = self.resolver().index.files.get(path)
        if file is None or parsed.language != language_for(path):
            return
        if file.digest == digest_of(parsed.source):
            _keep(self._trees, path, (file.digest, parsed), _MOST_TREES)

    def _around(self, selection: Selection) -> Parsed | None:
        """A tree with the definition around a selection: the file's, or one of little else.

        That has the same rows, and in a large file it is made in a tenth of the time.
        """
        path, language = selection.path, language_for(selection.path)
        file = self.resolver().index.files.get(path)
        if file is not None and language is not None and file.facts and path not in self._trees:
            inside, rows = around(file.outline, selection.first, selection.last)
            if inside >= 0:
                part = parse(language, _alone(file, inside, rows))
                if not part.tree.root_node.has_error:
                    return part
        return self.tree(path)

    def lines(self, path: str) -> list[str]:
        """The lines of a visible file, without their ends."""
        file = self.resolver().index.files[path]
        digest, lines = self._texts.pop(path, (b"", []))
        if digest != file.digest:
            text = file.source().decode("utf-8", "replace").replace("\r\n", "\n")
            lines = text.split("\n")
        _keep(self._texts, path, (file.digest, lines), _MOST_TEXTS)
        return lines


def _alone(file: File, inside: int, rows: tuple[int, int]) -> bytes:
    """A file with nothing but the rows of one definition, and the heads and ends of those around it."""
    lines, shown = file.source().split(b"\n"), {*range(rows[0], rows[1] + 1)}
    for at in file.outline.holders(file.outline.symbols[inside].parent):
        outer = file.outline.symbols[at]
        shown |= {*range(outer.start, outer.head + 1)}
        if not file.path.endswith((".py", ".pyi")):
            shown.add(outer.end)  # its brace
    return b"\n".join([line if row in shown else b"" for row, line in enumerate(lines)])


def _keep(kept: OrderedDict[str, _V], path: str, value: _V, most: int) -> None:
    """Keep the values that were asked for last."""
    kept[path] = value
    if len(kept) > most:
        kept.popitem(last=False)
