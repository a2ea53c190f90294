"""What was known of files when a request was made of them, and no disk tells the border.

The border judges each file once more when the request is sent, by the rules as they are then. Besides
the disk, that takes the paths by which the text was reached, and the text that only an editor has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.fragments import Label
from twolane_server.rules.markers import head_of
from twolane_server.rules.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from twolane_server.rules.labels import FileRules, Labelled
    from twolane_server.text import Text

__all__ = ["AskedAbout"]

_KEPT = 8  # texts of a file: some requests may be waiting, each made of another
_MOST_FILES = 4_096


class AskedAbout:
    """The files of all requests so far, by the paths that these name them by; any thread may ask.

    Args:
        opened: all that an editor has of each of some files now, under whatever names.

    Attributes:
        rules: what was read of each, which counts while the disk shows no change; it holds no text.
        shorts: the texts of those that are short and tell whose they are; see `short_files`.
    """

    def __init__(
        self, opened: Callable[[Sequence[str]], list[tuple[Text, ...]]] | None = None
    ) -> None:
        self._opened = opened or _nothing
        self.rules: Remembered[FileRules] = Remembered(_MOST_FILES)
        self.shorts: Remembered[str | None] = Remembered(_MOST_FILES)  # most are empty
        self._before: dict[str, tuple[str, ...]] = {}
        self._heads: dict[str, tuple[str, ...]] = {}

    def reached(self, path: str, before: tuple[str, ...]) -> None:
        """Remember by which paths a file's text was reached; see `Document.before`."""
        if before:
            self._before[path] = before

    def holds(self, texts: Iterable[tuple[str, Text]], labelled: Labelled) -> None:
        """Remember how the texts of files begin that a request is made of, if it is open.

        Else a label that was in a text once would count for all requests of later.
        """
        for path, text in texts if labelled.label is Label.OPEN else ():
            whole = dict.fromkeys((head_of(text), *self._heads.get(path, ())))
            self._heads[path] = tuple(whole)[:_KEPT]

    def before(self, path: str) -> tuple[str, ...]:
        """The paths by which a file's text was reached."""
        return self._before.get(path, ())

    def heads(self, *paths: str) -> dict[str, tuple[str, ...]]:
        """How the texts of files began that the last few requests were made of, or that are open now."""
        opened = zip(paths, self._opened(paths), strict=True)
        return {path: (*self._heads.get(path, ()), *map(head_of, now)) for path, now in opened}

    def open_now(self, path: str) -> tuple[str, ...]:
        """How the texts begin that an editor has of a file now."""
        return tuple(map(head_of, self._opened((path,))[0]))


def _nothing(paths: Sequence[str]) -> list[tuple[Text, ...]]:
    """What an editor has of files where there is none."""
    return [() for _ in paths]
