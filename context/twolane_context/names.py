"""Names first: the identifiers of every file, and which files hold one. No grammar is needed."""

from __future__ import annotations

import re
from itertools import islice
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
    """Which files hold a word. Only grows: who asks says which files are still alive.

    Args:
        files: the first ones.
    """

    def __init__(self, files: Iterable[File]) -> None:
        self._files = list(files)
        self._asked = 0
        self._inverted: dict[bytes, list[int]] = {}
        self._included = 0  # so many of the files are in it

    def __len__(self) -> int:
        return len(self._files)

    def add(self, files: Iterable[File]) -> None:
        """More files, or other contents of files that are there."""
        self._files += files

    def holding(self, word: bytes) -> Iterable[File]:
        """Those files that hold the word; some perhaps twice."""
        self._asked += 1
        if self._asked <= _SCANS:
            needle = b"\n" + word + b"\n"
            return (file for file in self._files if needle in file.words)
        for number in range(self._included, len(self._files)):
            for held in self._files[number].words.split():
                self._inverted.setdefault(held, []).append(number)
        self._included = len(self._files)
        return map(self._files.__getitem__, self._inverted.get(word, ()))
