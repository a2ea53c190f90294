"""Names first: the identifiers of every file, and which files hold one. No grammar is needed."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
        self._inverted: dict[bytes, list[int]] | None = None
        self._scans = 0

    def __len__(self) -> int:
        return len(self._files)

    def add(self, files: Iterable[File]) -> None:
        """More files, or other contents of files that are there."""
        for file in files:
            if self._inverted is not None:
                _invert(self._inverted, len(self._files), file.words)
            self._files.append(file)

    def holding(self, word: bytes, alive: Mapping[str, File]) -> list[File]:
        """Those files of `alive` that hold the word, by path."""
        if self._inverted is None and self._scans < _SCANS:
            self._scans += 1
            needle = b"\n" + word + b"\n"
            found = [file for file in self._files if needle in file.words]
        else:
            if self._inverted is None:
                inverted: dict[bytes, list[int]] = {}
                for number, file in enumerate(self._files):
                    _invert(inverted, number, file.words)
                self._inverted = inverted
            found = [self._files[number] for number in self._inverted.get(word, ())]
        here = [file for file in found if alive.get(file.path) is file]
        return sorted(here, key=lambda file: file.path)


def _invert(inverted: dict[bytes, list[int]], number: int, words: bytes) -> None:
    for word in words.split():
        inverted.setdefault(word, []).append(number)
