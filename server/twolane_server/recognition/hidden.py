"""Files under NDA that no index reads: those that git ignores, behind links, and text in UTF-16.

A rule may well name what git ignores (`secrets/`), what lies in a repository inside this one, or what a
link leads to; and much of what Windows writes is UTF-16. Copies of such files must be known again as
those of any other. Only files that a rule of paths names are looked for: what else git ignores was made
by programs.
"""

from __future__ import annotations

import os
import time
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.disk import LARGEST, Stamp, digest_of, stamps
from twolane_server.border.fingerprints import Source
from twolane_server.fragments import Label
from twolane_server.recognition.quoting import holds
from twolane_server.recognition.unlisted import unlisted
from twolane_server.rules.policy import has_policy, is_policy
from twolane_server.text import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    from twolane_context.repository import Repository
    from twolane_server.rules.verdicts import Verdicts
    from twolane_server.settings.resolved import NdaRules

__all__ = ["MOST", "Hidden", "hidden_sources", "text_of"]

MOST = 10_000
"""No more files of a kind are looked at; beyond that they are a program's work. See `unlisted`."""

# What git lists is asked for again after so many seconds: git takes longer than all else of an answer.
_AGAIN_SECONDS, _AGAIN_WATCHED_SECONDS = 5.0, 300.0
_START = 8_192
_EMPTY = digest_of(b"")


class Found(NamedTuple):
    """A file, and what tells that it is not what it was.

    Attributes:
        path: from the root, perhaps through a link.
        stamp: tells so.
        real: the file itself, absolute.
    """

    path: str
    stamp: Stamp
    real: str


class Hidden:
    """What one repository has of them. It remembers what git lists: for a few seconds, or until heard.

    Args:
        root: the repository's real folder.
        clock: monotonic seconds.

    Attributes:
        watched: whether `heard` is told of each change below the root.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root, self._clock = root, clock
        self._listed: dict[str, str] = {}  # each with the file itself
        self._listed_at = float("-inf")
        self._named: dict[str, bool] = {}
        self._rules: Verdicts | None = None
        self._empty: tuple[int, frozenset[str]] | None = None
        self._texts: dict[Found, bool] = {}
        self._paths: set[str] = set()  # that were looked at last
        # What of them there was; `None` where one changed, or may have, where no watch looks.
        self._there: tuple[Found, ...] | None = None
        self.watched = False

    def heard(self, paths: Iterable[str] | None, files: Container[str]) -> None:
        """Take note that files changed; git is asked again where one of them may be hidden.

        Args:
            paths: relative to the root; `None` for any.
            files: what the index had before, and what hides nowhere.
        """
        if paths is None or any(path not in files and self._may_hide(path) for path in paths):
            self._listed_at = float("-inf")
        if paths is None or not self._paths.isdisjoint(paths):
            self._there = None

    def look(self, repository: Repository, verdicts: Verdicts) -> tuple[Found, ...]:
        """Those that are there now, sorted, each with its stamp.

        Args:
            repository: what the index has.
            verdicts: what holds for the index's files; others where rules have changed.
        """
        files = repository.index.files
        if not has_policy(self._root):  # then all is under NDA, and of that only code takes part
            return ()
        if self._rules is not verdicts:
            self._rules, self._named, self._listed_at = verdicts, {}, float("-inf")
            self._there = self._empty = None
        again = _AGAIN_WATCHED_SECONDS if self.watched else _AGAIN_SECONDS
        if self._clock() - self._listed_at >= again:
            self._listed = self._list(files, verdicts.user)
            self._listed_at, self._there = self._clock(), None
        paths = {path for path in self._listed if path not in files}
        paths |= self._empty_ones(verdicts)
        if self.watched and self._there is not None and paths == self._paths:
            return self._there
        self._paths = paths
        now = sorted(self._stamped(paths))
        known = self._texts
        self._texts = {one: known[one] if one in known else _is_text(one) for one in now}
        there = tuple(one for one in now if self._texts[one])
        self._there = there if all(self._is_inside(one) for one in there) else None
        return there

    def _empty_ones(self, verdicts: Verdicts) -> frozenset[str]:
        """The files under NDA that the index has for empty, as it has what is no UTF-8."""
        changes = verdicts.changes()
        if self._empty is None or self._empty[0] != changes:
            nda = verdicts.nda().items()
            self._empty = changes, frozenset(path for path, digest in nda if digest == _EMPTY)
        return self._empty[1]

    def holding(self, repository: Repository, verdicts: Verdicts, names: list[str]) -> str | None:
        """The path of one that holds one of some names; see `look`."""
        for one in self.look(repository, verdicts):
            raw = _read(one.real, LARGEST)
            text = None if raw is None else text_of(raw)
            if holds(encode(f"{one.path} {text or ''}"), names):
                return one.path
        return None

    def _may_hide(self, path: str) -> bool:
        """Whether a file under NDA may be there; in a folder any may."""
        return self._is_named(path) or (self._root / path).is_dir()

    def _is_named(self, path: str) -> bool:
        from twolane_server.rules.labels import named  # noqa: PLC0415 - imports pydantic
        from twolane_server.rules.ways import Ways  # noqa: PLC0415 - the same

        return self._rules is not None and named(self._root / path, self._rules.user, Ways())

    def _is_inside(self, one: Found) -> bool:
        """Whether who watches the root hears of the file."""
        return one.real == f"{self._root}/{one.path}"

    def _list(self, files: Container[str], nda: NdaRules) -> dict[str, str]:
        """The files that rules of paths name, each with the file itself."""
        from twolane_server.rules.labels import label_with, named, rules_for  # noqa: PLC0415 - imports pydantic
        from twolane_server.rules.ways import Ways  # noqa: PLC0415 - the same

        ways, found = Ways(), dict[str, str]()

        def may(path: str) -> bool:
            return named(self._root / path, nda, ways)

        own, linked = unlisted(self._root, files, MOST, may)
        for path in (*own, *linked):
            if is_policy(path):
                continue  # whose words are looked for by themselves
            if path not in self._named:
                self._named[path] = may(path)
            if self._named[path]:
                found[path] = f"{self._root}/{path}"
        for path in [each for each in linked if each in found]:
            real = os.path.realpath(found.pop(path))
            # What the index lists is known; and what is open where it lies is no secret by a link.
            if real.removeprefix(f"{self._root}/") not in files:
                labelled = label_with(rules_for(Path(real), nda, ways), None)
                if labelled.label is not Label.OPEN:
                    found[path] = real
        return found

    def _stamped(self, paths: Iterable[str]) -> Iterator[Found]:
        """Those that are there and hold anything."""
        at = {path: self._listed.get(path) or f"{self._root}/{path}" for path in paths}
        inside = sorted(path for path in at if at[path] == f"{self._root}/{path}")
        for path, stamp in zip(inside, stamps(self._root, inside), strict=True):
            if stamp is not None and stamp.size:
                yield Found(path, stamp, at[path])
        for path in at.keys() - set(inside):
            top, real = Path(at[path]).anchor, at[path]
            (stamp,) = stamps(Path(top), [real.removeprefix(top)])
            if stamp is not None and stamp.size:
                yield Found(path, stamp, real)


def _is_text(one: Found) -> bool:
    raw = _read(one.real, _START)
    return raw is not None and text_of(raw) is not None


def hidden_sources(root: Path, found: tuple[Found, ...]) -> Iterator[Source]:
    """The files as texts to be recognised; their stamp stands for their content.

    Args:
        root: the repository's real folder.
        found: by `Hidden.look`.
    """
    for one in found:
        told = repr((one.path, one.stamp)).encode("utf-8", "replace")
        digest = blake2b(told, digest_size=16).digest()
        yield Source(f"{root.name}/{one.path}", digest, _reader(one.real))


def text_of(raw: bytes) -> str | None:
    """The text of a file that may be UTF-16, with a byte order mark or without, or UTF-32; `None` for no text.

    Args:
        raw: the file's bytes, or its first ones.
    """
    if raw[:4] in {b"\xff\xfe\0\0", b"\0\0\xfe\xff"}:
        return raw.decode("utf-32", "replace")
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return raw.decode("utf-16", "replace")
    zeros = raw.count(b"\0")
    if not zeros:
        return raw.decode("utf-8", "replace")
    if zeros * 100 <= len(raw):  # stray ones in text, or packed data, which is no UTF-8
        return _utf_8(raw.replace(b"\0", b""))
    # Of Latin letters in UTF-16 every other byte is zero.
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if raw[first::2].count(b"\0") * 10 >= len(raw) * 4 and zeros * 20 <= len(raw) * 11:
            return raw.decode(encoding, "replace")
    return None


def _utf_8(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # The end may have been cut within a character.
        return raw[: error.start].decode("utf-8") if error.start >= len(raw) - 3 else None


def _reader(file: str) -> Callable[[], str | None]:
    def read() -> str | None:
        raw = _read(file, LARGEST)
        return None if raw is None else text_of(raw)

    return read


def _read(file: str, size: int) -> bytes | None:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as opened:  # noqa: PTH123 - a descriptor
            return opened.read(size)
    except OSError:
        return None
