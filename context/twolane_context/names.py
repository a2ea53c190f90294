"""Names first: the identifiers of every file, and which files hold one. No grammar is needed."""

from __future__ import annotations

import re
from copy import copy
from itertools import chain, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_context.index import File

# Identifiers of any language; what is not ASCII counts as a letter, and so does `$` (JavaScript).
WORD = re.compile(rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*")
# What is no part of an identifier becomes blank: three times as fast as to look for identifiers.
_PART = re.compile(rb"[\w$\x80-\xff]")
_PARTED = bytes(code if _PART.match(bytes([code])) else ord(b" ") for code in range(256))
_DIGITS, _AFTER_DIGITS = b"0123456789", b":"
# More words than any hand writes: data, or a bundle. It keeps its first ones.
_MOST_WORDS = 50_000
# Looking through all files costs 2 ms a word in 3,000 files, the inverted index 90 ms once.
_SCANS = 20


def words(source: bytes) -> bytes:
    """The identifiers of a file, each once; an LF before and after each."""
    found = dict.fromkeys(source.translate(_PARTED).split())
    for number in [word for word in found if word < _AFTER_DIGITS]:
        del found[number]
        found[number.lstrip(_DIGITS)] = None  # `x1f` of `0x1f`
    found.pop(b"", None)
    return b"\n".join([b"", *islice(found, _MOST_WORDS), b""])


class Postings:
    """Which files hold a word. Who asks says which of them are still alive.

    Those that came last are looked through each time; of one file, the last content: a key in it changes
    few of its words, and to sort in all of them takes a millisecond. All others are in an inverted
    index, which only grows, and which all share that come from one another.

    Args:
        files: the first ones.

    Attributes:
        inverted: so many files and contents are in the inverted index.
    """

    def __init__(self, files: Iterable[File]) -> None:
        self._late = {file.path: file for file in files}
        self._asked = self.inverted = 0
        self._inverted: dict[bytes, list[File]] = {}

    def later(self, files: Iterable[File]) -> Postings:
        """The same with more files, or other contents of files that are there."""
        later: Postings = copy(self)
        later._late = self._late | {file.path: file for file in files}
        return later

    def holding(self, word: bytes) -> Iterable[File]:
        """Those files that hold the word; some perhaps twice."""
        self._asked += 1
        if self._asked > _SCANS < len(self._late):
            for file in self._late.values():
                for held in file.words.split():
                    self._inverted.setdefault(held, []).append(file)
            self.inverted, self._late = self.inverted + len(self._late), {}
        needle = b"\n" + word + b"\n"
        late = (file for file in self._late.values() if needle in file.words)
        return chain(self._inverted.get(word, ()), late)
