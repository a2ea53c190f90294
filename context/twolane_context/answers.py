"""Questions to a repository: the pieces that a piece of code needs, within a budget of tokens."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from twolane_context.disk import digest_of
from twolane_context.index import SCRIPTS, Changed, File, Index
from twolane_context.languages import language_for, outlined
from twolane_context.outline import packed
from twolane_context.pack import pack
from twolane_context.question import Selection, around, meant, merged, needed, row_span
from twolane_context.references import references
from twolane_context.resolve import Resolver
from twolane_context.trees import parse
from twolane_context.uses import uses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twolane_context.pack import Piece
    from twolane_context.references import Site
    from twolane_context.repository import Repository
    from twolane_context.trees import Parsed
    from twolane_context.uses import Uses

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
        visible: how many files are allowed, from one who keeps count; else all are asked about.
    """

    def __init__(
        self,
        repository: Repository,
        allowed: Callable[[str], bool] | None = None,
        visible: Callable[[], int] | None = None,
    ) -> None:
        def resolver(one: Index) -> Resolver:
            return Resolver(one if allowed is None else one.visible(allowed, visible), self._glance)

        self._repository, self._visible = repository, visible
        self._over = lru_cache(1)(resolver)
        self._lines = lru_cache(_MOST_TEXTS)(_lines)
        self._trees: dict[str, tuple[File, Parsed]] = {}

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
            if self._visible is not None:
                self._visible()  # who has counted need not look at each file that is asked about
            resolver = self.resolver()
            callers = max(1, budget // _TOKENS_PER_CALLER)
            lists = [needed(resolver, self._around(one), one, callers) for one in selections]
            wanted = merged([*lists, meant(resolver.index, instruction)])
            return pack(wanted, budget, count, self.lines, {one.path for one in selections})

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
        symbol = file.outline.symbols[at]
        parsed = self._around(Selection(file.path, symbol.start, symbol.end))
        return parsed and uses(parsed, row_span(parsed.source, symbol.start, symbol.end))

    def _glance(self, file: File, at: int) -> Uses | None:
        """The same of JavaScript and TypeScript only, where few functions say what they return."""
        return self._look(file, at) if file.path.rpartition(".")[2] in SCRIPTS else None

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
        return self._over(self._repository.index)

    def tree(self, path: str) -> Parsed | None:
        """The tree of a visible file; `None` where there is no file or no grammar."""
        file, language = self.resolver().index.files.get(path), outlined(path)
        if file is None or language is None:
            return None
        known, parsed = self._trees.pop(path, (None, None))  # to stand last again
        if parsed is None or known is not file:
            parsed = parse(language, file.source(), parsed)
        self._keep(file, parsed)
        if file.facts is None:
            file.facts = packed(parsed)
        return parsed

    def take(self, path: str, parsed: Parsed) -> None:
        """Take a tree that somebody has made of a file; one of another content is left alone."""
        file = self.resolver().index.files.get(path)
        same = parsed.language == language_for(path)
        if file is not None and same and file.digest == digest_of(parsed.source):
            self._keep(file, parsed)

    def lines(self, path: str) -> list[str]:
        """The lines of a visible file, without their ends."""
        return self._lines(self.resolver().index.files[path])

    def _keep(self, file: File, parsed: Parsed) -> None:
        """Keep the trees of the last files that were asked for."""
        self._trees[file.path] = file, parsed
        if len(self._trees) > _MOST_TREES:
            del self._trees[next(iter(self._trees))]

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


def _alone(file: File, inside: int, rows: tuple[int, int]) -> bytes:
    """A file with nothing but the rows of one definition, and the heads and ends of those around it."""
    lines, symbols = file.source().split(b"\n"), file.outline.symbols
    outer = [symbols[at] for at in file.outline.holders(symbols[inside].parent)]
    shown = [rows, *((one.start, one.head) for one in outer)]
    if not file.path.endswith((".py", ".pyi")):
        shown += [(one.end, one.end) for one in outer]  # their braces
    alone = [b""] * len(lines)  # slices, since a test of each row took as long as the parser
    for first, last in shown:
        alone[first : last + 1] = lines[first : last + 1]
    return b"\n".join(alone)


def _lines(file: File) -> list[str]:
    text = file.source().decode("utf-8", "replace")
    return (text.replace("\r\n", "\n") if "\r" in text else text).split("\n")
